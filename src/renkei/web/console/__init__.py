"""The console: histories and settings, for those who run the centre."""
