"""Frozen values and the rules over them: plain Python, no clock, no chance, no network."""
