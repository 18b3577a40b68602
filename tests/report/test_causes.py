"""The sections on probes, patching, places and silence: their numbers, and other outcomes."""

import re

import numpy as np

from stages.common import files
from stages.common.cases import DIRECTIONS
from stages.report import points, words
from stages.report.metrics import observed
from stages.report.sections.causes import patching, use

from .conftest import Changed, plain, rendered


def assign(**columns):
    """A change of a table: some of its columns."""
    return lambda table: table.assign(**columns)


def text(run, name: str, changes=None, **groups) -> str:
    """The words of a section of the run, or of the run with changes."""
    return plain(rendered(Changed(run, changes, **groups), name)[name])


def half(**columns):
    """A change of half.csv: in both directions, k points flip half unless `flipped` says not."""
    return {files.HALF_FLIPPED: assign(**({"flipped": 0.5, "random_k": 200.0} | columns))}


def test_the_lead_and_patching_say_how_many_points_flip_and_in_how_many_networks(run):
    def all_but_the_first(table):
        seen.append(table)
        return table.assign(k=50.0, random_k=200.0, flipped=0.5 if len(seen) > 1 else 0.4)

    seen: list = []
    changes, n = {files.HALF_FLIPPED: all_but_the_first}, len(run.seeds)
    few, (a, b) = f" in {n - 1} of {n} networks", map(run.many, run.pair)
    lead = text(run, "lead", changes)
    read = rf"Patching 50 of [\d,]+ points from {b} makes the network read half of the {a} as \d"
    assert re.search(f"{read}; at random, it takes 200", lead)
    assert f"Half of the images are flipped{few}." in lead
    seen.clear()
    prose = text(run, "patching", changes)
    assert re.search(rf"50 of the [\d,to ]+ live points flip half of the {b}{few}\.", prose)
    assert "In random order it takes 200, so the order by effect takes 25% of that." in prose


def test_one_point_and_none_have_words_of_their_own(run):
    a, b = map(run.many, run.pair)
    lead = text(run, "lead", half(k=1.0))
    assert re.search(rf"Patching 1 of [\d,]+ points from {b} makes", lead)
    empty = dict.fromkeys(("random_k", "image_k", "same_class", "real", "edited", "edited_same"),
                            np.nan)  # fmt: skip
    for columns in ({"k": 90.0, "flipped": 0.4}, {"k": np.nan, "flipped": np.nan} | empty):
        changes = half(**columns)
        nothing = f"No number of points patched from {b} makes the network read half of the {a} as"
        assert nothing in text(run, "lead", changes)
        prose = text(run, "patching", changes)
        assert f"No number of points from {b} flips half of the {a}." in prose
        assert "In random order it takes" not in prose
        assert not re.search(r"\bnan\b", prose)


def test_the_table_of_patching_is_that_of_the_file(run):
    rows = patching.numbers(run)["exact"]
    assert len(rows) == len(run.seeds) * len(DIRECTIONS)
    for seed in run.seeds:
        table = run.read(files.HALF_FLIPPED, seed=seed).set_index("direction")
        for row in rows[rows["seed"] == seed].itertuples():
            of = table.loc[row.direction]
            assert (row.k, row.image_k, row.edited) == (of["k"], of["image_k"], of["edited"])
            assert row.of_random == of["k"] / of["random_k"]


def test_the_probes_shown_are_those_nearest_to_the_few(run):
    def few(k):
        return {files.PROBE_RESAMPLES: assign(few=k)}

    curve = run.read(files.PROBE_CURVE, seed=run.seed).query("ranking == 'auroc'")
    ks, name = curve["k"].tolist(), points.RANKINGS["auroc"]
    for k, nearest in ((ks[2], ks[2]), (10 * ks[-1], ks[-1])):
        rows = points.few_point_probes(Changed(run, few(k)))
        assert len(rows) == len(run.seeds) * len(points.RANKINGS)
        row = rows[(rows["seed"] == run.seed) & (rows["ranking"] == name)].iloc[0]
        of = curve[curve["k"] == nearest].iloc[0]
        assert (row["k"], row["error"], row["low"]) == (nearest, 1 - of["accuracy"], 1 - of["high"])
        assert row["validation"] == 1 - of["accuracy_validation"]
        assert (row["one"], row["most"]) == tuple(1 - curve["accuracy"].iloc[[0, -1]])


def test_the_costs_of_probes_are_those_of_the_images_as_they_are(run):
    def planted(table):
        wrong = {"tell_loss": 0.5, "needs_loss": 0.5, "tell_loss_validation": 0.5}
        right = {"tell_loss": 0.0123, "needs_loss": -0.0045, "tell_loss_validation": 0.0222}
        table = table.assign(**wrong)
        table.loc[table["resample"] == 0, list(right)] = list(right.values())
        return table

    prose = text(run, "probes", {files.PROBE_RESAMPLES: planted})
    assert "The few cost +1.23 percentage points." in prose
    assert "their removal costs -0.45 percentage points." in prose
    assert "which it has not seen, the few cost +2.22 percentage points." in prose
    unknown = text(run, "probes", {files.PROBE_RESAMPLES: assign(tell_loss_validation=np.nan)})
    assert "it has not seen" not in unknown
    assert not re.search(r"\bnan\b", unknown)


