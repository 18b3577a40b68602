"""The rule of judgement: by hand, and by simulation of networks that share images."""

import itertools
import math
import re
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from stages.common import inference
from stages.common.inference import Estimate, estimate, holm, judge, settling, whole
from stages.common.resampling import GROUPS

RESAMPLES, RUNS = 200, 600
# Of a rate near 5 %, and near 2.5 %, in as many runs.
ERROR, ERROR_OF_A_SIDE = (2.5 * math.sqrt(p * (1 - p) / RUNS) for p in (0.05, 0.025))


class World(NamedTuple):
    """Standard deviations of what a value consists of, each image group's over sqrt(groups)."""

    network: float = 1.0
    images: float = 0.0  # common to all networks
    both: float = 0.0  # of one network in one group of images


WORLDS = {"networks alone": World(), "images count": World(images=0.5, both=0.5),
          "images dominate": World(0.2, 1.0, 0.2)}  # fmt: skip
each_world = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)


def of_networks(world: World, n: int, generator: np.random.Generator) -> np.ndarray:
    """Values (n, 1 + R) around 0 of n networks, on images as they are and resampled."""
    counts = generator.multinomial(GROUPS, np.full(GROUPS, 1 / GROUPS), size=RESAMPLES)
    weights = np.concatenate([np.ones((1, GROUPS)), counts]) / GROUPS
    groups = np.sqrt(GROUPS) * world.images * generator.normal(size=GROUPS)
    own = np.sqrt(GROUPS) * world.both * generator.normal(size=(n, GROUPS))
    return world.network * generator.normal(size=(n, 1)) + (groups + own) @ weights.T


def of_pairs(world: World, n: int, generator: np.random.Generator) -> np.ndarray:
    """The same of all pairs of n networks: sums of the two, and a part of the pair's own."""
    values = of_networks(world, n, generator)
    first, second = np.transpose(list(itertools.combinations(range(n), 2)))
    own = 0.5 * world.network * generator.normal(size=(len(first), 1))
    return values[first] + values[second] + own


def singles(n: int) -> list[tuple[int, ...]]:
    return [(seed,) for seed in range(n)]


def simulate(make, seeds, world: World, n: int) -> list[Estimate]:
    generator = np.random.default_rng(n)
    return [estimate(make(world, n, generator), seeds, GROUPS) for _ in range(RUNS)]


def rate(cases) -> float:
    return float(np.mean(list(cases)))


@each_world
@pytest.mark.parametrize("n", [5, 10])
def test_the_interval_covers_a_new_networks_expected_value(world, n):
    found = simulate(of_networks, singles(n), world, n)
    covered = rate(low < 0 < high for low, high in (of.interval() for of in found))
    assert 0.92 <= covered <= 0.98


@each_world
@pytest.mark.parametrize("n", [5, 10])
def test_the_interval_of_pairs_covers(world, n):
    found = simulate(of_pairs, list(itertools.combinations(range(n), 2)), world, n)
    assert 0.92 <= rate(low < 0 < high for low, high in (of.interval() for of in found)) <= 0.985


@each_world
def test_the_size_at_the_threshold_is_at_most_five_percent(world):
    outcomes = [judge(of, "above", 0.0) for of in simulate(of_networks, singles(5), world, 5)]
    for wrong in ("supported", "refuted"):
        assert outcomes.count(wrong) / RUNS <= 0.025 + ERROR_OF_A_SIDE
    # With the true difference just at the margin, few come out as one that does not matter.
    margin = 2 * math.hypot(*world)
    at_margin = [of._replace(value=of.value + margin) for of in
                 simulate(of_networks, singles(10), world, 10)]  # fmt: skip
    unequal = [judge(of, "above", 0.0, margin) for of in at_margin]
    assert unequal.count("no difference") / RUNS <= 0.05 + ERROR


def test_an_effect_of_two_standard_deviations_of_networks_is_found_by_ten():
    far = [of._replace(value=of.value + 2) for of in
           simulate(of_networks, singles(10), World(), 10)]  # fmt: skip
    assert rate(judge(of, "above", 0.0) == "supported" for of in far) >= 0.8
    assert rate(judge(of, "below", 0.0) == "refuted" for of in far) >= 0.8


def test_the_prediction_interval_holds_a_new_network():
    generator, inside = np.random.default_rng(0), []
    for _ in range(RUNS):
        values = of_networks(WORLDS["images count"], 7, generator)
        low, high = estimate(values[:6], singles(6), GROUPS).prediction()
        inside.append(low < values[6, 0] < high)
    assert 0.92 <= rate(inside) <= 0.99  # the images are known, and are counted as new


def right_answers(accuracy: float, n: int, images: int, generator) -> np.ndarray:
    """Which answers of n classifiers are right, (n, images): hard images are hard for all."""
    hard = generator.beta(0.5 * accuracy, 0.5 * (1 - accuracy), size=images)
    return generator.random((n, images)) < hard


