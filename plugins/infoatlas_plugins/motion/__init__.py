"""Motion segmentation: which points of a scene move together.

Mutual information between point trajectories is the affinity, spectral clustering cuts it. The
maths needs only the core's packages; reading masks and .c3d files, drawing pictures and making
scenes need ``pip install "infoatlas[motion]"`` (Pillow, ezc3d, Matplotlib, MuJoCo), imported where
they are used.
"""

from infoatlas_plugins.motion.hopkins155 import read_hopkins155
from infoatlas_plugins.motion.metrics import evaluate, misclassification_percent
from infoatlas_plugins.motion.mocap import read_mocap
from infoatlas_plugins.motion.ply import write_ply
from infoatlas_plugins.motion.pointodyssey import read_pointodyssey
from infoatlas_plugins.motion.segment import MotionSegmenter
from infoatlas_plugins.motion.track_files import read_tracks
from infoatlas_plugins.motion.tracks import Tracks, clean, spread_out

__all__ = [
    "MotionSegmenter",
    "Tracks",
    "clean",
    "evaluate",
    "misclassification_percent",
    "read_hopkins155",
    "read_mocap",
    "read_pointodyssey",
    "read_tracks",
    "spread_out",
    "write_ply",
]
