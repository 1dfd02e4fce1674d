"""The house inspects itself: arrows, names, sizes, translations, requirement rows."""
