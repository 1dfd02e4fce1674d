"""Words are read aloud as people say them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.speech.reading import MOST_CHARACTERS, write_for_reading

CASES = (
    ("㈱連携です", "株式会社連携です"),
    ("(株)連携と(有)山田", "株式会社連携と有限会社山田"),
    ("お電話は03-1234-5678へ", "お電話はゼロサン、イチニーサンヨン、ゴーロクナナハチ、へ"),
    ("０１２０－１２３－４５６", "ゼロイチニーゼロ、イチニーサン、ヨンゴーロク、"),
    ("09012345678", "ゼロキューゼロイチニーサンヨンゴーロクナナハチ、"),
    ("2025年1月31日", "2025年1月31日"),
    ("100-1", "100-1"),
    ("https://www.example.jp/a?b=1 をご覧ください", "ウェブサイト、wwwドットexampleドットjp、 をご覧ください"),
    ("一行目\n\n二行目", "一行目。二行目"),
    ("9:00～17:00", "9:00から17:00"),
    ("10%引き", "10パーセント引き"),
    ("\u202eあ\x00い\ufeffう", "あいう"),
)


@pytest.mark.parametrize(("written", "read"), CASES)
def test_words_are_written_out_for_reading(written: str, read: str) -> None:
    assert write_for_reading(written) == read


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    read = write_for_reading(text)
    assert "\n" not in read
    assert "\x00" not in read


def test_an_endless_text_is_cut() -> None:
    assert len(write_for_reading("あ" * 100_000)) == MOST_CHARACTERS
