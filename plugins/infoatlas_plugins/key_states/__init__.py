"""Key states of demonstrations by mutual information, and policies trained on them (MaxMI)."""

from infoatlas_plugins.key_states.demonstrations import (
    Demonstration,
    Demonstrations,
    key_states_of_flags,
)
from infoatlas_plugins.key_states.lerobot_files import read_lerobot
from infoatlas_plugins.key_states.maniskill_files import read_maniskill, write_maniskill
from infoatlas_plugins.key_states.record import make_demonstrations
from infoatlas_plugins.key_states.tasks import TASKS, Task

__all__ = [
    "TASKS",
    "Demonstration",
    "Demonstrations",
    "Task",
    "key_states_of_flags",
    "make_demonstrations",
    "read_lerobot",
    "read_maniskill",
    "write_maniskill",
]
