"""The emulated chat system that lists its completed chats: ledger, two interfaces, every way to fail."""
