"""The first screen: every number on it is computed here again from `data/`, by other code."""

import re
from copy import deepcopy
from itertools import cycle

import numpy as np
import pandas as pd
import pytest

from stages.claims.judge import judge
from stages.common import files
from stages.report import beside, lead, outcomes
from stages.report.loops import across_the_top

from .conftest import Changed, one_seed, plain, rendered
from .test_beside import other


def table(run, path: str) -> pd.DataFrame:
    """A table of every network, read as it lies in `data/`."""
    return pd.concat([pd.read_csv(run.root / "data" / path.format(seed)) for seed in run.seeds])


def live_points(run, seed: int) -> np.ndarray:
    """Points of the last conv layer above 0 in a validation image of the pair, bool (points,)."""
    folder, live = run.root / f"data/activations/cnn-{seed}", False
    for label in run.pair:
        maps = np.load(folder / f"validation_{label}.npz")[run.last]
        live = live | (maps > 0).any(axis=0)
    return live.transpose(2, 0, 1).ravel()


def right(run, model: str) -> float:
    """Mean accuracy of the networks of a model on all test images, from their logits."""
    labels = np.load(run.root / "data/raw/dataset.npz")["test_labels"]
    logits = (run.root / f"data/models/{model}-{seed}/logits.npz" for seed in run.seeds)
    return np.mean([(np.load(of)["test_logits"].argmax(1) == labels).mean() for of in logits])


def loops(run) -> list[str]:
    """The two sentences about edited images."""
    a, b = run.pair
    edited = np.load(run.root / "data/strokes/edited_test.npz")
    labels = np.load(run.root / "data/raw/dataset.npz")["test_labels"]
    few = labels[edited["index"][edited["edit"] == "closed"]][0]
    most = a if few == b else b
    of = table(run, "loop/cnn-{}/resamples.csv").query("resample == 0").mean()
    elsewhere = table(run, "loop/cnn-{}/edits.csv")
    other = elsewhere.query("edit == 'opened elsewhere' and model == 'cnn'")[["flipped", "third"]]
    flipped, third = other.mean()
    stroke = "across the open top" if across_the_top(run) else "that closes a loop"
    return [
        f"A stroke {stroke} makes the network read {of['cnn_closed']:.1%} of the {few}s "
        f"as {most}; as much ink elsewhere, {of['cnn_drawn']:.1%}.",
        f"Erasing the top of the loop makes it read {of['cnn_opened']:.1%} of the {most}s as "
        f"{few}; opened at another side, {flipped:.1%} (a third class: {third:.0%}).",
    ]


def inside(run) -> list[str]:
    """The two sentences about the last conv layer that stand where no image is edited."""
    probes, used = (
        table(run, f"{stage}/cnn-{{}}/resamples.csv").query("resample == 0").mean()
        for stage in ("probes", "interventions")
    )
    share = f"{100 * run.params.claims.few_points:g}%"
    shuffled, levels = (
        100 * (used[f"error_{edit}"] - used["error"]) for edit in ("shuffled", "levels")
    )
    needs = {of["part"]: of["outcome"] for of in judge(run)[0]["parts"]}["needs"]
    without = "them" if needs == "refuted" else f"the best {share}"
    return [
        f"inear probes err on {probes['error_all']:.2%} of images with all points, "
        f"{probes['error_without']:.2%} without {without}, {probes['error_few']:.2%} with them "
        "alone.",
        f"positions cost {shuffled:.1f} percentage points of accuracy, mean activation levels "
        f"{levels:.1f}.",
    ]


