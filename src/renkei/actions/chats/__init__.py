"""Chats: opening one for reading."""

from renkei.actions.chats.open_chat import ChatShown, Via, open_chat

__all__ = ["ChatShown", "Via", "open_chat"]
