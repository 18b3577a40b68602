"""All images of the pair that a network answers wrongly, and how often networks err together."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.names import MODELS
from stages.common.run import Run
from stages.report import plots

ORDER = 75
COLUMNS = ["index", "label", "networks", "loop", "answers", "back", "points"]
WIDE = 8  # images in a row
MOST = 48  # images in the figure


def error_images(run: Run) -> pd.DataFrame:
    """A row an image that a CNN shown answers wrongly, those that most CNNs do first.

    `answers` by seed, as text; `loop`, whether it has one; `points`, of the first CNN shown that
    errs; `back`, the ink of the smallest change that corrects it, mean over the CNNs shown that
    err; `networks`, how many of all CNNs err.
    """
    labels = run.dataset_array("test_labels")
    logits = (run.read(files.LOGITS, model="cnn", seed=seed)["test_logits"] for seed in run.shown)
    answers = np.stack([of.argmax(axis=1) for of in logits])
    wrong = (answers != labels) & np.isin(labels, run.pair)
    points = run.every_shown(files.ERROR_POINTS)
    back = run.every_shown(files.CORRECTED).query("succeeded").groupby("index")["l1"].mean()
    loops = run.read(files.LOOPS).query("split == 'test'").set_index("index")["loop"]
    counts = run.read(files.WRONG_IMAGES).query("model == 'cnn'").set_index("index")["networks"]
    rows = []
    for index in np.flatnonzero(wrong.any(axis=0)):
        first = run.shown[wrong[:, index].argmax()]
        of_first = points[(points["seed"] == first) & (points["index"] == index)]
        rows.append({
            "index": index, "label": labels[index], "networks": counts[index],
            "loop": loops[index], "back": back.get(index, np.nan),
            "answers": ", ".join(run.class_names[answer] for answer in answers[:, index]),
            "points": "; ".join(f"{p.map} ({p.row}, {p.column})" for p in of_first.itertuples()),
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["networks", "index"], ascending=[False, True])


def numbers(run: Run) -> dict:
    """The images, and how many of them networks err on together."""
    images, every = error_images(run), run.read(files.WRONG_IMAGES)
    loops = run.read(files.LOOPS).query("split == 'test'")
    together = run.read(files.SHARED_ERRORS)
    half = (len(run.seeds) + 1) // 2
    named = images["label"].map(run.quoted) if len(images) else []
    return {
        "images": images,
        "rows": images.assign(name=named, of=len(run.seeds)).assign(
            loop=images["loop"].map({True: "yes", False: "no"}), number=images["index"].astype(str)
        ),
        "half": half,
        "wrong": {model: every[every["model"] == model] for model in MODELS},
        "together": {model: together[together["model"] == model] for model in MODELS},
        "with_loop": [
            images.loc[images["label"] == label, "loop"].astype(bool) for label in run.pair
        ],
        "shares": [loops.loc[loops["label"] == label, "loop"].mean() for label in run.pair],
        "most": MOST,
    }


def metrics(run: Run) -> dict[str, float]:
    """Images that some CNN answers wrongly, and that at least half of them do."""
    wrong = run.read(files.WRONG_IMAGES).query("model == 'cnn'")["networks"]
    return {"some": float(len(wrong)), "half": float((2 * wrong >= len(run.seeds)).sum())}


def error_pictures(run: Run) -> plots.Figure:
    """Every such image with its class, the answers of the CNNs shown, and how many CNNs err."""
    images = error_images(run).head(MOST)
    lines = max(1, -(-len(images) // WIDE))
    figure, axes = plots.subplots(lines, WIDE, figsize=(10, 1.85 * lines + 0.3))
    for axis in axes.flat[len(images) :]:
        axis.set_visible(False)
    pixels = run.dataset_array("test_images")
    for axis, row in zip(axes.flat, images.itertuples(), strict=False):
        plots.ink(axis, pixels[row.index])
        plots.frame(axis, color=plots.class_colors([row.label], run.pair)[0], width=1.5)
        name = run.class_names[row.label]
        axis.set_title(f"{name}, read as\n{row.answers}", fontsize=10, parse_math=False)
        axis.set_xlabel(f"{row.networks} of {len(run.seeds)}", fontsize=10)
    return figure


def errors_together(run: Run) -> plots.Figure:
    """How many images so many networks answer wrongly, beside what chance would give."""
    figure, axes = plots.subplots(1, 2, figsize=(9, 3.4), sharey=True)
    table = run.read(files.SHARED_ERRORS)
    for axis, (model, name) in zip(axes[0], MODELS.items(), strict=True):
        of = table[(table["model"] == model) & (table["networks"] > 0)]
        axis.bar(of["networks"], of["images"], color=plots.COLOR_A, label="observed")
        axis.plot(
            of["networks"], of["expected"], "D", color="black", markerfacecolor="white",
            label="if errors were at random",
        )  # fmt: skip
        top = max(1.0, of["images"].max(), of["expected"].max())
        axis.set(yscale="log", ylim=(0.3, 2 * top), title=f"{name}s")
        axis.set_xlabel("networks that answer an image wrongly")
        axis.yaxis.set_major_formatter(plots.StrMethodFormatter("{x:g}"))
        axis.set_xticks(of["networks"][:: -(-len(of) // 12)])
        axis.legend()
    axes[0, 0].set_ylabel("test images")
    return figure
