"""Lets ``python -m renkei.cli.emulate`` run the emulated provider alone."""

import sys

from renkei.cli.emulate.command import main

sys.exit(main(sys.argv[1:]))
