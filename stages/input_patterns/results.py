"""What the searches of a layer come to: the arrays and the row of counts that are written."""

import numpy as np

from stages.common.cases import DEAD, SILENT, UNREACHED
from stages.common.intervals import Value
from stages.input_patterns import endings, targets
from stages.input_patterns.looking import Insisted
from stages.input_patterns.patches import roughness
from stages.input_patterns.targets import Searched

ROUGH = 0.95  # of the patterns of active maps, which a rougher one exceeds


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Images from 0 to 1 as uint8."""
    return np.rint(images * 255).astype(np.uint8)


def pattern_arrays(searched: Searched, prefix: str = "") -> dict:
    """The arrays that maps and targets among the logits have in common."""
    pattern, value, _ = targets.best(searched)
    return {
        f"{prefix}pattern": pattern,
        f"{prefix}value": value,
        f"{prefix}natural_max": searched.natural.maximum,
        f"{prefix}success_rate": targets.success_rate(searched),
    }


def map_arrays(
    layer: str, maps: np.ndarray, searched: Searched, real: np.ndarray, bound: np.ndarray
) -> dict:
    """The rows of the searched `maps`, int (m,), of a layer with the `bound` of each, (m,).

    `real`, float32 (m, top, side, side), is what the searched side of the closest images shows.
    Pictures are under the layer's name, since each has patches of its own size.
    """
    of = pattern_arrays(searched)
    ends = endings.endings(*(values[:, :-1] for values in searched[1:4]))
    empty = np.full(len(maps), np.nan, np.float32)
    return {
        "layer": np.full(len(maps), layer),
        "map": maps.astype(np.int32),
        "status": targets.statuses(searched),
        "upper_bound": bound,
        "agreement": ends.agreement,
        "endings": ends.different,
        "ending_value": ends.values,
        "ending_count": ends.counts,
        "with_penalties": empty,
        "without_penalties": empty.copy(),
        "roughness": roughness_of(of["pattern"]),
        "real_roughness": roughness(real).astype(np.float32),
        f"{layer}_pattern": of.pop("pattern"),
        f"{layer}_ending": as_bytes(ends.images),
        f"{layer}_way": as_bytes(targets.best(searched)[2]),
        f"{layer}_insisted": np.zeros((0, 2, *real.shape[2:]), np.uint8),
        f"{layer}_insisted_map": np.zeros(0, np.int32),
        **of,
    }


def roughness_of(patterns: np.ndarray) -> np.ndarray:
    """The roughness of each pattern (m, side, side), float32 (m,)."""
    return roughness(patterns[:, np.newaxis]).astype(np.float32)


def settle(arrays: dict, layer: str, rows: np.ndarray, found: Insisted) -> None:
    """Put what `insist` found for the maps in `rows`, int (q,), into the arrays of their layer.

    The pattern is the one with penalties where that activates the map, else the one without.
    """
    mode = np.where(found.values[:, 0] > 0, 0, found.values.argmax(axis=1))
    place = np.arange(len(rows)), mode
    arrays["status"][rows] = np.where(found.values.max(axis=1) > 0, SILENT, DEAD)
    arrays["with_penalties"][rows], arrays["without_penalties"][rows] = found.values.T
    arrays["value"][rows] = found.values[place]
    arrays[f"{layer}_pattern"][rows] = found.images[place]
    arrays["roughness"][rows] = roughness_of(found.images[place])
    arrays[f"{layer}_insisted"] = as_bytes(found.images)
    arrays[f"{layer}_insisted_map"] = arrays["map"][rows]


def counts_row(layer: str, active: np.ndarray, arrays: dict, searched: list[Searched]) -> dict:
    """One layer in short: maps `active` in real images, bool (maps,), and its `map_arrays`.

    `searched` is the search of all maps, trained and untrained; empty where it was of others alone.
    """
    status, bound = arrays["status"], arrays["upper_bound"]
    silent, dead, maps = status == SILENT, status == DEAD, len(active)
    proven = dead & (bound <= 0)
    open_bounds = bound[dead & ~proven]
    row = {
        "layer": layer,
        "maps": maps,
        "active": active.sum(),
        "silent": silent.sum(),
        "dead": dead.sum(),
        "proven": proven.sum(),
        **Value(dead.sum() / maps, proven.sum() / maps, dead.sum() / maps).columns("dead_share"),
        "bound": open_bounds.max() if len(open_bounds) else np.nan,
        "penalised": float((arrays["with_penalties"][silent] > 0).sum()),
        "roughness_silent": mean(arrays["roughness"][silent]),
    }
    if searched:
        after, before = searched
        row["unreached"] = float((status == UNREACHED).sum())
        row["passed"] = float((arrays["success_rate"][active] > 0).sum())
        row["untrained_success_rate"] = targets.success_rate(before).mean()
        row["untrained_distance"] = targets.beyond(before).mean()
        ends = endings.endings(*(values[:, :-1] for values in before[1:4]))
        row["untrained_agreement"] = mean(ends.agreement)
        row["agreement_between"] = endings.between(arrays[f"{layer}_pattern"][active])
        if active.any():
            row["success_rate"] = arrays["success_rate"][active].mean()
            row["distance"] = targets.beyond(after)[active].mean()
            row["agreement"] = mean(arrays["agreement"][active])
            row["roughness"] = mean(arrays["roughness"][active])
            row["real_roughness"] = mean(arrays["real_roughness"][active])
            rough = arrays["roughness"][active]
            rough = np.quantile(rough[~np.isnan(rough)], ROUGH) if row["roughness"] > 0 else np.inf
            row["rougher"] = float((arrays["roughness"][silent] > rough).sum())
    return row


def mean(values: np.ndarray) -> float:
    """The mean of the values that are numbers; NaN where there is none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def story(row: dict, seconds: float) -> str:
    """A line for the person at the terminal."""
    counts = {"active": row["active"]} | {word: row[word] for word in (SILENT, DEAD)}
    if row.get("unreached"):
        counts[UNREACHED] = row["unreached"]
    shown = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    passed = f"; {row['success_rate']:.0%} of starts passed" if "success_rate" in row else ""
    return f"  {row['layer']}: {shown}{passed}; {seconds:.0f} s"
