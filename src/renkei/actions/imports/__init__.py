"""The import of closed chats: what happens to a page, a batch, a service."""
