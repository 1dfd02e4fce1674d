"""What is looked at of accounts."""
