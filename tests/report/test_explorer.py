"""What the page carries for the explorer: whole, in the order it says, exact where it counts."""

import base64
import dataclasses
import io
import json

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from stages.common import network
from stages.report import explorer
from stages.report.results import LAYER, Results

from .conftest import changed, made_up


@pytest.fixture
def packed(results: Results) -> dict:
    """The explorer's data as the page's script reads it."""
    return json.loads(explorer.parts(results)["data"])


def array(packed: dict, name: str) -> np.ndarray:
    field = packed["arrays"][name]
    values = np.frombuffer(base64.b64decode(field["data"]), field["dtype"])
    return values.reshape(field["shape"])


def picture(packed: dict, name: str) -> np.ndarray:
    png = base64.b64decode(packed["pictures"][name]["png"])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def tile(packed: dict, name: str, number: int) -> np.ndarray:
    """One tile of a picture, found as the script finds it."""
    field = packed["pictures"][name]
    height, width = field["height"], field["width"]
    top, left = number // field["columns"] * height, number % field["columns"] * width
    return picture(packed, name)[top : top + height, left : left + width]


def test_every_field_is_described(packed):
    text = explorer.__doc__
    fields = {*packed, *packed["pictures"], *packed["arrays"]} - {"pool_1", "conv_2"}
    for name in fields:
        assert name in text, name
    for name, field in packed["arrays"].items():
        line = next(line for line in text.splitlines() if line.split()[:1] == [name])
        assert line.split()[1] == field["dtype"], name


def test_what_enters_a_logit_is_exact(results, packed):
    points = network.as_points(results.exemplars[LAYER])
    np.testing.assert_array_equal(array(packed, "points"), points)
    for name, values in results.head._asdict().items():
        np.testing.assert_array_equal(array(packed, name), values)
    table = results.points[results.seed]
    means = table[["mean_a", "mean_b"]].to_numpy(np.float32).T
    np.testing.assert_array_equal(array(packed, "mean"), means)
    assert (packed["rows"], packed["columns"], packed["maps"]) == (3, 3, 128)


def test_points_stand_in_the_order_of_the_table(results):
    """What `mean` and `rank` take from the table's rows must be of the points of the arrays."""
    table = results.points[results.seed]
    number = np.ravel_multi_index((table["map"], table["row"], table["column"]), (128, 3, 3))
    np.testing.assert_array_equal(number, np.arange(1152))


def test_ranks_begin_with_the_most_telling_live_point(results, packed):
    table = results.points[results.seed]
    rank = array(packed, "rank")
    assert (rank[table["dead"]] == 0).all()
    distance = (table["auroc"] - 0.5).abs().to_numpy()
    by_rank = distance[np.argsort(rank)][(rank == 0).sum() :]
    assert (np.diff(by_rank) <= 0).all()
    assert sorted(rank[rank > 0]) == list(range(1, int((~table["dead"]).sum()) + 1))


def test_histograms_count_every_image_above_zero(results, packed):
    counts, silent = array(packed, "histogram"), array(packed, "silent")
    for row, values in enumerate(map(network.as_points, results.pair_values)):
        np.testing.assert_array_equal(counts[row].sum(axis=1), (values > 0).sum(axis=0))
        np.testing.assert_allclose(silent[row], (values == 0).mean(axis=0), atol=1e-6)
    point = int(array(packed, "rank").argmax())
    values = network.as_points(results.pair_values[0])[:, point]
    bins = np.linspace(0, array(packed, "top")[point], packed["bins"] + 1)
    expected = np.histogram(values[values > 0], bins)[0]
    np.testing.assert_array_equal(counts[0, point], expected)


def test_images_that_fire_a_point_most(results, packed):
    points = results.dumped["points"]
    rows, values = explorer.most_firing(points)
    np.testing.assert_array_equal(values, -np.sort(-points, axis=0)[: explorer.FIRES].T)
    np.testing.assert_array_equal(np.take_along_axis(points.T, rows, axis=1), values)
    point = 700
    fires = array(packed, "fires")
    image = 255 - results.dumped["image"][rows[point, 0]]  # ink is black
    shown = tile(packed, "fires", fires[point, 0])[..., 0]
    assert np.abs(shown.astype(int) - image).max() <= 255 / (explorer.GREYS - 1) / 2 + 1
    assert packed["fires_label"][fires[point, 0]] == results.dumped["label"][rows[point, 0]]
    assert packed["test_images"] == len(points)
    assert packed["searched"] == list(range(10))


def test_equal_values_take_the_first_image_and_few_images_are_all_shown():
    rows, values = explorer.most_firing(np.array([[0, 2], [0, 2], [0, 1]], np.float32))
    assert rows.tolist() == [[0, 1, 2], [0, 1, 2]]
    assert values.tolist() == [[0, 0, 0], [2, 2, 1]]


@pytest.mark.parametrize("layer", ["conv_1", "pool_1", "conv_2", "pool_2"])
def test_maps_are_drawn_in_the_reports_colours(results, packed, layer):
    maps = results.exemplars[layer]
    high = next(each["high"] for each in packed["layers"] if each["name"] == layer)
    levels = np.clip(np.rint(maps[3, ..., 5] / high * 255), 0, 255).astype(int)
    colors = mpl.colormaps[results.params.report.colormap](levels, bytes=True)[..., :3]
    np.testing.assert_array_equal(tile(packed, layer, 3 * maps.shape[-1] + 5), colors)


def test_patterns_are_found_by_map_whatever_their_order(results):
    patterns = results.patterns[results.seed]
    shuffled = np.random.default_rng(1).permutation(len(patterns["map"]))
    by_map = {name: values for name, values in patterns.items() if len(values) == len(shuffled)}
    other = patterns | {name: values[shuffled] for name, values in by_map.items()}
    mixed = dataclasses.replace(results, patterns={results.seed: other})
    first, second = explorer.data(results), explorer.data(mixed)
    assert first == second
    expected = 255 - np.rint(patterns["pattern"][96 + 70] * 255)
    np.testing.assert_array_equal(tile(first, "patterns", 70)[..., 0], expected)
    np.testing.assert_array_equal(
        array(first, "pattern_value")[:, 70],
        [patterns["value"][96 + 70], patterns["natural_max"][96 + 70]],
    )


def test_many_listed_images_are_cut_and_it_is_said(results):
    many = {name: np.concatenate([values] * 5) for name, values in results.exemplars.items()}
    long = dataclasses.replace(results, exemplars=many)
    assert len(explorer.data(long)["shown"]) == 40
    assert "one of the first 40 images" in explorer.section(long).paragraphs[0]
    shown = len(results.exemplars["index"])
    assert f"one of {shown} test images" in explorer.section(results).paragraphs[0]


def test_a_network_of_one_seed_and_no_contrast(params):
    alone = changed(changed(params, "train", seeds=(7,)), "analysis", pair=(5, 3), contrast=())
    found = explorer.data(made_up(alone))
    assert found["pair"] == [5, 3]
    assert {each["label"] for each in found["shown"]} == {3, 5}


def test_names_cannot_end_the_script(results):
    odd = dataclasses.replace(results, class_names=("</script><b>", *"123456789"))
    text = explorer.parts(odd)["data"]
    assert "<" not in text
    assert json.loads(text)["class_names"][0] == "</script><b>"


def test_the_same_bytes_again(results):
    assert explorer.parts(results) == explorer.parts(results)
