"""The command line, the supervisor and the embedded database."""
