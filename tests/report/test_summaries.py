"""What experiments are compared by: metrics, tables, and how DVC draws them beside each other."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from dvc_render import VegaRenderer
from ruamel.yaml import YAML

from stages.report import story, summaries
from stages.report.results import Results

from .conftest import changed, claim, made_up

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / ".dvc" / "plots"
DEFINED = [
    plot
    for entry in YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["plots"]
    for plot in (entry.items() if isinstance(entry, dict) else [(entry, None)])
]
CURVES = [(name, plot) for name, plot in DEFINED if plot]
IMAGES = [name for name, plot in DEFINED if not plot]
each_plot = pytest.mark.parametrize(("name", "plot"), CURVES)
each_template = pytest.mark.parametrize(
    "path", sorted(TEMPLATES.glob("*.json")), ids=lambda p: p.stem
)


def experiments(params) -> dict[str, Results]:
    """The first run, and others that differ from it in seeds, pair, dataset and outcome."""
    pair = made_up(changed(params, "analysis", pair=(8, 1)), seed=1)
    words = made_up(changed(params, "train", seeds=(5, 6, 7)), seed=2, spread=0)
    return {
        "main": made_up(params),
        "pair": pair,
        "clothes": dataclasses.replace(words, class_names=tuple("abcdefghij")),
        "one-seed": made_up(changed(params, "train", seeds=(7,)), seed=3),
    }


def table_of(plot: dict) -> tuple[str, str]:
    """The file of a plot and the column on its vertical axis."""
    ((file, column),) = plot["y"].items()
    return file, column


def drawn(name: str, plot: dict, runs: dict[str, Results]) -> dict:
    """The Vega-Lite specification that DVC makes of a plot, of one experiment or several."""
    file, column = table_of(plot)
    points = [
        {**{key: str(value) for key, value in row.items()}, "rev": rev}  # DVC reads CSV as text
        for rev, results in runs.items()
        for row in summaries.plot_tables(results)[Path(file).stem].to_dict("records")
    ]
    properties = {key: plot[key] for key in ("x", "title", "x_label", "y_label", "template")}
    renderer = VegaRenderer(
        points,
        name,
        **properties,
        y=column,
        template_dir=str(TEMPLATES),
        revs_with_datapoints=list(runs),
        anchors_y_definitions=[{"filename": file, "field": column}],
    )
    return renderer.get_filled_template()


def fields(node: object) -> set[str]:
    """Every column that a specification reads, and `as` those that it makes."""
    if isinstance(node, list):
        return set().union(*map(fields, node))
    if not isinstance(node, dict):
        return set()
    found = set().union(*(fields(value) for key, value in node.items() if key != "data"))
    found |= {node["field"]} if isinstance(node.get("field"), str) else set()
    found |= {name for name in node.get("groupby", []) if isinstance(name, str)}
    for expression in (node.get("calculate"), node.get("filter")):
        found |= set(re.findall(r"datum(?:\.|\[')(\w+)", expression or ""))
    return found


def made(node: object) -> set[str]:
    """Every column that a specification adds."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = {node["as"]} if isinstance(node, dict) and "as" in node else set()
    return own.union(*map(made, children))


@each_plot
def test_a_plot_shows_columns_of_its_table(params, name, plot):
    file, column = table_of(plot)
    assert Path(file).parent.as_posix() == "reports/plots"
    table = summaries.plot_tables(made_up(params))[Path(file).stem]
    assert {plot["x"], column} <= set(table)
    assert plot["title"]
    assert plot["x_label"]
    assert plot["y_label"]
    specification = drawn(name, plot, {"main": made_up(params)})
    assert fields(specification) <= {*table, "rev", *made(specification)}
    assert {plot["x"], column} <= fields(specification)


def test_every_table_is_drawn_and_every_template_used(results):
    drawn_files = {Path(table_of(plot)[0]).stem for _, plot in CURVES}
    assert drawn_files == set(summaries.plot_tables(results))
    used = {plot["template"] for _, plot in CURVES}
    assert used == {path.stem for path in TEMPLATES.glob("*.json")}


def test_images_beside_each_other_are_figures_of_the_report(params):
    alone = made_up(changed(params, "train", seeds=(7,)))
    figures = {
        f"reports/figures/{picture.name}.png"
        for section in story.sections(alone)
        for picture in section.pictures
    }
    assert set(IMAGES) <= figures


