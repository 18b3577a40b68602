"""The numbers in the sections' prose, for this run and for other outcomes."""

import re

import numpy as np
import pytest

from stages.common import files, network, verdicts
from stages.common.names import DIRECTIONS
from stages.report.sections import patching

from .conftest import Changed, one_seed, plain, rendered


def text(run, name: str) -> str:
    return " ".join(plain(rendered(run, name)[name]).split())


def test_the_lead_has_the_numbers_of_the_tables(run):
    lead, statistics = text(run, "lead"), run.every(files.STATISTICS)
    auroc = statistics["best_auroc"]
    assert f"AUROC {auroc.min():.3f} to {auroc.max():.3f} on" in lead
    ends = statistics["best_auroc_low"].min(), statistics["best_auroc_high"].max()
    assert f"{ends[0]:.3f} to {ends[1]:.3f})" in lead
    first = statistics.iloc[0]
    place = f"map {first.best_map}, row {first.best_row}, column {first.best_column}"
    assert f"{place}, higher for {run.names[int(first.best_higher_for_b)]}" in lead
    chosen = run.every(files.INTERVENTIONS)["probe_k_forward"]
    assert re.search(rf"linear probe on {chosen.min()}( to {chosen.max()})? of the", lead)
    test = run.read(files.ACCURACY).query("split == 'test'")
    for model, rows in test.groupby("model"):
        assert (
            f"{model.upper()} {'is right ' if model == 'cnn' else ''}on {rows.accuracy.mean():.2%}"
            in lead
        )
    r = run.read(files.MATCHING).query("layer == @network.LAST")["matched_r"]
    assert f"correlate by {r.mean():z.2f}" in lead


def test_the_lead_says_how_many_points_flip_and_in_how_many_networks(run):
    def some(table):
        table["live"], table["patch_k"] = 100, 50.0 if seen else np.nan
        table["patch_share_low"], table["patch_share_high"] = 0.4, 0.6
        seen.append(1)
        return table

    seen: list[int] = []
    lead = text(Changed(run, {files.INTERVENTIONS: some}), "lead")
    n = len(run.seeds)
    assert "patching 50 points" in lead
    assert (
        f"40 to 60) from images of the other class flips half of the images of either class in {n - 1} of {n} networks."
        in lead
    )
    none = Changed(run, {files.INTERVENTIONS: lambda table: table.assign(patch_k=np.nan)})
    assert "no tested number of points, patched" in text(none, "lead")


def test_every_section_stands_with_one_seed(run):
    alone = one_seed(run)
    sections = {name: " ".join(plain(s).split()) for name, s in rendered(alone).items()}
    for name, words in sections.items():
        assert not re.search(r"\bnan\b", words), name
    assert "95% interval of one network" in sections["lead"]
    assert "train.seeds names one network" in sections["lead"]
    assert "train.seeds has one seed" in sections["replicates"]
    assert f"The curves: cnn-{alone.seed}." in sections["patching"]


def test_every_section_stands_for_another_pair_and_names_that_are_words(run):
    names = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
             "Bag", "Ankle boot")  # fmt: skip
    a, b = run.pair
    other = Changed(run, names=names, analysis={"pair": (b, a)})
    title = rendered(other, "lead")["lead"].title
    assert title.startswith(f"What separates a “{names[b]}” from a")
    for name, section in rendered(other).items():
        assert not re.search(r"\b(4s|9s|MNIST images|nan)\b", plain(section)) or name in (
            "lead", "limits", "settings",
        )  # fmt: skip


@pytest.mark.parametrize("found", ["supported", "not supported", "undecided"])
def test_verdicts_are_counted(run, found):
    def all_the_same(rows):
        return [row | {"verdict": found} for row in rows]

    changed = Changed(run, {files.CLAIMS: all_the_same})
    n = len(verdicts.of_claims(run.read(files.CLAIMS)))
    words = text(changed, "claims")
    assert f"Of {n} claims of the work reproduced, " in words
    assert re.search(rf"{n} (is|are) {found}\b", words)
    html = rendered(changed, "claims")["claims"].html
    parts = len(run.read(files.CLAIMS))
    assert html.count(f'class="verdict {found.replace(" ", "-")}"') == parts + n


