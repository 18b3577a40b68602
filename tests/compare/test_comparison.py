"""Planted differences: found, and nothing else."""

import pytest

from stages.common import files
from stages.compare import differences, lead, written
from stages.compare.comparison import Comparison
from stages.compare.sections import claims, metrics, settings

from .runs import moved, of_seeds


def test_nothing_differs_between_two_copies_of_a_run(compare):
    comparison = compare(copy={})
    assert {of.mark for of in comparison.compared.values()} == {"no difference"}
    assert len(comparison.compared) > 50
    assert not comparison.differs
    assert not comparison.turned(comparison.others[0])


@pytest.mark.parametrize(("metric", "step", "mark"), [
    ("points.separating", -60.0, "lower"), ("cnn.accuracy", 0.002, "higher"),
    ("maps.matched_r", 0.1, "higher"),
])  # fmt: skip
def test_one_planted_difference_is_found_and_only_that(compare, metric, step, mark):
    comparison = compare(copy={"metrics": moved(metric, step)})
    marks = {name: of.mark for (name, _), of in comparison.compared.items()}
    assert marks.pop(metric) == mark
    assert set(marks.values()) == {"no difference"}
    difference = comparison.compared[metric, "copy"].difference
    assert difference.value == pytest.approx(step)
    assert difference.paired
    ((name, _, found),) = lead.most(comparison, comparison.others[0])
    assert (name, found) == (metric, " ".join(written.MARKS[mark]))
    cell = metrics.cell(comparison, metric, comparison.others[0])
    assert f"{step:+,.{written.of_metric(metric, comparison)}f}" in cell.striptags()


def test_a_small_planted_difference_does_not_matter(compare):
    comparison = compare(copy={"metrics": moved("points.live", 1.0)})
    assert comparison.compared["points.live", "copy"].mark == "no difference"


def test_other_seeds_are_compared_by_welch(compare):
    def other_seeds(table):
        return table.assign(seed=table["seed"] + 100)

    comparison = compare(
        copy={
            "metrics": other_seeds,
            "settings": {
                "train.seeds": list(range(110, 120)),
                "analysis.shown_seeds": [110, 111, 112],
            },
        }
    )
    of = comparison.compared["cnn.accuracy", "copy"].difference
    assert not of.paired
    assert of.counts == (10, 10)
    assert of.value == pytest.approx(0)
    assert comparison.compared["cnn.accuracy", "copy"].mark != "higher"


def test_one_network_has_no_interval_and_says_so(compare):
    comparison = compare(alone=of_seeds([10]))
    assert not comparison.compared
    cell = metrics.cell(comparison, "cnn.accuracy", comparison.others[0]).striptags()
    assert "not tested: alone has one network with it" in cell
    assert " to " not in cell
    numbers = lead.numbers(comparison)
    assert not numbers["found"][0]["tested"]


def test_metrics_of_all_networks_together_are_not_tested(compare):
    comparison = compare(copy={})
    cell = metrics.cell(comparison, "errors.some", comparison.others[0]).striptags()
    assert cell == comparison.others[0].metrics["errors.some"].__format__(".1f")
    assert ("errors.some", "copy") not in comparison.compared


def test_a_metric_that_one_run_lacks_is_said_to_be_missing(compare):
    first, other = compare(copy={}).experiments
    other.metrics.pop("loop.closed")
    first.metrics.pop("loop.opened")
    comparison = Comparison([first._replace(by_seed=first.by_seed.drop("loop.opened")), other])
    assert "not in this run" in metrics.cell(comparison, "loop.closed", other)
    assert "not in first" in metrics.cell(comparison, "loop.opened", other)


def test_settings_that_differ_are_listed(compare):
    comparison = compare(copy={"settings": {"cnn.epochs": 9, "analysis.pair": [3, 5]}})
    assert set(comparison.differs) == {"cnn.epochs", "analysis.pair"}
    rows = {row["about"]: row for row in settings.numbers(comparison)["rows"]}
    assert (rows["cnn.epochs"]["of_0"], rows["cnn.epochs"]["of_1"]) == ("4", "9")
    assert comparison.other_question(comparison.others[0]) == ["analysis.pair"]


def test_claims_that_turn_are_marked(compare):
    comparison = compare(copy={})
    other = comparison.others[0]
    letter, claim = next(iter(other.claims.items()))
    claim["outcome"] = "open" if claim["outcome"] != "open" else "refuted"
    other.claims.pop("E")
    assert comparison.turned(other) == [letter]
    rows = {row["id"]: row["cells"][1] for row in claims.numbers(comparison)["rows"]}
    assert [id_ for id_, cell in rows.items() if cell.get("turned")] == [letter]
    assert rows["E"]["outcome"] == ""


def test_open_differences_say_how_many_networks_would_settle_them(compare):
    def noisy(table):
        sign = table["seed"].map(lambda seed: (-1) ** seed) + 0.6
        return table.assign(value=table["value"] + 300 * sign * (table["metric"] == "points.live"))

    comparison = compare(copy={"metrics": noisy})
    compared = comparison.compared["points.live", "copy"]
    assert compared.mark == "open"
    n = compared.difference.settled_with(compared.margin, len(comparison.compared))
    assert f"{n} networks each would settle it" in metrics.cell(
        comparison, "points.live", comparison.others[0]
    )


def test_margins_are_those_of_the_first_experiment(compare):
    comparison = compare(copy={"metrics": moved("points.live", 500.0)})
    mean = comparison.first.values("points.live").mean()
    assert comparison.compared["points.live", "copy"].margin == pytest.approx(0.1 * mean)
    form = {name: of.margin for (name, _), of in comparison.compared.items()}
    assert form["maps.matched_r"] == differences.margin("share", 0)
    assert files.METRICS.path == "reports/metrics.json"


@pytest.mark.parametrize(("value", "places"), [(1022.3, 0), (31.7, 1), (5.1, 2), (0.0051, 5),
                                               (0.5, 3), (0, 2), (1e-9, 5)])  # fmt: skip
def test_three_digits_are_shown(value, places):
    assert written.decimals(value) == places


def test_seeds_in_words():
    assert written.ranges([10, 11, 12, 13]) == "10 to 13"
    assert written.ranges([5, 1, 0, 3, 4]) == "0, 1, 3 to 5"
    assert written.ranges([7]) == "7"
