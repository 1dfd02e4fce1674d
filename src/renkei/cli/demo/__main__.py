"""Lets ``python -m renkei.cli.demo`` load the sample office alone."""

import sys

from renkei.cli.demo.command import main

sys.exit(main(sys.argv[1:]))
