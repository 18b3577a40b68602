"""What experiments are compared by: metrics, tables, and how DVC draws them beside each other."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from dvc_render import VegaRenderer
from ruamel.yaml import YAML

from stages.common import files
from stages.common.inference import Outcome
from stages.common.names import MODELS
from stages.report import metrics, words

from .conftest import Changed, figures, one_seed

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / ".dvc" / "plots"
PLOTS = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["plots"]
CURVES = [pair for plot in PLOTS if isinstance(plot, dict) for pair in plot.items()]


def test_metrics_need_no_matplotlib():
    code = "import sys, stages.report.metrics; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_metrics_are_means_over_the_seeds(run):
    groups = metrics.metrics(run)
    test = run.read(files.ACCURACY).query("split == 'test'").groupby("model")["accuracy"]
    pair = run.read(files.PAIR).groupby("model")["errors"]
    for model in MODELS:
        numbers = [groups[model][name] for name in ("accuracy", "lowest", "confused")]
        assert numbers == [round(x[model], 5) for x in (test.mean(), test.min(), pair.mean())]
    statistics = run.every(files.STATISTICS)
    assert groups["points"]["live"] == round(statistics["live"].mean(), 5)
    assert groups["points"]["best_auroc"] == round(statistics["best_distance"].mean(), 5)
    probes = metrics.observed(run.every(files.PROBE_RESAMPLES))
    for name in ("error_few", "error_all"):
        assert groups["points"][f"probe_{name}"] == round(probes[name].mean(), 5)
    whole = [claim["outcome"] for claim in run.read(files.CLAIMS)]
    counts = {outcome.replace(" ", "_"): whole.count(outcome) for outcome in get_args(Outcome)}
    assert groups["claims"] == counts


def test_the_direction_that_takes_more_points_counts(run):
    def by_direction(table):
        return table.assign(k=table["direction"].map({"a_to_b": 40.0, "b_to_a": 60.0}))

    changed = Changed(run, {files.HALF_FLIPPED: by_direction})
    assert metrics.metrics(changed)["points"]["patch_k"] == 60


def test_a_number_that_a_run_lacks_is_left_out(run):
    alone = one_seed(run)
    alone.changes[files.HALF_FLIPPED] = lambda table: table.assign(k=[50.0, np.nan])
    groups = metrics.metrics(alone)
    assert "maps" not in groups
    assert "patch_k" not in groups["points"]
    json.dumps(groups, allow_nan=False)


def test_tables_are_those_of_the_stages(run):
    tables = metrics.plot_tables(run)
    assert (tables["auroc"].groupby("seed")["live_points"].sum() - 1).abs().max() < 1e-4
    curve = run.read(files.PROBE_CURVE, seed=run.seed).query("ranking == 'forward'")
    shown = tables["probe_curve"].query("panel.str.contains('forward') and seed == @run.seed")
    np.testing.assert_allclose(shown["error"], 1 - curve["accuracy"], atol=1e-6)
    last = run.seeds[-1]
    flips = run.read(files.PATCHING, seed=last).query("direction == 'b_to_a' and mode == 'zero'")
    shown = tables["patching"].query("panel == 'b given a, zero' and seed == @last")
    np.testing.assert_allclose(shown["flipped"], flips["flipped"], atol=1e-6)
    wrong = tables["confusions"]
    assert (wrong["actual"] != wrong["predicted"]).all()
    test = run.read(files.ACCURACY).query("split == 'test'").groupby("model")["errors"].mean()
    total = wrong.groupby("panel")["images"].sum()
    np.testing.assert_allclose(total[list(MODELS.values())], test[list(MODELS)], atol=0.5)


@pytest.fixture(scope="module")
def experiments(run) -> dict[str, dict]:
    """The tables of the run, and of others that differ in pair, names and seeds."""
    other = Changed(run, names=tuple("abcdefghij"), analysis={"pair": (8, 1)})
    runs = {"main": run, "words": other, "one-seed": one_seed(run)}
    return {name: metrics.plot_tables(other) for name, other in runs.items()}


@pytest.mark.parametrize(("name", "plot"), CURVES)
def test_dvc_draws_experiments_together(experiments, name, plot):
    ((file, column),) = plot["y"].items()
    runs = {rev: tables[Path(file).stem] for rev, tables in experiments.items()}
    main, points = runs["main"], []
    assert {plot["x"], column} <= set(main)
    for rev, table in runs.items():
        assert set(table["panel"]) == set(main["panel"])  # one name in all experiments
        assert not table.isna().any(axis=None)
        points += table.astype(str).assign(rev=rev).to_dict("records")  # DVC reads CSV as text
    properties = {key: plot[key] for key in ("x", "title", "x_label", "y_label", "template")}
    text = VegaRenderer(
        points, name, **properties, y=column, template_dir=str(TEMPLATES),
        revs_with_datapoints=list(runs),
        anchors_y_definitions=[{"filename": file, "field": column}],
    ).get_filled_template()  # fmt: skip
    text = text if isinstance(text, str) else json.dumps(text)
    assert "<DVC_METRIC" not in text
    assert '"nan"' not in text
    assert {row["rev"] for row in json.loads(text)["data"]["values"]} == set(runs)
    for field in set(re.findall(r'"field": "(\w+)"', text)):
        assert field in {*main, "rev"} or f'"as": "{field}"' in text


def test_every_table_is_drawn_and_every_image_is_a_figure(run):
    files_drawn = {Path(file).stem for _, plot in CURVES for file in plot["y"]}
    assert files_drawn == set(metrics.plot_tables(run))
    assert {Path(plot).stem for plot in PLOTS if isinstance(plot, str)} <= figures()
    used = {plot["template"] for _, plot in CURVES}
    assert used == {path.stem for path in TEMPLATES.glob("*.json")}


def test_words():
    counts = [words.count(n, "point") for n in (0, 1, 1078)]
    assert counts == ["no points", "1 point", "1,078 points"]
    assert words.reach([3, 1, 2]) == "1 to 3"
    assert words.reach([0.501, 0.502], ".2f") == "0.50"
    assert words.mean_and_reach([1.0, 2.0], ".1f") == "1.5 (1.0 to 2.0)"
    assert words.mean_and_reach([1.0], ".1f") == "1.0"
    shares = [words.share(x) for x in (0.0, 0.001, 0.5, 0.992, 0.9995, 1.0, np.nan)]
    assert shares == ["0%", "under 1%", "50%", "99.2%", "over 99.9%", "100%", "–"]
    row = {"low": 0.25, "high": 0.5, "none": np.nan, "name": "x"}
    assert words.cell("{low:.1%} to {high:.1%}", row) == "25.0% to 50.0%"
    assert words.cell("{none:.1f}", row) == "–"
    assert words.cell("{name}", row) == "x"
