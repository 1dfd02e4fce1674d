"""Everything people read is there in Japanese."""

import gettext
from pathlib import Path

import pytest

from renkei.cli.sentences import disagreements, sentences, untranslated
from renkei.cli.translations import merge, mo_bytes, read_po

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "renkei"


def test_every_sentence_has_a_japanese_translation() -> None:
    assert untranslated(PACKAGE) == []


def test_no_two_parts_translate_a_sentence_differently() -> None:
    assert disagreements(PACKAGE) == []


def test_a_placeholder_survives_its_translation() -> None:
    import re

    placeholder = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
    ours = merge(sorted((PACKAGE / "locale/ja/parts").glob("*.po")))
    lost = [
        sentence
        for sentence, translation in ours.items()
        if not set(placeholder.findall(translation)) <= set(placeholder.findall(sentence))
    ]
    assert lost == []


PO = """
msgid ""
msgstr "Language: ja\\n"

#. a comment
msgid "Two "
"lines"
msgstr "二行"

msgctxt "verb"
msgid "Open"
msgstr "開く"

msgid "%(count)d call"
msgid_plural "%(count)d calls"
msgstr[0] "%(count)d件"

#, fuzzy
msgid "Doubtful"
msgstr "疑わしい"

msgid "Empty"
msgstr ""
"""


def test_what_is_compiled_is_what_gettext_reads(tmp_path: Path) -> None:
    source = tmp_path / "part.po"
    source.write_text(PO, encoding="utf-8")
    compiled = tmp_path / "django.mo"
    compiled.write_bytes(mo_bytes(merge([source]), "ja"))
    with compiled.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert catalogue.gettext("Two lines") == "二行"
    assert catalogue.pgettext("verb", "Open") == "開く"
    assert catalogue.ngettext("%(count)d call", "%(count)d calls", 5) == "%(count)d件"
    assert catalogue.gettext("Doubtful") == "Doubtful"
    assert catalogue.gettext("Empty") == "Empty"


@pytest.mark.parametrize("bad", ['msgid "open\nmsgstr ""', 'msgid "a"\nmsgword "b"'])
def test_a_broken_part_names_its_line(tmp_path: Path, bad: str) -> None:
    source = tmp_path / "part.po"
    source.write_text(bad, encoding="utf-8")
    with pytest.raises(ValueError, match=r"part\.po:\d"):
        read_po(source)


def test_sentences_are_found_in_python_and_templates() -> None:
    found = {place.split(":")[0] for _, place in sentences(PACKAGE)}
    assert any(place.endswith(".py") for place in found)
    assert any(place.endswith(".html") for place in found)
