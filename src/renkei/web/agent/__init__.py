"""The agent's desk: softphone, the three windows of a call, own calls."""
