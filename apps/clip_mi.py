"""Image-text mutual information under noise, and what else a vision-language model tells.

    python apps/clip_mi.py
    python apps/clip_mi.py --embeddings emb.npz --out results/mine
    python apps/clip_mi.py --coco /data/coco --split val2017 --model ViT-B-32 --pretrained W.pt

Without a source it paints emoji scenes and embeds them with the small model that comes with the
plugin. It writes noise_curve.png, noise_curve.csv, pairs.csv, pairs.png and metrics.json to --out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infoatlas_plugins.clip import (
    CocoPairs,
    EmbeddedPairs,
    Embedder,
    EmojiPairs,
    NoiseCurve,
    OpenClipEmbedder,
    PairSource,
    TransformersEmbedder,
    compare_models,
    describe_space,
    embed_pairs,
    keep_above_quantile,
    pointwise_scores,
    read_embeddings,
    smallest_gap,
    swap_detection,
)
from infoatlas_plugins.clip.methods import METHODS
from infoatlas_plugins.clip.noise_curve import POSTER_LEVELS
from infoatlas_plugins.clip.outputs import curve_table, pair_table, save_record, save_table
from infoatlas_plugins.clip.picture import save_curves, save_pairs
from infoatlas_plugins.clip.small_embedder import SmallEmbedder, embed_layers

EMOJI_PAIRS = 5000


def main(argv: Sequence[str] | None = None) -> int:
    arguments = build_parser().parse_args(argv)
    try:
        run(arguments)
    except (OSError, ValueError, ImportError) as error:
        print(f"clip_mi: {error}", file=sys.stderr)
        return 2
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Options of the command."""
    parser = argparse.ArgumentParser(
        prog="clip_mi.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument_group("pairs").add_argument
    add("--embeddings", type=Path, nargs="+", metavar="PATH",
        help=".npz, .parquet, clip-retrieval folder, or two .npy: images, then texts")  # fmt: skip
    add("--coco", type=Path, metavar="ROOT", help="folder of MS COCO")
    add("--split", default="val2017", help="split of COCO (default: val2017)")
    add("--n", type=positive, help="pairs to draw (default: all of COCO, 5000 emoji scenes)")
    add("--model", help="architecture of open_clip, or folder for --backend transformers")
    add("--pretrained", metavar="TAG", help="weights for --model: tag, path, or random")
    add("--backend", choices=("open_clip", "transformers"), default="open_clip",
        help="library that reads --model (default: open_clip)")  # fmt: skip
    add("--cache", type=Path, metavar="DIR", help="keep embeddings here, and go on from them")
    add("--compare", type=Path, action="append", default=[], metavar="PATH",
        help="embeddings of the same pairs by another model; may be given again")  # fmt: skip
    add("--layers", action="store_true", help="compare the layers of the small model")
    add = parser.add_argument_group("noise curve").add_argument
    add("--levels", type=float, nargs="+", default=list(POSTER_LEVELS),
        help="noise levels (default: 0 .01 .03 .05 .1)")  # fmt: skip
    add("--noise", choices=("norm", "spread"), default="norm",
        help="a level is a multiple of each row's length (default) or of their spread")  # fmt: skip
    add("--k", type=positive, default=5, help="dimensions of a slice (default: 5)")
    add("--n-slices", type=positive, default=8, help="slices to average (default: 8)")
    add("--slices", choices=("shared", "independent"), default="shared",
        help="one set (default), or fresh ones everywhere as in the original")  # fmt: skip
    add("--repeats", type=positive, default=5, help="repeats of noise and rows (default: 5)")
    add("--n-samples", type=positive, help="rows a repeat reads (default: half, at most 5000)")
    add("--peers", nargs="*", choices=sorted(set(METHODS) - {"infoatlas"}),
        default=["gaussian", "ksg"],
        help="on the same slices (default: gaussian ksg; mine and info_nce take long)")  # fmt: skip
    add("--peer-slices", type=positive, help="first slices the peers read (default: all)")
    add("--peer-repeats", type=positive, help="first repeats the peers read (default: all)")
    add = parser.add_argument_group("output").add_argument
    add("--keep-quantile", type=float, metavar="Q",
        help="also write kept.csv: pairs whose pointwise MI is above this quantile")  # fmt: skip
    add("--table", choices=("csv", "parquet"), default="csv", help="form of tables (default: csv)")
    add("--seed", type=int, default=0, help="seed (default: 0)")
    add("--json", type=Path, metavar="OUT", help="metrics file (default: metrics.json in --out)")
    add("--out", type=Path, default=Path("results/clip_mi"), metavar="DIR",
        help="folder of results (default: results/clip_mi)")  # fmt: skip
    return parser


def positive(text: str) -> int:
    """Read a positive whole number."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
    return int(text)


def run(arguments: argparse.Namespace) -> None:
    """Read pairs, measure, write."""
    pairs = read_pairs(arguments)
    n_features = f"{pairs.images.shape[1]} and {pairs.texts.shape[1]} features"
    print(f"pairs      {len(pairs)} pairs with {n_features}: {pairs.name}")
    space = describe_space(pairs)
    print_space(space)
    curves = measure_curves(pairs, arguments)
    record: dict[str, Any] = {
        **curves["infoatlas"].summary(),
        "pairs": {"name": pairs.name, "n": len(pairs)},
        "peers": {name: peer_summary(name, curves) for name in curves if name != "infoatlas"},
        "space": space,
        "compare": compare(pairs, arguments),
    }
    scores = pointwise_scores(pairs.images, pairs.texts, k=arguments.k, random_state=arguments.seed)
    record["swap_detection"] = swap_detection(pairs, k=arguments.k, random_state=arguments.seed)
    print_swaps(record["swap_detection"])
    write(arguments, pairs, curves, scores, record)


def read_pairs(arguments: argparse.Namespace) -> EmbeddedPairs:
    """Embeddings from a file, or of a source by a model."""
    if arguments.embeddings:
        return read_embeddings(arguments.embeddings)
    source: PairSource
    if arguments.coco:
        source = CocoPairs(
            arguments.coco, split=arguments.split, n=arguments.n, random_state=arguments.seed
        )
    else:
        print("data       no source given: emoji scenes painted here, unseen in training")
        source = EmojiPairs(arguments.n or EMOJI_PAIRS, random_state=arguments.seed)
    return embed_pairs(source, choose_embedder(arguments), cache=arguments.cache)


def choose_embedder(arguments: argparse.Namespace) -> Embedder:
    """The model asked for."""
    if arguments.model is None and arguments.coco:
        raise ValueError("--coco needs --model: the small model knows emoji scenes only")
    if arguments.model is None:
        return SmallEmbedder()
    if arguments.backend == "transformers":
        return TransformersEmbedder(arguments.model)
    return OpenClipEmbedder(arguments.model, arguments.pretrained)


def measure_curves(pairs: EmbeddedPairs, arguments: argparse.Namespace) -> dict[str, NoiseCurve]:
    """Noise curves of InfoAtlas and its peers, on the same rows, noise and slices."""
    curves = {}
    for method in ("infoatlas", *arguments.peers):
        is_peer = method != "infoatlas"
        curve = NoiseCurve(
            tuple(arguments.levels),
            k=arguments.k,
            n_slices=(is_peer and arguments.peer_slices) or arguments.n_slices,
            n_repeats=(is_peer and arguments.peer_repeats) or arguments.repeats,
            n_samples=arguments.n_samples,
            slices=arguments.slices,
            noise=arguments.noise,
            method=method,
            random_state=arguments.seed,
        )
        curves[method] = curve.fit(pairs.images, pairs.texts)
        print_curve(method, curve)
    return curves


def peer_summary(name: str, curves: dict[str, NoiseCurve]) -> dict[str, Any]:
    """A peer's numbers, and ours on the slices and repeats that it read."""
    curve, ours = curves[name], curves["infoatlas"]
    same = ours.values_[:, : curve.n_repeats, : curve.n_slices]
    estimates = curve.values_.size + curve.control_values_.size
    our_estimates = ours.values_.size + ours.control_values_.size
    return {
        **curve.summary(),
        "infoatlas_smallest_gap_same_slices": smallest_gap(same),
        "seconds_over_infoatlas": (curve.seconds_ / estimates) / (ours.seconds_ / our_estimates),
    }


def compare(pairs: EmbeddedPairs, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Other models, or layers of the small one, on the same pairs."""
    models = {"this model": pairs}
    models |= {path.name: read_embeddings([path]) for path in arguments.compare}
    if arguments.layers:
        if arguments.embeddings or arguments.coco or arguments.model:
            raise ValueError("--layers is for the small model: leave out other sources and models")
        models |= embed_layers(SmallEmbedder(), pairs)
    if len(models) == 1:
        return []
    rows = compare_models(models, k=arguments.k, random_state=arguments.seed)
    for row in rows:
        first = row.get("image_to_text_at_1")
        found = "" if first is None else f", R@1 {first:.3f}"
        print(f"compare    {row['name']:14} {row['mean']:.3f} nats{found}")
    return rows


def print_space(space: dict[str, Any]) -> None:
    """Print retrieval, InfoNCE and the gap."""
    if not space:
        print("space      no common space: no cosine, no retrieval")
        return
    found = ", ".join(f"R@{k} {space['recall'][f'image_to_text_at_{k}']:.3f}" for k in (1, 5, 10))
    print(f"retrieval  image to text, pool of {space['n']}: {found}")
    cap = f"cap ln {space['n']} = {space['info_nce_cap_nats']:.2f}"
    print(f"InfoNCE    {space['info_nce_nats']:.2f} nats, {cap}")
    print(f"gap        {space['modality_gap']['distance']:.3f} between the means of both sides")


def print_curve(method: str, curve: NoiseCurve) -> None:
    """Print one noise curve."""
    for i, level in enumerate(curve.levels):
        value = f"{curve.mean_[i]:7.4f} ± {curve.sd_[i]:.4f} nats"
        title = method if i == 0 else ""
        print(f"{title:10} noise {level:<5g} SNR {curve.snr_[i]:8.3g}  {value}")
    control = curve.control_values_.mean()
    print(f"           shuffled pairs {control:.4f}, smallest gap {curve.smallest_gap_:.2f}, "
          f"{curve.seconds_:.1f} s")  # fmt: skip


def print_swaps(found: dict[str, Any]) -> None:
    """Print how well swapped captions are found."""
    cosine = "-" if found["cosine_auc"] is None else f"{found['cosine_auc']:.4f}"
    share = f"{100 * found['share']:.0f} % swapped captions"
    print(f"swaps      AUC on {share}: pointwise MI {found['pointwise_auc']:.4f}, cosine {cosine}")


def write(
    arguments: argparse.Namespace,
    pairs: EmbeddedPairs,
    curves: dict[str, NoiseCurve],
    scores: Any,
    record: dict[str, Any],
) -> None:
    """Write figures, tables and metrics."""
    out, ending = arguments.out, arguments.table
    table = pair_table(pairs, scores)
    save_table(out / f"noise_curve.{ending}", curve_table(curves))
    save_table(out / f"pairs.{ending}", table)
    if arguments.keep_quantile is not None:
        kept = set(keep_above_quantile(scores, arguments.keep_quantile).tolist())
        chosen = [i for i, row in enumerate(table["row"]) if row in kept]
        save_table(out / f"kept.{ending}", {k: [v[i] for i in chosen] for k, v in table.items()})
    save_curves(out / "noise_curve.png", curves)
    if pairs.picture is not None:
        save_pairs(out / "pairs.png", pairs, scores)
    save_record(arguments.json or out / "metrics.json", record)
    print(f"written    {out}")


if __name__ == "__main__":
    raise SystemExit(main())
