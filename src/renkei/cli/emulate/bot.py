"""What the emulated bot answers: a small script in Japanese, chosen by keyword."""

import re
import unicodedata
from dataclasses import dataclass

GREETING = (
    "こんにちは。Renkei通信のチャットサポートです(デモ)。\n"
    "ご用件を入力してください。例:「解約したい」「請求額を知りたい」「荷物が届かない」"
)
ASK_NUMBER = "オペレーターにお電話でおつなぎします。お掛けになる電話番号を入力してください。"
GOT_NUMBER = (
    "電話番号を承りました。24時間以内にその番号からチャット専用ダイヤルへお掛けいただくと、"
    "ここまでの内容をオペレーターが拝見してご案内します。"
)
GOT_FILE = "ファイルを受け取りました。オペレーターにも共有します。"
GOT_LINK = "リンクを確認しました。ありがとうございます。"
UNCLEAR = "恐れ入ります、うまく理解できませんでした。別の言葉で入力していただくか、「オペレーター」と入力してください。"


@dataclass(frozen=True, slots=True)
class Topic:
    """Words that choose it, and the answers in the order they are given, the last one repeated."""

    words: tuple[str, ...]
    answers: tuple[str, ...]


TOPICS = (
    Topic(
        ("オペレーター", "電話", "人と話", "担当者", "operator", "phone", "call"),
        (ASK_NUMBER,),
    ),
    Topic(
        ("解約", "退会", "やめたい", "キャンセル", "cancel"),
        (
            "ご解約のお手続きですね。ご契約番号はお手元にございますか。",
            "ありがとうございます。解約月の料金は日割りになりません。続きは「オペレーター」と入力するとお電話で承ります。",
        ),
    ),
    Topic(
        ("請求", "料金", "明細", "支払", "bill", "invoice", "pay"),
        (
            "ご請求についてですね。何月分のご請求でしょうか。",
            "毎月のご請求額はマイページの「ご利用明細」でご確認いただけます。身に覚えのないご請求は「オペレーター」へ。",
        ),
    ),
    Topic(
        ("荷物", "配送", "届か", "届き", "発送", "deliver", "parcel"),
        (
            "お届けについてですね。ご注文番号(例: A-20250131-0042)を入力してください。",
            "ありがとうございます。配送会社へ引き渡し済みです。お急ぎの場合は「オペレーター」と入力してください。",
        ),
    ),
    Topic(
        ("故障", "つながら", "繋がら", "ネット", "ルーター", "broken", "internet"),
        (
            "ご不便をおかけしております。ルーターのランプは何色に光っていますか。写真を送っていただくこともできます。",
            "電源を30秒ほど抜いてから入れ直してください。直らないときは「オペレーター」と入力してください。",
        ),
    ),
    Topic(("ありがとう", "thank"), ("お役に立てましたら幸いです。ほかにもございましたらご入力ください。",)),
    Topic(("こんにちは", "はじめまして", "hello", "hi "), ("こんにちは。ご用件をお聞かせください。",)),
)


def number_in(text: str) -> str | None:
    """The telephone number, where a message is one and nothing else, as it was typed; however it is separated."""
    digits = re.sub(r"[\s()\-‐‑–−ー.]", "", unicodedata.normalize("NFKC", text))
    return text.strip() if re.fullmatch(r"(0|\+[1-9])[0-9]{9,13}", digits) else None


def answer(text: str, *, earlier: list[str]) -> str:
    """Answer a customer's message; ``earlier`` are the bot's own answers so far."""
    stripped = text.strip()
    if stripped.startswith(("http://", "https://")) and not any(each.isspace() for each in stripped):
        return GOT_LINK
    lowered = f"{stripped.lower()} "
    for topic in TOPICS:
        if any(word in lowered for word in topic.words):
            return _next_answer(topic, earlier)
    open_topic = next((topic for topic in TOPICS if earlier and earlier[-1] in topic.answers[:-1]), None)
    return _next_answer(open_topic, earlier) if open_topic is not None else UNCLEAR


def _next_answer(topic: Topic, earlier: list[str]) -> str:
    return next((each for each in topic.answers if each not in earlier), topic.answers[-1])
