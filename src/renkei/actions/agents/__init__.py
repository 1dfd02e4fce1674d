"""What happens to agents."""
