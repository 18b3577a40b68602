"""What the page carries for the explorer: whole, in the order it says, exact where it counts."""

import base64
import io
import json
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from stages.common import files, trained
from stages.common.run import Run
from stages.report import explorer
from stages.report.explorer import contents

from .. import designs

LAYERS = designs.LAYERS


@pytest.fixture
def run(finished: Path) -> Run:
    return Run.of(finished)


def packed(html: str) -> dict:
    """The explorer's data as the page's script reads it."""
    return json.loads(re.search(r'id="explorer-data">(.*?)</script>', html, re.DOTALL)[1])


@pytest.fixture(scope="module")
def data(finished: Path) -> dict:
    return packed(explorer.parts(Run.of(finished))["html"])


def array(data: dict, name: str) -> np.ndarray:
    field = data["arrays"][name]
    return np.frombuffer(base64.b64decode(field["data"]), field["dtype"]).reshape(field["shape"])


def tile(data: dict, name: str, number: int) -> np.ndarray:
    """One tile of a picture as the script cuts it out, (height, width, 3)."""
    field = data["pictures"][name]
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(field["png"]))).convert("RGB"))
    row, column = divmod(number, field["columns"])
    rows = picture[row * field["height"] :][: field["height"]]
    return rows[:, column * field["width"] :][:, : field["width"]]


def test_what_enters_a_logit_is_exact_and_points_are_in_order(run, data):
    maps = run.read(files.EXEMPLARS, seed=run.seed)[run.last]
    table = run.read(files.POINTS, seed=run.seed)
    means = table[["mean_a", "mean_b"]].to_numpy(np.float32).T
    head = run.head(run.seed)._asdict()
    assert data["activation"] == head.pop("activation")
    exact = {"points": trained.as_points(maps), "mean": means, **head}
    for name, values in exact.items():
        np.testing.assert_array_equal(array(data, name), values)
    cells = np.array(list(np.ndindex(maps.shape[3], *maps.shape[1:3])))  # the order of the arrays
    np.testing.assert_array_equal(table[["map", "row", "column"]], cells)

    rank, live = array(data, "rank"), (~table["dead"]).sum()  # the best separating comes first
    assert sorted(rank[~table["dead"]]) == list(range(1, live + 1))
    assert (rank[table["dead"]] == 0).all()
    assert (np.diff((table["auroc"] - 0.5).abs().to_numpy()[np.argsort(rank)][-live:]) <= 0).all()


def test_histograms_count_every_image_above_zero(run, data):
    counts, silent = array(data, "histogram"), array(data, "silent")
    classes = [trained.as_points(maps) for maps in run.pair_maps(run.seed, "test")]
    for row, values in enumerate(classes):
        np.testing.assert_array_equal(counts[row].sum(axis=1), (values > 0).sum(axis=0))
        np.testing.assert_allclose(silent[row], (values == 0).mean(axis=0), atol=1e-6)
    point = counts[0].sum(axis=1).argmax()
    values, top = classes[0][:, point], array(data, "top")[point]
    bins = np.histogram(values[values > 0], contents.BINS, (0, top))[0]
    np.testing.assert_array_equal(counts[0, point], bins)


def test_the_images_that_activate_a_point_most(run, data):
    dumped, values = contents.stored_images(run), array(data, "strongest_value")
    points, classes = dumped["points"], run.dumped
    np.testing.assert_array_equal(values, -np.sort(-points, axis=0)[: contents.STRONGEST].T)
    assert data["searched"] == f"{len(points):,} test images of {len(classes)} classes"
    point = values[:, 0].argmax()
    row, number = points[:, point].argmax(), array(data, "strongest")[point, 0]
    assert data["strongest_label"][number] == dumped["label"][row]
    assert tuple(dict.fromkeys(dumped["label"])) == classes  # as the files are named
    difference = 255 - dumped["image"][row] - tile(data, "strongest", number)[..., 0].astype(int)
    assert np.abs(difference).max() <= 255 / (contents.GREYS - 1) / 2 + 1
    tiles = contents.most_activating(np.array([[0, 2], [0, 2], [0, 1]], np.float32))[0]
    assert tiles.tolist() == [[0, 1, 2], [0, 1, 2]]  # of equal ones the first comes first


@pytest.mark.parametrize("layer", LAYERS[:-1])
def test_maps_are_drawn_in_the_reports_colours(run, data, layer):
    maps = run.read(files.EXEMPLARS, seed=run.seed)[layer]
    high = next(each["high"] for each in data["layers"] if each["name"] == layer)
    levels = np.clip(np.rint(maps[3, ..., 5] / high * 255), 0, 255).astype(int)
    colors = mpl.colormaps[run.params.report.colormap](levels, bytes=True)[..., :3]
    np.testing.assert_array_equal(tile(data, layer, 3 * maps.shape[-1] + 5), colors)


def test_patterns_are_taken_by_map_whatever_their_order(run, monkeypatch):
    ordered = contents.last_patterns(run)
    backwards = {k: v[::-1] for k, v in run.read(files.PATTERNS, seed=run.seed).items()}
    monkeypatch.setattr(run, "read", lambda *_, **__: backwards)
    assert (ordered["map"] == np.arange(len(ordered["map"]))).all()
    np.testing.assert_equal(contents.last_patterns(run), ordered)


def test_many_listed_images_are_cut_and_the_page_says_so(run, monkeypatch):
    monkeypatch.setattr(contents, "SHOWN", 3)
    html = explorer.parts(run)["html"]
    assert len(packed(html)["shown"]) == 3
    assert f"Image (3 of {len(run.read(files.EXEMPLARS, seed=run.seed)['index'])} exem" in html


def test_names_are_escaped_and_cannot_end_the_script(run):
    run.class_names = ("</script><b>",) * 10
    html = explorer.parts(run)["html"]
    assert "</script><b>" not in html
    assert "“&lt;/script&gt;&lt;b&gt;”" in html
    assert packed(html)["class_names"][0] == "</script><b>"
