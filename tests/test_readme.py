"""README's numbers are those of the committed run, and its paths exist."""

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stages.common import artifacts, files
from stages.compare import experiments
from stages.compare.comparison import Comparison
from stages.report import outcomes

ROOT = Path(__file__).parents[1]
ARTICLE = ROOT / "reports/runs/article"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def metrics() -> dict[str, float]:
    """Every metric by its name with dots."""
    groups = json.loads((ROOT / "reports/metrics.json").read_text(encoding="utf-8"))
    return {f"{group}.{key}": value for group, of in groups.items() for key, value in of.items()}


@pytest.mark.parametrize("model", ["cnn", "mlp"])
def test_the_table_of_results_is_of_the_committed_run(model):
    column = {"cnn": 1, "mlp": 2}[model]
    cells = {
        row.split("|")[1].strip(): row.split("|")[1 + column].strip()
        for row in README.splitlines()
        if row.startswith("| ")
    }
    assert cells["test accuracy, mean"] == f"{metrics()[f'{model}.accuracy']:.2%}"
    assert cells["lowest and highest of the seeds"] == (
        f"{metrics()[f'{model}.lowest']:.2%} to {metrics()[f'{model}.highest']:.2%}"
    )
    assert cells["test images of 4 and 9 taken for the other, mean"] == (
        f"{metrics()[f'{model}.confused']:.1f} of 1,991"
    )


def test_the_claims_are_counted_as_in_the_committed_run():
    found = {
        name.partition(".")[2]: n for name, n in metrics().items() if name.startswith("claims")
    }
    text = " ".join(README.split())
    verb = r"(\d+) (?:is|are)"
    counted = re.search(rf"{verb} supported.*?{verb} refuted.*?{verb} open", text)
    expected = tuple(found.pop(name) for name in ("supported", "refuted", "open"))
    assert tuple(map(int, counted.groups())) == expected
    assert not any(found.values())


def claims_of(run: Path) -> list[dict]:
    """The claims of a run in a folder."""
    return json.loads((run / "reports/claims.json").read_text(encoding="utf-8"))


def mark(claim: dict) -> str:
    """Its outcome with its symbol."""
    return f"{outcomes.SHOWN[claim['outcome']][0]} {claim['outcome']}"


def test_the_table_of_claims_is_of_the_committed_run_and_of_the_articles_recipe():
    claims = claims_of(ROOT)
    there = {claim["id"]: mark(claim) for claim in claims_of(ARTICLE)}
    rows = [list(map(str.strip, line.split("|")[1:-1])) for line in README.splitlines()]
    shown = {row[0]: row[1:] for row in rows if len(row) == 6 and re.fullmatch("[A-Z]", row[0])}
    expected = {}
    for claim in claims:
        short = outcomes.deciding(claim)["short"]
        number = short["mean"] or short["values"]
        number += f" ({short['interval']})" if short["interval"] else ""
        asked = short["asked"].partition("; ")[0]
        cells = [claim["claim"], mark(claim), number, asked, there[claim["id"]]]
        expected[claim["id"]] = cells
    assert shown == expected


def test_what_it_says_of_the_articles_recipe_is_of_that_run():
    text = README[README.index("**With the recipe of the articles**") :].split("\n\n")[0]
    by_id = {claim["id"]: claim for claim in claims_of(ARTICLE)}
    metrics_there = json.loads((ARTICLE / "reports/metrics.json").read_text(encoding="utf-8"))
    assert f"{metrics_there['cnn']['accuracy']:.2%}" in text
    (dead,) = by_id["E"]["parts"]
    assert re.search(r"no input: (\d+ to \d+)", dead["because"])[1] in text
    levels = next(part for part in by_id["I"]["parts"] if part["part"] == "contained")
    assert levels["short"]["mean"].removeprefix("+") in text
    changed = {of["id"] for of in claims_of(ROOT) if of["outcome"] != by_id[of["id"]]["outcome"]}
    assert {letter for letter in "ABCDEFGHIJ" if f"laim {letter} is" in text} == changed


def compared(name: str) -> Comparison:
    """The committed run with one of `reports/runs`."""
    places = (ROOT, ROOT / "reports/runs" / name)
    return Comparison([experiments.read(str(folder), ROOT) for folder in places])


