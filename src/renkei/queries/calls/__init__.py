"""What is looked at of calls."""
