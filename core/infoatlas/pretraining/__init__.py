"""Pretraining: synthetic distributions whose pointwise MI is known, and the loop that learns from them."""

from infoatlas.pretraining.config import PretrainConfig
from infoatlas.pretraining.families import FAMILIES
from infoatlas.pretraining.recipes import RECIPES
from infoatlas.pretraining.train import pretrain

__all__ = ["FAMILIES", "RECIPES", "PretrainConfig", "pretrain"]
