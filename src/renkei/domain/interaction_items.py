"""コール詳細の各項目 and the templates that fill them at import (R141, R176): words with whitelisted variables."""

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from renkei.domain.closed_chat import ClosedChat
from renkei.errors import RejectedError

ITEMS: Mapping[str, int] = {"title": 200, "category": 80, "priority": 20, "result": 80, "content": 4_000, "memo": 4_000}
"""The items and how many characters each holds."""

VARIABLES = (
    "chat_id",
    "subject",
    "entrance",
    "started_at",
    "closed_at",
    "customer_name",
    "customer_number",
    "agent_name",
    "agent_number",
    "message_count",
    "setting_name",
)
"""What a template may name, as ``{{subject}}``. What people wrote to each other is not among them."""

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def check_template(values: Mapping[str, str]) -> dict[str, str]:
    """The values without empty ones; RejectedError ``unknown_item``, ``unknown_variable`` or ``too_long``."""
    for item, text in values.items():
        if item not in ITEMS:
            raise RejectedError("unknown_item", item=item)
        if len(text) > ITEMS[item]:
            raise RejectedError("too_long", item=item, most=ITEMS[item])
        for name in _VARIABLE.findall(text):
            if name not in VARIABLES:
                raise RejectedError("unknown_variable", variable=name)
    return {item: text for item, text in values.items() if text.strip()}


def fill_items(values: Mapping[str, str], chat: ClosedChat, *, setting_name: str, zone: ZoneInfo) -> dict[str, str]:
    """The items of an imported interaction. What a chat said is put in as it is and never read for variables again;
    what is too long is cut. Without a title of the template the chat's subject stands there."""
    known = _describe(chat, setting_name=setting_name, zone=zone)
    made = {
        item: _VARIABLE.sub(lambda found: known.get(found[1], found[0]), text)[: ITEMS[item]]
        for item, text in values.items()
        if item in ITEMS
    }
    if not made.get("title") and chat.subject:
        made["title"] = chat.subject[: ITEMS["title"]]
    return {item: text for item, text in made.items() if text}


def _describe(chat: ClosedChat, *, setting_name: str, zone: ZoneInfo) -> dict[str, str]:
    return {
        "chat_id": chat.external_id or "",
        "subject": chat.subject,
        "entrance": chat.entrance,
        "started_at": _write(chat.started_at, zone),
        "closed_at": _write(chat.closed_at, zone),
        "customer_name": chat.customer_name,
        "customer_number": chat.customer_number,
        "agent_name": chat.agent_name,
        "agent_number": chat.agent_number,
        "message_count": str(len(chat.messages)),
        "setting_name": setting_name,
    }


def _write(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y/%m/%d %H:%M:%S")
