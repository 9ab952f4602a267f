"""`python -m infoatlas`, and so `torchrun -m infoatlas pretrain`, is the command line."""

import sys

from infoatlas._cli import main

sys.exit(main())