def test_nothing_flips(run):
    never = Changed(run, {files.PATCHING: lambda table: table.assign(flipped=0.1)})
    assert "No tested number of points flips half" in text(never, "patching")
    assert "no tested number of points by zero (0 of" in text(never, "limits")
    rows = patching.half_flipped(never)
    assert len(rows) == 3 * len(DIRECTIONS) * len(run.seeds)
    assert rows["k"].isna().all()


def test_the_first_number_that_flips_half_is_the_first(run):
    def rising(table):
        order = table.groupby(["direction", "mode"]).cumcount()
        return table.assign(flipped=order / 4, flipped_control_low=np.nan, flipped_p=np.nan)

    rows = patching.half_flipped(Changed(run, {files.PATCHING: rising}))
    third = sorted(run.read(files.PATCHING, seed=run.seed)["k"].unique())[2]
    assert (rows.query("seed == @run.seed")["k"] == third).all()
    assert rows["flipped_p"].isna().all()


def test_no_class_typical_point(run):
    nothing = {"typical_a": False, "typical_b": False}
    changed = Changed(run, {
        files.POINTS: lambda table: table.assign(**nothing),
        files.STATISTICS: lambda table: table.assign(only_a=0, only_b=0, both=0),
    })  # fmt: skip
    section = rendered(changed, "typical")["typical"]
    assert "no points" in plain(section)
    assert "<table" not in section.html


def test_points_are_given_towards_the_class_they_are_higher_for(run):
    words = rendered(run, "typical")["typical"].markdown
    points = run.read(files.POINTS, seed=run.seed)
    rows = re.findall(
        r"\| map (\d+), \((\d), (\d)\) \|.*?\| ([\d.]+) \| [\d.]+ to [\d.]+ \| (\S+) \|", words
    )
    for number, row, column, auroc, name in rows:
        at = (points["map"] == int(number)) & (points["row"] == int(row))
        point = points[at & (points["column"] == int(column))].iloc[0]
        is_b = point["auroc"] >= 0.5
        assert name == run.names[int(is_b)]
        assert float(auroc) == pytest.approx(abs(point["auroc_test"] - (not is_b)), abs=6e-4)
    assert rows


def test_no_hard_image(run):
    none = {files.WRONG_POINTS: lambda table: table.head(0)}
    looked_at = Changed(run, none)
    assert "no point has an effect in the wrong direction" in text(looked_at, "hard") or (
        "misleading points were not looked for" in text(looked_at, "hard")
    )
    clear = {
        files.EXEMPLARS: lambda arrays: arrays | {"role": np.full(len(arrays["role"]), "clear")}
    }
    assert "misleading points were not looked for" in text(Changed(run, none | clear), "hard")


@pytest.mark.parametrize(("cnn", "mlp", "said"), [
    (0, 0, "no image was translated"), (2, 2, "by up to 2 px."),
    (1, 3, "1 px for the CNN and 3 px for the MLP"),
])  # fmt: skip
def test_translation_in_training_is_said(run, cnn, mlp, said):
    changed = Changed(run, cnn={"augment_shift": cnn}, mlp={"augment_shift": mlp})
    assert said in text(changed, "models")


def test_pattern_counts_are_sums_over_networks(run):
    counts = run.every(files.PATTERN_COUNTS).query("layer == @network.LAST")
    words = text(run, "patterns")
    assert f"{counts['active'].sum():,} maps of {network.LAST} are active in some image" in words

    def failing(table):
        return table.assign(active=5, passed=4, unreached=1, silent=0, dead=2, proven=1)

    words = text(Changed(run, {files.PATTERN_COUNTS: failing}), "patterns")
    n = len(run.seeds)
    assert f"For {4 * n} of them a random start" in words
    assert f"The search failed for {n} maps" in words
    assert f"For {2 * n} maps no start does, and {n} of these are proven" in words


def test_the_settings_are_those_of_the_run(run):
    section = rendered(run, "settings")["settings"]
    for line in (run.root / "params.yaml").read_text(encoding="utf-8").splitlines():
        assert line in section.markdown
    assert "<pre>" in section.html
