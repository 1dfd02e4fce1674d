"""Pages, by who sits in front of them."""
