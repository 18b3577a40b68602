"""Planted differences: found, and nothing else."""

import numpy as np
import pytest

from stages.common import files
from stages.compare import differences, lead, written
from stages.compare.comparison import Comparison
from stages.compare.sections import claims, metrics, settings

from .runs import moved, of_seeds


def test_nothing_differs_between_two_copies_of_a_run(compare):
    comparison = compare(copy={})
    assert {of.mark for of in comparison.compared.values()} == {"same"}
    assert len(comparison.compared) > 50
    assert comparison.tests == 0
    cell = metrics.cell(comparison, "points.live", comparison.others[0]).striptags()
    assert cell.endswith("= the same 10 pairs")
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
    assert set(marks.values()) == {"same"}
    difference = comparison.compared[metric, "copy"].difference
    assert difference.value == pytest.approx(step)
    assert difference.paired
    ((name, _, found),) = lead.most(comparison, comparison.others[0])
    assert (name, found) == (metric, " ".join(written.MARKS[mark]))
    cell = metrics.cell(comparison, metric, comparison.others[0])
    assert f"{step:+,.{written.of_metric(metric, comparison)}f}" in cell.striptags()


def test_a_planted_difference_is_found_among_noise(compare):
    """Every other metric has noise of a twentieth of its spread over networks."""

    def noisy(table):
        generator = np.random.default_rng(0)
        spread = table.groupby("metric")["value"].transform("std").fillna(0)
        table = table.assign(value=table["value"] + generator.normal(0, spread / 20))
        return moved("points.separating", -60.0)(table)

    comparison = compare(copy={"metrics": noisy})
    marks = {name: of.mark for (name, _), of in comparison.compared.items()}
    assert marks.pop("points.separating") == "lower"
    assert not {"higher", "lower"} & set(marks.values())
    assert list(marks.values()).count("no difference") > 30
    (name, *_), *_ = lead.most(comparison, comparison.others[0])
    assert name == "points.separating"


def test_the_largest_differences_come_first(compare):
    def both(table):
        return moved("points.separating", -60.0)(moved("points.live", 500.0)(table))

    comparison = compare(copy={"metrics": both})
    rows = lead.most(comparison, comparison.others[0])
    margins = {name: abs(of.difference.value) / of.margin
               for (name, _), of in comparison.compared.items()}  # fmt: skip
    assert [name for name, *_ in rows] == sorted(
        ["points.separating", "points.live"], key=margins.get, reverse=True
    )
    before = comparison.first.values("points.live").mean()
    means = {name: text for name, text, _ in rows}
    assert means["points.live"] == f"{before:,.0f} → {before + 500:,.0f}"


def test_means_are_of_the_networks_compared(compare):
    """Three of ten networks: named are the means of these three, in both runs."""
    few = of_seeds([10, 11, 12])
    few["metrics"] = lambda table: moved("points.live", 500.0)(table[table["seed"] < 13])
    comparison = compare(few=few)
    three = comparison.first.values("points.live")[[10, 11, 12]].mean()
    of = comparison.compared["points.live", "few"]
    assert of.difference.means == pytest.approx((three, three + 500))
    ((_, text, _),) = lead.most(comparison, comparison.others[0])
    assert text == f"{three:,.0f} → {three + 500:,.0f}"
    cell = metrics.cell(comparison, "points.live", comparison.others[0]).striptags()
    assert "3 pairs" in cell


def test_a_small_planted_difference_does_not_matter(compare):
    comparison = compare(copy={"metrics": moved("points.live", 1.0)})
    assert comparison.compared["points.live", "copy"].mark == "no difference"
    assert not lead.most(comparison, comparison.others[0])


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
    assert "not tested: that takes two networks each, and alone has it of 1" in cell
    assert " to " not in cell
    numbers = lead.numbers(comparison)
    assert not numbers["found"][0]["tested"]


def test_metrics_of_all_networks_together_are_not_tested(compare):
    comparison = compare(copy={})
    cell = metrics.cell(comparison, "errors.some", comparison.others[0]).striptags()
    assert cell == f"{comparison.others[0].metrics['errors.some']:.1f}"
    row = metrics.row(comparison, "errors.some")
    assert row["meaning"].endswith("(of all networks together: not tested)")
    assert ("errors.some", "copy") not in comparison.compared


