"""What is looked at: each query takes the viewer first and returns frozen data."""
