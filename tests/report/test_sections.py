"""The numbers in the sections' prose, for this run and for other outcomes."""

import re

import numpy as np
import pandas as pd
import pytest

from stages.common import files
from stages.common.cases import SAME_CLASS
from stages.report.sections.causes import probes

from .. import designs
from .conftest import Changed, one_seed, plain, rendered


def assign(**columns):
    """A change of a table: some of its columns."""
    return lambda table: table.assign(**columns)


NEVER = {files.PATCHING: assign(flipped=0.1)}
NONE_WRONG = {files.WRONG_POINTS: lambda table: table.head(0)}
CLEAR = {files.EXEMPLARS: lambda arrays: arrays | {"role": np.full(len(arrays["role"]), "clear")}}


def text(run, name: str, changes=None, **groups) -> str:
    """The words of a section of the run, or of the run with changes."""
    return plain(rendered(Changed(run, changes, **groups), name)[name])


def test_numbers_of_one_network_are_those_of_the_network_in_figures(run):
    seed = run.seeds[-1]
    other = {"analysis": {"shown_seeds": (seed,)}}
    point = run.read(files.STATISTICS, seed=seed).iloc[0]
    assert f"to patch in cnn-{seed}." in text(run, "lead", **other)
    assert f"Of {point.live:,} live points in cnn-{seed}" in text(run, "separating", **other)
    assert f"{point.significant:.0%} of the live points of cnn-{seed}" in text(
        run, "limits", **other
    )
    assert probes.numbers(Changed(run, **other))["here"].seed == seed


def test_every_section_stands_with_one_seed(run):
    prose = " ".join(map(plain, rendered(one_seed(run)).values()))
    assert not re.search(r"\bnan\b", prose)
    for sentence in ("Numbers are of one network", "train.seeds has one seed",
                     f"The curves: cnn-{run.seeds[-1]}."):  # fmt: skip
        assert sentence in prose


def test_every_section_stands_for_names_that_are_words(run):
    names = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
             "Bag", "Ankle boot")  # fmt: skip
    parts = rendered(Changed(run, names=names))
    assert parts["lead"].title.startswith(f"What separates a “{names[run.pair[0]]}” from a")
    for section in parts.values():
        assert not re.search(r"\b[0-9]s\b|\bnan\b", plain(section)), section.name


def test_no_class_typical_point(run):
    changes = {files.POINTS: assign(typical_a=False, typical_b=False),
               files.STATISTICS: assign(only_a=0, only_b=0, both=0)}  # fmt: skip
    section = rendered(Changed(run, changes), "typical")["typical"]
    assert "no points" in plain(section)
    assert "<table" not in section.html


def test_points_are_given_towards_the_class_they_are_higher_for(run):
    def both_ways(table):
        n, of_a = len(table), np.arange(len(table)) % 2 == 0
        columns = {"auroc": [0.25, 0.25, 0.75, 0.75], "auroc_test": [0.3, 0.2, 0.6, 0.4]}
        columns = {name: np.resize(values, n) for name, values in columns.items()}
        return table.assign(**columns, typical_a=of_a, typical_b=~of_a)

    run = Changed(run, {files.POINTS: both_ways})
    points = run.read(files.POINTS, seed=run.seed).set_index(["map", "row", "column"])
    cells = r"\| map (\d+), \((\d), (\d)\) \|.*?\| ([\d.]+) \| [\d.]+ to [\d.]+ \| (\S+) \|"
    rows = re.findall(cells, rendered(run, "typical")["typical"].markdown)
    assert {name for *_, name in rows} == set(run.names)
    for *place, auroc, name in rows:
        point = points.loc[tuple(map(int, place))]
        is_b = point["auroc"] >= 0.5
        assert name == run.names[int(is_b)]
        assert float(auroc) == pytest.approx(abs(point["auroc_test"] - (not is_b)), abs=6e-4)


def test_prose_follows_the_outcome(run):
    """Each outcome has words of its own, and none has a number that is not there."""
    flips = {files.PATCHING: assign(flipped=0.9)}
    lacking = dict.fromkeys(("typical", "typical_a", "pair_gain", "rest_gain"), np.nan)
    typical = [{files.PROBE_RESAMPLES: assign(**of)} for of in ({}, lacking)]
    pairs = {"patching": (flips, NEVER), "limits": (flips, NEVER), "typical": typical,
             "hard": (NONE_WRONG, NONE_WRONG | CLEAR)}  # fmt: skip
    shown = [[text(run, name, outcome) for outcome in pair] for name, pair in pairs.items()]
    shifts = [[{"augment_shift": pixels} for pixels in pair] for pair in ((0, 0), (2, 2), (1, 3))]
    shown.append([text(run, "models", cnn=cnn, mlp=mlp) for cnn, mlp in shifts])
    for texts in shown:
        assert len(set(texts)) == len(texts)
        assert not any(re.search(r"\bnan\b", prose) for prose in texts)


