"""The section about limits: what these results cannot say."""

from stages.common.params import read_params
from stages.common.verdicts import REPLICATES
from stages.report import causes
from stages.report.answer import live
from stages.report.blocks import Section, are, count, reach
from stages.report.results import DATASETS, LAYER, Results
from stages.report.settings import DEFAULTS


def limits(results: Results) -> Section:
    """Honest limits of the study; those that depend on results are generated from them."""
    text = "What these numbers cannot say, or say only under a condition."
    found = (write(results) for write in (
        _seeds, _thresholds, _images, _architecture, _reader, _edits, _patterns, _order,
        _significance,
    ))  # fmt: skip
    return Section("limits", "Limits", (text,), items=tuple(found))


def _seeds(results: Results) -> str:
    seeds = len(results.params.train.seeds)
    enough = (
        "one that differs from the rest leaves a verdict undecided"
        if seeds >= REPLICATES
        else f"a verdict takes at least {REPLICATES}, except on what no training changes, so that "
        "all others are left undecided"
    )
    return (
        f"Few networks. {count(seeds, 'seed').capitalize()} {are(seeds)} what there is; {enough}. "
        "Ranges are of these networks; an interval is over images, or maps, of one of them. "
        "Figures show the first seed alone where they do not say otherwise."
    )


def _thresholds(results: Results) -> str:
    here, first = results.params, read_params(DEFAULTS)
    home = (here.dataset.name, {*here.analysis.pair}) == (
        first.dataset.name,
        {*first.analysis.pair},
    )
    a, b = results.names
    anew = "" if home else f" Nothing was set anew for {a} and {b} of {results.dataset}."
    mnist = DATASETS[first.dataset.name]
    pair = " and ".join(map(str, first.analysis.pair))
    return (
        f"Exploratory verdicts. The thresholds under claims in params.yaml were set after one "
        f"network, trained on {mnist}, had been looked at. Two rules of claim A, which class "
        f"counts for deciding and what the chosen points are compared with, were changed after the "
        f"committed run ({mnist}, {pair}, {count(len(first.train.seeds), 'seed')}) had been: under "
        f"the first rules its second part was supported there. For claim E the search was "
        f"widened after results of that run had been seen: where no random start fires a map by "
        f"its mean, it now looks for the highest point, free of prices and jitter. An image that "
        f"fires a map is proof however it was found.{anew}"
    )


def _images(results: Results) -> str:
    pair = results.evaluation["pair"]
    errors = pair[pair["model"] == "cnn"]["errors"]
    a, b = results.names
    return (
        f"One source of images. Fit, validation and test images come from the same collection; "
        f"other writers, scanners or drawings were not tried. The CNN takes {reach(errors)} of "
        f"{int(pair['n'].iloc[0]):,} test images of {a} and {b} for the other class, and what "
        f"is said of hard images rests on these."
    )


def _architecture(results: Results) -> str:
    dead = {seed: len(results.points[seed]) - n for seed, n in live(results).items()}
    return (
        f"One architecture, one layer. Points are those of {LAYER}, of which {reach(dead.values())}"
        f" are dead by network; earlier layers, other sizes and other kinds of network may do it "
        f"otherwise, and so may other training settings than those listed below."
    )


def _reader(results: Results) -> str:
    k = {name: [of[name] for of in results.chosen_k.values()] for name in ("forward", "auroc")}
    return (
        f"A linear reader. How few points tell is measured with one linear discriminant of a fixed "
        f"ridge; greedy selection finds a small set, not the smallest, and the number depends on "
        f"how points are chosen: {reach(k['forward'])} together, {reach(k['auroc'])} each by "
        f"itself. The rule of one standard error moves with the folds."
    )


def _edits(results: Results) -> str:
    edits = " and ".join(_flipping(results, mode) for mode in ("interchange", "zero"))
    return (
        f"Edits leave the data. A layer with some points of one image and the rest of another "
        f"belongs to no image, and the head was never trained on it. Half of the images flip with "
        f"{edits}: the number belongs to the edit as much as to the network."
    )


def _patterns(results: Results) -> str:
    settings = results.params.patterns
    return (
        f"Patterns suffice, they do not explain. A pattern is one of many images that raise a "
        f"map's mean; what it looks like also follows from the price of ink ({settings.l2:g}) and "
        f"of edges ({settings.total_variation:g}). The mean over a map is not what a single point "
        f"answers to. That a search fails proves nothing."
    )


def _flipping(results: Results, mode: str) -> str:
    """`21 to 89 points by zero (5 of 6 networks and directions)`."""
    found = [
        causes.half_flipped(table, direction, mode)
        for table in results.interventions["patching"].values()
        for direction in ("a_to_b", "b_to_a")
    ]
    known = [int(row["k"]) for row in found if row is not None]
    points = f"{reach(known)} points" if known else "no tested number of points"
    return f"{points} by {mode} ({len(known)} of {len(found)} networks and directions)"


def _order(results: Results) -> str:
    tables = results.interventions["patching"].values()
    without = sum(int(table["flipped_p"].isna().sum()) for table in tables)
    rows = sum(map(len, tables))
    return (
        f"One order of points. Edits go by mean effect, one point at a time, which ignores what "
        f"points do together: a smaller set may exist. Random sets are drawn up to a quarter of "
        f"the live points, so that {without:,} of {rows:,} tested edits have nothing random to be "
        f"compared with."
    )


def _significance(results: Results) -> str:
    points = results.points[results.seed]
    alive = points[~points["dead"]]
    share = (alive["q_value"] < 0.05).mean()
    return (
        f"Significant is not large. {share:.0%} of the live points of cnn-{results.seed} differ "
        f"at a false-discovery rate of 5%; read the effects, not the p-values. AUROC is of a point "
        f"by itself: a high one does not say that the network uses the point."
    )
