"""Whether places and levels of points carry the class, and whether the network uses them."""

import pandas as pd

from stages.common import files
from stages.common.run import Run
from stages.report.metrics import observed
from stages.report.points import probe_errors

ORDER = 45
# Columns of the two files by what is left of a layer: all, no places, map means, no levels.
PROBES = {"whole": "error_points", "means": "error_means", "levels": "error_active"}
HEAD = {"whole": "error", "shuffled": "error_shuffled", "means": "error_means",
        "levels": "error_levels"}  # fmt: skip


def numbers(run: Run) -> dict:
    """Errors of probes and of the network on what is left of a layer, a row each a network."""
    probes = probe_errors(run)
    used = observed(run.every(files.INTERVENTION_RESAMPLES))
    parts = [used.assign(reader="the network", layer=run.last, order=2, **columns(used, HEAD))]
    for order, (end, layer) in enumerate(
        zip(("last", "before"), run.conv_layers[::-1], strict=False)
    ):
        names = {kept: f"{name}_{end}" for kept, name in PROBES.items()}
        shown = columns(probes, names)
        parts.append(probes.assign(reader="linear probe", layer=layer, order=1 - order, **shown))
    rows = pd.concat(parts).dropna(subset="whole").sort_values(["seed", "order"], kind="stable")
    return {
        "rows": rows[["seed", "reader", "layer", *HEAD]],
        "probes": probes,
        "used": used,
        "before": run.conv_layers[-2] if len(run.conv_layers) > 1 else None,
    }


def columns(table: pd.DataFrame, names: dict[str, str]) -> dict[str, pd.Series | float]:
    """The columns of HEAD, NaN where `names` or the table lacks one."""
    return {kept: table.get(names.get(kept), float("nan")) for kept in HEAD}
