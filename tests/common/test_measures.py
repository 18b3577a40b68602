"""The statistics against SciPy, scikit-learn, loops over their definitions, and sums by hand."""

import math
import statistics

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from stages.common import measures

SEEDS = range(8)


def draw(seed, points=14):
    """Activations of a pair, float32: many zeros and ties, and points of every awkward kind."""
    generator = np.random.default_rng(seed)
    n_a, n_b = generator.integers(2, 40, 2)
    shift = generator.normal(0, 1, points)
    a = np.maximum(generator.normal(0, 1, (n_a, points)), 0)
    b = np.maximum(generator.normal(shift, 1, (n_b, points)), 0)
    a[:, 4:8], b[:, 4:8] = a[:, 4:8].round(1), b[:, 4:8].round(1)  # ties above zero too
    a[:, 0] = b[:, 0] = 0  # dead
    a[:, 1] = b[:, 1] = 0.3  # constant
    b[:, 2] = a[:, 2].max() + 1 + generator.random(n_b)  # b above a
    a[:, 3], b[:, 3] = b[:, 2].max() + 1, b[:, 2]  # a above b, and constant
    return a.astype(np.float32), b.astype(np.float32)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 97, 9_876])
def test_wilson_is_scipy_s(n):
    successes = np.unique(np.linspace(0, n, 9).astype(int))
    low, high = measures.wilson_interval(successes, np.full_like(successes, n))
    for k, left, right in zip(successes, low, high, strict=True):
        expected = stats.binomtest(int(k), n).proportion_ci(0.95, method="wilson")
        assert (left, right) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(measures.wilson_interval(0, 0)).all()


@pytest.mark.parametrize("n", [1, 2, 20, 15_000])
def test_the_upper_bound_of_a_rate_is_the_exact_one_sided_one(n):
    events = np.unique(np.linspace(0, n, 7).astype(int))
    bound = measures.rate_upper_bound(events, n)
    for k, upper in zip(events, bound, strict=True):
        test = stats.binomtest(int(k), n, alternative="less")
        assert upper == pytest.approx(test.proportion_ci(0.95, method="exact").high, rel=1e-9)
    assert bound[-1] == 1
    assert bound[0] == pytest.approx(1 - 0.05 ** (1 / n), rel=1e-9)


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (0, 1), (5, 0), (3, 8), (8, 3), (6, 6), (1, 19), (120, 90)]
)
def test_mcnemar_is_twice_the_smaller_tail(first, second):
    n = first + second
    tail = sum(math.comb(n, k) for k in range(min(first, second) + 1)) / 2**n
    expected = min(1.0, 2 * tail)
    assert measures.mcnemar_p(first, second) == pytest.approx(expected, rel=1e-9)


def test_margin_by_hand_leaves_its_logits_alone():
    logits = np.array([[1, 5, 2], [1, 5, 2], [3, 3, 0], [-9, -8, -7]], np.float32)
    before = logits.copy()
    margin = measures.margin(logits, np.array([1, 0, 0, 2], np.uint8))
    np.testing.assert_array_equal(margin, [3, -4, 0, 1])
    np.testing.assert_array_equal(logits, before)


def delong_by_definition(a, b):
    """Value and variance of one point, from the placements of DeLong's paper."""

    def above(x, y):
        return 1.0 if y > x else 0.5 if y == x else 0.0

    value = sum(above(x, y) for x in a for y in b) / (len(a) * len(b))
    of_a = [sum(above(x, y) for y in b) / len(b) for x in a]
    of_b = [sum(above(x, y) for x in a) / len(a) for y in b]
    variance = sum((v - value) ** 2 for v in of_a) / (len(a) - 1) / len(a)
    variance += sum((v - value) ** 2 for v in of_b) / (len(b) - 1) / len(b)
    return value, variance


