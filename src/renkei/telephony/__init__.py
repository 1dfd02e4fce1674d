"""The telephone: one port, a simulator and Asterisk behind it. Knows no Django and no database."""
