"""Writes the rows that every installation has from the first day: the rule ビジー (R56) and the guidance
番号通知依頼 (D20)."""

from typing import Any

from renkei.models.line import Guidance, IncomingRule

BUSY = "busy"
NUMBER_REQUEST = "number_request"

BUILT_IN_RULES = ((BUSY, "ビジー", [{"do": "busy"}]),)
BUILT_IN_GUIDANCES = (
    (
        NUMBER_REQUEST,
        "番号通知依頼",
        (
            "恐れ入りますが、お客様の電話番号を通知しておかけ直しください。"
            "非通知に設定されている場合は、電話番号の前に186を付けておかけください。"
        ),
        11.0,
    ),
)


def write_after_migration(using: str = "default", **_: Any) -> None:
    """The built-in rule and guidance; doing it twice is harmless, and what people changed in them stays.

    They are data that people see and may rename, so they carry the trade's Japanese names in every language.
    """
    rules = IncomingRule.objects.using(using)
    for builtin, name, steps in BUILT_IN_RULES:
        rules.get_or_create(builtin=builtin, defaults={"name": name, "steps": steps})
    guidances = Guidance.objects.using(using)
    for builtin, name, words, seconds in BUILT_IN_GUIDANCES:
        defaults = {"name": name, "words": words, "seconds": seconds, "media": f"builtin/{builtin}"}
        guidances.get_or_create(builtin=builtin, defaults=defaults)
