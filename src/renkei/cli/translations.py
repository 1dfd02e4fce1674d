"""Compiles the sentences people read: merges locale/<language>/parts/*.po into the one .mo file that gettext loads.

Standard library only, because ./renkei runs it as a plain script before anything else.
"""

import ast
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

_PLURALS = {"ja": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}


@dataclass(slots=True)
class Entry:
    """One sentence of a .po file; `id` carries context and plural the way .mo files do."""

    context: str = ""
    text: str = ""
    plural: str = ""
    translations: dict[int, str] = field(default_factory=dict)
    fuzzy: bool = False

    @property
    def id(self) -> str:
        """context EOT text NUL plural, as far as there are any."""
        before = f"{self.context}\x04" if self.context else ""
        after = f"\0{self.plural}" if self.plural else ""
        return f"{before}{self.text}{after}"

    @property
    def translation(self) -> str:
        """The forms in their order; empty when one is missing."""
        forms = [self.translations[number] for number in sorted(self.translations)]
        return "\0".join(forms) if all(forms) and not self.fuzzy else ""


def read_po(path: Path) -> list[Entry]:
    """The sentences of one file, without its header; raises ValueError that names the line it cannot read."""
    entries: list[Entry] = []
    entry, place = Entry(), ("", 0)
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], start=1):
        stripped = line.strip()
        keyword, _, rest = stripped.partition(" ")
        starts = keyword == "msgctxt" or (keyword == "msgid" and place[0] != "msgctxt") or not stripped
        if starts and place[0]:
            entries.append(entry)
            entry, place = Entry(), ("", 0)
        if stripped.startswith("#,") and "fuzzy" in stripped:
            entry.fuzzy = True
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith('"'):
            _add(entry, place, _unquote(stripped, path, number))
            continue
        index = int(keyword[7:-1]) if keyword.startswith("msgstr[") else 0
        place = ("msgstr" if keyword.startswith("msgstr") else keyword, index)
        if place[0] not in ("msgctxt", "msgid", "msgid_plural", "msgstr"):
            raise ValueError(f"{path.name}:{number}: {keyword} is no word of a .po file")
        _add(entry, place, _unquote(rest.strip(), path, number))
    return [entry for entry in entries if entry.text]


def _unquote(quoted: str, path: Path, number: int) -> str:
    try:
        return str(ast.literal_eval(quoted))
    except (ValueError, SyntaxError):
        raise ValueError(f"{path.name}:{number}: the quotes do not fit") from None


def _add(entry: Entry, place: tuple[str, int], text: str) -> None:
    match place:
        case ("msgctxt", _):
            entry.context += text
        case ("msgid", _):
            entry.text += text
        case ("msgid_plural", _):
            entry.plural += text
        case (_, index):
            entry.translations[index] = entry.translations.get(index, "") + text


def po_files(language: Path, *, domain: str = "django") -> list[Path]:
    """django.po and the parts beside it, in a settled order; *.js.po belongs to the browser's sentences."""
    parts = sorted((language / "parts").glob("*.po"))
    chosen = [path for path in parts if path.name.endswith(".js.po") == (domain == "djangojs")]
    central = language / "LC_MESSAGES" / f"{domain}.po"
    return [*([central] if central.exists() else []), *chosen]


def merge(paths: list[Path]) -> dict[str, str]:
    """Every translated sentence by its id; the first file that has it wins (tests/house refuses different ones)."""
    sentences: dict[str, str] = {}
    for path in paths:
        for entry in read_po(path):
            if entry.translation:
                sentences.setdefault(entry.id, entry.translation)
    return sentences


def mo_bytes(sentences: dict[str, str], language: str) -> bytes:
    """The .mo format: a header, two tables of length and offset, the strings; ids sorted as gettext searches them."""
    header = f"Content-Type: text/plain; charset=UTF-8\nLanguage: {language}\nPlural-Forms: {_PLURALS[language]}\n"
    pairs = sorted((key.encode(), value.encode()) for key, value in {"": header, **sentences}.items())
    count = len(pairs)
    offset = 28 + 16 * count
    strings = [pair[column] + b"\0" for column in (0, 1) for pair in pairs]
    places = b""
    for string in strings:
        places += struct.pack("<2I", len(string) - 1, offset)
        offset += len(string)
    head = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 0)
    return head + places + b"".join(strings)


def compile_all(locale: Path) -> None:
    """Write <language>/LC_MESSAGES/<domain>.mo for every language folder of `locale`."""
    for language in sorted(path for path in locale.iterdir() if path.name in _PLURALS):
        for domain in ("django", "djangojs"):
            paths = po_files(language, domain=domain)
            if not paths:
                continue
            target = language / "LC_MESSAGES" / f"{domain}.mo"
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_suffix(".draft")
            draft.write_bytes(mo_bytes(merge(paths), language.name))
            draft.replace(target)


if __name__ == "__main__":
    try:
        compile_all(Path(sys.argv[1]))
    except (ValueError, OSError) as problem:
        sys.exit(f"translations: {problem}")
