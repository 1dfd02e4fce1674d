"""Loops that never sleep: the calls, and the jobs."""
