"""The people of the sample office. Invented; any likeness is chance."""

from dataclasses import dataclass

from renkei.permissions import ADMINISTRATOR, AGENT, SUPERVISOR

SHOP, CONTRACTS = "通販サポート", "契約窓口"
ADMINISTRATOR_NAME = "demo"


@dataclass(frozen=True, slots=True)
class Person:
    """One account with its role, business group and extension; the names as a screen shows them."""

    username: str
    name: str
    kana: str
    extension: str
    group: str
    role: str = AGENT


STAFF = (
    Person(ADMINISTRATOR_NAME, "渡辺 理恵", "ワタナベ リエ", "200", SHOP, ADMINISTRATOR),
    Person("matsumoto", "松本 恵", "マツモト メグミ", "220", SHOP, SUPERVISOR),
    Person("inoue", "井上 誠", "イノウエ マコト", "221", CONTRACTS, SUPERVISOR),
    Person("sato", "佐藤 美咲", "サトウ ミサキ", "201", SHOP),
    Person("suzuki", "鈴木 健太", "スズキ ケンタ", "202", SHOP),
    Person("takahashi", "髙橋 由美子", "タカハシ ユミコ", "203", SHOP),
    Person("tanaka", "田中 大輔", "タナカ ダイスケ", "204", SHOP),
    Person("ito", "伊藤 さくら", "イトウ サクラ", "205", SHOP),
    Person("yamamoto", "山本 翔", "ヤマモト ショウ", "206", CONTRACTS),
    Person("nakamura", "中村 恵子", "ナカムラ ケイコ", "207", CONTRACTS),
    Person("kobayashi", "小林 直樹", "コバヤシ ナオキ", "208", CONTRACTS),
    Person("kato", "加藤 千尋", "カトウ チヒロ", "209", CONTRACTS),
    Person("yoshida", "𠮷田 航", "ヨシダ ワタル", "210", CONTRACTS),
)
"""髙 and 𠮷 are meant: real lists hold them, and Shift_JIS cannot write the second."""