def everywhere(run) -> list[str]:
    """What else is said of a run in which half is flipped."""
    a, b = map(run.many, run.pair)
    half = table(run, "interventions/cnn-{}/half.csv").query("direction == 'a_to_b'")
    assert (half["flipped"] >= 0.5).all()
    live = np.mean([live_points(run, seed).sum() for seed in run.seeds])
    labels = np.load(run.root / "data/raw/dataset.npz")["test_labels"]
    maps = np.load(run.root / f"data/activations/cnn-{run.seed}/test_{run.pair[0]}.npz")[run.last]
    return [
        f"Patching {half['k'].mean():,.0f} of {live:,.0f} points from {b} makes the network read "
        f"half of the {a} as {run.pair[1]}; at random, it takes {half['random_k'].mean():,.0f}.",
        f"a map is {maps.shape[1]} × {maps.shape[2]} points.",
        f"Numbers are means over {len(run.seeds)} networks, on "
        f"{np.isin(labels, run.pair).sum():,} test images of {run.pair[0]} and {run.pair[1]}.",
        f"On all {len(labels):,} test images the CNN is right on {right(run, 'cnn'):.2%}, an MLP "
        f"on {right(run, 'mlp'):.2%}.",
    ]


def without_edits(run, *changes) -> Changed:
    """The run as if the classes hardly differed in loops."""
    changed = {files.EDITS: lambda table: table.head(0)}
    for more in changes:
        changed |= more
    return Changed(run, changed)


def framed(run) -> int:
    """How many points the picture frames: those that flip half in the first network."""
    half = pd.read_csv(run.root / f"data/interventions/cnn-{run.seed}/half.csv")
    return int(half.query("direction == 'a_to_b'")["k"].iloc[0])


@pytest.mark.parametrize("edited", [True, False])
def test_every_number_of_the_first_screen_is_that_of_the_data(run, edited):
    text = plain(rendered(run if edited else without_edits(run), "lead")["lead"])
    for sentence in [*everywhere(run), *(loops if edited else inside)(run)]:
        assert sentence in text
        text = text.replace(sentence, "")
    claims = judge(run)
    opening = f"Of {len(claims)} claims of the article series, "
    assert opening in text
    text = text.replace(opening, "")
    for outcome, (symbol, words) in outcomes.SHOWN.items():
        found = [f"{symbol} {of['id']} {of['name']}" for of in claims if of["outcome"] == outcome]
        if found:
            shown = f"{len(found)} {'is' if len(found) == 1 else 'are'} {words}: {' '.join(found)}"
            assert shown in text
            text = text.replace(shown, "")
    patched = f"Framed: {framed(run)} points to patch in cnn-{run.seed}."
    assert patched in text
    text = text.replace(patched, "")
    for reason in {outcomes.open_because(of) for of in claims if of["outcome"] == "open"}:
        assert f": {reason}." in text
        text = text.replace(f": {reason}.", "")
    text = re.sub(r"Data: the UCI .*? of MNIST\.|The best [\d.]+% are", "", text)
    names = rf"\b(?:{'|'.join(map(str, run.pair))})s?\b|cnn-{run.seed}\b|{run.last}"
    assert re.findall(r"\d+", re.sub(names, "", text)) == []


def test_the_framed_points_are_those_that_are_patched(run):
    points = lead.patched_points(run)
    assert len(points) == framed(run)
    live = live_points(run, run.seed)
    effects = pd.read_csv(run.root / f"data/interventions/cnn-{run.seed}/effects.csv")
    last = effects["effect_a_to_b"].to_numpy()[points.index].min()
    left = np.setdiff1d(np.flatnonzero(live), points.index)
    assert live[points.index].all()
    assert effects["effect_a_to_b"].to_numpy()[left].max() <= last


def test_the_answer_is_three_sentences_of_at_most_25_words(run):
    names = ("T-shirt/top", "Ankle boot") * 5
    some = {files.HALF_FLIPPED: lambda table: table.assign(flipped=[0.4, 0.5][: len(table)])}
    edited = (run, one_seed(run), Changed(run, names=names), Changed(run, some, names=names))
    none = Changed(run, some | {files.EDITS: lambda table: table.head(0)}, names=names)
    for of in (*edited, without_edits(run), none):
        html = rendered(of, "lead")["lead"].html
        (answer,) = re.findall(r'<div class="lead">(.*?)</div>', html, re.DOTALL)
        sentences = re.findall(r"<p>(.*?)</p>", answer)
        assert len(sentences) == 3
        assert max(len(sentence.split()) for sentence in sentences) <= 25
        assert all(sentence.count(". ") == 0 for sentence in sentences)


