"""Chat systems: one file each, strangers to each other, all behind contract.py. Knows no Django."""