@each_plot
def test_experiments_of_other_seeds_pairs_and_datasets_are_drawn_together(params, name, plot):
    runs = experiments(params)
    specification = drawn(name, plot, runs)
    text = json.dumps(specification)
    assert "<DVC_METRIC" not in text
    assert '"nan"' not in text
    assert {row["rev"] for row in specification["data"]["values"]} == set(runs)
    for label in ("title", "x_label", "y_label"):
        assert plot[label] in text
    colours = json.dumps({"field": "rev", "scale": {"domain": list(runs)}})[:-2]
    assert colours in text or '"column": {"field": "rev"' in text


def test_panels_do_not_depend_on_the_experiment(params):
    tables = [summaries.plot_tables(results) for results in experiments(params).values()]
    for name, first in tables[0].items():
        for other in tables[1:]:
            assert list(other[name]) == list(first)
            assert set(other[name]["panel"]) == set(first["panel"])
            assert not other[name].isna().any(axis=None)


@each_template
def test_a_template_has_the_anchors_dvc_fills(path):
    text = path.read_text(encoding="utf-8")
    template = json.loads(text)
    assert template["$schema"] == "https://vega.github.io/schema/vega-lite/v5.json"
    assert template["data"] == {"values": "<DVC_METRIC_DATA>"}
    wanted = {"DATA", "TITLE", "X", "Y", "X_LABEL", "Y_LABEL", "PLOT_WIDTH", "PLOT_HEIGHT"}
    found = set(re.findall(r"<DVC_METRIC_(\w+)>", text))
    assert found - {"COLOR"} == wanted


def test_the_templates_of_curves_differ_in_their_axes_alone():
    def without_axes(name: str) -> dict:
        template = json.loads((TEMPLATES / f"{name}.json").read_text(encoding="utf-8"))
        for channel in ("x", "y"):
            for key in ("scale", "axis"):
                template["spec"]["encoding"][channel].pop(key, None)
        return template

    assert without_axes("points") == without_axes("runs") == without_axes("point_errors")


def test_the_tables_are_those_of_the_stages(results):
    tables = summaries.plot_tables(results)
    assert len(tables["curves"]) == 2 * 2 * 2  # models, seeds, epochs
    assert (tables["auroc"].groupby("seed")["live_points"].sum() - 1).abs().max() < 1e-4
    assert list(tables["shifts"].query("panel == 'CNN' and seed == 0")["pixels"]) == [0, 1, 2, 3]
    curve = results.interventions["point_curve"][0].query("ranking == 'forward'")
    told = tables["point_curve"].query("panel == 'chosen together (forward)' and seed == 0")
    np.testing.assert_allclose(told["error"], 1 - curve["accuracy"], atol=1e-6)
    flips = results.interventions["patching"][1].query("direction == 'b_to_a' and mode == 'zero'")
    decided = tables["patching"].query("panel == 'b given a, zero' and seed == 1")
    np.testing.assert_allclose(decided["flipped"], flips["flipped"], atol=1e-6)


def test_wrong_answers_are_counted_over_the_seeds(results):
    wrong = summaries.plot_tables(results)["confusions"]
    assert (wrong["actual"] != wrong["predicted"]).all()
    test = results.evaluation["accuracy"].query("split == 'test'").groupby("model")["errors"]
    for model, panel in summaries.MODELS.items():
        total = wrong[wrong["panel"] == panel]["images"].sum()
        assert total == pytest.approx(test.mean()[model], abs=0.5)


def test_points_to_flip_are_counted_as_the_claim_counts_them(results):
    points = summaries.metrics(results)["points"]
    assert points["to_flip"] == pytest.approx(0.04 * points["live"], abs=1e-4)
    most = [{**row, "values": [{"seed": 0, "value": 1.0}]} for row in results.claims]
    resisting = summaries.metrics(dataclasses.replace(results, claims=most))["points"]
    assert resisting["to_flip"] == points["live"]


def test_a_number_that_a_run_lacks_is_left_out(params):
    alone = made_up(changed(params, "train", seeds=(7,)))
    unknown = {**claim("A", "decide", "undecided", (7,)), "values": [{"seed": 7, "value": None}]}
    metrics = summaries.metrics(dataclasses.replace(alone, claims=[unknown]))
    assert "maps" not in metrics
    assert "to_flip" not in metrics["points"]
    json.dumps(metrics, allow_nan=False)