def test_where_half_is_never_flipped_no_point_is_framed(run):
    none = Changed(run, {files.HALF_FLIPPED: lambda table: table.assign(flipped=0.4)})
    assert lead.patched_points(none).empty
    text = plain(rendered(none, "lead")["lead"])
    assert "Framed" not in text
    assert "No number of points patched from" in text


def test_a_mark_has_the_outcome_of_the_claim_it_leads_to(run):
    by_id = {of["id"]: of for of in run.read(files.CLAIMS)}
    html = rendered(run, "lead")["lead"].html
    marks = re.findall(
        r'<a class="outcome ([\w-]+)" href="#claim-(\w)".*?</span> (\w) (.*?)</a>', html
    )
    assert sorted(mark[1] for mark in marks) == sorted(by_id)
    for outcome, target, letter, name in marks:
        assert letter == target
        assert outcome == by_id[letter]["outcome"].replace(" ", "-")
        assert name == by_id[letter]["name"]


def test_the_pictures_show_the_classes_their_difference_and_the_patching(run):
    folder = run.root / f"data/activations/cnn-{run.seed}"
    a, b = (np.load(folder / f"test_{label}.npz")[run.last].mean(axis=0) for label in run.pair)
    np.testing.assert_allclose(lead.difference_maps(run), b - a, atol=1e-5)
    data = np.load(run.root / "data/raw/dataset.npz")
    for label in run.pair:
        same = (data["test_images"] == lead.example(run, label)).all(axis=(1, 2))
        assert label in data["test_labels"][same]


def test_what_is_said_beside_the_numbers_follows_from_outcomes(run):
    def turned(tell, needs):
        def change(claims):
            claims = deepcopy(claims)
            parts = {part["part"]: part for part in claims[0]["parts"]}
            claims[0]["outcome"] = "refuted"  # one that needs no reason
            parts["tell"]["outcome"], parts["needs"]["outcome"] = tell, needs
            return claims

        return plain(rendered(without_edits(run, {files.CLAIMS: change}), "lead")["lead"])

    not_needed = f"The best {100 * run.params.claims.few_points:g}% are not needed"
    assert not_needed in turned("open", "refuted")
    for outcome in ("supported", "open", "no difference"):
        assert not_needed not in turned("supported", outcome)

    def used(*shuffled):
        losses = cycle(shuffled)  # a network each
        change = {files.INTERVENTION_RESAMPLES: lambda of: of.assign(
            shuffled_loss=next(losses), levels_loss=0.1)}  # fmt: skip
        return plain(rendered(without_edits(run, change), "lead")["lead"])

    where = "Where a point is active matters more than how much"
    assert where in used(0.2, 0.3)
    for shuffled in ((0.1, 0.3), (0.3, 0.1), (0.1, 0.1)):
        assert where not in used(*shuffled)


def test_open_claims_have_their_reason_and_equal_reasons_stand_once():
    def claim(letter, outcome, reason, part_outcome="open"):
        part = {"outcome": part_outcome, "reason": reason, "p": 0.01, "p_against": 0.04}
        of = {"id": letter, "outcome": outcome, "holm_p": 0.07, "holm_p_against": 0.43}
        return of | {"parts": [part]}

    claims = [claim("A", "open", "x"), claim("B", "supported", ""), claim("C", "open", "y"),
              claim("D", "open", "x"), claim("E", "open", "", "no difference"),
              claim("F", "open", "", "supported")]  # fmt: skip
    assert lead.reasons(claims) == {
        "x": ["A", "D"],
        "y": ["C"],
        "a part is against it, but that may be chance (adjusted p 0.430)": ["E"],
        "its parts hold, but that may be chance (adjusted p 0.070)": ["F"],
    }


def test_the_repeat_stands_on_the_cards(run):
    changed = other(run, train__threads=4)
    assert list(beside.comparable(changed)) == ["repeat"]
    html = rendered(changed, "claims")["claims"].html
    numbered = [part for of in run.read(files.CLAIMS) for part in of["parts"]]
    assert html.count("Repeat: <span") == len(numbered)
    assert html.count('<circle class="repeat"') == sum(p["mean"] is not None for p in numbered)
