"""Let torchvision be imported where its compiled part does not load.

The torchvision that PyPI has for Linux is linked against CUDA. Beside a CPU build of torch its
compiled operators stay undefined, and importing it ends in ``operator torchvision::nms does not
exist`` (pytorch/vision 8985, 9077). Declaring the two operators is enough for transforms; calling
them still fails, and nothing here calls them.
"""

from __future__ import annotations

import ctypes
import importlib.util
from functools import lru_cache
from pathlib import Path

import torch

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@lru_cache(maxsize=1)  # keeps the library alive: its operators go when it goes
def declare_missing_operators() -> torch.library.Library | None:
    """Declare torchvision's operators if its compiled part does not load; else do nothing."""
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None or _compiled_part_loads(Path(found.origin).parent):
        return None
    library = torch.library.Library("torchvision", "DEF")
    for schema in SCHEMAS:
        library.define(schema)
    return library


def _compiled_part_loads(folder: Path) -> bool:
    compiled = next(folder.glob("_C*.so"), None) or next(folder.glob("_C*.pyd"), None)
    if compiled is None:
        return False
    try:
        ctypes.CDLL(str(compiled))
    except OSError:
        return False
    return True
