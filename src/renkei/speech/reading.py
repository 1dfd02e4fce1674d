"""Writes words the way they are read aloud: what a voice would swallow, spell out or read as a sum."""

import re
import unicodedata

MOST_CHARACTERS = 1000

_SIGNS = {
    "㈱": "株式会社", "(株)": "株式会社", "㈲": "有限会社", "(有)": "有限会社", "㈹": "代表", "℡": "電話",
    "〒": "郵便番号",
    "※": "、", "～": "から", "〜": "から", "&": "アンド", "@": "アットマーク", "#": "シャープ", "♯": "シャープ",
    "*": "こめじるし", "＊": "こめじるし", "％": "パーセント", "%": "パーセント", "→": "、", "…": "、",
}  # fmt: skip
_DIGITS = {
    "0": "ゼロ", "1": "イチ", "2": "ニー", "3": "サン", "4": "ヨン", "5": "ゴー", "6": "ロク", "7": "ナナ", "8": "ハチ",
    "9": "キュー",
}  # fmt: skip
_TELEPHONE = re.compile(r"(?<![0-9])\+?[0-9]{1,5}(?:-[0-9]{1,5}){2,3}(?![0-9-])|(?<![0-9])0[0-9]{9,10}(?![0-9])")
_ADDRESS = re.compile(r"https?://([A-Za-z0-9.-]+)[^\s、。」)]*")
_BREAKS = re.compile(r"[\s|、。]*\n[\s|、。]*")


def write_for_reading(words: str) -> str:
    """The words with signs, telephone numbers and web addresses written out; control characters are gone.

    A web address is read as its host: nobody can note the rest down from a voice.
    """
    text = "".join(c for c in words[:MOST_CHARACTERS] if c == "\n" or unicodedata.category(c)[0] != "C")
    for sign in ("㈱", "㈲", "㈹", "℡", "〜", "～"):
        text = text.replace(sign, _SIGNS[sign])  # before NFKC makes other letters of them
    text = unicodedata.normalize("NFKC", text)
    text = _ADDRESS.sub(lambda found: f"ウェブサイト、{found[1].replace('.', 'ドット')}、", text)
    text = _TELEPHONE.sub(lambda found: _read_digits(found[0]), text)
    for sign, reading in _SIGNS.items():
        text = text.replace(sign, reading)
    return _BREAKS.sub("。", text).strip()


def _read_digits(number: str) -> str:
    groups = number.removeprefix("+").split("-")
    return "、".join("".join(_DIGITS[digit] for digit in group) for group in groups) + "、"
