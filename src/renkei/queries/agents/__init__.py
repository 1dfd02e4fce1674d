"""What is looked at of agents."""