def test_places_and_levels_are_those_of_both_files(run):
    rows = use.numbers(run)["rows"]
    assert len(rows) == 3 * len(run.seeds)
    probe, used = (
        observed(run.read(file, seed=run.seed)).iloc[0]
        for file in (files.PROBE_RESAMPLES, files.INTERVENTION_RESAMPLES)
    )
    before, last, network = rows[rows["seed"] == run.seed].to_dict("records")
    assert (before["whole"], before["means"]) == (
        probe["error_points_before"], probe["error_means_before"]
    )  # fmt: skip
    assert last["levels"] == probe["error_active_last"]
    assert (network["whole"], network["shuffled"]) == (used["error"], used["error_shuffled"])
    assert (network["means"], network["levels"]) == (used["error_means"], used["error_levels"])
    lost = words.mean_and_reach(
        100 * observed(run.every(files.INTERVENTION_RESAMPLES))["shuffled_loss"], "+z.2f"
    )
    assert f"loses {lost} when positions are shuffled" in text(run, "use")


def test_class_typical_points_and_kernels_have_the_numbers_of_the_tables(run):
    errors = {"error_best": 0.02, "error_typical": 0.005, "typical": 7, "pair_gain": 0.015}
    prose = text(run, "typical", {files.PROBE_RESAMPLES: assign(**errors)})
    assert "alone is wrong on 2.00% of the test images, a linear probe on all of them (7)" in prose
    assert "of them (7) on 0.50%." in prose
    rest = {"error_best_rest": 0.04, "error_typical_rest": 0.01, "rest_gain": 0.03}
    prose = text(run, "typical", {files.PROBE_RESAMPLES: assign(**rest)})
    best = f"class-typical for {run.names[0]} is wrong on 4.00%"
    assert f"{best}, a linear probe on all such points on 1.00%." in prose
    kernels = {files.MATCHING_RESAMPLES: assign(kernels_r=0.9, untrained_kernels_r=0.7)}
    prose = text(run, "replicates", kernels)
    assert f"kernels of {run.conv_layers[0]}, matched one to one as weights, correlate" in prose
    assert "correlate by 0.90, before training by 0.70." in prose


def test_one_conv_layer_has_no_layer_before_it(run):
    cnn = run.params.network.cnn
    cnn = type(cnn).model_validate(cnn.model_dump() | {"maps": [16], "kernel": 3})
    gone = [name for name in run.read(files.PROBE_RESAMPLES, seed=run.seed) if "before" in name]
    gone += ["silent_shared", "silent_expected", "silent_gain", "silence_gain", "accuracy_last"]
    changes = {files.PROBE_RESAMPLES: assign(**dict.fromkeys(gone, np.nan))}
    one = Changed(run, changes, network={"cnn": cnn})
    for name in ("use", "silent"):
        prose = plain(rendered(one, name)[name])
        assert "conv_2" not in prose
        assert not re.search(r"\bnan\b", prose)
    assert set(use.numbers(one)["rows"]["layer"]) == {"conv_1"}


def test_silence_before_the_last_layer_is_told_only_where_there_is_some(run):
    before, contrast = run.conv_layers[-2], run.params.analysis.contrast
    some = {"silent_maps": 4, "silent_shared": 0.75, "silent_expected": 0.1, "silent_gain": 0.65}
    none = {"silent_maps": 0} | dict.fromkeys(list(some)[1:], np.nan)
    prose = text(run, "silent", {files.PROBE_RESAMPLES: assign(**some)})
    shared = words.listing([run.quoted(label) for label in contrast])
    assert f"leave 4 maps of {before} silent. Of these maps, 75% are as often" in prose
    assert f"as often silent in {shared}, too; of all maps of {before}, 10% are." in prose
    prose = text(run, "silent", {files.PROBE_RESAMPLES: assign(**none)})
    assert f"leave no map of {before} silent." in prose
    alone = text(run, "silent", {files.PROBE_RESAMPLES: assign(**none)}, analysis={"contrast": ()})
    assert "as often silent" not in alone
    assert not re.search(r"\bnan\b", prose + alone)


def test_nothing_flips(run):
    rows = points.half_flipped(Changed(run, {files.PATCHING: assign(flipped=0.1)}))
    assert len(rows) == 3 * len(DIRECTIONS) * len(run.seeds)
    assert rows["k"].isna().all()


def test_the_first_number_that_flips_half_is_the_first(run):
    def rising(table):
        order = table.groupby(["direction", "mode"]).cumcount()
        return table.assign(flipped=order / 4, flipped_p=order.where(order > 2))

    rows = points.half_flipped(Changed(run, {files.PATCHING: rising}))
    third = sorted(run.read(files.PATCHING, seed=run.seed)["k"].unique())[2]
    assert (rows.query("seed == @run.seed")["k"] == third).all()
    assert rows["flipped_p"].isna().all()
