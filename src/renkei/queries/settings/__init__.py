"""What is looked at of settings."""
