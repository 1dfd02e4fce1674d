"""The same folders as src/renkei again, each promise told by a test; plus journeys/ and house/."""
