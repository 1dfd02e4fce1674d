"""What is looked at of customers."""
