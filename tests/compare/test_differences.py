"""Differences between experiments: against SciPy, in simulations, and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from stages.compare import differences
from stages.compare.differences import Difference, difference, marks

ROUNDING = 2e-3  # the variance of rounding is that small beside the spread of normal values


def values(generator, n: int, first: int = 0) -> pd.Series:
    """Some values by seed."""
    return pd.Series(generator.normal(3, 2, n), range(first, first + n))


@pytest.mark.parametrize("seed", range(5))
def test_equal_seeds_are_paired(seed):
    generator = np.random.default_rng(seed)
    here, there = (
        values(generator, 9),
        values(generator, 6, first=2).sample(frac=1, random_state=seed),
    )
    of, shared = difference(here, there), sorted(there.index)
    expected = stats.ttest_rel(there[shared], here[shared])
    assert of.paired
    assert of.p_differs() == pytest.approx(expected.pvalue, rel=ROUNDING)
    assert of.interval() == pytest.approx(tuple(expected.confidence_interval()), rel=ROUNDING)
    within = [
        stats.ttest_1samp((there - here)[shared], end, alternative=side).pvalue
        for end, side in ((-0.7, "greater"), (0.7, "less"))
    ]
    assert of.p_within(0.7) == pytest.approx(max(within), rel=ROUNDING)


@pytest.mark.parametrize("seed", range(5))
def test_other_seeds_are_not(seed):
    generator = np.random.default_rng(seed)
    here, there = values(generator, 9), values(generator, 6, first=7) * 3
    of, expected = difference(here, there), stats.ttest_ind(there, here, equal_var=False)
    assert not of.paired
    few = difference(here, there.head(3))
    assert few.freedom == 2
    assert few.error == pytest.approx(of._replace(spreads=few.spreads, counts=(9, 3)).error)
    assert of.p_differs() == pytest.approx(expected.pvalue, rel=ROUNDING)
    assert of.interval() == pytest.approx(tuple(expected.confidence_interval()), rel=ROUNDING)


def test_networks_are_paired_where_one_run_has_a_value_of_all_seeds_of_the_other():
    here = pd.Series([1.0, 2.0, np.nan, 5.0], range(4))
    there = pd.Series([2.0, 4.0, np.nan, np.nan], range(4))
    for of, sign in ((difference(here, there), 1), (difference(there, here), -1)):
        assert of.paired
        assert (of.value, of.counts) == (1.5 * sign, (2,))
    assert difference(here, there).means == (1.5, 3.0)  # of these two alone
    apart = difference(here, pd.Series([2.0, 4.0, 7.0, np.nan], range(4)))
    assert not apart.paired
    assert apart.counts == (3, 3)


def test_a_network_alone_shows_no_difference():
    one, two = pd.Series([1.0], [0]), pd.Series([1.0, 2.0], [0, 1])
    assert difference(one, two) is None
    assert difference(two, pd.Series([1.0, np.nan], [0, 1])) is None


def test_what_is_the_same_in_each_network_is_not_tested():
    here = pd.Series([0.1, 0.2, 0.7], [0, 1, 2])
    same = difference(here, here + 1e-12)
    assert (same.value, same.error, same.interval()) == (0, 0, (0, 0))
    assert np.isnan([same.p_differs(), same.p_within(0.01)]).all()
    found = Difference((0.0, 1.0), (0.01,), (3,))
    assert marks([same, found], [0.01, 0.01]) == ["same", "higher"]
    assert differences.tests([same, found]) == 1
    for value in (3.0, 0.57, 0.821):  # equal values have a variance of 1e-32
        constant = difference(pd.Series([value] * 6), pd.Series([value] * 10, range(10, 20)))
        assert (constant.paired, marks([constant], [0.1])) == (False, ["same"])


def test_equal_steps_of_whole_numbers_are_no_certainty():
    here = pd.Series([4.0, 7.0, 5.0])
    of = difference(here, here + 1)
    assert of.spreads == (pytest.approx(2 / 12),)  # of two rounded values; the smallest step is 1
    assert 0.05 < of.p_differs() < 1
    assert marks([of], [0.1]) == ["open"]
    finer = difference(here, here + 1 + pd.Series([0.01, 0, 0]))
    assert finer.p_differs() < 0.01
    far = difference(pd.Series([9.0] * 3), pd.Series([29.0] * 3))  # the step of counts is 1
    assert (far.spreads, marks([far], [0.9])) == ((pytest.approx(2 / 12),), ["higher"])
    apart = difference(here, pd.Series([6.0, 9.0], [10, 11]))
    assert apart.spreads == (pytest.approx(here.var() + 1 / 12), pytest.approx(4.5 + 1 / 12))


@pytest.mark.parametrize(("here_n", "there_n", "first"), [
    ((10, 3), (10, 3), 0), ((3, 3), (3, 3), 0), ((5, 2), (5, 2), 0), ((10, 3), (10, 3), 100),
    ((10, 3), (5, 2), 100), ((3, 2), (10, 3), 100), ((10, 10), (6, 5), 100),
])  # fmt: skip
def test_tables_of_whole_numbers_seldom_find_a_difference_where_there_is_none(
    here_n, there_n, first
):
    """20 metrics, each second one of few networks; those of equal seeds are paired."""
    generator, wrong, trials = np.random.default_rng(0), 0, 300
    for _ in range(trials):
        found = []
        for metric in range(20):
            width, n, m = 0.3 + metric / 10, here_n[metric % 2], there_n[metric % 2]
            here, there = (np.round(generator.normal(20, width, size)) for size in (n, m))
            found.append(difference(pd.Series(here), pd.Series(there, range(first, first + m))))
        wrong += bool({"higher", "lower"} & set(marks(found, [0.01] * 20)))
    assert wrong / trials < 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_the_paired_interval_covers_the_truth_in_95_of_100():
    generator, covered, trials, truth = np.random.default_rng(0), 0, 4000, 0.4
    for _ in range(trials):
        start = generator.normal(0, 2, 8)  # what a seed has in both
        here, there = start + generator.normal(0, 1, 8), start + generator.normal(truth, 0.5, 8)
        low, high = difference(pd.Series(here), pd.Series(there)).interval()
        covered += low < truth < high
    assert abs(covered / trials - 0.95) < 3 * np.sqrt(0.95 * 0.05 / trials)


def test_one_table_in_twenty_finds_a_difference_where_there_is_none():
    generator, wrong, trials = np.random.default_rng(0), 0, 1000
    for _ in range(trials):
        table = generator.normal(0, 1, (20, 2, 8))
        found = [difference(pd.Series(here), pd.Series(there)) for here, there in table]
        wrong += bool({"higher", "lower"} & set(marks(found, [0.01] * 20)))
    assert 0.02 < wrong / trials < 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_a_difference_that_does_not_matter_comes_first():
    of = Difference((3.0, 3.02), (0.0001,), (50,))
    assert of.p_differs() < 0.05
    assert marks([of], [0.1]) == ["no difference"]
    assert marks([of], [0.001]) == ["higher"]


def test_small_differences_are_adjusted_for_their_number():
    of = Difference((3.0, 3.01), (0.01,), (8,))
    assert 0.01 < of.p_within(0.09) < 0.05
    assert marks([of], [0.09]) == ["no difference"]
    assert marks([of, Difference((3.0, 3.1), (1.0,), (8,))] * 5, [0.09] * 10) == ["open"] * 10


def test_marks_are_adjusted_for_their_number():
    of = Difference((3.0, 4.0), (1.0,), (8,))
    assert 0.01 < of.p_differs() < 0.05
    assert marks([of], [0.1]) == ["higher"]
    assert marks([of, Difference((3.0, 3.1), (1.0,), (8,))] * 5, [0.1] * 10) == ["open"] * 10


@pytest.mark.parametrize("tests", [1, 60])
@pytest.mark.parametrize(
    "of", [Difference((3.0, 4.0), (3.0,), (4,)), Difference((3.0, 3.01), (0.3, 0.2), (4, 5))]
)
def test_as_many_networks_settle_it_and_one_fewer_does_not(of, tests):
    n = of.settled_with(0.2, tests)

    def settled(count: int) -> bool:
        now = of._replace(counts=(count,) * len(of.counts))
        return min(now.p_differs(), now.p_within(0.2)) < 0.05 / tests

    assert settled(n)
    assert not settled(n - 1)


def test_what_no_number_of_networks_settles():
    assert (
        Difference((3.0, 3.2), (1.0,), (5,)).settled_with(0.2, 1) < 1000
    )  # it is not 0, if not small
    assert Difference((3.0, 3.001), (1e6,), (5,)).settled_with(0.01, 1) is None


def test_margins_are_of_the_form():
    assert differences.margin("accuracy", 0.99) == pytest.approx(0.001)
    assert differences.margin("amount", -40) == pytest.approx(4)
    assert differences.margin("share", 0.3) == 0.05
    with pytest.raises(KeyError):
        differences.margin("whole", 1)


def test_means_have_the_t_interval():
    of = np.array([1.0, 2.0, 4.0, 4.5])
    mean, low, high = differences.mean_interval(pd.Series([*of, np.nan]))
    assert mean == of.mean()
    assert (low, high) == pytest.approx(tuple(stats.ttest_1samp(of, 0).confidence_interval()))
    assert np.isnan(differences.mean_interval(pd.Series([3.0]))[1:]).all()
