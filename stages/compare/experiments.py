"""A finished run, as Git and DVC have it: nothing is checked out, and the workspace stays as it is.

What a run left in Git is enough: settings, metrics of each network, claims and curves. The figures
and the name of the machine are added where they can be had.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from ruamel.yaml import YAML

from stages.common import artifacts, files
from stages.common.console import StageError
from stages.common.params import PARAMS
from stages.report.beside import flat

LOCK, TIMINGS = "dvc.lock", "data/timings"
CURVES = {
    "curves": files.PLOT_CURVES, "probe_curve": files.PLOT_PROBES, "patching": files.PLOT_PATCHING,
    "auroc": files.PLOT_AUROC, "translation": files.PLOT_TRANSLATION, "layers": files.PLOT_LAYERS,
}  # fmt: skip
NEEDED = (PARAMS, *(of.path for of in (files.METRICS, files.CLAIMS, files.METRICS_BY_SEED)))
BROUGHT = (*NEEDED, LOCK, *(of.path for of in CURVES.values()), "reports/figures", TIMINGS)


class Experiment(NamedTuple):
    """One finished run."""

    name: str
    revision: str  # commit, or empty where it is a folder
    settings: dict[str, Any]  # by their names with dots
    metrics: dict[str, float]
    by_seed: pd.DataFrame  # a row a metric, a column a seed
    claims: dict[str, dict]  # by letter
    curves: dict[str, pd.DataFrame]  # by the name of the file; those it has
    figures: dict[str, Path]  # PNG files by name; those it has
    devices: list[str]  # that trained it; empty where that is not known
    data: str  # MD5 of the dataset, or empty
    lock: str  # SHA-256 of dvc.lock, or empty

    @property
    def seeds(self) -> list[int]:
        """Of its networks."""
        return list(self.settings["train.seeds"])

    def values(self, metric: str) -> pd.Series:
        """A metric by seed, NaN where a network has none."""
        known = self.by_seed.loc[metric] if metric in self.by_seed.index else pd.Series(dtype=float)
        return known.reindex(self.seeds)


def read(name: str, scratch: Path) -> Experiment:
    """The run of a folder with `params.yaml`, a Git revision or a DVC experiment, in this order.

    What Git and DVC have of a revision is written to `scratch`. Raises StageError where there is no
    such thing, it holds no finished run, or one of another layout.
    """
    if (Path(name) / PARAMS).is_file():
        root, revision, name = Path(name), "", Path(name).name or "workspace"
    else:
        root, revision = scratch, bring(name, scratch)
    for path in NEEDED:
        if not (root / path).is_file():
            problem = "holds no finished run"
            if (root / files.METRICS.path).is_file():
                problem = "holds a run of an older version of this project"
            raise StageError(f"{name} {problem}: it lacks {path}. Run it again: `dvc exp run`.")
    try:
        return _of_folder(name, revision, root)
    except StageError as error:
        raise StageError(f"{name}: {str(error).removeprefix(f'{root}/')}") from None


def bring(name: str, folder: Path) -> str:
    """Write what a revision has of BROUGHT into `folder`. Returns its commit."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc.scm import SCMError, resolve_rev

    try:
        with Repo() as repo:
            revision = resolve_rev(repo.scm, name)
        system = DVCFileSystem(rev=revision)
        for place in BROUGHT:
            for path in system.find(place):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    target.write_bytes(system.read_bytes(path))
                except FileNotFoundError:  # DVC knows it, and has it neither here nor elsewhere
                    continue
    except SCMError:
        raise StageError(
            f"There is no Git revision, no DVC experiment and no folder with a run called {name}. "
            "`dvc exp list` and `git branch` show what there is."
        ) from None
    except DvcException as error:
        raise StageError(f"DVC cannot read {name}: {str(error).rstrip('.')}.") from None
    return revision


def _of_folder(name: str, revision: str, root: Path) -> Experiment:
    settings, lock = flat(YAML(typ="safe", pure=True).load((root / PARAMS).read_text("utf-8"))), {}
    if (root / LOCK).is_file():
        lock = YAML(typ="safe", pure=True).load((root / LOCK).read_text("utf-8"))["stages"]
        _check_settings(settings, lock)
    claims = artifacts.read(files.CLAIMS, root=root)
    by_seed = artifacts.read(files.METRICS_BY_SEED, root=root)
    return Experiment(
        name,
        revision,
        settings,
        flat(artifacts.read(files.METRICS, root=root)),
        by_seed.pivot_table("value", "metric", "seed", sort=False),
        {claim["id"]: claim for claim in claims},
        {key: artifacts.read(of, root=root) for key, of in CURVES.items()
         if (root / of.path).is_file()},
        {path.stem: path for path in sorted((root / "reports/figures").glob("*.png"))},
        _devices(root, settings["train.seeds"]),
        next((out["md5"] for out in lock.get("download", {}).get("outs", [])), ""),
        hashlib.sha256((root / LOCK).read_bytes()).hexdigest() if lock else "",
    )  # fmt: skip


def _check_settings(settings: dict[str, Any], lock: dict) -> None:
    """StageError where the report was made with other settings than `params.yaml` has."""
    made_with = flat(lock.get("report", {}).get("params", {}).get(str(PARAMS), {}))
    for key, value in made_with.items():
        if settings.get(key) != value:
            raise StageError(
                f"{PARAMS} has {key}: {settings.get(key)}, and its report was made with {value}. "
                f"Finish the run with `dvc repro`, or bring back the settings that belong to it."
            )


def _devices(root: Path, seeds: list[int]) -> list[str]:
    """The machines that trained a run's CNNs, each once."""
    paths = [root / artifacts.path_of(files.TIMINGS, model="cnn", seed=seed) for seed in seeds]
    known = [json.loads(path.read_text("utf-8"))["device"] for path in paths if path.is_file()]
    return list(dict.fromkeys(known))
