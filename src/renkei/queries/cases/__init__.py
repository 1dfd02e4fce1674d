"""What is looked at of cases and their interactions."""
