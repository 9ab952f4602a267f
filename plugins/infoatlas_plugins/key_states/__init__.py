"""Key states of demonstrations by mutual information, and policies trained on them (MaxMI)."""

from infoatlas_plugins.key_states.demonstrations import (
    Demonstration,
    Demonstrations,
    key_states_of_flags,
)
from infoatlas_plugins.key_states.discovery import METHODS, find_key_states
from infoatlas_plugins.key_states.finder import KeyStateFinder
from infoatlas_plugins.key_states.lerobot_files import read_lerobot
from infoatlas_plugins.key_states.maniskill_files import read_maniskill, write_maniskill
from infoatlas_plugins.key_states.profile import MIProfile, mi_profile
from infoatlas_plugins.key_states.record import make_demonstrations
from infoatlas_plugins.key_states.tasks import TASKS, Task

__all__ = [
    "METHODS",
    "TASKS",
    "Demonstration",
    "Demonstrations",
    "KeyStateFinder",
    "MIProfile",
    "Task",
    "find_key_states",
    "key_states_of_flags",
    "make_demonstrations",
    "mi_profile",
    "read_lerobot",
    "read_maniskill",
    "write_maniskill",
]
