"""Stand-ins for a model and for COCO: mixed latent columns, and a small folder of pictures."""

import json

import numpy as np
import pytest
from PIL import Image

from infoatlas_plugins.clip import EmbeddedPairs


@pytest.fixture(scope="session")
def pairs():
    """Two sides of six latent columns, seen through random mixtures."""
    generator = np.random.default_rng(0)
    latent = generator.standard_normal((800, 6))
    mix_image, mix_text = generator.standard_normal((2, 6, 24))
    images = latent @ mix_image + 0.3 * generator.standard_normal((800, 24))
    texts = latent @ mix_text + 0.3 * generator.standard_normal((800, 24))
    return EmbeddedPairs(
        name="made up",
        images=images / np.linalg.norm(images, axis=1, keepdims=True),
        texts=texts / np.linalg.norm(texts, axis=1, keepdims=True),
        captions=tuple(f"caption {row}" for row in range(800)),
        picture=lambda row: np.full((8, 8, 3), row % 256, dtype=np.uint8),
    )


@pytest.fixture
def write_coco(tmp_path):
    """Write a folder in COCO's own layout: two captions a picture, in no order."""

    def write(numbers):
        folder = tmp_path / "val2017"
        folder.mkdir()
        images, notes = [], []
        for order, number in enumerate(numbers):
            name = f"{number:012d}.jpg"
            Image.new("RGB", (40 + order, 30), (number % 256, 0, 0)).save(folder / name)
            images.append({"id": number, "file_name": name, "height": 30, "width": 40 + order})
            first = {"id": 2 * number, "caption": f" first of {number}\n"}
            second = {"id": 2 * number + 1, "caption": f"second of {number}"}
            notes += [{"image_id": number, **note} for note in (second, first)]
        (tmp_path / "annotations").mkdir()
        content = {"info": {}, "licenses": [], "images": images, "annotations": notes}
        (tmp_path / "annotations" / "captions_val2017.json").write_text(json.dumps(content))
        return tmp_path

    return write


@pytest.fixture
def coco_root(write_coco):
    return write_coco((785, 776, 724, 632, 285, 139))
