"""What happens: each action takes the actor first, is one transaction, and announces in it."""
