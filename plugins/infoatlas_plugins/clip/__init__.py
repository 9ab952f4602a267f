"""How much images and their captions tell about each other, and how noise takes it away.

``NoiseCurve`` works on any two arrays of embeddings and needs only the core's packages.
Pictures and figures need ``pip install "infoatlas[clip]"``; models of open_clip and transformers
need ``pip install "infoatlas[clip-models]"``. Both are imported where they are used.
"""

from infoatlas_plugins.clip.coco import CocoPairs
from infoatlas_plugins.clip.compare import compare_models, describe_space
from infoatlas_plugins.clip.embed import Embedder, embed_pairs
from infoatlas_plugins.clip.embedding_files import read_embeddings
from infoatlas_plugins.clip.noise_curve import NoiseCurve, smallest_gap
from infoatlas_plugins.clip.open_clip_embedder import OpenClipEmbedder
from infoatlas_plugins.clip.pairs import EmbeddedPairs
from infoatlas_plugins.clip.pointwise import keep_above_quantile, pointwise_scores, swap_detection
from infoatlas_plugins.clip.sources import EmojiPairs, PairSource
from infoatlas_plugins.clip.transformers_embedder import TransformersEmbedder

__all__ = [
    "CocoPairs",
    "EmbeddedPairs",
    "Embedder",
    "EmojiPairs",
    "NoiseCurve",
    "OpenClipEmbedder",
    "PairSource",
    "TransformersEmbedder",
    "compare_models",
    "describe_space",
    "embed_pairs",
    "keep_above_quantile",
    "pointwise_scores",
    "read_embeddings",
    "smallest_gap",
    "swap_detection",
]
