"""Metrics of each network: what `metrics.json` would hold had this seed alone been trained.

A metric of pairs of networks has the jackknife's pseudo-values n U - (n - 1) U(-i): U is the mean
over all n networks, U(-i) that without network i. Their mean is U, and their variance over n
estimates that of U (Tukey 1958, Ann. Math. Stat. 29; Arvesen 1969, Ann. Math. Stat. 40).
"""

from contextlib import suppress
from typing import Any

import pandas as pd

from stages.common import artifacts, files
from stages.common.files import File
from stages.common.run import Run
from stages.report import metrics


class NotShownError(LookupError):
    """This network is not looked at closely."""


class Alone(Run):
    """A run as if one seed alone had been trained.

    Tables of all networks have this seed's rows, tables of pairs of networks none.
    """

    def __init__(self, run: Run, seed: int) -> None:
        super().__init__(run.params, run.root)
        self.whole, self.only = run, seed

    @property
    def seeds(self) -> tuple[int, ...]:
        """This one."""
        return (self.only,)

    @property
    def shown(self) -> tuple[int, ...]:
        """This one. Raises NotShownError if it is not among `analysis.shown_seeds`."""
        if self.only not in self.whole.shown:
            raise NotShownError
        return self.seeds

    def read(self, file: File, *names: str, **where: object) -> Any:
        """As `Run.read`."""
        value = self.whole.read(file, *names, **where)
        if not isinstance(value, pd.DataFrame):
            return value
        if "seed_i" in value:
            return value.head(0)
        return value[value["seed"].isin(self.seeds)] if "seed" in value else value


def whole(name: str) -> bool:
    """Whether a metric is of all networks together."""
    return artifacts.forms(files.METRICS)[name].dtype == "whole"


def of_pairs(run: Run) -> dict[str, pd.Series]:
    """Pseudo-values of the metrics of pairs of networks, by seed; none of fewer than three."""
    table, n = run.read(files.MATCHING).query("layer == @run.last"), len(run.seeds)
    values = {}
    for name in ("matched_r", "identity_r") if n > 2 else ():
        without = [
            table.loc[(table["seed_i"] != seed) & (table["seed_j"] != seed), name].mean()
            for seed in run.seeds
        ]
        pseudo = n * table[name].mean() - (n - 1) * pd.Series(without, run.seeds)
        values[f"maps.{name}"] = pseudo.round(5)
    return values


def of_network(run: Run, seed: int) -> dict[str, float]:
    """The metrics of one network by their names with dots, without those it does not have."""
    alone = Alone(run, seed)
    groups = metrics.metrics(alone)
    for name, measure in metrics.measured().items():
        with suppress(NotShownError):
            groups[name] = metrics.rounded(measure(alone))
    return {f"{group}.{key}": value for group, of in groups.items() for key, value in of.items()}


def table(run: Run) -> pd.DataFrame:
    """The content of `files.METRICS_BY_SEED`, in the order of the declared metrics."""
    by_seed = pd.DataFrame({seed: of_network(run, seed) for seed in run.seeds})
    by_seed = pd.concat([by_seed, pd.DataFrame(of_pairs(run)).T])
    declared = [name for name in artifacts.forms(files.METRICS) if not whole(name)]
    by_seed = by_seed.reindex(declared).rename_axis("metric").reset_index()
    rows = by_seed.melt("metric", var_name="seed").dropna()
    return rows.sort_values("metric", key=lambda of: of.map(declared.index), kind="stable")
