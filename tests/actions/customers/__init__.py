"""Deeds upon customers."""