def test_a_metric_that_one_run_lacks_is_said_to_be_missing(compare):
    first, other = compare(copy={}).experiments
    other.metrics.pop("loop.closed")
    first.metrics.pop("loop.opened")
    comparison = Comparison([first._replace(by_seed=first.by_seed.drop("loop.opened")), other])
    assert "not in this run" in metrics.cell(comparison, "loop.closed", other)
    assert "not in first" in metrics.cell(comparison, "loop.opened", other)


def test_settings_that_differ_are_listed(compare):
    asked = {"analysis.pair": [3, 5], "claims.few_points": 0.1, "dataset.split_seed": 1,
             "statistics.common_level": 0.5}  # fmt: skip
    others = {"cnn.epochs": 9, "claims.seed": 3, "claims.resamples": 100}
    comparison = compare(copy={"settings": others | asked})
    assert set(comparison.differs) == {*others, *asked}
    assert claims.numbers(comparison)["moved"] == ["claims.few_points"]
    rows = {row["about"]: row for row in settings.numbers(comparison)["rows"]}
    assert (rows["cnn.epochs"]["of_0"], rows["cnn.epochs"]["of_1"]) == ("4", "9")
    assert set(comparison.other_question(comparison.others[0])) == set(asked)


def test_settings_that_one_run_lacks_are_counted(compare):
    comparison = compare(copy={"settings": {"cnn.epochs": 9}})
    here, there = comparison.first.settings, comparison.others[0].settings
    same = len(here) - 1
    there["new.one"] = 1
    here["old.one"] = None
    numbers = settings.numbers(Comparison(comparison.experiments))
    assert numbers["same"] == same
    rows = {row["about"]: (row["of_0"], row["of_1"]) for row in numbers["rows"]}
    assert rows["new.one"] == ("no such setting", "1")
    assert rows["old.one"] == ("none", "no such setting")


def test_an_experiment_may_be_called_as_the_heading_is(compare):
    comparison = compare(setting={"settings": {"cnn.epochs": 9}})
    columns = settings.numbers(comparison)["columns"]
    assert [of.strip() for of in columns] == ["setting", "first", "setting"]
    assert list(columns.values()) == ["{about}", "{of_0}", "{of_1}"]


def test_only_metrics_that_both_have_are_compared(compare):
    first, other = compare(copy={}).experiments
    other.metrics.clear()
    assert Comparison([first, other]).compared == {}


def test_a_mean_reads_the_same_in_the_lead_and_in_the_table(compare):
    """A mean of 0.98455 is a little less in binary, and would be rounded down."""
    comparison = compare(copy={"metrics": moved("mlp.accuracy", 0.004)})
    mean = round(comparison.first.values("mlp.accuracy").mean(), 5)
    text = written.number(
        "mlp.accuracy", comparison, comparison.first.values("mlp.accuracy").mean()
    )
    assert text == f"{mean:.4f}" == f"{comparison.first.metrics['mlp.accuracy']:.4f}"


def test_claims_that_turn_are_marked(compare):
    comparison = compare(copy={})
    other = comparison.others[0]
    letter, claim = next(iter(other.claims.items()))
    claim["outcome"] = "open" if claim["outcome"] != "open" else "refuted"
    other.claims.pop("E")
    assert comparison.turned(other) == [letter]
    rows = {row["id"]: row["cells"][1] for row in claims.numbers(comparison)["rows"]}
    assert [id_ for id_, cell in rows.items() if cell["turned"]] == [letter]
    assert rows["E"] == {"outcome": "", "number": "not in this run", "turned": False}


def test_a_claim_that_the_first_lacks_has_a_row(compare):
    comparison = compare(copy={})
    comparison.first.claims.pop("E")
    rows = {row["id"]: row["cells"] for row in claims.numbers(comparison)["rows"]}
    assert list(rows) == sorted(comparison.others[0].claims)
    assert [cell["outcome"] for cell in rows["E"]] == [
        "",
        comparison.others[0].claims["E"]["outcome"],
    ]
    short = next(iter(comparison.others[0].claims["B"]["parts"]))["short"]
    assert rows["B"][1]["number"].startswith(short["mean"])


def test_open_differences_say_how_many_networks_would_settle_them(compare):
    def noisy(table):
        sign = table["seed"].map(lambda seed: (-1) ** seed) + 0.6
        return table.assign(value=table["value"] + 300 * sign * (table["metric"] == "points.live"))

    comparison = compare(copy={"metrics": noisy})
    compared = comparison.compared["points.live", "copy"]
    assert compared.mark == "open"
    n = compared.difference.settled_with(compared.margin, comparison.tests)
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
