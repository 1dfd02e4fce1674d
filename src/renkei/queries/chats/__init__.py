"""What is looked at of chats."""
