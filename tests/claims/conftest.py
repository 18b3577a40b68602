"""Files of three small networks on which every measured claim holds, and ways to turn each."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.common import artifacts

PAIR = (5, 3)
LIVE = 200
KS = np.array([1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, LIVE], np.int32)
EACH = 40  # images of each class
LABELS = np.repeat(np.arange(10, dtype=np.uint8), EACH)
MAPS = {"conv_2": 10, "conv_3": 12}
SHIFTS = np.array([(0, 0), (1, 0), (3, 0), (-3, 0), (0, 3), (0, -3)], np.int32)
# A knob changes one input; the parts that must turn with it.
KNOBS = {
    "many_tell": {("A", "tell")},
    "many_decide": {("A", "decide")},
    "random_flip": {("A", "decide")},
    "one_is_enough": {("B", "single")},
    "together_weak": {("B", "combination")},
    "conv_2_silent": {("C", "conv_2")},
    "conv_3_loud": {("C", "conv_3")},
    "mlp_wins": {("D", "pair")},
    "all_answer": {("E", "patterns")},
    "other_field": {("G", "field")},
    "other_stride": {("G", "stride")},
    "started_alike": {("F", "filters")},
    "other_order": {("F", "order")},
    "conv_2_means": {("H", "conv_2")},
    "conv_3_means": {("H", "conv_3"), ("I", "levels")},
    "cnn_falls": {("J", "moved")},
    "mlp_stands": {("J", "against_mlp")},
}


def write_points(seed: int, knob: str, generator: np.random.Generator) -> None:
    is_b = np.arange(2 * EACH) >= EACH
    tell, decide = (
        KS.tolist().index(55 if knob == name else k)
        for name, k in (("many_tell", 3), ("many_decide", 5))
    )
    enough = np.arange(len(KS))[:, None]
    guesses = generator.random((len(KS), 2 * EACH)) < 0.5
    mixed = is_b + generator.normal(0, 1.5, 2 * EACH)
    arrays = {
        "label": np.repeat(np.array(PAIR, np.uint8), EACH),
        "right": np.ones(2 * EACH, bool),
        "live": np.int32(LIVE),
        "k": KS,
        "k_forward": KS,
        "folds": (np.arange(2 * EACH) % 5).astype(np.int8),
        "cv_right_forward": guesses | (enough >= tell),
        "flips_effect_interchange": np.tile(enough >= decide, 2 * EACH).astype(np.float32),
        "common_points": np.arange(4, dtype=np.int32),
        "scores_best_common": is_b * 1.0 if knob == "one_is_enough" else mixed,
        "scores_all_common": mixed if knob == "together_weak" else is_b * 1.0,
    }
    folder = artifacts.interventions_folder(seed)
    artifacts.write_npz(folder / "per_image.npz", arrays)
    drawn = np.where(KS <= LIVE / 4, 1.0 if knob == "random_flip" else 0.05, np.nan)
    tables = [
        pd.DataFrame(
            {"k": KS, "ranking": ranking, "direction": direction, "mode": mode}
            | {"flipped_control_mean": drawn / 2, "flipped_control_high": drawn}
        )
        for ranking in ("auroc", "effect")
        for direction in ("a_to_b", "b_to_a")
        for mode in ("mean", "interchange")
    ]
    artifacts.write_csv(folder / "patching.csv", pd.concat(tables))


def positions(labels: np.ndarray, maps: int, split: str, misleading: bool) -> np.ndarray:
    """(n, 2, 2, maps): all points active, b's of one column higher, as high on average as a's.

    Misleading, the columns change sides from validation to test, and a last map of its own
    is active in b alone: its mean tells what the points get wrong.
    """
    is_b = (labels == PAIR[1]).astype(int)
    values = np.ones((len(labels), 2, 2, maps), np.float32)
    side = 1 - is_b if misleading and split == "test" else is_b
    values[np.arange(len(labels)), :, side] = 3
    if misleading:
        values[..., -1] = is_b[:, None, None]
    return values


def write_activations(seed: int, knob: str) -> None:
    folder = artifacts.activations_folder(seed)
    own = {layer: np.eye(10, maps)[LABELS] == 0 for layer, maps in MAPS.items()}  # own is silent
    own["conv_3"][:, 10:] = own["conv_3"][:, :2]
    loud = {
        "conv_2": own["conv_2"] if knob == "conv_2_silent" else np.ones_like(own["conv_2"]),
        "conv_3": np.ones_like(own["conv_3"]) if knob == "conv_3_loud" else own["conv_3"],
    }
    for split in ("validation", "test"):
        activity = {f"{layer}_max": of.astype(np.float32) for layer, of in loud.items()}
        artifacts.write_npz(folder / f"map_activity_{split}.npz", {"labels": LABELS, **activity})
        for kind in ("sample", "untrained"):
            misled = knob == "conv_2_means"
            layers = {
                "conv_2": positions(LABELS, MAPS["conv_2"], split, misled),
                "conv_3": np.ones((len(LABELS), 2, 2, MAPS["conv_3"]), np.float32),
            }
            artifacts.write_npz(folder / f"{kind}_{split}.npz", {"labels": LABELS, **layers})
        for label in PAIR:
            labels = np.full(EACH, label)
            conv_3 = positions(labels, MAPS["conv_3"], split, knob == "conv_3_means")
            artifacts.write_npz(folder / f"{split}_{label}.npz", {"conv_3": conv_3})


def write_shifts(seed: int, knob: str) -> None:
    lost = {"cnn": 0.3 if knob == "cnn_falls" else 0, "mlp": 0 if knob == "mlp_stands" else 0.6}
    index = np.arange(0, len(LABELS), 2, dtype=np.int32)
    for model, share in lost.items():
        wrong = (np.arange(len(index)) % 10 < 10 * share) & (np.abs(SHIFTS).max(1) == 3)[:, None]
        answers = (LABELS[index] + wrong) % 10
        artifacts.write_npz(
            artifacts.model_folder(model, seed) / "shift_logits.npz",
            {"index": index, "shifts": SHIFTS, "logits": np.eye(10, dtype=np.float32)[answers]},
        )


def write_patterns(seed: int, knob: str) -> None:
    """Two maps that no image fires: the search fires one of them, or both."""
    status = ["reached"] * 5 + ["silent", "silent" if knob == "all_answer" else "dead", "dead"]
    arrays = {
        "layer": np.array(["conv_3"] * 7 + ["conv_1"]),
        "status": np.array(status),
        "upper_bound": np.array([4.0] * 5 + [0.2, -0.1, -0.1]),
    }
    artifacts.write_npz(artifacts.patterns_file(seed), arrays)


def write_field(knobs: set[str]) -> None:
    size, apart = 12 if "other_field" in knobs else 18, 4 if "other_stride" in knobs else 5
    rows = [
        (layer, row, column, row * apart, column * apart, size, size)
        for layer, size in (("conv_1", 3), ("conv_3", size))
        for row in range(3)
        for column in range(3)
    ]
    columns = ["layer", "row", "column", "top", "left", "height", "width"]
    artifacts.write_csv(artifacts.RECEPTIVE_FIELD, pd.DataFrame(rows, columns=columns))


def write_correlations(seeds: tuple[int, ...], knob: str) -> None:
    pairs = list(combinations(seeds, 2))
    arrays = {"seeds": np.array(pairs).reshape(-1, 2)}
    if pairs:
        maps = np.arange(MAPS["conv_3"])
        order = np.roll(maps, 1) if knob == "other_order" else maps
        alike = 0.9 if knob == "started_alike" else 0.2
        for name, r, given in (("conv_3", 0.7, order), ("conv_3_untrained", alike, maps)):
            arrays[name] = np.full((len(pairs), len(maps), len(maps)), 0.01, np.float32)
            arrays[name][:, maps, given] = r
            arrays[f"{name}_assignment"] = np.tile(given, (len(pairs), 1)).astype(np.int32)
    artifacts.write_npz(artifacts.REPLICATES / "correlations.npz", arrays)


def write_dataset_and_mcnemar(seeds: tuple[int, ...], knobs: dict[int, str]) -> None:
    names = np.array([f"kind {label}" for label in range(10)])
    artifacts.write_npz(artifacts.DATASET, {"class_names": names, "test_labels": LABELS})
    rows = [
        {"seed": seed, "scope": scope, "only_cnn_right": won, "only_mlp_right": lost, "p_value": p}
        for seed in seeds
        for scope, won, lost, p in (
            ("all", 50, 50, 1.0),
            ("pair", *((5, 30) if knobs[seed] == "mlp_wins" else (30, 5)), 2.3e-5),
        )
    ]
    artifacts.write_csv(artifacts.EVALUATION / "mcnemar.csv", pd.DataFrame(rows))


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Callable
) -> Callable[..., None]:
    """Write, in a new folder, the files of all seeds with a knob turned in all or some of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["claims"])

    def make(
        knob: str = "",
        seeds: tuple[int, ...] = (0, 1, 2),
        turned: tuple[int, ...] | None = None,
        changes: dict[str, object] | None = None,
    ) -> None:
        knobs = {seed: knob if turned is None or seed in turned else "" for seed in seeds}
        values = {"train.seeds": list(seeds), "analysis.pair": list(PAIR), "claims.resamples": 100}
        values["claims.decisive_auroc"] = 0.9  # EACH images show no more
        text = settings({**values, **(changes or {})})
        Path("params.yaml").write_text(text, encoding="utf-8")
        write_dataset_and_mcnemar(seeds, knobs)
        for seed in seeds:
            write_points(seed, knobs[seed], np.random.default_rng(seed))
            write_activations(seed, knobs[seed])
            write_shifts(seed, knobs[seed])
            write_patterns(seed, knobs[seed])
        write_field(set(knobs.values()))
        write_correlations(seeds, knob)

    return make
