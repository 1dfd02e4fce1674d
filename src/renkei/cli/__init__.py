"""What renkei can be told to do, and the supervisor that keeps it running."""
