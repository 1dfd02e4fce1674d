"""The addresses of the pages and of the API, walked from the URL table; and how each is filled with real rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from renkei.web.locks import OPEN, lock_of

LIBRARY_PREFIXES = {"accounts/": "allauth: signing in is open, managing one's account asks for a sign-in itself"}
"""Addresses of libraries, which cannot carry our mark, with the reason why they may stand."""


@dataclass(frozen=True, slots=True)
class Door:
    """One address: how it is written, the names of its parameters, and its view."""

    route: str
    parameters: tuple[str, ...]
    view: Any

    @property
    def lock(self) -> str | None:
        """The right it asks for, OPEN or SIGNED_IN; None without any mark."""
        return lock_of(self.view)

    @property
    def is_library(self) -> bool:
        """Whether it is a library's own."""
        module = getattr(self.view, "__module__", "")
        return module.startswith("allauth") and self.route.startswith(tuple(LIBRARY_PREFIXES))

    @property
    def is_api(self) -> bool:
        """Whether other systems stand before it."""
        return self.route.startswith("api/")

    def fill(self, values: Mapping[str, object]) -> str:
        """The address with these values; KeyError for a parameter that has none."""
        written = "/" + self.route
        for name in self.parameters:
            for kind in ("", "int:", "str:", "slug:", "path:"):
                written = written.replace(f"<{kind}{name}>", str(values[name]))
        assert "<" not in written, f"a kind of parameter that this test does not know: {self.route}"
        return written


def _walk(patterns: list[URLPattern | URLResolver], route: str = "", names: tuple[str, ...] = ()) -> Iterator[Door]:
    for pattern in patterns:
        here = route + str(pattern.pattern).removeprefix("^").removesuffix("\\Z")
        known = (*names, *getattr(pattern.pattern, "converters", {}))
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, here, known)
        else:
            yield Door(here, known, pattern.callback)


DOORS = list(_walk(get_resolver().url_patterns))
OURS = [door for door in DOORS if not door.is_library and not door.is_api]
LOCKED = [door for door in OURS if door.lock not in (None, OPEN)]
API = [door for door in DOORS if door.is_api]
