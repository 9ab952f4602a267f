"""The PickCube-v1 demonstrations that come with the plugin, so that nothing has to be made first.

Made by ``python apps/key_states.py demos --task PickCube-v1 --count 24 --out FILE``.
"""

from __future__ import annotations

from pathlib import Path

from infoatlas_plugins.key_states.demonstrations import Demonstrations
from infoatlas_plugins.key_states.maniskill_files import read_maniskill

SAMPLE = Path(__file__).parent / "sample" / "PickCube-v1.h5"


def read_sample() -> Demonstrations:
    """24 motion-planned demonstrations of PickCube-v1, seeds from 0."""
    return read_maniskill(SAMPLE)
