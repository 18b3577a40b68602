"""The section on the claims: each outcome has its mark, its words and its numbers."""

import re
from typing import get_args

import pytest

from stages.common import files, judgement
from stages.common.inference import NETWORKS, Outcome
from stages.report import metrics, outcomes
from stages.report.sections.claims import claims

from .conftest import Changed, plain, rendered

SHORT = {"mean": "+0.31 points", "interval": "+0.10 to +0.52", "prediction": "-0.40 to +1.02",
         "values": "+0.20 to +0.45 points", "replicates": "10 networks", "alone": "7 of 10",
         "asked": "at most +0.5 points; matters beyond ±0.6 points"}  # fmt: skip
NO_NUMBERS = dict.fromkeys(SHORT, "") | {"asked": "more than 0%"}


def part(outcome: str = "supported", **changes) -> dict:
    """A part of a claim as `claims.json` has it."""
    of_networks = [{"seed": seed, "value": 0.0, "low": 0.0, "high": 0.0} for seed in range(10)]
    of = {"part": "tell", "statistic": "a difference", "outcome": outcome, "reason": "",
          "values": of_networks, "short": SHORT, "result": "So it is",
          "because": "by 3; the claim asks for 4", "side": "at most", "threshold": 0.005,
          "margin": 0.006, "mean": 0.0031, "low": 0.001, "high": 0.0052, "p": 0.01,
          "p_against": 0.9}  # fmt: skip
    return of | changes


def claim(letter: str, outcome: str, *parts: dict, **changes) -> dict:
    of = {"id": letter, "name": "a name", "claim": f"Words of {letter}", "outcome": outcome,
          "p": 0.0214, "holm_p": 0.1284, "p_against": 0.8, "holm_p_against": 0.9,
          "parts": list(parts or [part(outcome)])}  # fmt: skip
    return of | changes


def section(run, *entries: dict):
    changed = Changed(run, {files.CLAIMS: lambda _: list(entries)})
    return rendered(changed, "claims")["claims"]


def test_every_outcome_has_a_symbol_and_words_of_its_own():
    assert tuple(outcomes.SHOWN) == get_args(Outcome)
    for texts in zip(*outcomes.SHOWN.values(), strict=True):
        assert len(set(texts)) == len(texts)
        assert all(texts)


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_an_outcome_is_marked_on_its_card_and_at_its_parts(run, outcome):
    one = section(run, claim("A", outcome, part(outcome), part(outcome)), claim("B", outcome))
    name, (symbol, words) = outcome.replace(" ", "-"), outcomes.SHOWN[outcome]
    marks = re.findall(rf'<span class="outcome {name}">(.*?)</span> (.*?)</span>', one.html)
    assert len(marks) == 2 + 3
    assert {text for _, text in marks} == {words}
    assert all(mark.endswith(f'aria-hidden="true">{symbol}') for mark, _ in marks)
    counts = metrics.outcome_counts(
        Changed(run, {files.CLAIMS: lambda _: [claim("A", outcome), claim("B", outcome)]})
    )
    assert counts == {of: 2 * (of == outcome) for of in get_args(Outcome)}


def test_a_part_that_turns_changes_its_mark_and_no_other(run):
    before, after = (
        section(run, claim("A", whole, part(), part(of)), claim("B", "supported"))
        for whole, of in (("supported", "supported"), ("refuted", "refuted"))
    )
    assert before.html.count("outcome supported") == 2 + 3
    assert after.html.count("outcome supported") == 1 + 2
    assert after.html.count("outcome refuted") == 2


def test_a_card_shows_the_part_that_decides_and_folds_the_others(run):
    against = part("refuted", result="It is not", p_against=0.001)
    html = section(run, claim("A", "refuted", part(), against)).html
    card, _, folded = html.partition("<details>")
    assert "It is not." in card
    assert "So it is." not in card
    assert card.count("<svg") == 1
    assert folded.partition("</details>")[0].count("<svg") == 1  # no plot is there twice
    assert "How it was judged: 2 parts" in folded


def test_all_numbers_of_a_part_are_shown(run):
    text = plain(section(run, claim("A", "open", part("open", reason="12 networks would"))))
    for shown in ("+0.31 points (+0.10 to +0.52); the claim: at most +0.5 points",
                  "10 networks: +0.20 to +0.45 points", "a new one: -0.40 to +1.02",
                  "clear the threshold alone: 7 of 10",
                  "Adjusted p 0.128, against the claim 0.900.", "So it is. 12 networks would.",
                  "By 3; the claim asks for 4. Statistic: a difference."):  # fmt: skip
        assert shown in text


def test_counts_and_what_does_not_apply_have_no_numbers_that_are_not_there(run):
    counted = NO_NUMBERS | {"values": "18 px", "replicates": "one architecture", "alone": "1 of 1"}
    none = dict.fromkeys(("mean", "low", "high", "p", "p_against", "margin"))
    entries = (
        claim("E", "does not apply", part("does not apply", short=NO_NUMBERS, values=[],
              result="Does not apply: some do", because="there is none", **none), p=None,
              holm_p=None, p_against=None, holm_p_against=None),
        claim("G", "supported", part(short=counted, values=[{"seeds": [], "value": 18}], **none)),
    )  # fmt: skip
    text = plain(section(run, *entries))
    assert "No p-value: a count or a proof." in text
    assert "no value; the claim: more than 0% Does not apply: some do." in text
    assert "18 px; the claim: more than 0%" in text
    assert "Statistic: a difference. One architecture." in text
    assert not re.search(r"\bNone\b|\(\)|: ;|; *;", text)


def test_few_networks_are_said_to_decide_nothing(run):
    text = plain(
        section(run, claim("A", "open", part("open", reason=f"needs {NETWORKS} networks")))
    )
    assert (
        f"fewer than {NETWORKS} networks decide nothing, and this run has {len(run.seeds)}" in text
    )
    assert f"Needs {NETWORKS} networks." in text


def test_p_values_are_written_in_short():
    assert [claims.p_value(p) for p in (None, 0.0, 0.00099, 0.001, 0.25, 1.0)] == [
        "", "below 0.001", "below 0.001", "0.001", "0.250", "1.000"
    ]  # fmt: skip


def test_what_claims_say_is_text(run):
    words = "<b>x</b> | *y* & z"
    entry = claim("A", "open", part("open", result=words, because=words, reason=words,
                                    statistic=words), claim=words)  # fmt: skip
    one = section(run, entry)
    assert "<b>x" not in one.html
    assert plain(one).count(words) == 6


def test_the_commit_of_the_rules_is_named_and_what_moved_since(run):
    fixed = Changed(run, claims=judgement.FIXED)
    moved = Changed(fixed, claims=judgement.FIXED | {"few_points": 0.1})
    named = f"Thresholds, margins and rules are those of commit {judgement.COMMIT[:12]}"
    texts = [plain(rendered(of, "claims")["claims"]) for of in (fixed, moved)]
    assert f"{named}." in texts[0]
    assert f"{named}, except: claims.few_points is 0.1, was 0.05." in texts[1]
