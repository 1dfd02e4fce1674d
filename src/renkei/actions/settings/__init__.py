"""What happens to settings."""
