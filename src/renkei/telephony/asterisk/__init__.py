"""The telephone line on a real Asterisk: ARI for what we decide, the dialplan for what must work without us."""
