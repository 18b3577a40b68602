"""Maps that no image activates."""

from itertools import product

from stages.common import files
from stages.common.run import Run
from stages.report.points import probe_errors

ORDER = 70


def numbers(run: Run) -> dict:
    """Maps never active, by network and layer; what silence in the layer before the last tells."""
    rows = []
    for seed, layer in product(run.seeds, run.conv_layers):
        maps = run.read(files.MAPS, seed=seed, layer=layer)
        never = maps[maps["never_active"]]
        row = {"seed": seed, "layer": layer, "maps": len(maps), "never": len(never)}
        row |= {"upper": never["active_upper"].max(), "selectivity": maps["selectivity"].median()}
        rows.append(row)
    return {
        "rows": rows,
        "images": int(maps["images"].iloc[0]),
        "probes": probe_errors(run),
        "before": run.conv_layers[-2] if len(run.conv_layers) > 1 else None,
        "contrast": [run.quoted(label) for label in run.params.analysis.contrast],
    }
