"""Results of a made-up run: small, quick, and with every number known."""

import itertools

import numpy as np
import pandas as pd
import pytest

from stages import evaluate, map_statistics
from stages.common.network import Head
from stages.common.params import Params, read_params
from stages.report.results import Results

TEST_IMAGES = 400


def scribbles(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """Images of 7 x 7 black or white fields, uint8 (..., 28, 28): as small in a file as digits."""
    fields = 255 * generator.integers(0, 2, (*shape, 7, 7)).astype(np.uint8)
    return fields.repeat(4, axis=-2).repeat(4, axis=-1)


def made_up(params: Params, seed: int = 0, spread: float = 1.0) -> Results:
    """Results for `params`, drawn from `seed`; class b's points lie `spread` above class a's."""
    generator = np.random.default_rng(seed)
    labels = np.tile(np.arange(10), TEST_IMAGES // 10)
    seeds = params.train.seeds
    accuracy, pairs, mcnemar, confusion, histories = [], [], [], [], []
    for number in seeds:
        right = {}
        for model, error_rate in (("cnn", 0.05), ("mlp", 0.2)):
            wrong = generator.random(TEST_IMAGES) < error_rate
            guess = np.where(wrong, generator.integers(0, 10, TEST_IMAGES), labels)
            right[model] = guess == labels
            network = {"model": model, "seed": number}
            accuracy += [
                {**network, "split": split, **evaluate.accuracy_row(guess, labels)}
                for split in ("validation", "test")
            ]
            pairs.append({**network, **evaluate.pair_row(guess, labels, params.analysis.pair)})
            confusion.append(evaluate.confusion_table(guess, labels, 10).assign(**network))
            histories.append(_history().assign(**network))
        for scope in ("all", "pair"):
            row = evaluate.mcnemar_row(right["cnn"], right["mlp"])
            mcnemar.append({"seed": number, "scope": scope, **row})
    tables = {
        "accuracy": pd.DataFrame(accuracy),
        "pair": pd.DataFrame(pairs),
        "mcnemar": pd.DataFrame(mcnemar),
        "confusion": pd.concat(confusion, ignore_index=True),
        "curves": evaluate.mean_curves(pd.concat(histories, ignore_index=True)),
    }
    tables["summary"] = evaluate.summary_table(tables["accuracy"], tables["pair"])
    test = _activations(generator, spread)
    points = map_statistics.points_table(_activations(generator, spread), test, 0.25, 0.75)
    return Results(
        params=params,
        class_names=tuple("0123456789"),
        images={"fit": 900, "validation": 300, "test": TEST_IMAGES},
        evaluation=tables,
        histories=pd.concat(histories, ignore_index=True),
        points=dict.fromkeys(seeds, points),
        maps=dict.fromkeys(seeds, _maps(generator)),
        exemplars=_exemplars(generator, params),
        pair_values=test,
        dumped=_dumped(generator),
        head=_head(generator),
        patterns={number: patterns(generator, params) for number in seeds},
        fields=fields(),
        interventions=interventions(generator, seeds, params),
        chosen_k={number: {"auroc": 5, "forward": 2, "effect": 5} for number in seeds},
        **replicates(generator, seeds),
        claims=[
            claim("A", "tell", "supported", seeds),
            claim("A", "decide", "not supported", seeds),
            claim("B", "single", "supported", seeds),
            claim("E", "patterns", "undecided", ()),
        ],
        shifts=shifts(generator, seeds),
        timings={f"cnn-{number}": {"device": "CPU", "seconds": 1.5} for number in seeds},
    )


def _history() -> pd.DataFrame:
    falling = np.array([0.4, 0.1])
    return pd.DataFrame(
        {
            "epoch": [1, 2],
            "loss": falling,
            "accuracy": 1 - falling,
            "val_loss": falling / 2,
            "val_accuracy": 1 - falling / 2,
            "learning_rate": falling,
        }
    )


def _activations(generator: np.random.Generator, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """conv_3 of a and b: a quarter of the maps dead, the rest rectified noise."""
    alive = np.arange(128) % 4 > 0
    a, b = (
        np.maximum(generator.normal(shift, 1, (40, 3, 3, 128)), 0).astype(np.float32) * alive
        for shift in (0, spread)
    )
    return a, b


def _maps(generator: np.random.Generator) -> dict[str, pd.DataFrame]:
    tables = {}
    for layer, maps in (("conv_1", 32), ("conv_2", 64), ("conv_3", 128)):
        activity = {
            "labels": np.tile(np.arange(10), 4),
            f"{layer}_max": generator.random((40, maps)).astype(np.float32) * (np.arange(maps) > 1),
            f"{layer}_mean": generator.random((40, maps)).astype(np.float32)
            * (np.arange(maps) > 1),
        }
        tables[layer] = map_statistics.maps_table(layer, activity, activity)
    return tables


def _exemplars(generator: np.random.Generator, params: Params) -> dict[str, np.ndarray]:
    a, b = params.analysis.pair
    chosen = [(a, "clear"), (a, "typical"), (a, "hard"), (b, "typical")]
    chosen += [(label, "contrast") for label in params.analysis.contrast]
    chosen += [(a, "wrong"), (b, "wrong"), (b, "wrong"), (a, "mlp_wrong"), (b, "mlp_wrong")]
    chosen += [(b, "mlp_wrong")]
    n = len(chosen)
    logits = generator.random((n, 10)).astype(np.float32)
    for row, (label, role) in enumerate(chosen):
        logits[row, label if role != "wrong" else a + b - label] += 1
    shapes = {
        "conv_1": (26, 26, 32),
        "pool_1": (13, 13, 32),
        "conv_2": (11, 11, 64),
        "pool_2": (5, 5, 64),
        "conv_3": (3, 3, 128),
    }
    return {
        "index": np.arange(n, dtype=np.int32),
        "label": np.array([label for label, _ in chosen], np.uint8),
        "role": np.array([role for _, role in chosen]),
        "image": scribbles(generator, n),
        "logits": logits,
        **{
            layer: np.round(generator.random((n, *shape)) * 3).astype(np.float32) / 3
            for layer, shape in shapes.items()
        },
    }


def _dumped(generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Test images of all classes and their points; the points of map 1 never fire."""
    values = np.maximum(generator.normal(0, 1, (60, 1152)), 0).astype(np.float32)
    values[:, 9:18] = 0
    return {
        "image": scribbles(generator, 60),
        "label": np.repeat(np.arange(10, dtype=np.uint8), 6),
        "points": values,
    }


def _head(generator: np.random.Generator) -> Head:
    shapes = ((1152, 100), (100,), (100, 10), (10,))
    return Head(*(generator.normal(0, 0.1, shape).astype(np.float32) for shape in shapes))


def patterns(generator: np.random.Generator, params: Params) -> dict[str, np.ndarray]:
    """Input patterns of every map of every layer and of the classes, as their stage writes them."""
    layers = np.repeat(["conv_1", "conv_2", "conv_3"], [32, 64, 128])
    m = len(layers)
    names = ("value", "natural_max", "success_rate", "natural_spread")
    names += tuple(f"untrained_{name}" for name in names)
    logits = np.zeros((4, 10), np.float32)
    a, b = params.analysis.pair
    logits[range(4), [a, b, b, a]] = 20
    return {
        "layer": layers,
        "map": np.concatenate([np.arange(n) for n in (32, 64, 128)]).astype(np.int32),
        "pattern": scribbles(generator, m) / np.float32(255),
        **{name: 0.5 + generator.random(m).astype(np.float32) / 2 for name in names},
        "status": np.array(["reached"] * (m - 3) + ["silent", "silent", "dead"]),
        "upper_bound": np.ones(m),
        "top_images": scribbles(generator, m, 5),
        "top_labels": generator.integers(0, 10, (m, 5)).astype(np.uint8),
        "top_values": generator.random((m, 5)).astype(np.float32),
        "conv_1_kernel": generator.normal(0, 0.1, (3, 3, 32)).astype(np.float32),
        "class_target": np.array(["a", "b", "b_minus_a", "a_minus_b"]),
        "class_pattern": generator.random((4, 28, 28)).astype(np.float32),
        "class_value": np.full(4, 20, np.float32),
        "class_natural_max": np.full(4, 15, np.float32),
        "class_top_images": scribbles(generator, 4, 5),
        "class_success_rate": np.ones(4, np.float32),
        "class_logits": logits,
    }


def fields() -> pd.DataFrame:
    """The receptive fields of conv_3: 18 x 18 pixels, 4 apart."""
    rows = [("conv_3", r, c, 4 * r, 4 * c, 18, 18) for r in range(3) for c in range(3)]
    names = ["layer", "row", "column", "top", "left", "height", "width"]
    return pd.DataFrame(rows, columns=names)


def claim(identifier: str, part: str, verdict: str, seeds: tuple[int, ...]) -> dict:
    """A row of `claims.json`; without seeds nothing was measured."""
    measured = "it comes to 4.0% (95% intervals 3.0% to 5.0%); the claim asks for at most 5%"
    numbers = {
        "values": "4.0%",
        "intervals": "3.0% to 5.0%",
        "replicates": f"{len(seeds)} networks",
    }
    if not seeds:
        numbers = dict.fromkeys(numbers, "")
    return {
        "id": identifier,
        "part": part,
        "claim": f"what claim {identifier} says",
        "values": [{"seed": seed, "value": 0.04, "low": 0.03, "high": 0.05} for seed in seeds],
        "verdict": verdict,
        "sentence": f"Part {part} is {verdict}: {measured if seeds else 'it is not measured'}.",
        "short": {**numbers, "asked": "at most 5%"},
    }


def shifts(generator: np.random.Generator, seeds: tuple[int, ...]) -> pd.DataFrame:
    """Accuracy on moved images, falling from 0.95 for the CNN and 0.9 for the MLP."""
    return pd.DataFrame(
        [
            {"model": model, "seed": seed, "pixels": pixels, "images": 200,
             "accuracy": start - pixels * step + generator.uniform(0, 0.005)}
            for model, start, step in (("cnn", 0.95, 0.01), ("mlp", 0.9, 0.05))
            for seed in seeds
            for pixels in range(4)
        ]
    )  # fmt: skip


def interventions(
    generator: np.random.Generator, seeds: tuple[int, ...], params: Params, reach: float = 1.0
) -> dict[str, dict[int, pd.DataFrame]]:
    """The tables of interventions: growing curves that end at `reach`, without controls last."""
    ks = np.array([1, 2, 5, 20])
    share = np.linspace(0.1, reach, len(ks))
    control = np.where(ks < 20, share / 4, np.nan)
    curve = [
        pd.DataFrame(
            {
                "k": ks,
                "ranking": ranking,
                "accuracy": 0.9 + share / 20,
                "low": 0.88 + share / 20,
                "high": 0.91 + share / 20,
                "control_low": 0.5 + control,
                "control_high": 0.6 + control,
            }
        )
        for ranking in ("auroc", "forward", "effect")
    ]
    patches, specific = [], []
    for mode in ("zero", "mean", "interchange"):
        for direction in ("a_to_b", "b_to_a"):
            table = pd.DataFrame(
                {
                    "k": ks,
                    "ranking": "effect",
                    "direction": direction,
                    "mode": mode,
                    "flipped_p": control,
                }
            )
            for measure in ("flipped", "recovered"):
                table[measure] = share
                table[f"{measure}_control_low"] = control / 2
                table[f"{measure}_control_high"] = control
            patches.append(table)
        specific += [
            pd.DataFrame(
                {
                    "k": ks,
                    "ranking": "effect",
                    "mode": mode,
                    "class": label,
                    "accuracy_before": 0.95,
                    "accuracy_after": 0.95 - share * (label in params.analysis.pair),
                }
            )
            for label in range(10)
        ]
    wrong = pd.DataFrame(
        {
            "index": 2,
            "label": params.analysis.pair[0],
            "role": "hard",
            "map": np.arange(4),
            "row": 1,
            "column": 2,
            "effect": generator.random(4),
            "logit_difference": -0.5,
            "corrected_difference": [-1.0, -2.0, -3.0, -4.0],
        }
    )
    effects = pd.DataFrame(
        [(m, row, column) for m in range(128) for row in range(3) for column in range(3)],
        columns=["map", "row", "column"],
    )
    for direction in ("a_to_b", "b_to_a"):
        effects[f"effect_{direction}"] = generator.normal(0, 0.3, len(effects))
    tables = {
        "effects": effects,
        "point_curve": pd.concat(curve),
        "patching": pd.concat(patches),
        "specificity": pd.concat(specific),
        "wrong_points": wrong,
    }
    return {name: dict.fromkeys(seeds, table) for name, table in tables.items()}


def replicates(generator: np.random.Generator, seeds: tuple[int, ...]) -> dict[str, dict]:
    """`replicates` and `correlations` of every pair of seeds; empty for one seed."""
    pairs = list(itertools.combinations(seeds, 2))
    rows = [
        {
            "seed_i": i,
            "seed_j": j,
            "layer": layer,
            "matched_r": 0.5,
            "identity_r": 0.02,
            "semi_matched_r": 0.55,
            "residual_r": 0.3,
            "untrained_r": 0.4,
            "constant_maps": 1,
            "cka": 0.9,
            "untrained_cka": 0.8,
        }
        for i, j in pairs
        for layer in ("conv_1", "conv_2", "conv_3")
    ]
    columns = ["seed_i", "seed_j", "layer", "matched_r", "cka"]
    selected = [
        {"seed_i": i, "seed_j": j, "k": 20, "jaccard": 0.3, "expected": 0.05} for i, j in pairs
    ]
    correlations = {"seeds": np.array(pairs, int).reshape(-1, 2)}
    for layer, maps in (("conv_1", 32), ("conv_2", 64), ("conv_3", 128)) if pairs else ():
        correlations[layer] = generator.uniform(-1, 1, (len(pairs), maps, maps))
        correlations[f"{layer}_assignment"] = np.tile(generator.permutation(maps), (len(pairs), 1))
    table = pd.DataFrame(rows, columns=None if rows else columns)
    points = pd.DataFrame(selected, columns=["seed_i", "seed_j", "k", "jaccard", "expected"])
    return {
        "replicates": {"matching": table, "cka": table, "selected_points": points},
        "correlations": correlations,
    }


@pytest.fixture
def params() -> Params:
    """The committed settings, with two seeds."""
    return changed(read_params(), "train", seeds=(0, 1))


def changed(params: Params, group: str, **values: object) -> Params:
    """The same settings with some of one group's values replaced."""
    return params.model_copy(update={group: getattr(params, group).model_copy(update=values)})


@pytest.fixture
def results(params: Params) -> Results:
    """A made-up run."""
    return made_up(params)
