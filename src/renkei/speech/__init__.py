"""Words into sound: the port, the voice on this machine, and the files that the telephone plays. Knows no Django."""
