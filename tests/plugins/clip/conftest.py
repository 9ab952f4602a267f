"""Two sides of six latent columns, seen through random mixtures: cheap stand-ins for a model."""

import numpy as np
import pytest

from infoatlas_plugins.clip import EmbeddedPairs


@pytest.fixture(scope="session")
def pairs():
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
