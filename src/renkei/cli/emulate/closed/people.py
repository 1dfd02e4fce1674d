"""Who chats with whom at the emulated chat desk. Invented; any likeness is chance."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Operator:
    """One of the desk's people, with the number the chat system knows them by (R153)."""

    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer; ``number`` is empty for one the chat system keeps no record of (R163)."""

    number: str
    name: str
    kana: str
    phone: str
    email: str


OPERATORS = (
    Operator("M-101", "佐藤 美咲"),
    Operator("M-102", "鈴木 健太"),
    Operator("M-103", "髙橋 由美子"),
    Operator("M-104", "田中 大輔"),
    Operator("M-105", "伊藤 さくら"),
    Operator("M-106", "山本 翔"),
    Operator("M-190", "応援 一郎"),
)
"""The last one comes from elsewhere: an office does not know the number, and its default agent stands in (R156)."""

_FAMILIES = [
    "山田/ヤマダ",
    "佐々木/ササキ",
    "松井/マツイ",
    "木村/キムラ",
    "林/ハヤシ",
    "清水/シミズ",
    "森/モリ",
    "池田/イケダ",
    "橋本/ハシモト",
    "石川/イシカワ",
    "前田/マエダ",
    "藤田/フジタ",
    "後藤/ゴトウ",
    "岡田/オカダ",
    "長谷川/ハセガワ",
    "村上/ムラカミ",
    "近藤/コンドウ",
    "﨑山/サキヤマ",
    "渡邉/ワタナベ",
    "齋藤/サイトウ",
]
_NAMES = [
    "花子/ハナコ",
    "太郎/タロウ",
    "結衣/ユイ",
    "蓮/レン",
    "陽菜/ヒナ",
    "大翔/ヒロト",
    "美桜/ミオ",
    "悠真/ユウマ",
    "葵/アオイ",
    "湊/ミナト",
    "和子/カズコ",
    "正一/ショウイチ",
    "恵美/エミ",
    "拓也/タクヤ",
    "真由美/マユミ",
    "浩二/コウジ",
]
KNOWN_CUSTOMERS = len(_FAMILIES) * len(_NAMES)


def know_customer(place: int) -> Customer:
    """The customer with that place in the desk's book; always the same person."""
    place %= KNOWN_CUSTOMERS
    family, family_kana = _FAMILIES[place % len(_FAMILIES)].split("/")
    name, kana = _NAMES[place // len(_FAMILIES)].split("/")
    phone = f"090-{(place * 7919) % 10_000:04d}-{(place * 104_729 + 1_201) % 10_000:04d}"
    return Customer(
        f"K-{place + 1:05d}", f"{family} {name}", f"{family_kana} {kana}", phone, f"customer{place + 1}@example.jp"
    )


def pick_customer(chance: Random, *, known_share: float = 0.7) -> Customer:
    """Somebody who writes: most are in the book, some are not and leave a number and an address, or only one."""
    known = know_customer(chance.randrange(KNOWN_CUSTOMERS))
    if chance.random() < known_share:
        return known
    number = chance.randrange(10**8)
    phone = f"080-{number // 10_000:04d}-{number % 10_000:04d}"
    email = f"guest{number}@example.com" if chance.random() < 0.7 else ""
    return Customer("", known.name, known.kana, phone, email)
