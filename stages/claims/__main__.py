"""What the networks say on each claim of the work reproduced: the verdict table.

In:  of every seed, `per_image.npz` and `patching.csv` of its interventions, the CNN's
     activations, both networks' `shift_logits.npz` and the search for input patterns; McNemar's
     table; `correlations.npz` of every pair of seeds; `receptive_field.csv`; the classes' names.
Out: `reports/claims.json`, one row a part of a claim: the values of all replicates with their
     intervals, the threshold and its side, the verdict and a sentence.

A replicate is a network, or a pair of them where a claim compares two; what no training changes
is one number for all.
"""

from itertools import combinations
from typing import get_args

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from stages.claims import catalogue, evidence, statistics
from stages.claims.evidence import Pair, Says
from stages.claims.sentences import Evidence, Part, asked, ranges, row
from stages.common import artifacts, console, verdicts
from stages.common.params import Params, read_params
from stages.common.verdicts import Verdict

SPLITS = ("validation", "test")
SILENT_LAYERS = ("conv_2", "conv_3")
PATCHING = ["k", "direction", "ranking", "mode", "flipped_control_mean", "flipped_control_high"]


def quoted(name: str) -> str:
    """A class's name within a sentence; digits stand for themselves."""
    return name if name.isdigit() else f"“{name}”"


def read_sample(seed: int, kind: str, split: str, *layers: str) -> dict[str, np.ndarray]:
    """`labels` and `layers` of the `sample` of images, or of it in the `untrained` network."""
    path = artifacts.activations_folder(seed) / f"{kind}_{split}.npz"
    return artifacts.read_npz(path, "labels", *layers)


def read_points(seed: int) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """What `evidence.of_points` takes."""
    folder = artifacts.interventions_folder(seed)
    table = artifacts.read_csv(folder / "patching.csv", tuple(PATCHING))
    chosen = (table["ranking"] == "effect") & (table["mode"] == "interchange")
    return artifacts.read_npz(folder / "per_image.npz"), table[chosen]


def read_silence(seed: int) -> tuple[dict[str, dict[str, Pair]], dict[str, Pair]]:
    """What `evidence.of_silence` takes."""
    folder = artifacts.activations_folder(seed)
    names = [f"{layer}_max" for layer in SILENT_LAYERS]
    read = {
        "all": [
            artifacts.read_npz(folder / f"map_activity_{split}.npz", "labels", *names)
            for split in SPLITS
        ]
    }
    silence = {
        "all": {
            layer: tuple(arrays[f"{layer}_max"] == 0 for arrays in read["all"])
            for layer in SILENT_LAYERS
        }
    }
    for kind in ("sample", "untrained"):
        read[kind] = [read_sample(seed, kind, split, *SILENT_LAYERS) for split in SPLITS]
        silence[kind] = {
            layer: tuple(evidence.silent(arrays[layer]) for arrays in read[kind])
            for layer in SILENT_LAYERS
        }
    labels = {kind: tuple(arrays["labels"] for arrays in of) for kind, of in read.items()}
    return silence, labels


def read_features(seed: int, pair: tuple[int, int]) -> tuple[tuple[Pair, Pair], tuple[Pair, Pair]]:
    """conv_2 of the sample and conv_3 of all images: of each split, of each class of the pair."""
    samples = [read_sample(seed, "sample", split, "conv_2") for split in SPLITS]
    conv_2 = tuple(
        tuple(arrays["conv_2"][arrays["labels"] == label] for label in pair) for arrays in samples
    )
    folder = artifacts.activations_folder(seed)
    conv_3 = tuple(
        tuple(
            artifacts.read_npz(folder / f"{split}_{label}.npz", "conv_3")["conv_3"]
            for label in pair
        )
        for split in SPLITS
    )
    return conv_2, conv_3