def test_pattern_counts_are_sums_over_networks(run):
    counts = run.every(files.PATTERN_COUNTS).query("layer == @run.last")
    active = counts["active"].sum()
    assert f"{active:,} maps of {designs.LAST} are active in some" in text(run, "patterns")
    failing = assign(active=5, passed=4, unreached=1, silent=0, dead=2, proven=1)
    patterns, n = text(run, "patterns", {files.PATTERN_COUNTS: failing}), len(run.seeds)
    assert f"For {4 * n} of them a random start" in patterns
    assert f"The search failed for {n} maps" in patterns
    unseen = text(run, "unseen", {files.PATTERN_COUNTS: failing})
    assert f"For {2 * n} maps no start does, and {n} of these are proven" in unseen


def test_what_is_said_of_patterns_follows_what_was_found(run):
    none = assign(agreement=np.nan, roughness_silent=np.nan, silent=0, dead=0)
    rough = assign(silent=4, penalised=3.0, rougher=4.0, roughness=1.0, roughness_silent=2.0)
    found, n = [text(run, "unseen", {files.PATTERN_COUNTS: of}) for of in (none, rough)], 4
    assert "Do starts agree?" not in text(run, "patterns", {files.PATTERN_COUNTS: none})
    assert "is active in some image, in every network" in found[0]
    n *= len(run.seeds)
    assert f"Of {n} such maps in {len(run.seeds)} networks, {n * 3 // 4} are activated" in found[1]
    assert f"{n} of the {n} are rougher than 95%" in found[1]
    assert "nearer to noise than to those of active maps" in found[1]
    between = assign(silent=4, penalised=3.0, rougher=4.0, roughness=1.0, roughness_silent=1.3)
    prose = text(run, "unseen", {files.PATTERN_COUNTS: between})
    assert "rougher than those of active maps, and smoother than noise" in prose
    assert "nearer to noise" not in prose
    smooth = assign(silent=4, penalised=3.0, rougher=1.0, roughness=1.0, roughness_silent=1.3)
    assert "smoother than noise" not in text(run, "unseen", {files.PATTERN_COUNTS: smooth})
    proven = assign(silent=0, dead=2, proven=2)
    prose = text(run, "unseen", {files.PATTERN_COUNTS: proven})
    assert "not proven to be inactive was searched" in prose
    assert "A failed search is no proof" not in prose


def test_matched_patterns_are_judged_against_random_orders(run):
    row = {"layer": run.last, "seed_i": 0, "seed_j": 1, "maps": 9, "matched_r": 0.2,
           "random_r": 0.1, "random_r_low": 0.0}  # fmt: skip
    beyond, chance, none = (
        text(run, "patterns", {files.MATCHED_PATTERNS: lambda _, of=of: pd.DataFrame(of)})
        for of in ([row | {"random_r_high": 0.15}], [row | {"random_r_high": 0.3}],
                   {name: [] for name in row})
    )  # fmt: skip
    assert "9 matched maps of cnn-0 and cnn-1 correlate by 0.20" in beyond
    assert "more alike than those of other maps" in beyond
    assert "within what random orders give" in chance
    assert "Do matched maps" not in none


def test_a_search_of_whole_images_has_words_of_its_own(run):
    point, whole = text(run, "patterns"), text(run, "patterns", patterns={"objective": "map"})
    assert "to raise a point before its activation" in point
    assert "to raise the map's mean before its activation" in whole
    assert "patch" not in whole + text(run, "unseen", patterns={"objective": "map"})
    assert "Green frame" not in whole


def test_shared_points_are_counted_of_what_is_shared(run):
    """Of less than a point on average, too; where none is shared, nothing is said of them."""

    def rows(shared: float, also: float):
        def change(table: pd.DataFrame) -> pd.DataFrame:
            same, alone = table["case"] == SAME_CLASS, table["label"].isna()
            points = table["points"].mask(same & alone, shared).mask(same & ~alone, also)
            return table.assign(points=points)

        return {files.SHARED_POINTS: change}

    b = run.one(run.pair[1])
    few, none = (text(run, "layers", rows(*of)) for of in ((0.4, 0.3), (0.0, 0.0)))
    assert f"75% are on in {b}" in few
    assert f"is more often on than off in {b}, too" in few
    assert f"more often off than on in {b}" in text(run, "layers", rows(10, 3))
    assert "is more often" not in none
    assert not re.search(r"\bnan\b", none)
