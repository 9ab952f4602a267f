"""Motion segmentation: which points of a scene move together.

Mutual information between point trajectories is the affinity, spectral clustering cuts it. The
maths needs only the core's packages; reading masks, drawing pictures and making scenes need
``pip install "infoatlas[motion]"`` (Pillow, Matplotlib, MuJoCo), imported where they are used.
"""

from infoatlas_plugins.motion.datasets import read_pointodyssey
from infoatlas_plugins.motion.metrics import evaluate, misclassification_percent
from infoatlas_plugins.motion.ply import write_ply
from infoatlas_plugins.motion.segment import MotionSegmenter
from infoatlas_plugins.motion.tracks import Tracks, clean, spread_out

__all__ = [
    "MotionSegmenter",
    "Tracks",
    "clean",
    "evaluate",
    "misclassification_percent",
    "read_pointodyssey",
    "spread_out",
    "write_ply",
]