def read_shifts(
    seed: int, test_labels: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Whether both networks are right under each shift, the shifts, and the images' labels."""
    read = {}
    for model in ("cnn", "mlp"):
        path = artifacts.model_folder(model, seed) / "shift_logits.npz"
        read[model] = artifacts.read_npz(path, "index", "shifts", "logits")
        if len(test_labels) <= read[model]["index"].max(initial=-1):
            raise console.StageError(
                f"{path} is of another dataset. Run `dvc repro`, which trains that network anew."
            )
    if not np.array_equal(*(arrays["index"] for arrays in read.values())):
        raise console.StageError(
            f"The shift_logits.npz of cnn-{seed} and mlp-{seed} are of different images. "
            "Run `dvc repro`, which trains both networks anew."
        )
    labels = test_labels[read["cnn"]["index"]]
    right = {model: arrays["logits"].argmax(axis=2) == labels for model, arrays in read.items()}
    return right, read["cnn"]["shifts"], labels


def read_patterns(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What `evidence.of_patterns` takes: `status` and `upper_bound` of the maps of conv_3."""
    names = ("layer", "status", "upper_bound")
    arrays = artifacts.read_npz(artifacts.patterns_file(seed), *names)
    chosen = arrays["layer"] == "conv_3"
    return arrays["status"][chosen], arrays["upper_bound"][chosen]


def read_field() -> pd.DataFrame:
    """What `evidence.of_field` takes."""
    columns = ("layer", "row", "column", "top", "left", "height", "width")
    fields = artifacts.read_csv(artifacts.RECEPTIVE_FIELD, columns)
    return fields[fields["layer"] == "conv_3"]


def judge_network(
    seed: int, params: Params, test_labels: np.ndarray, mcnemar: pd.DataFrame
) -> Says:
    """All that one seed's networks say; reads their files."""
    settings, pair = params.claims, params.analysis.pair
    # One generator each, so that what one claim draws changes no other's numbers.
    for_points, for_silence, for_shifts = np.random.default_rng((settings.seed, seed)).spawn(3)
    table = mcnemar[(mcnemar["seed"] == seed) & (mcnemar["scope"] == "pair")]
    if len(table) != 1:
        raise console.StageError(
            f"{artifacts.EVALUATION / 'mcnemar.csv'} has no row for seed {seed}. "
            "Run `dvc repro`, which makes it anew."
        )
    only_cnn, only_mlp, p = table[["only_cnn_right", "only_mlp_right", "p_value"]].to_numpy()[0]
    right, shifts, labels = read_shifts(seed, test_labels)
    trained = params.cnn.augment_shift
    return {
        **evidence.of_points(*read_points(seed), pair, settings.resamples, for_points),
        **evidence.of_silence(*read_silence(seed), for_silence),
        **evidence.of_disagreements(int(only_cnn), int(only_mlp), p),
        **evidence.of_patterns(*read_patterns(seed)),
        **evidence.of_features(*read_features(seed, pair), params.interventions.ridge),
        **evidence.of_shifts(right, shifts, labels, trained, settings.resamples, for_shifts),
    }


def judge_pairs(params: Params) -> dict[tuple[int, ...], Says]:
    """All that every two CNNs say beside each other; reads their correlations."""
    pairs = list(combinations(params.train.seeds, 2))
    if not pairs:
        return {}
    names = ("conv_3", "conv_3_assignment", "conv_3_untrained", "conv_3_untrained_assignment")
    path = artifacts.REPLICATES / "correlations.npz"
    arrays = artifacts.read_npz(path, "seeds", *names)
    if arrays["seeds"].tolist() != [list(seeds) for seeds in pairs]:
        raise console.StageError(f"{path} is of other seeds. Run `dvc repro`, which makes it anew.")
    said = {}
    for row_number, seeds in enumerate(pairs):
        maps = statistics.maps_of(*(arrays[name][row_number] for name in names))
        generator = np.random.default_rng((params.claims.seed, *seeds))
        said[seeds] = evidence.of_maps(maps, params.claims.resamples, generator)
    return said


def obstacles(params: Params) -> dict[tuple[str, str], str]:
    """Parts on which no verdict can be given, whatever the numbers, and why."""
    cnn, mlp = params.cnn.augment_shift, params.mlp.augment_shift
    if cnn == mlp:
        return {}
    why = (
        f"the CNN was trained on images moved by up to {cnn} px, the MLP by up to {mlp} px, which "
        "must be the same (augment_shift)"
    )
    return {("J", "against_mlp"): why}


def table_lines(parts: list[Part], evidence: list[list[Evidence]], rows: list[dict]) -> list[str]:
    """The verdict table, within 80 columns."""
    lines = [f"{'claim':<13}  {'verdict':<13}  {'values (95% intervals)':<33}  asked"]
    for part, each, found in zip(parts, evidence, rows, strict=True):
        name = f"{part.id} {part.part}"
        values, reach = ranges(part, each)
        shown = f"{values} ({reach})" if reach else values or "–"
        limit = asked(part).partition(" percentage")[0]
        lines.append(f"{name:<13}  {found['verdict']:<13}  {shown:<33}  {limit}")
    claims = list(verdicts.of_claims(rows).values())
    whole = (f"{claims.count(name)} {name}" for name in get_args(Verdict))
    return [*lines, f"whole claims: {', '.join(whole)}"]


def main() -> None:
    params = read_params()
    # One thread adds in one order, so the output does not depend on how many cores there are.
    threadpool_limits(1, "blas")
    data = artifacts.read_npz(artifacts.DATASET, "class_names", "test_labels")
    columns = ("seed", "scope", "only_cnn_right", "only_mlp_right", "p_value")
    mcnemar = artifacts.read_csv(artifacts.EVALUATION / "mcnemar.csv", columns)

    said: list[tuple[tuple[int, ...], Says]] = [
        ((seed,), judge_network(seed, params, data["test_labels"], mcnemar))
        for seed in console.progress(params.train.seeds, "claims")
    ]
    said += judge_pairs(params).items()
    said.append((params.train.seeds, evidence.of_field(read_field())))

    names = (quoted(str(data["class_names"][label])) for label in params.analysis.pair)
    parts, why = catalogue.parts(*names, params.claims), obstacles(params)
    found = [
        [
            Evidence(seeds, *says[part.id, part.part])
            for seeds, says in said
            if (part.id, part.part) in says
        ]
        for part in parts
    ]
    rows = [
        row(part, each, why.get((part.id, part.part), ""))
        for part, each in zip(parts, found, strict=True)
    ]
    artifacts.write_json(artifacts.CLAIMS, rows)
    for line in table_lines(parts, found, rows):
        console.say(line)


if __name__ == "__main__":
    console.run(main)
