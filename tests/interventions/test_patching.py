"""Flipped, recovered and their p against loops, and the points behind a wrong answer."""

import numpy as np
import pandas as pd

from stages.common import controls, edits, measures
from stages.interventions import patching, wrong_points

from .conftest import ORDER, PAIR, POINTS


def test_what_is_held_against_random_points_by_hand():
    controls = np.array([[0.0, 0.1], [0.2, 0.1], [0.4, 0.1]])
    p = measures.empirical_p(np.array([0.2, 0.5]), controls)
    np.testing.assert_array_equal(p, [3 / 4, 1 / 4])
    assert np.isnan(measures.empirical_p(np.array([np.nan]), np.zeros((3, 1)))).all()
    mean, low, high = measures.control_band(np.arange(201.0)[:, None])
    np.testing.assert_allclose([mean[0], low[0], high[0]], [100, 5, 195])
    recovered = measures.recovered(np.array([-8, 0, 5, 10]), -8, 10)
    np.testing.assert_allclose(recovered, [0, 8 / 18, 13 / 18, 1])  # 0 at the base, 1 at the source
    assert np.isnan(measures.recovered(np.array(1.0), 2, 2))


def test_flipped_and_recovered_are_those_of_a_loop(head, study):
    base, source = patching.see_pair(study)
    base = base._replace(right=np.arange(12) % 3 > 0)
    partners = controls.pairing(12, 12, 3, np.random.default_rng(0))
    patch = patching.make_patch(head, "interchange", base, source, partners)
    patched = patching.patch_along(study, patch, ORDER, (9,))
    mask = np.isin(np.arange(POINTS), ORDER[:9])
    flips, differences, sources = [], [], []
    for row, image in enumerate(base.points):
        for partner in partners[row]:
            logits = head(np.where(mask, source.points[partner], image)[None])[0]
            flips.append(logits.argmax() == PAIR[1] if base.right[row] else np.nan)
            differences.append(logits[7] - logits[2])
            sources.append(source.difference[partner])
    assert 0 < np.nanmean(flips) < 1
    np.testing.assert_allclose(patched.flipped, np.nanmean(flips), atol=1e-6)
    start = base.difference.mean()
    share = (np.mean(differences) - start) / (np.mean(sources) - start)
    np.testing.assert_allclose(patched.recovered, share, atol=1e-4)
    everything = patching.patch_along(study, patch, ORDER, (POINTS,))
    np.testing.assert_allclose(everything.recovered, 1, atol=1e-4)


def test_wrong_points_push_an_image_the_wrong_way(head, images, study):
    places = pd.DataFrame({name: np.arange(POINTS) for name in ("map", "row", "column")})
    image, mean = images[0, :1], images[0].mean(axis=0)
    difference = head(image)[0, 7] - head(image)[0, 2]
    for is_b in (False, True):
        table = wrong_points.wrong_points(study, image, mean, is_b, places)
        assert 0 < len(table) <= wrong_points.MOST
        worst = table["effect"].to_numpy() * (-1 if is_b else 1)
        assert (worst > 0).all()
        assert (np.diff(worst) <= 0).all()
        mask = np.isin(np.arange(POINTS), table["map"]).astype(np.float32)
        corrected = head(edits.edit(image, mask, mean))[0]
        last = table["corrected_difference"].iloc[-1]
        np.testing.assert_allclose(last, corrected[7] - corrected[2], atol=1e-4)
        np.testing.assert_allclose(table["logit_difference"], difference, atol=1e-4)


def test_every_wrong_answer_has_the_points_that_pushed_it_most(head, images, study):
    places = pd.DataFrame({name: np.arange(POINTS) for name in ("map", "row", "column")})
    index, means = (np.arange(100, 112), np.arange(200, 212)), tuple(images.mean(axis=1))
    table = wrong_points.error_points_table(study, index, means, places)
    expected = {}
    for label, points, rows in zip(PAIR, images, index, strict=True):
        answers = head(points).argmax(axis=1)
        wrong = answers != label
        expected |= dict(zip(rows[wrong], answers[wrong], strict=True))
    assert expected
    assert dict(zip(table["index"], table["answer"], strict=True)) == expected
    assert ((table["label"] == PAIR[0]) == (table["index"] < 200)).all()
    for (row, label), of in table.groupby(["index", "label"]):
        assert of["rank"].tolist() == list(range(1, len(of) + 1))
        is_b = label == PAIR[1]
        image = images[int(is_b), [row % 100]]
        answer, lead = of["answer"].iloc[0], []
        for point in range(POINTS):  # how far the answer leads, with this point at its class's mean
            mask = (np.arange(POINTS) == point).astype(np.float32)
            logits = head(edits.edit(image, mask, means[is_b]))[0]
            lead.append(logits[answer] - logits[label])
        as_it_is = head(image)[0, answer] - head(image)[0, label]
        effect = as_it_is - np.array(lead)
        worst = [point for point in np.argsort(-effect)[:3] if effect[point] > 1e-6]
        assert of["map"].tolist() == worst
        np.testing.assert_allclose(of["effect"], effect[worst], atol=1e-4)