@pytest.mark.parametrize("seed", SEEDS)
def test_auroc_is_scikit_learn_s_and_its_interval_delong_s_or_what_images_never_show(seed):
    a, b = draw(seed)
    found = measures.auroc(a, b)
    pairs, is_b = len(a) * len(b), np.r_[np.zeros(len(a)), np.ones(len(b))]
    unseen = 1 - 0.05 ** (1 / min(len(a), len(b)))
    for point in range(a.shape[1]):
        expected = roc_auc_score(is_b, np.r_[a[:, point], b[:, point]])
        assert found.value[point] == pytest.approx(expected, abs=1e-12)
        value, variance = delong_by_definition(a[:, point].tolist(), b[:, point].tolist())
        assert found.value[point] == pytest.approx(value, abs=1e-12)
        odds = (value * pairs + 0.5) / ((1 - value) * pairs + 0.5)
        error = math.sqrt(variance) * (2 + odds + 1 / odds)
        ends = [odds * math.exp(side * stats.norm.ppf(0.975) * error) for side in (-1, 1)]
        low, high = (end / (1 + end) for end in ends)
        assert found.low[point] == pytest.approx(min(low, (1 - unseen) * value), abs=1e-9)
        assert found.high[point] == pytest.approx(
            max(high, 1 - (1 - unseen) * (1 - value)), abs=1e-9
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_interval_of_auroc_has_width_holds_the_value_and_is_mirrored_with_the_classes(seed):
    a, b = draw(seed)
    found, back = measures.auroc(a, b), measures.auroc(b, a)
    for part, mirrored in zip(found, (back.value, back.high, back.low), strict=True):
        np.testing.assert_allclose(part, 1 - mirrored, atol=1e-12)
    assert (found.low >= 0).all()
    assert (found.high <= 1).all()
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
    assert (found.high - found.low >= (1 - 0.05 ** (1 / min(len(a), len(b)))) - 1e-9).all()


def test_auroc_of_constant_dead_and_separate_points():
    a, b = draw(0)
    found = measures.auroc(a, b)
    unseen = 1 - 0.05 ** (1 / min(len(a), len(b)))
    half = (1 - unseen) / 2
    np.testing.assert_array_equal(found.value[:4], [0.5, 0.5, 1, 0])
    np.testing.assert_allclose(found.low[:4], [half, half, 1 - unseen, 0])
    np.testing.assert_allclose(found.high[:4], [1 - half, 1 - half, 1, unseen])
    one_image = measures.auroc(a[:1], b)
    np.testing.assert_allclose(one_image.value, 1 - measures.auroc(b, a[:1]).value)
    assert np.isnan([one_image.low, one_image.high]).all()


@pytest.mark.parametrize("n", [50, 500])
@pytest.mark.parametrize("auroc", [0.5, 0.95, 0.99, 0.999])
def test_the_interval_of_auroc_covers_it_in_95_percent_of_samples(auroc, n):
    """Of two normal classes of one width, in 20,000 or 2,000 samples; coverage +-0.1 or 0.4 %."""
    generator, shape = np.random.default_rng(n), (n, 1_000_000 // n)
    apart = stats.norm.ppf(auroc) * math.sqrt(2)
    a, b = generator.normal(0, 1, shape), generator.normal(apart, 1, shape)
    found = measures.auroc(a, b)
    covered = ((found.low <= auroc) & (auroc <= found.high)).mean()
    assert 0.92 <= covered <= 0.98


@pytest.mark.parametrize("seed", SEEDS)
def test_p_is_scipy_s_point_by_point(seed):
    a, b = draw(seed)
    p = measures.mann_whitney_p(a, b)
    np.testing.assert_array_equal(p[:2], 1)  # dead and constant
    for point in range(2, a.shape[1]):
        expected = stats.mannwhitneyu(
            a[:, point].astype(float), b[:, point].astype(float), method="asymptotic"
        )
        assert p[point] == pytest.approx(expected.pvalue, rel=1e-9)
    np.testing.assert_array_equal(measures.mann_whitney_p(a[:, :2], b[:, :2]), [1, 1])


def test_p_ranks_points_of_which_both_differ_beyond_float32():
    """float32 would end at 1e-38: sorting by p would have nothing to sort."""
    a = np.linspace(0, 1, 900, dtype=np.float32)[:, np.newaxis].repeat(2, axis=1)
    p = measures.mann_whitney_p(a, a + np.float32([0.8, 2]))
    assert p.dtype == np.float64
    assert 0 < p[1] < p[0] < 1e-200


def test_q_by_hand_and_of_nothing():
    p = np.array([0.01, np.nan, 0.04, 0.03])
    np.testing.assert_allclose(measures.q_values(p), [0.03, np.nan, 0.04, 0.04])
    assert np.isnan(measures.q_values(np.full(3, np.nan))).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_hedges_g_is_its_formula_point_by_point(seed):
    a, b = draw(seed)
    g = measures.hedges_g(a, b)
    assert np.isnan(g[:2]).all()
    n_a, n_b = len(a), len(b)
    nu = n_a + n_b - 2
    for point in range(2, a.shape[1]):
        x, y = (column[:, point].astype(float).tolist() for column in (a, b))
        pooled = (n_a - 1) * statistics.variance(x) + (n_b - 1) * statistics.variance(y)
        difference = statistics.fmean(y) - statistics.fmean(x)
        if pooled == 0:
            assert np.isnan(g[point])
        else:
            expected = (1 - 3 / (4 * nu - 1)) * difference / math.sqrt(pooled / nu)
            assert g[point] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("values", [(0.1, 0.1), (0.1, 0.7), (0.0, 1e-3), (1e8 + 0.1, 0.3)])
@pytest.mark.parametrize("n", [3, 7, 980])
def test_hedges_g_has_no_number_where_neither_class_varies(values, n):
    a, b = (np.full((n, 1), value) for value in values)
    assert np.isnan(measures.hedges_g(a, b)).all()


def test_hedges_g_of_one_image():
    one, more = np.array([[1.0]]), np.array([[2.0], [4.0], [6.0]])
    # Only b has a spread: 2; J = 1 - 3 / (4 * 2 - 1).
    assert measures.hedges_g(one, more) == pytest.approx([4 / 7 * 3 / 2])
    assert np.isnan(measures.hedges_g(one, one)).all()
    assert np.isnan(measures.hedges_g(one, one + 1)).all()


def test_a_point_is_on_strictly_above_its_level():
    values = np.array([[0.0, 0.25, 0.0], [0.25, 1.0, 0.0], [0.26, 0.2, 0.0], [1.0, 0.3, 0.0]])
    shares = measures.share_on(values, values.max(axis=0), 0.25)
    np.testing.assert_array_equal(shares, [0.5, 0.5, 0])


@pytest.mark.parametrize("seed", SEEDS)
def test_shares_fall_with_the_level_and_ignore_the_unit(seed):
    a, _ = draw(seed)
    maximum = a.max(axis=0)
    levels = (0.1, 0.25, 0.5, 0.9)
    shares = np.array([measures.share_on(a, maximum, level) for level in levels])
    assert (np.diff(shares, axis=0) <= 0).all()
    np.testing.assert_array_equal(measures.share_on(a * 4, maximum * 4, 0.25), shares[1])
    for point in range(a.shape[1]):
        count = sum(value > np.float32(0.25) * maximum[point] for value in a[:, point])
        assert shares[1][point] == pytest.approx(count / len(a))


@pytest.mark.parametrize("seed", SEEDS)
def test_selectivity_is_its_formula(seed):
    generator = np.random.default_rng(seed)
    means = np.maximum(generator.normal(0, 1, (30, 10)), 0)
    means[0] = 0
    found = measures.selectivity(means)
    assert np.isnan(found[0])
    for row, value in zip(means[1:].tolist(), found[1:], strict=True):
        highest = max(row)
        rest = (sum(row) - highest) / 9
        assert value == pytest.approx((highest - rest) / (highest + rest))
