"""A project of cups and rings, and two networks that read one pixel between the tips of a cup."""

import numpy as np
import pandas as pd
import pytest

from stages.common import artifacts, files, network, trained
from stages.common.architecture import Design
from stages.common.run import Run

from ..strokes.shapes import LEFT, RIGHT, SIDE, TOP, cup, ring

CUP, RING = 2, 1  # the classes; class 0 has no image
UP = 4  # how far the shapes are translated, to leave room for a tail
PIXEL = (TOP - UP, (LEFT + RIGHT) // 2)
SETTINGS = {
    "analysis.pair": [CUP, RING], "analysis.contrast": [], "activations.classes": [CUP, RING],
    "network.cnn.maps": [2], "network.cnn.dense": 2, "network.mlp.hidden": [2],
    "claims.resamples": 100, "dataset.name": "digits", "train.seeds": [0],
    "analysis.shown_seeds": [0],
}  # fmt: skip


def tailed(image: np.ndarray) -> np.ndarray:
    """A shape, translated up, with a tail below its right wall: ink that is no part of a loop."""
    image = np.roll(image, -UP, axis=0)
    image[11:18, RIGHT - 3 : RIGHT + 1] = 255
    return image


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` images of each class, translated down; of the cups' class the last has a loop."""
    shapes = [cup(row % 2) for row in range(count - 1)] + [ring()]
    shapes += [ring(row % 2) for row in range(count)]
    shapes = [tailed(shape) for shape in shapes]
    return np.array(shapes), np.repeat([CUP, RING], count).astype(np.uint8)


def reading(design: Design):
    """A network that answers RING where PIXEL or the one below it is ink, else CUP."""
    net = network.build(design)
    shapes = {layer.name: [of.shape for of in layer.get_weights()] for layer in net.layers}
    kernels, biases = ({name: np.zeros(of[part]) for name, of in shapes.items() if of}
                       for part in (0, 1))  # fmt: skip
    row, column = PIXEL
    if design.model == "cnn":
        kernels["conv_1"][1, 1, 0, 0] = 1  # a point is the pixel in its middle
        first, side, maps, shift = "dense", SIDE - 2, 2, 1
    else:
        first, side, maps, shift = "dense_1", SIDE, 1, 0
    for down in (0, 1):
        place = (row + down - shift) * side + column - shift
        kernels[first][place * maps, 0] = 1
    kernels["logits"][0, RING] = 8
    biases["logits"][:] = (-100, 0, 4)  # CUP, unless the pixels are inked
    for name, kernel in kernels.items():
        net.get_layer(name).set_weights([kernel, biases[name]])
    return net


@pytest.fixture
def project(tmp_path, monkeypatch, settings):
    """The current folder as such a project, with what the stages before `loop` would write."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(settings(SETTINGS))
    arrays = {"class_names": np.array(["0", "1", "2"]), "name": np.array("planted")}
    for split, count in (("fit", 4), ("validation", 6), ("test", 12)):
        pixels, labels = images(count)
        index = np.arange(len(labels), dtype=np.int32)
        parts = zip(("images", "labels", "index"), (pixels, labels, index), strict=True)
        arrays |= {f"{split}_{name}": of for name, of in parts}
    artifacts.write(files.DATASET, arrays)
    run = Run.of(tmp_path)
    for model in ("cnn", "mlp"):
        design = Design(getattr(run.params.network, model), SIDE, 3)
        net = reading(design)
        path = artifacts.path_of(files.WEIGHTS, model=model, seed=0)
        path.parent.mkdir(parents=True)
        net.save_weights(path)
        logits = {f"{split}_logits": net.predict(network.as_input(arrays[f"{split}_images"]),
                  verbose=0) for split in ("validation", "test")}  # fmt: skip
        artifacts.write(files.LOGITS, logits, model=model, seed=0)
        if model == "cnn":
            write_activations(trained.extractor(net, ["conv_1"]), arrays)
    write_points()
    return run


def write_activations(see, arrays) -> None:
    for split in ("validation", "test"):
        for label in (CUP, RING):
            rows = np.flatnonzero(arrays[f"{split}_labels"] == label)
            found = see.predict(network.as_input(arrays[f"{split}_images"][rows]), verbose=0)
            dump = {"index": rows.astype(np.int32), **found}
            artifacts.write(files.ACTIVATIONS, dump, seed=0, split=split, label=label)


def write_points() -> None:
    """All points live; what `loop` does not read of the table is anything."""
    side, forms = SIDE - 2, artifacts.forms(files.POINTS)
    table = pd.DataFrame(0.5, range(2 * side**2), list(forms))
    table["map"], place = np.divmod(table.index, side**2)
    table["row"], table["column"] = np.divmod(place, side)
    table[[name for name, form in forms.items() if form.dtype == "bool"]] = False
    artifacts.write(files.POINTS, table, seed=0)