def lost(comparison: Comparison, model: str) -> list[float]:
    """Percentage points that translation by the most pixels costs the networks of each run.

    Of the committed run those with seeds of the other.
    """
    found = []
    for run in comparison.experiments:
        table = run.curves["translation"]
        seeds = table["seed"].isin(comparison.others[0].seeds)
        table = table[seeds & (table["panel"] == model.upper())]
        curve = table.groupby("pixels")["accuracy"].mean()
        found.append(100 * (curve.iloc[0] - curve.iloc[-1]))
    return found


def line_about(name: str) -> str:
    """What it says of a run of other settings."""
    (text,) = (line for line in README.split("\n- ") if f"(`{name}`" in line)
    return " ".join(text.partition("\n\n")[0].split())


OTHERS = {
    "no-shift": {"mlp.accuracy": ".2%"},
    "maps-32-64-64": {"points.live": ",.0f", "points.patch_k": ".0f"},
    "stride": {"points.live": ",.0f", "points.patch_k": ".0f", "points.best_auroc": ".3f",
               "cnn.confused": ".1f"},
    "average-pooling": {"points.probe_error_few": ".2%"},
    "large-mlp": {"mlp.accuracy": ".2%", "mlp.confused": ".1f"},
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_what_it_says_of_other_settings_is_of_these_runs(name):
    comparison, text = compared(name), line_about(name)
    said = text + line_about("maps-32-64-64")  # which has the committed run's numbers of points
    for metric, form in OTHERS[name].items():
        of = comparison.compared[metric, name]
        assert of.mark in ("higher", "lower")
        for mean in of.difference.means:
            assert format(mean, form) in said
    turned = {letter: comparison.others[0].claims[letter]["outcome"]
              for letter in comparison.turned(comparison.others[0])}  # fmt: skip
    words = re.findall(r"([A-J](?: and [A-J])?)(?: is| are)? (supported|refuted|open)", text)
    assert {letter: outcome for of, outcome in words for letter in of.split(" and ")} == turned


def test_what_it_says_of_translation_is_of_these_runs():
    comparison, text = compared("no-shift"), line_about("no-shift")
    for model in ("cnn", "mlp"):
        for points in lost(comparison, model):
            assert f"{points:.1f}" in text


def test_what_it_says_of_the_loop_is_of_all_these_runs():
    found = {"closed": [], "opened": []}
    for name in OTHERS:
        comparison = compared(name)
        for edit, shares in found.items():
            shares += comparison.compared[f"loop.{edit}", name].difference.means
    texts = {edit: f"{min(of):.0%} to {max(of):.0%}" for edit, of in found.items()}
    text = " ".join(
        README[README.index("**The top of the loop** matters") :].split("\n- ")[0].split()
    )
    assert f"read {texts['closed']} of the 4s as 9" in text
    assert f"read {texts['opened']} of the 9s as 4" in text


def test_its_answer_has_the_numbers_of_the_report():
    answer = re.search(r"^- \*\*.*?(?=\n\n)", README, re.MULTILINE | re.DOTALL)[0]
    report = (ROOT / "reports/README.md").read_text(encoding="utf-8")
    lead = re.search('<div class="lead">(.*?)</div>', report, re.DOTALL)[1]
    numbers = re.findall(r"\d[\d.,]*\d", answer)
    assert len(numbers) >= 7
    assert set(numbers) <= set(re.findall(r"\d[\d.,]*\d", lead))


def test_every_file_it_links_to_is_there():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def printed(command: str) -> list[str]:
    """The lines that README shows a command to print: the block after its own."""
    after = README[README.index(f"\n{command}") :].split("```\n")
    return after[2].splitlines()


def test_the_metrics_that_a_comparison_prints_exist():
    rows = [line.split() for line in printed("make compare EXPERIMENTS=")]
    named = {word for row in rows for word in row if re.fullmatch(r"[a-z_]+\.[a-z_]+", word)}
    assert len(named) >= 5
    assert named <= set(artifacts.forms(files.METRICS))


def test_the_settings_of_its_experiments_exist():
    params = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    changed = re.findall(r"-S '?([a-z]+)\.([a-z_0-9]+)=", README)
    assert changed
    for group, leaf in changed:
        assert leaf in params[group]
