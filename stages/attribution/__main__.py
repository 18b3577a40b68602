"""Which pixels and which points of one CNN the answer rests on, with the checks that go with it.

In:  `data/raw/dataset.npz`; the CNN's weights and its logits; the exemplars and the last conv layer
     in validation images; measured effects of points and how many flip half of the images.
Out: `data/attribution/cnn-{seed}/`
     `images.npz`      integrated gradients of the exemplars
     `deletion.csv`    the logit difference as ink is removed, in three orders
     `randomised.csv`  attributions with random weights
     `points.csv`      attribution patching against measured effects
     `summary.csv`     in short

Integrated gradients are of the logit difference, b minus a. Deletion curves and random weights are
of test images that the network answers rightly, as many of a as of b where there are as many.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stages.attribution import deletion, points, randomised
from stages.attribution.gradients import Gradients, integrated
from stages.common import artifacts, console, files, network, sampling, trained
from stages.common.backend import prepare
from stages.common.cases import HALF
from stages.common.params import read_params
from stages.common.run import Run

if TYPE_CHECKING:
    import keras

SAMPLE = 50  # images of each class in the deletion curves
OF_SAMPLE = 5  # every fifth of them is attributed with random weights, too
RANDOM = 3  # networks with random weights


def right_images(run: Run, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Test images of the pair with ink that are answered rightly, SAMPLE of each class or all.

    uint8 (n, side, side) and their labels (n,).
    """
    images, labels = (run.dataset_array(f"test_{part}") for part in ("images", "labels"))
    logits = run.read(files.LOGITS, "test_logits", model="cnn", seed=seed)["test_logits"]
    right = (logits.argmax(axis=1) == labels) & images.any(axis=(1, 2))
    of_class = [np.flatnonzero(right & (labels == label)) for label in run.pair]
    rows = [rows[sampling.balanced_rows(labels[rows], SAMPLE)] for rows in of_class]
    rows = np.sort(np.concatenate(rows))
    return images[rows], labels[rows]


def exemplars(run: Run, seed: int) -> dict[str, np.ndarray]:
    """Those of the pair, each once."""
    shown = run.read(files.EXEMPLARS, seed=seed)
    _, first = np.unique(shown["index"], return_index=True)
    rows = [row for row in sorted(first) if shown["label"][row] in run.pair]
    names = ("index", "label", "role", "image", "logits")
    return {name: shown[name][rows] for name in names}


def weights_of(net: "keras.Model") -> randomised.Weights:
    """The weights of each layer that has some, from the image on."""
    return [(layer.name, layer.get_weights()) for layer in net.layers if layer.weights]


def with_random_weights(
    run: Run, seed: int, gradients: Gradients, images: np.ndarray, attributions: np.ndarray
) -> pd.DataFrame:
    """The rows of `randomised.csv`; the network is as before afterwards."""
    net, draws = gradients.net, np.random.default_rng((run.params.interventions.seed, seed))
    known = weights_of(net)
    others = [
        weights_of(network.untrained(run.design, int(draw)))
        for draw in draws.integers(2**31, size=RANDOM)
    ]
    before = weights_of(network.untrained(run.design, seed))

    def attribute(weights: list[np.ndarray]) -> np.ndarray:
        net.set_weights(weights)
        return integrated(gradients, images, most=0).pixels

    cases = randomised.cases(images, known, others, before, attribute)
    net.set_weights([values for _, layer in known for values in layer])
    return randomised.table(images, attributions, cases)


def patching(run: Run, seed: int) -> pd.DataFrame:
    """The rows of `points.csv`."""
    validation = tuple(map(trained.as_points, run.pair_maps(seed, "validation")))
    estimated = points.by_direction(run.head(seed), validation, run.pair)
    live = np.flatnonzero((np.concatenate(validation) > 0).any(axis=0))
    half = run.read(files.HALF_FLIPPED, seed=seed).set_index("direction")
    half = half["k"].where(half["flipped"] >= HALF)
    return points.agreement_table(estimated, run.read(files.EFFECTS, seed=seed), live, half)


def story(summary: dict, random: pd.DataFrame, patched: pd.DataFrame) -> str:
    """Lines for the person at the terminal."""
    of = random.set_index("randomised")["ink_pixels"]
    return (
        f"largest gap of completeness {summary['gap']:.2%}, {summary['steps']} steps at most\n"
        f"  deletion: {summary['below_random']:.2f} logits below random order, "
        f"{summary['below_ink']:.2f} below dark pixels first\n"
        f"  correlation with random logits {of.iloc[1]:.2f}, with all weights random "
        f"{of.iloc[-2]:.2f}\n"
        f"  attribution patching, Spearman: "
        f"{' and '.join(f'{value:.4f}' for value in patched['spearman'])}"
    )


def main() -> None:
    seed = console.seed_argument("attribution", "Which pixels and points the answer rests on.")
    run = Run(read_params())
    prepare(run.params.train.threads)
    a, b = run.pair
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=seed))
    gradients, shown = Gradients(net, run.pair), exemplars(run, seed)
    images, labels = right_images(run, seed)
    of_shown, of_sample = (integrated(gradients, of) for of in (shown["image"], images))
    sign = np.where(labels == b, 1, -1)
    towards = of_sample.pixels * sign[:, np.newaxis, np.newaxis]
    generator = np.random.default_rng((run.params.interventions.seed, seed))

    def difference(edited: np.ndarray) -> np.ndarray:
        return gradients.difference(network.as_input(edited))

    curves = deletion.curves(images, towards, sign, difference, generator)
    some = slice(None, None, OF_SAMPLE)
    random = with_random_weights(run, seed, gradients, images[some], of_sample.pixels[some])
    patched, every = patching(run, seed), (of_shown, of_sample)
    summary = {
        "exemplars": len(shown["index"]), "sample": len(images), "randomised": len(images[some]),
        "steps": max(int(of.steps.max(initial=0)) for of in every),
        "gap": max(float(of.gaps.max(initial=0)) for of in every), **deletion.areas(curves),
    }  # fmt: skip
    logits = shown.pop("logits")
    arrays = {
        "answer": logits.argmax(axis=1).astype(np.uint8),
        "difference": logits[:, b] - logits[:, a], "attribution": of_shown.pixels, **shown,
    }  # fmt: skip
    contents = {
        files.ATTRIBUTED: {name: arrays[name] for name in artifacts.forms(files.ATTRIBUTED)},
        files.DELETION: deletion.curve_table(curves),
        files.RANDOMISED: random,
        files.PATCHING_ESTIMATES: patched,
        files.ATTRIBUTION: pd.DataFrame([summary]),
    }
    for file, content in contents.items():
        if isinstance(content, pd.DataFrame):
            content = content[list(artifacts.forms(file))]
        artifacts.write(file, content, seed=seed)
    console.say(f"cnn-{seed}: {story(summary, random, patched)}")


if __name__ == "__main__":
    console.run(main)
