"""One thread for every test: sums then run in one order, and the suite is no faster with two."""

import torch

torch.set_num_threads(1)
