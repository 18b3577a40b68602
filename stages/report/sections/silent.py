"""Maps that no image activates."""

from itertools import product

from stages.common import files, network
from stages.common.run import Run

ORDER = 140


def numbers(run: Run) -> dict:
    """Maps never active, by network and layer."""
    rows = []
    for seed, layer in product(run.seeds, network.CONV_LAYERS):
        maps = run.read(files.MAPS, seed=seed, layer=layer)
        never = maps[maps["never_active"]]
        rows.append(
            {"seed": seed, "layer": layer, "maps": len(maps), "never": len(never),
             "upper": never["active_upper"].max(), "selectivity": maps["selectivity"].median()}
        )  # fmt: skip
    total = sum(row["never"] for row in rows)
    return {"rows": rows, "total": total, "images": int(maps["images"].iloc[0])}
