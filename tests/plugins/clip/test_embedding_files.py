import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from infoatlas_plugins.clip import read_embeddings
from infoatlas_plugins.clip.embed import save_embeddings
from infoatlas_plugins.clip.embedding_files import KEYS


@pytest.fixture
def sides():
    return np.random.default_rng(0).standard_normal((2, 12, 5)).astype(np.float32)


@pytest.mark.parametrize("keys", KEYS)
def test_an_npz_is_read_under_every_known_pair_of_names(tmp_path, sides, keys):
    np.savez(tmp_path / "e.npz", **dict(zip(keys, sides, strict=True)))
    found = read_embeddings([tmp_path / "e.npz"])
    np.testing.assert_array_equal(found.images, sides[0])
    np.testing.assert_array_equal(found.texts, sides[1])
    assert found.captions is None


def test_what_is_saved_is_read_back(tmp_path, pairs):
    save_embeddings(tmp_path / "e.npz", pairs)
    found = read_embeddings([tmp_path / "e.npz"])
    np.testing.assert_allclose(found.images, pairs.images, atol=1e-7)


def test_captions_come_along(tmp_path, sides):
    captions = [f"picture {row}" for row in range(12)]
    keys = {"image_embeddings": sides[0], "text_embeddings": sides[1], "captions": captions}
    np.savez(tmp_path / "e.npz", **keys)
    assert read_embeddings([tmp_path / "e.npz"]).captions == tuple(captions)


def test_two_npy_files_are_images_then_texts(tmp_path, sides):
    paths = [tmp_path / "a.npy", tmp_path / "b.npy"]
    for path, side in zip(paths, sides, strict=True):
        np.save(path, side.astype(np.float16))
    found = read_embeddings(paths)
    assert found.texts.dtype == np.float64
    np.testing.assert_allclose(found.texts, sides[1], rtol=1e-3)


def write_clip_retrieval(folder, sides):
    for number, rows in enumerate(np.array_split(np.arange(12), 11)):
        for part, side in zip(("img_emb", "text_emb"), sides, strict=True):
            (folder / part).mkdir(parents=True, exist_ok=True)
            np.save(folder / part / f"{part}_{number}.npy", side[rows])
        (folder / "metadata").mkdir(exist_ok=True)
        table = pyarrow.table({"caption": [f"picture {row}" for row in rows]})
        pyarrow.parquet.write_table(table, folder / "metadata" / f"metadata_{number}.parquet")


def test_shards_of_clip_retrieval_are_read_in_the_order_of_their_numbers(tmp_path, sides):
    write_clip_retrieval(tmp_path, sides)  # shard 10 comes after 9, not after 1
    found = read_embeddings([tmp_path])
    np.testing.assert_array_equal(found.images, sides[0])
    assert found.captions == tuple(f"picture {row}" for row in range(12))


def test_parquet_holds_lists_of_numbers(tmp_path, sides):
    columns = {"image_embedding": list(sides[0]), "text_embedding": list(sides[1])}
    table = pyarrow.table({**columns, "caption": ["x"] * 12})
    pyarrow.parquet.write_table(table, tmp_path / "e.parquet")
    found = read_embeddings([tmp_path / "e.parquet"])
    np.testing.assert_allclose(found.images, sides[0])
    assert found.captions == ("x",) * 12


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz does not exist"):
        read_embeddings([tmp_path / "nothing.npz"])


def test_a_missing_key_says_which_and_what_there_is(tmp_path, sides):
    np.savez(tmp_path / "e.npz", pictures=sides[0], text_embeddings=sides[1])
    with pytest.raises(ValueError, match=r"no keys 'image_embeddings'.*it has \['pictures'"):
        read_embeddings([tmp_path / "e.npz"])


def test_pickled_objects_are_never_loaded(tmp_path, sides):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "b.npy", sides[1])
    with pytest.raises(ValueError, match=r"a\.npy cannot be read as an array of numbers"):
        read_embeddings([tmp_path / "a.npy", tmp_path / "b.npy"])


def test_an_empty_folder_says_what_it_should_hold(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no img_emb/img_emb_0\.npy"):
        read_embeddings([tmp_path])


def test_an_unknown_format_is_refused(tmp_path):
    (tmp_path / "e.pkl").touch()
    with pytest.raises(ValueError, match=r"must be one \.npz.*got .*e\.pkl"):
        read_embeddings([tmp_path / "e.pkl"])


def test_as_many_captions_as_pairs_are_needed(tmp_path, sides):
    keys = {"image_embeddings": sides[0], "text_embeddings": sides[1], "captions": ["one"]}
    np.savez(tmp_path / "e.npz", **keys)
    with pytest.raises(ValueError, match="12 embeddings but 1 captions"):
        read_embeddings([tmp_path / "e.npz"])