def difference(first: np.ndarray, second: np.ndarray, generator) -> np.ndarray:
    """Accuracy of `first` minus that of `second`, on images as they are and resampled."""
    images = first.shape[1]
    group = np.arange(images) % GROUPS
    counts = generator.multinomial(GROUPS, np.full(GROUPS, 1 / GROUPS), size=RESAMPLES)
    weights = np.concatenate([np.ones((1, images)), counts[:, group]])
    return (first.astype(float) - second) @ weights.T / weights.sum(axis=1)


def test_equal_classifiers_differ_by_nothing_that_matters_when_images_suffice():
    generator = np.random.default_rng(1)
    outcomes = {2000: [], 50: []}
    for images, found in outcomes.items():
        for _ in range(50):
            both = right_answers(0.99, 20, images, generator)
            values = difference(both[:10], both[10:], generator)
            found.append(judge(estimate(values, singles(10), GROUPS), "above", 0.0, margin=0.005))
    assert outcomes[2000].count("no difference") >= 45
    assert outcomes[50].count("supported") + outcomes[50].count("refuted") <= 5
    same = np.zeros((5, 1 + RESAMPLES))
    assert judge(estimate(same, singles(5), GROUPS), "above", 0.0, margin=0.005) == "no difference"


def test_shuffled_labels_support_nothing_and_refute_nothing():
    generator = np.random.default_rng(2)
    outcomes = []
    for _ in range(200):
        truth = generator.integers(0, 2, 500)
        answers = [generator.integers(0, 2, (10, 500)) == truth for _ in range(2)]
        values = difference(*answers, generator)
        outcomes.append(judge(estimate(values, singles(10), GROUPS), "above", 0.0, margin=0.005))
    assert outcomes.count("supported") <= 10
    assert outcomes.count("refuted") <= 10


def test_the_parts_of_the_error_by_hand():
    resampled = np.array([[1.0, 3.0, 2.0], [2.0, 6.0, 4.0], [0.0, 0.0, 0.0]])
    values = np.concatenate([[[1.0], [2.0], [6.0]], resampled], axis=1)
    of = estimate(values, singles(3), GROUPS)
    assert of.value == 3
    assert of.networks == 3
    assert of.spread == np.std([1, 2, 6], ddof=1)
    assert of.by_network == pytest.approx(np.var([1, 2, 6], ddof=1) / 3)
    of = of._replace(by_images=of.by_images * 39 / 40)  # 40 groups, drawn with replacement
    assert of.by_images == pytest.approx(2 / 3)  # one covariance of 2, two of 0
    squares = of.by_network**2 / 2 + of.by_images**2 / (GROUPS - 1)
    assert of.freedom == pytest.approx((of.by_network + of.by_images) ** 2 / squares)
    assert of.third == pytest.approx(0, abs=1e-12)
    half = stats.t.ppf(0.975, of.freedom) * math.sqrt(of.by_network + of.by_images)
    assert of.interval() == pytest.approx((3 - half, 3 + half))
    values[0, 2] = np.nan  # a resample without a number for one network is left out for all
    without = estimate(values, singles(3), GROUPS)
    assert without.by_images == pytest.approx((1 * 2 / 2) / 3 * 40 / 39)
    values[0, 3] = np.nan  # but not more than half of them
    assert math.isnan(estimate(values, singles(3), GROUPS).by_images)


def test_pairs_that_share_a_network_say_nothing_of_the_images_in_common():
    pairs = list(itertools.combinations(range(4), 2))
    noise = np.random.default_rng(3).normal(size=(6, 50))
    noise[5] = noise[0]  # pairs (2, 3) and (0, 1)
    values = np.concatenate([np.zeros((6, 1)), noise], axis=1)
    apart = [(0, 5), (1, 4), (2, 3)]
    expected = np.mean([np.cov(noise)[i, j] for i, j in apart])
    assert estimate(values, pairs, GROUPS).by_images == pytest.approx(expected * 40 / 39)


@pytest.mark.parametrize(
    ("value", "side", "outcome"),
    [(3, "above", "supported"), (3, "at least", "supported"), (3, "below", "refuted"),
     (3, "at most", "refuted"), (1.1, "above", "open"), (-1, "above", "refuted"),
     (-1, "at most", "supported")],
)  # fmt: skip
def test_the_outcome_by_hand(value, side, outcome):
    of = Estimate(value, 10, 0.01, 0.0, 0.3, GROUPS)
    assert judge(of, side, 1.0) == outcome
    p, against = inference.p_values(of, side, 1.0)
    assert (p < 0.05) == (outcome == "supported")
    assert (against < 0.05) == (outcome == "refuted")


def test_a_difference_that_does_not_matter_comes_first():
    of = Estimate(0.2, 10, 0.001, 0.0, 0.1, GROUPS)
    assert judge(of, "above", 0.0) == "supported"
    assert judge(of, "above", 0.0, margin=0.5) == "no difference"
    assert judge(of, "above", 0.0, margin=0.25) == "supported"
    assert judge(of._replace(by_network=0.1), "above", 0.0, margin=0.5) == "open"


