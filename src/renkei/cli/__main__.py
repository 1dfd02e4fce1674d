"""Lets ``python -m renkei.cli`` stand in for the installed command ``renkei``."""

import sys

from renkei.cli.main import main

sys.exit(main(sys.argv[1:]))
