"""Applications of mutual information, one folder per domain. This file imports none of them.

motion
    Motion segmentation: mutual information between point trajectories, then spectral clustering.
    Needs ``pip install "infoatlas[motion]"`` for reading images, pictures and making scenes.

Beside them stand what they share: ``extras`` (import an optional package or say how to get it),
``progress`` and ``safe_write``.
"""
