"""What must go again: rows past their time."""
