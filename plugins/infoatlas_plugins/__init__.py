"""Applications of mutual information, one folder per domain. This file imports none of them.

clip
    Image-text mutual information under noise, and what models of images and captions share.
    Needs ``pip install "infoatlas[clip]"`` for pictures and figures, ``"infoatlas[clip-models]"``
    for models of open_clip and transformers.
motion
    Motion segmentation: mutual information between point trajectories, then spectral clustering.
    Needs ``pip install "infoatlas[motion]"`` for reading images, pictures and making scenes.
key_states
    Key states of robot demonstrations, found by mutual information between neighbouring states, and
    ManiSkill policies trained on them. Needs ``pip install "infoatlas[robot]"`` for files and
    simulation.

Beside them stand what they share: ``extras`` (import an optional package or say how to get it),
``progress`` and ``safe_write``.
"""
