"""The REST API for other systems: administration and histories, behind API keys."""
