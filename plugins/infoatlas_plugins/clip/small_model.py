"""A small image-text model with CLIP's shape: two towers, one 512-d head, a cosine between them.

Radford et al. (2021), "Learning transferable visual models from natural language supervision".
The image tower is a residual network with attention pooling, the text tower a small transformer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from infoatlas_plugins.clip.words import FIRST_WORD, MAX_WORDS, PADDING, vocabulary

# b: pairs in a batch   c: channels   s: pixels a side   w: words   e: width of the joint space

WEIGHTS = Path(__file__).parent / "weights" / "emoji-small-v1.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Widths of the two towers."""

    image_channels: tuple[int, int, int, int] = (32, 64, 128, 256)
    image_side: int = 64  # pixels
    text_width: int = 128
    text_layers: int = 2
    text_heads: int = 4
    embedding: int = 512  # that of CLIP ViT-B, so that noise levels mean the same energy


def convolution(channels: int, out: int, *, stride: int = 1) -> nn.Sequential:
    """3 x 3 convolution and its normalisation."""
    layer = nn.Conv2d(channels, out, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(out))


class Block(nn.Module):
    """Two convolutions around a shortcut."""

    def __init__(self, channels: int, out: int, *, stride: int) -> None:
        super().__init__()
        self.first = convolution(channels, out, stride=stride)
        self.second = convolution(out, out)
        self.shortcut = nn.Sequential()
        if stride > 1 or channels != out:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride, ceil_mode=True), nn.Conv2d(channels, out, 1, bias=False)
            )

    def forward(self, image: Tensor) -> Tensor:
        """B c s s to b c s s, fewer pixels where the block has a stride."""
        within = self.second(F.relu(self.first(image)))
        return F.relu(within + self.shortcut(image))


class AttentionPool(nn.Module):
    """One vector of a picture: its mean asks all its places, which know where they are."""

    def __init__(self, channels: int, places: int, out: int) -> None:
        super().__init__()
        self.where = nn.Parameter(torch.randn(places + 1, channels) * channels**-0.5)
        self.attention = nn.MultiheadAttention(channels, num_heads=8, batch_first=True)
        self.out = nn.Linear(2 * channels, out)

    def forward(self, image: Tensor) -> Tensor:
        """B c s s to b e."""
        places = image.flatten(2).transpose(1, 2)  # b s*s c
        mean = places.mean(dim=1, keepdim=True)  # b 1 c
        places = torch.cat([mean, places], dim=1) + self.where
        asked, _ = self.attention(places[:, :1], places, places, need_weights=False)
        return self.out(torch.cat([asked[:, 0], mean[:, 0]], dim=1))


class ImageTower(nn.Module):
    """Pictures to vectors."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        c1, c2, c3, c4 = shape.image_channels
        self.layers = nn.Sequential(
            convolution(3, c1, stride=2),
            nn.ReLU(),
            Block(c1, c2, stride=2),
            Block(c2, c3, stride=2),
            Block(c3, c4, stride=2),
            Block(c4, c4, stride=1),
        )
        places = (shape.image_side // 16) ** 2
        self.pool = AttentionPool(c4, places, shape.embedding)

    def forward(self, pixels: Tensor) -> Tensor:
        """Pixels between -1 and 1: b 3 s s to b e."""
        return self.pool(self.layers(pixels))


class TextTower(nn.Module):
    """Captions to vectors."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.text_width
        self.words = nn.Embedding(FIRST_WORD + len(vocabulary()), width)
        nn.init.normal_(self.words.weight, std=0.1)
        self.where = nn.Parameter(torch.randn(MAX_WORDS, width) * 0.05)
        layer = nn.TransformerEncoderLayer(
            width, shape.text_heads, 4 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, shape.text_layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, shape.embedding)

    def forward(self, words: Tensor) -> Tensor:
        """Word numbers: b w to b e."""
        words = words[:, : int((words != PADDING).sum(dim=1).max())]  # padding costs time
        empty = words == PADDING
        placed = self.words(words) + self.where[: words.shape[1]]
        hidden = self.layers(placed, src_key_padding_mask=empty)
        there = (~empty).unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * there).sum(dim=1) / there.sum(dim=1)  # b w e -> b e
        return self.out(self.norm(mean))


class SmallModel(nn.Module):
    """Both towers and the temperature of the cosine."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        shape = shape or Shape()
        self.image = ImageTower(shape)
        self.text = TextTower(shape)
        self.log_scale = nn.Parameter(torch.tensor(2.66))  # 1 / 0.07, the paper's start

    def encode_images(self, pixels: Tensor) -> Tensor:
        """Unit vectors of pictures.

        Parameters
        ----------
        pixels : Tensor of shape (b, s, s, 3)
            Red, green and blue, 0 to 255.
        """
        scaled = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
        return F.normalize(self.image(scaled), dim=-1)

    def encode_texts(self, words: Tensor) -> Tensor:
        """Unit vectors of captions, from the numbers of :func:`words.tokenize`."""
        return F.normalize(self.text(words), dim=-1)


def contrastive_loss(images: Tensor, texts: Tensor, log_scale: Tensor) -> Tensor:
    """Mean cross-entropy of finding the caption of each picture and the picture of each caption.

    Parameters
    ----------
    images, texts : Tensor of shape (b, e)
        Unit vectors; row i of one belongs to row i of the other.
    log_scale : Tensor
        Logarithm of the inverse temperature; capped at log 100 as in the paper.
    """
    scores = log_scale.clamp(max=4.6052).exp() * images @ texts.T  # b b
    own = torch.arange(len(scores), device=scores.device)
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2


def load_small_model(path: Path = WEIGHTS) -> SmallModel:
    """The shipped model, in single precision, ready to encode."""
    model = SmallModel()
    weights = {name: value.float() for name, value in load_file(path).items()}
    model.load_state_dict(weights)
    return model.eval()
