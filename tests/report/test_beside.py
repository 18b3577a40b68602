"""Runs with other settings: when they stand beside this one, and what is said of them."""

import math
import re

import pytest

from stages.common import files
from stages.report import beside
from stages.report.metrics import every_metric
from stages.report.sections.claims import elsewhere

from .conftest import Changed, plain, rendered


def settings(run, **changes) -> dict:
    """The settings of the run as YAML gives them, with other values for `group__leaf`."""
    values = run.params.model_dump(mode="json")
    for name, value in changes.items():
        group, leaf = name.split("__")
        values[group] = values[group] | {leaf: value}
    return values


def other(run, change=lambda _: None, **settings_there):
    """The run, beside which stands itself with other settings and changed claims."""
    claims = [of | {"parts": [dict(p) for p in of["parts"]]} for of in run.read(files.CLAIMS)]
    change(claims)
    return Changed(run, {
        files.PARAMS_BESIDE: lambda _: settings(run, **settings_there),
        files.CLAIMS_BESIDE: lambda _: claims,
    })  # fmt: skip


def test_nested_settings_get_names_with_dots():
    nested = {"a": 1, "b": {"c": [2, 3], "d": {"e": None}}}
    assert beside.flat(nested) == {"a": 1, "b.c": [2, 3], "b.d.e": None}


@pytest.mark.parametrize(("name", "there", "shown"), [
    ("repeat", {"train__threads": 4}, True),
    ("repeat", {}, False),
    ("processor", {}, True),
    ("processor", {"train__threads": 4}, False),
    ("repeat", {"train__threads": 4, "cnn__epochs": 9}, False),
    ("repeat", {"dataset__name": "fashion_mnist"}, False),
    ("fashion", {"dataset__name": "fashion_mnist"}, True),
    ("fashion", {"dataset__name": "fashion_mnist", "analysis__pair": [0, 1],
                 "train__seeds": [5, 6, 7], "analysis__shown_seeds": [5]}, True),
    ("fashion", {"analysis__pair": [0, 1]}, False),
    ("fashion", {"dataset__name": "fashion_mnist", "claims__resamples": 999}, False),
])  # fmt: skip
def test_a_run_is_shown_if_its_settings_differ_in_its_subject_alone(run, name, there, shown):
    changed = other(run, **there)
    assert (name in beside.comparable(changed)) == shown
    differing = {key.replace("__", ".") for key in there}
    assert set(beside.read(changed, name).differs) == differing


def test_outcomes_that_turn_are_named(run):
    def turn(claims):
        first, second, *_ = claims
        first["outcome"] = "refuted" if first["outcome"] != "refuted" else "supported"
        first["parts"][0]["outcome"] = "does not apply"
        second["outcome"] = "open"

    changed = other(run, turn, train__threads=4)
    before = {of["id"]: of["outcome"] for of in run.read(files.CLAIMS)}
    found = elsewhere.outcomes(run.read(files.CLAIMS), beside.read(changed, "repeat"))
    assert found["turned"] == (["A"] if before["A"] != "open" else [])
    assert ("A" in found["open"]) == (before["A"] == "open")
    assert ("B" in found["same"]) == (before["B"] == "open")
    rows = elsewhere.parts(run.read(files.CLAIMS), beside.read(changed, "repeat"))
    first = run.read(files.CLAIMS)[0]["parts"][0]
    assert [row["part"] for row in rows if row["turned"]] == [first["part"]]
    text = plain(rendered(changed, "elsewhere")["elsewhere"])
    assert f"1 of {len(rows)} parts has another outcome, of claim A." in text
    assert "train.threads is 4, here 2" in text


def shifted(claims):
    """Every mean a little beyond the upper end of its interval here, every text of its own."""
    for claim in claims:
        for part in claim["parts"]:
            part["short"] = part["short"] | {"mean": f"there {part['part']}", "interval": ""}
            if part["mean"] is not None and part["high"] is not None:
                part["mean"] = part["high"] + 0.01


def test_numbers_there_are_those_of_the_run_there(run):
    changed = other(run, shifted, train__threads=4)
    found = elsewhere.numbers(changed)["others"][0]
    rows = {(row["claim"], row["part"]): row for row in found["parts"]}
    for claim in run.read(files.CLAIMS):
        for part in claim["parts"]:
            row = rows[claim["id"], part["part"]]
            assert row["there"] == f"there {part['part']}"
            assert row["here"].startswith(part["short"]["mean"] or part["short"]["values"])
            if row["within"] is not None:
                assert not row["within"]
    parts = rendered(changed, "claims")["claims"]
    for part in (part for of in run.read(files.CLAIMS) for part in of["parts"]):
        assert plain(parts).count(f"there {part['part']}.") >= 1
    text = plain(rendered(changed, "elsewhere")["elsewhere"])
    assert re.search(r"Of \d+ means, 0 are within the 95% interval of this run", text)


def test_the_networks_there_are_counted(run):
    seeds = [5, 6, 7]
    there = {"dataset__name": "fashion_mnist", "train__seeds": seeds, "analysis__shown_seeds": [5]}
    changed = other(run, **there)
    assert beside.read(changed, "fashion").networks == 3
    assert "Fashion-MNIST: 3 networks." in plain(rendered(changed, "elsewhere")["elsewhere"])


def test_metrics_of_both_runs_are_compared(run):
    here = beside.flat(every_metric(run))
    changed = other(run, train__threads=4)
    changed.changes[files.METRICS_BESIDE] = lambda _: {"cnn": {"accuracy": 0.25, "unknown": 1.0}}
    (row,) = elsewhere.numbers(changed)["metrics"]
    known = here["cnn.accuracy"]
    assert row == {"metric": "cnn.accuracy", "here": known, "there": 0.25, "change": 0.25 - known}


@pytest.mark.parametrize(("mean", "inside"), [(0.12, True), (0.5, True), (0.09, False),
                                              (0.51, False)])  # fmt: skip
def test_a_mean_is_within_a_skewed_interval(mean, inside):
    here = {"mean": 0.15, "low": 0.1, "high": 0.5}
    assert elsewhere.within(here, {"mean": mean}) is inside
    assert elsewhere.within(here | {"low": None}, {"mean": mean}) is None
    assert elsewhere.within(here, {"mean": None}) is None


def test_a_mean_moves_by_half_widths_of_its_interval():
    here = {"mean": 0.2, "low": 0.1, "high": 0.3}
    assert elsewhere.moved(here, {"mean": 0.25}) == pytest.approx(0.5)
    assert elsewhere.moved(here, here) == 0
    for nothing in (here | {"low": None}, here | {"high": 0.1}):
        assert math.isnan(elsewhere.moved(nothing, here))
    assert math.isnan(elsewhere.moved(here, {"mean": None}))


def test_without_comparable_runs_it_is_said_why(run):
    text = plain(rendered(other(run, cnn__epochs=99), "elsewhere")["elsewhere"])
    assert "No run to compare with is committed for these settings." in text
    assert text.count("cnn.epochs is 99") == len(beside.KINDS)
