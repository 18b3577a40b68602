"""Maps that no image activates."""

from stages.common import files, network
from stages.common.run import Run
from stages.report import words

ORDER = 140


def numbers(run: Run) -> dict:
    """Maps never active, by network and layer."""
    rows, total = [], 0
    for seed in run.seeds:
        for layer in network.CONV_LAYERS:
            maps = run.read(files.MAPS, seed=seed, layer=layer)
            never = maps[maps["never_active"]]
            total += len(never)
            rows.append(
                (f"cnn-{seed}", layer, len(maps), len(never),
                 words.number(never["active_upper"].max(), ".2%"),
                 words.number(maps["selectivity"].median(), ".2f"))
            )  # fmt: skip
    return {"rows": rows, "total": total, "images": int(maps["images"].iloc[0])}
