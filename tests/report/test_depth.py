"""The section on layers: what it draws and says is what the tables hold."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from stages.common import files
from stages.report.sections.causes import depth

from .conftest import Changed, one_seed, plain, rendered


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def table(run, name: str) -> pd.DataFrame:
    """A table of every network shown, as it lies in `data/`."""
    paths = {seed: run.root / f"data/depth/cnn-{seed}/{name}.csv" for seed in run.shown}
    return pd.concat([pd.read_csv(path).assign(seed=seed) for seed, path in paths.items()])


def test_curves_are_the_errors_of_every_probe(run):
    errors, edited = depth.probes_by_layer(run).axes
    keys = ["seed", "network", "task"]
    groups = table(run, "probes").groupby(keys, sort=False)
    expected = [1 - of["accuracy"].to_numpy() for _, of in groups]
    found = [line.get_ydata() for line in errors.lines]
    np.testing.assert_allclose(found, expected)
    edits = table(run, "edits")
    edits = edits[(edits["network"] == "trained") | (edits["seed"] == run.seed)]
    groups = edits.groupby(["seed", "network", "edit"], sort=False)
    expected = [of["flipped"].to_numpy() for _, of in groups]
    np.testing.assert_allclose([line.get_ydata() for line in edited.lines], expected)


def test_places_are_drawn_where_they_see(run):
    fields = pd.read_csv(run.root / "data/input_patterns/receptive_field.csv")
    for layer in run.params.network.cnn.names:
        grid, (first, last) = depth.place_grid(run, layer)
        parts = table(run, "parts").query("kind == 'place' and layer == @layer")
        means = parts.groupby(["row", "column"])["effect"].mean()
        np.testing.assert_allclose(grid.ravel(), means.to_numpy())
        size, of = parts["size"].iloc[0], fields[fields["layer"] == layer]
        corner = of[(of["row"] < size) & (of["column"] < size)]
        seen = corner["top"].min(), (corner["top"] + corner["height"]).max() - 1
        assert first == pytest.approx(np.mean(seen))
        end = of[(of["row"] >= parts["row"].max())]
        seen = end["top"].min(), (end["top"] + end["height"]).max() - 1
        assert last == pytest.approx(np.mean(seen))


def test_the_parts_that_matter_are_chosen_on_validation_images(run):
    best = depth.parts_that_matter(run)
    parts = table(run, "parts")
    for row in best.itertuples():
        of = parts[(parts["seed"] == row.seed) & (parts["layer"] == row.layer)
                   & (parts["kind"] == row.kind)]  # fmt: skip
        chosen = of.loc[of["known"] == of["known"].max()]
        assert row.effect in chosen["effect"].to_numpy()
        assert row.control == of["same_class"].abs().max()


def test_half_is_the_first_number_that_reaches_it(run):
    sets = table(run, "sets")
    for row in depth.half_sets(run).itertuples():
        of = sets[(sets["seed"] == row.seed) & (sets["layer"] == row.layer)]
        assert (of.loc[of["k"] < row.k, "flipped"] < 0.5).all()
        assert of.loc[of["k"] == row.k, "flipped"].iloc[0] >= 0.5


def test_it_is_readable_without_edits_without_patches_and_with_one_network(run):
    none = {file: lambda of: of.head(0) for file in (files.LAYER_EDITS, files.LAYER_PARTS,
                                                     files.LAYER_SETS)}  # fmt: skip
    for of in (run, one_seed(run), Changed(run, none)):
        section = rendered(of, "depth")["depth"]
        assert "nan" not in plain(section)
        assert section.finding
    assert "patched_places" not in rendered(Changed(run, none), "depth")["depth"].html
    assert len(depth.probes_by_layer(Changed(run, none)).axes) == 1
