"""The emulated chatbot provider: a chat page, a bot, a look-up, and every way to fail."""

from renkei.cli.emulate.command import main

__all__ = ["main"]
