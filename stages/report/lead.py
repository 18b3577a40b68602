"""The top of the report: the picture, the answer in three sentences, the outcomes of the claims."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import DIRECTIONS
from stages.common.names import MODELS
from stages.common.run import Run
from stages.report import loops, outcomes, plots
from stages.report.loops import loop_edits  # noqa: F401  the template shows it
from stages.report.metrics import observed
from stages.report.points import half_by_direction, probe_errors

SIZE, LABELS = (6.6, 3.5), {"fontsize": 13}  # legible at half of its size


def numbers(run: Run) -> dict:
    """Loops, patching, probes, and the claims by outcome; means over the networks."""
    claims = run.read(files.CLAIMS)
    of_part = {(of["id"], part["part"]): part["outcome"] for of in claims for part in of["parts"]}
    accuracy = run.read(files.ACCURACY).query("split == 'test'")
    return {
        "half": half_by_direction(run)[DIRECTIONS[0]],
        "of_a": short(run, run.pair[0]),
        "of_b": short(run, run.pair[1]),
        "all_of": {label: whole(run, label) for label in run.pair},
        "side": run.params.network.cnn.sides(run.design.side)[-1],
        "probes": probe_errors(run),
        "used": observed(run.every(files.INTERVENTION_RESAMPLES)),
        "not_needed": of_part.get(("A", "needs")) == "refuted",
        "groups": [
            (outcome, symbol, words, [of for of in claims if of["outcome"] == outcome])
            for outcome, (symbol, words) in outcomes.SHOWN.items()
        ],
        "claims": claims,
        "reasons": reasons(claims),
        "accuracy": {model: accuracy[accuracy["model"] == model] for model in MODELS},
        "all_images": int(accuracy["n"].iloc[0]),
        "images": int(run.read(files.PAIR)["n"].iloc[0]),
        "patched": patched_points(run),
        "loops": loops.main_numbers(run),
    }


def short(run: Run, label: int) -> str:
    """Images of a class in few words: `4s`, `“Sandal”`."""
    return run.many(label) if run.class_names[label].isdigit() else run.quoted(label)


def whole(run: Run, label: int) -> str:
    """All of them: `the 4s`, `“Sandal”`."""
    return f"the {short(run, label)}" if run.class_names[label].isdigit() else short(run, label)


def reasons(claims: list[dict]) -> dict[str, list[str]]:
    """Why claims are open, and which: letters by reason."""
    found: dict[str, list[str]] = {}
    for claim in claims:
        if claim["outcome"] == "open":
            found.setdefault(outcomes.open_because(claim), []).append(claim["id"])
    return found


def patched_points(run: Run) -> pd.DataFrame:
    """The points of `run.seed` that flip half of the images of class a; none where none do."""
    half = half_by_direction(run)[DIRECTIONS[0]].set_index("seed").loc[run.seed]
    live = ~run.read(files.POINTS, seed=run.seed)["dead"]
    effects = run.read(files.EFFECTS, seed=run.seed)[live]
    ranked = effects.sort_values("effect_a_to_b", ascending=False, kind="stable")
    return ranked.head(0 if np.isnan(half["k"]) else int(half["k"]))


def example(run: Run, label: int) -> np.ndarray:
    """The typical test image of a class, or its first one."""
    shown = run.read(files.EXEMPLARS, seed=run.seed)
    rows = np.flatnonzero((shown["role"] == "typical") & (shown["label"] == label))
    if len(rows):
        return shown["image"][rows[0]]
    return run.dataset_array("test_images")[run.dataset_array("test_labels") == label][0]


def difference_maps(run: Run) -> np.ndarray:
    """Mean over test images of b minus that of a, at every point, (rows, columns, maps)."""
    points = run.read(files.POINTS, seed=run.seed)
    rows, columns, maps = (int(points[name].max()) + 1 for name in ("row", "column", "map"))
    difference = (points["mean_b_test"] - points["mean_a_test"]).to_numpy()
    return difference.reshape(maps, rows, columns).transpose(1, 2, 0)


def differing_points(run: Run) -> plots.Figure:
    """An image of each class; beside them how every point of the last conv layer differs."""
    maps = difference_maps(run)
    high = plots.scale(np.abs(maps))
    figure, _ = plots.subplots(figsize=SIZE)
    figure.clear()
    cells = figure.subplot_mosaic([["a", "maps"], ["b", "maps"]], width_ratios=(1, 3.8))
    for name, label, color in zip("ab", run.pair, plots.PAIR, strict=True):
        plots.ink(cells[name], example(run, label))
        plots.frame(cells[name], color=color, width=2)
        cells[name].set_title(run.quoted(label), color=color, parse_math=False, **LABELS)
    plots.show_maps(cells["maps"], maps, plots.WIDE, plots.BETWEEN, high, -high)
    for point in patched_points(run).itertuples():
        plots.frame_point(cells["maps"], point, maps.shape, "black", 0.8)
    cells["maps"].set_title(f"every point of {run.last}", **LABELS)
    return figure
