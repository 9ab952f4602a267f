from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from infoatlas_plugins.motion import read_pointodyssey, reference
from infoatlas_plugins.motion.reference import (
    first_frame_components,
    original_filter,
    reference_protocol,
)


@pytest.fixture
def tracks(write_sequence):
    return read_pointodyssey(write_sequence(), frame="pixel")


def test_one_colour_in_two_places_is_two_regions(tracks, tmp_path):
    mask = np.zeros((30, 40, 3), dtype=np.uint8)
    mask[8:14, 8:14] = mask[16:24, 22:30] = (9, 9, 9)
    Image.fromarray(mask).save(tmp_path / "mask.png")
    regions = first_frame_components(replace(tracks, masks={0: tmp_path / "mask.png"}))
    assert regions[0] == regions[1]  # the background
    assert regions[2] == regions[3] != regions[4] == regions[5]
    assert len(set(regions)) == 3


def test_the_original_s_filter_drops_what_starts_outside_or_goes_far(tracks):
    pixels = tracks.pixels.copy()
    pixels[0, 1] = [41, 5]
    pixels[7, 3, 1] = -4001
    pixels[9, 4] = np.nan
    np.testing.assert_array_equal(original_filter(replace(tracks, pixels=pixels)), [0, 2, 5])


def test_auc_is_that_of_the_scores_with_zero_for_the_reference(tracks, monkeypatch):
    def one_number_per_pair(x, y):
        assert x.shape == y.shape == (5, 24, 2)
        return list(np.where(y[:, 0, 0] < 15, 3.0, 1.0))  # tracks 0, 2 and 3 start left of 15

    monkeypatch.setattr(reference, "mutual_information_batch", one_number_per_pair)
    result = reference_protocol(tracks, 2)
    np.testing.assert_array_equal(result.information, [3, 1, 0, 3, 1, 1])
    # positives: the reference with 0 and track 3 with 3; of 2 x 4 pairs 3 are right, 1 is a tie
    assert result.auc == pytest.approx(3.5 / 8)


def test_what_is_missing_is_named(tracks):
    with pytest.raises(ValueError, match=r"index among the 6 tracks .* 0 to 5, got 6"):
        reference_protocol(tracks, 6)
    with pytest.raises(ValueError, match="toy has no mask of frame 0"):
        reference_protocol(replace(tracks, masks={}), 0)
    with pytest.raises(ValueError, match="image size is unknown"):
        original_filter(replace(tracks, image_size=None))
