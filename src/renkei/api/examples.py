"""What an answer looks like, for whoever reads the description of the API. Each is held to its schema by a test."""

from typing import Any

_CALL: dict[str, Any] = {
    "id": 4711,
    "direction": "in",
    "state": "ended",
    "outcome": "answered",
    "caller": "+819012345678",
    "absence": None,
    "dialled": "+81345001200",
    "agent": "佐藤 花子",
    "arrived_at": "2025-01-31T00:05:07Z",
    "answered_at": "2025-01-31T00:05:16Z",
    "ended_at": "2025-01-31T00:08:40Z",
    "link_reason": "linked",
    "labels": ["チャット流入"],
}

CALLS: dict[str, Any] = {"calls": [_CALL], "count": 1, "has_more_than_count": False, "next_cursor": None}
CALL: dict[str, Any] = {
    **_CALL,
    "steps": [
        {"kind": "entered", "ivr": "チャット連携", "at": "2025-01-31T00:05:07Z"},
        {"kind": "looked_up", "ivr": "チャット連携", "at": "2025-01-31T00:05:08Z"},
    ],
}
CHAT: dict[str, Any] = {
    "call_id": 4711,
    "reason": "linked",
    "message": None,
    "lines": [
        {
            "speaker": "customer",
            "kind": "text",
            "content": "商品が届きません",
            "sent_at": "2025-01-31T00:04:00Z",
        }
    ],
}
