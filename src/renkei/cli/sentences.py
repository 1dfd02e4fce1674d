"""Finds every sentence that people read, and those that have no Japanese yet."""

import gettext
import io
from collections.abc import Iterator
from pathlib import Path

from renkei.cli.translations import merge, po_files, read_po

_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_gettext": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "_pgettext": ((1, "c"), 2),
    "_ngettext": (1, 2),
}


def sentences(package: Path) -> Iterator[tuple[str, str]]:
    """Each sentence's id (context EOT text NUL plural, as in .mo files) with the place it stands at."""
    for path in sorted(package.rglob("*.py")):
        yield from _found(path.read_text(encoding="utf-8"), path, package)
    from django.utils.translation.template import templatize

    for path in sorted((package / "web" / "templates").rglob("*.html")):
        # Each sentence stands on one line by now; indentation would be read as Python's.
        calls = "\n".join(line.strip() for line in templatize(path.read_text(encoding="utf-8")).splitlines())
        yield from _found(calls, path, package)


def _found(source: str, path: Path, package: Path) -> Iterator[tuple[str, str]]:
    from babel.messages.extract import extract

    for line, message, _comments, context in extract("python", io.BytesIO(source.encode()), keywords=_KEYWORDS):
        texts = [text for text in (message if isinstance(message, tuple) else (message,)) if text]
        if texts:
            before = f"{context}\x04" if context else ""
            yield before + "\0".join(texts), f"{path.relative_to(package)}:{line}"


def untranslated(package: Path) -> list[str]:
    """A line for each sentence that has no Japanese, ours or a library's."""
    ours = merge(po_files(package / "locale" / "ja"))
    theirs = [gettext.GNUTranslations(io.BytesIO(path.read_bytes())) for path in _libraries()]
    missing: dict[str, str] = {}
    for sentence, place in sentences(package):
        if sentence not in ours and not any(_knows(catalogue, sentence) for catalogue in theirs):
            missing.setdefault(sentence, place)
    return [f"{place}: “{sentence.replace(chr(0), ' / ')}”" for sentence, place in missing.items()]


def _knows(catalogue: gettext.GNUTranslations, sentence: str) -> bool:
    text = sentence.split("\0", 1)[0]
    return catalogue.gettext(text) != text


def _libraries() -> list[Path]:
    import allauth
    import django

    roots = (Path(django.__file__).parent, Path(allauth.__file__).parent)
    return [path for root in roots for path in root.glob("**/locale/ja/LC_MESSAGES/django.mo")]


def disagreements(package: Path) -> list[str]:
    """A line for each sentence that two files translate differently: which one wins would be chance."""
    seen: dict[str, tuple[str, Path]] = {}
    found = []
    for path in po_files(package / "locale" / "ja"):
        for entry in read_po(path):
            known = seen.setdefault(entry.id, (entry.translation, path))
            if known[0] != entry.translation:
                found.append(f"{known[1].name}: {known[0]} | {path.name}: {entry.translation} | “{entry.text}”")
    return found