def test_what_would_settle_an_open_part():
    of = Estimate(1.0, 5, 0.5, 0.0, 1.6, GROUPS)
    assert judge(of, "above", 0.0) == "open"
    count = int(re.search(r"(\d+) networks", settling(of, "above", 0.0))[1])
    assert judge(of.with_networks(count), "above", 0.0) == "supported"
    assert judge(of.with_networks(count - 1), "above", 0.0) == "open"
    assert "more than 1,000 networks" in settling(of._replace(value=0.01), "above", 0.0)
    assert "more images would" in settling(of._replace(by_images=1.0), "above", 0.0)
    assert "too few resamples" in settling(of._replace(by_images=math.nan), "above", 0.0)


@pytest.mark.parametrize("n", [1, 2])
def test_few_networks_give_a_value_and_no_error(n):
    of = estimate(np.arange(n * 4.0).reshape(n, 4), singles(n), GROUPS)
    assert of.value == np.arange(n * 4.0).reshape(n, 4)[:, 0].mean()
    assert judge(of, "above", 0.0) == "open"
    assert np.isnan(of.interval()).all() == (n == 1)
    assert math.isnan(inference.p_values(of, "above", 0.0)[0]) == (n == 1)


def test_holm_by_hand():
    assert holm([0.01, 0.04, math.nan, 0.03]) == pytest.approx([0.03, 0.06, math.nan, 0.06],
                                                               nan_ok=True)  # fmt: skip
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


S, R, N, P, X = "supported", "refuted", "no difference", "open", "does not apply"
NAN = math.nan


@pytest.mark.parametrize(
    ("parts", "p", "against", "outcome"),
    [([S, S], 0.01, 1, S), ([S, P], 0.2, 1, P), ([S, R], 1, 0.01, R), ([S, N], 1, 0.01, R),
     ([P, R], 1, 0.01, R), ([P, R], 1, 0.06, P), ([S, S], 0.06, 1, P), ([X, S], 0.01, 1, S),
     ([X, N], 1, 0.01, R), ([X], NAN, NAN, X), ([S], NAN, NAN, S), ([S, R], NAN, NAN, R)],
)  # fmt: skip
def test_a_claim_by_its_parts(parts, p, against, outcome):
    for order in itertools.permutations(parts):
        assert whole(order, p, against) == outcome


def of_rare_errors(worse: float, better: float, n: int, generator: np.random.Generator):
    """Losses (n, 1 + R) of `worse` - `better`, shares of 2,000 images that are much the same."""
    counts = generator.multinomial(GROUPS, np.full(GROUPS, 1 / GROUPS), size=RESAMPLES)
    weights = np.concatenate([np.ones((1, GROUPS)), counts]) / GROUPS
    shared, own = (
        generator.poisson(0.8 * worse * 50, GROUPS),
        generator.poisson(0.2 * worse * 50, (n, GROUPS)),
    )
    gained = generator.poisson(better * 50, (n, GROUPS))
    return (shared + own - gained) / 50 @ weights.T


@pytest.mark.parametrize(("worse", "better"), [(0.005, 0.0), (0.006, 0.001), (0.009, 0.004)])
def test_a_loss_made_of_few_images_is_rarely_called_smaller_than_it_is(worse, better):
    generator, margin = np.random.default_rng(4), 0.005
    found = [
        estimate(of_rare_errors(worse, better, 5, generator), singles(5), GROUPS)
        for _ in range(RUNS)
    ]
    for outcomes, allowed in (
        ([judge(of, "at most", margin) for of in found], 0.025 + ERROR_OF_A_SIDE),
        ([judge(of, "above", 0.0, margin) for of in found], 0.05 + ERROR),
    ):
        wrong = outcomes.count("supported" if allowed < 0.05 else "no difference")
        assert wrong / RUNS <= allowed
    plain = [judge(of._replace(third=0.0), "at most", margin) for of in found]
    assert plain.count("supported") >= [
        judge(of, "at most", margin) for of in found
    ].count("supported")  # fmt: skip


@pytest.mark.parametrize("groups", [5, 10])
def test_few_groups_of_images_widen_the_interval(groups):
    generator, covered = np.random.default_rng(5), []
    for _ in range(RUNS):
        counts = generator.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES)
        weights = np.concatenate([np.ones((1, groups)), counts]) / groups
        values = generator.normal(size=(1, groups)) + 0.1 * generator.normal(size=(10, groups))
        low, high = estimate(values @ weights.T, singles(10), groups).interval()
        covered.append(low < 0 < high)
    assert rate(covered) >= 0.90


def test_the_interval_is_where_t_says_so():
    of = Estimate(1.0, 8, 0.02, 0.05, 0.4, GROUPS, third=0.01)
    critical = stats.t.ppf(0.975, of.freedom)
    low, high = of.interval()
    assert of.t(low) == pytest.approx(critical)
    assert of.t(high) == pytest.approx(-critical)
    assert high - of.value > of.value - low  # a long upper tail of the value's error
    by_none = of._replace(third=0.0)
    assert by_none.t(0.0) == 1 / by_none.error
