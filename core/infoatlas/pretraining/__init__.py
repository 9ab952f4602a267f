"""Pretraining: synthetic distributions of known pointwise MI, and the loop that learns them."""

from infoatlas.pretraining.config import PretrainConfig
from infoatlas.pretraining.families import FAMILIES
from infoatlas.pretraining.recipes import RECIPES
from infoatlas.pretraining.train import pretrain

__all__ = ["FAMILIES", "RECIPES", "PretrainConfig", "pretrain"]
