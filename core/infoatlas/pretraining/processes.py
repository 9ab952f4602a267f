"""One process or several under torchrun: average gradients, agree on when to stop."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import distributed, nn


@dataclass(frozen=True)
class Processes:
    """One process among its peers."""

    rank: int = 0
    count: int = 1

    @classmethod
    def join(cls, device: torch.device) -> Processes:
        """Join the group torchrun describes in the environment, or stand alone."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        if not distributed.is_initialized():
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        if device.type == "cuda":
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def is_main(self) -> bool:
        """Whether this process logs and saves."""
        return self.rank == 0

    def average_gradients(self, model: nn.Module) -> None:
        """Replace each gradient by its mean over the processes."""
        if self.count == 1:
            return
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        distributed.all_reduce(flat)
        flat /= self.count
        start = 0
        for g in gradients:
            g.copy_(flat[start : start + g.numel()].view_as(g))
            start += g.numel()

    def agree(self, *, flag: bool) -> bool:
        """The main process's answer, for all."""
        return bool(self.same(value=float(flag)))

    def same(self, *, value: float) -> float:
        """The main process's number, for all."""
        if self.count == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64)
        if distributed.get_backend() == "nccl":
            shared = shared.cuda()
        distributed.broadcast(shared, 0)
        return float(shared.item())
