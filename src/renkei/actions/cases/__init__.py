"""What happens to cases and interactions."""
