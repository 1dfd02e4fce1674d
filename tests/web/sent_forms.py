"""What a browser would send of a page's form, when nobody touched it."""

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser

from django.http import QueryDict

Attributes = Sequence[tuple[str, str | None]]


class _Fields(HTMLParser):
    """The fields of the forms with a question (``data-confirm``); of a fragment without any form, all of them."""

    def __init__(self, *, is_fragment: bool) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self._is_inside = self._is_fragment = is_fragment
        self._select = ""
        self._chosen: str | None = None
        self._first: str | None = None

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = "data-confirm" in given and "action" not in given
        elif not self._is_inside:
            return
        elif tag == "select":
            self._select, self._chosen, self._first = given["name"], None, None
        elif tag == "option":
            self._first = given["value"] if self._first is None else self._first
            if "selected" in given:
                self._chosen = given["value"]
        elif tag == "input" and "name" in given and _is_sent(given):
            self.sent.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = self._is_fragment
        elif tag == "select" and self._is_inside:
            chosen = self._first if self._chosen is None else self._chosen
            self.sent.append((self._select, chosen or ""))


def _is_sent(given: Mapping[str, str]) -> bool:
    return given.get("type") not in ("checkbox", "radio") or "checked" in given


def sent_by(html: str, *, is_fragment: bool = False) -> QueryDict:
    """The fields in their order, each with what it shows."""
    fields = _Fields(is_fragment=is_fragment)
    fields.feed(html)
    sent = QueryDict(mutable=True)
    for name, value in fields.sent:
        sent.appendlist(name, value)
    return sent
