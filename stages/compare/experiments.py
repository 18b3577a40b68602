"""A finished run, as Git and DVC have it: nothing is checked out, and the workspace stays as it is.

What a run left in Git is enough: settings, metrics of each network, claims and curves. The figures
and the name of the machine are added where they can be had.
"""

import hashlib
import math
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from stages.common import artifacts, files
from stages.common.console import StageError
from stages.common.files import File
from stages.common.params import Network
from stages.report.beside import flat
from stages.report.outcomes import SHOWN

TIMINGS = "data/timings"
CURVES = {
    "curves": files.PLOT_CURVES, "probe_curve": files.PLOT_PROBES, "patching": files.PLOT_PATCHING,
    "auroc": files.PLOT_AUROC, "translation": files.PLOT_TRANSLATION, "layers": files.PLOT_LAYERS,
}  # fmt: skip
NEEDED = tuple(
    of.path for of in (files.SETTINGS, files.METRICS, files.CLAIMS, files.METRICS_BY_SEED)
)
BROUGHT = (
    *NEEDED,
    files.LOCK.path,
    *(of.path for of in CURVES.values()),
    "reports/figures",
    TIMINGS,
)


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
    if (Path(name) / files.SETTINGS.path).is_file():
        root, revision, name = Path(name), "", Path(name).name or "workspace"
    else:
        root, revision = scratch, bring(name, scratch)
    for path in NEEDED:
        if not (root / path).is_file():
            raise StageError(
                f"{name} holds no finished run, or one of an older version of this project: it "
                f"lacks {path}, which `dvc exp run` makes."
            )
    try:
        return _of_folder(name, revision, root)
    except StageError as error:
        raise StageError(f"{name}: {str(error).replace(f'{root}/', '')}") from None


def bring(name: str, folder: Path) -> str:
    """Write what a revision has of BROUGHT into `folder`. Returns its commit."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc.scm import SCMError, resolve_rev
    from scmrepo.exceptions import RevError

    try:
        with Repo() as repo:
            revision = resolve_rev(repo.scm, name)
            if repo.scm.resolve_rev(f"{revision}^{{commit}}") != revision:
                raise RevError(f"{name} is no commit")
        system = DVCFileSystem(rev=revision)
        for place in BROUGHT:
            for path in system.find(place):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    target.write_bytes(system.read_bytes(path))
                except FileNotFoundError:  # DVC knows it, and has it neither here nor elsewhere
                    continue
    except (SCMError, RevError):
        raise StageError(
            f"There is no Git revision, no DVC experiment and no folder with a run called {name}. "
            "`dvc exp list` and `git branch` show what there is."
        ) from None
    except DvcException as error:
        raise StageError(f"DVC cannot read {name}: {str(error).rstrip('.')}.") from None
    return revision


def _of_folder(name: str, revision: str, root: Path) -> Experiment:
    settings = _built(_settings, files.SETTINGS, root)
    lock = root / files.LOCK.path
    made_with, data = _built(_made, files.LOCK, root) if lock.is_file() else ({}, "")
    _check_settings(settings, made_with)
    curves = {key: artifacts.read(of, root=root) for key, of in CURVES.items()
              if (root / of.path).is_file()}  # fmt: skip
    return Experiment(
        name,
        revision,
        settings,
        _built(_metrics, files.METRICS, root),
        _built(partial(_by_seed, settings["train.seeds"]), files.METRICS_BY_SEED, root),
        _built(_claims, files.CLAIMS, root),
        {key: table for key, table in curves.items() if len(table)},
        {path.stem: path for path in sorted((root / "reports/figures").glob("*.png"))},
        _devices(root, settings["train.seeds"]),
        data,
        hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else "",
    )


def _built(build: Callable[[Any], Any], file: File, root: Path, **where: object) -> Any:
    """What `build` makes of a file's content. StageError where the content has another form."""
    content = artifacts.read(file, root=root, **where)
    try:
        return build(content)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        path = artifacts.path_of(file, **where)
        raise StageError(f"{path} has another form than this version writes.") from None


def _settings(content: dict) -> dict[str, Any]:
    seeds, pair = content["train"]["seeds"], content["analysis"]["pair"]
    _check([seeds, len(set(seeds)) == len(seeds), len(pair) == 2, content["dataset"]["name"]])
    _check(isinstance(number, int) for number in [*seeds, *pair])
    Network.model_validate(content["network"])
    return flat(content)


def _made(content: dict) -> tuple[dict[str, Any], str]:
    """Of DVC's lock: the settings that the report was made with, and the MD5 of the dataset."""
    stages = content["stages"]
    settings = flat(stages.get("report", {}).get("params", {}).get(files.SETTINGS.path, {}))
    data = next((out["md5"] for out in stages.get("download", {}).get("outs", [])), "")
    _check([isinstance(data, str)])
    return settings, data


def _metrics(content: dict) -> dict[str, float]:
    metrics = flat(content)
    _check(math.isfinite(value) for value in metrics.values())
    return metrics


def _by_seed(seeds: list[int], table: pd.DataFrame) -> pd.DataFrame:
    _check([set(table["seed"]) == set(seeds), not table.duplicated(["metric", "seed"]).any()])
    return table.pivot_table("value", "metric", "seed")


def _claims(content: list[dict]) -> dict[str, dict]:
    for claim in content:
        outcomes = {claim["outcome"], *(part["outcome"] for part in claim["parts"])}
        _check([outcomes <= set(SHOWN), claim["parts"], isinstance(claim["id"], str)])
        for part in claim["parts"]:
            _check([part["short"]["asked"], part["part"], {"p", "p_against"} <= set(part)])
            _check(isinstance(text, str | None) for text in part["short"].values())
            _check(isinstance(part[p], float | int | None) for p in ("p", "p_against"))
    return {claim["id"]: claim for claim in content}


def _device(content: dict) -> str:
    _check([isinstance(content["device"], str)])
    return content["device"]


def _check(conditions: Iterable[object]) -> None:
    if not all(conditions):
        raise ValueError


def _check_settings(settings: dict[str, Any], made_with: dict[str, Any]) -> None:
    """StageError where the report was made with other settings than `params.yaml` has."""
    for key, value in made_with.items():
        if settings.get(key) != value:
            raise StageError(
                f"{files.SETTINGS.path} has {key}: {settings.get(key)}, and its report was made "
                f"with {value}. Finish the run with `dvc repro`, or bring back the settings that "
                "belong to it."
            )


def _devices(root: Path, seeds: list[int]) -> list[str]:
    """The machines that trained a run's CNNs, each once."""
    known = [
        _built(_device, files.TIMINGS, root, model="cnn", seed=seed)
        for seed in seeds
        if (root / artifacts.path_of(files.TIMINGS, model="cnn", seed=seed)).is_file()
    ]
    return list(dict.fromkeys(known))
