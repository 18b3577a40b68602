"""What the files of this stage hold, from energies and from the maps of the first layer."""

import numpy as np
import pandas as pd

from stages.common.architecture import activate
from stages.orientation.energy import Energy, correlation, pooled_index

SHOWN = 3  # maps of each end of a layer in the pictures


def layer_rows(
    layer: str, labels: np.ndarray, by_case: dict[str, Energy], controls: dict[str, Energy]
) -> list[dict]:
    """Rows of `layers.csv` of one layer: a class each.

    `labels` int (n,); `by_case` holds the energies of upright and turned images, trained and
    untrained; `controls` those of the pixels and of their means over fields.
    """
    rows = []
    for label in np.unique(labels):
        of = labels == label
        row = {"layer": layer, "class": int(label), "images": int(of.sum())}
        in_class = {
            case: tuple(part[of] for part in parts) for case, parts in (by_case | controls).items()
        }
        row |= {case: float(pooled_index(parts)) for case, parts in in_class.items()}
        by_map = {case: pooled_index(parts, axis=0) for case, parts in in_class.items()}
        row["maps_r"] = correlation(by_map["upright"], by_map["turned"])
        row["maps_r_untrained"] = correlation(by_map["untrained"], by_map["untrained_turned"])
        rows.append(row)
    return rows


def map_table(layer: str, by_case: dict[str, Energy]) -> pd.DataFrame:
    """Rows of `maps.csv` of one layer, from energies in images of class a, as in `layer_rows`."""
    whole = sum(part.sum(axis=0) for part in by_case["upright"])
    columns = {case: pooled_index(parts, axis=0) for case, parts in by_case.items()}
    share = whole / (whole.sum() or 1)
    table = pd.DataFrame({"layer": layer, "map": np.arange(len(whole)), **columns})
    return table.assign(energy=share)


def most_oriented(parts: Energy) -> np.ndarray:
    """The maps with the highest and the lowest index, int32, from most horizontal on.

    Of energies (n, maps): maps with less energy than the median are left out.
    """
    whole = sum(part.sum(axis=0) for part in parts)
    eligible = np.flatnonzero((whole > 0) & (whole >= np.median(whole)))
    order = eligible[np.argsort(-pooled_index(parts, axis=0)[eligible], kind="stable")]
    ends = dict.fromkeys([*order[:SHOWN], *order[-SHOWN:]])
    return np.array(list(ends), np.int32)


def background_table(
    kernels: np.ndarray,
    biases: np.ndarray,
    maps: np.ndarray,
    background: np.ndarray,
    activation: str,
) -> pd.DataFrame:
    """The rows of `conv_1.csv`.

    `kernels` (k, k, maps), `biases` (maps,); in images of class a `maps` (n, rows, columns, maps),
    and `background` bool (n, rows, columns), where a point sees nothing but 0. What it gives there
    is the `activation` of its bias; where it sees 1 alone, that of the bias and all weights.
    """
    sums = kernels.sum(axis=(0, 1), dtype=float)
    table = pd.DataFrame({"map": np.arange(len(sums)), "kernel_sum": sums, "bias": biases})
    table["value"], table["highest"] = activate(activation, biases), maps.max(axis=(0, 1, 2))
    table = table.assign(on_background=biases > 0, on_ink=biases + sums > 0)
    for name, of in (("outside", background), ("inside", ~background)):
        table[name] = (maps[of] > 0).sum(axis=0) / len(maps)
        table[f"{name}_points"] = of.sum() / len(maps)
    return table


def background_pictures(active: np.ndarray, on_background: np.ndarray) -> dict[str, np.ndarray]:
    """Share of the maps active at each place of conv_1, mean over images, float32 (rows, columns).

    Of maps active on background, and of the others; NaN where there are none. `active` bool (n,
    rows, columns, maps), `on_background` bool (maps,).
    """
    found = {}
    for name, of in (("background", on_background), ("other", ~on_background)):
        share = (
            active[..., of].mean(axis=(0, 3)) if of.any() else np.full(active.shape[1:3], np.nan)
        )
        found[f"{name}_share"] = share.astype(np.float32)
    return found
