"""The demonstration's own pages: "try it" and the simulated telephone. They do not exist in a real installation."""
