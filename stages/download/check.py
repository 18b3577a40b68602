"""Can the dataset be had now? Answered within 15 s, also where the network swallows everything."""

import hashlib
import queue
import threading
import time
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError

from stages.common import artifacts
from stages.common.params import Dataset
from stages.download.datasets import PUBLISHED, Published, RefusedError
from stages.download.sources import Source, sources

LOCK = Path("dvc.lock")
CACHE = Path(".dvc/cache/files/md5")
PATIENCE = 8.0  # seconds for all sources together, asked at the same time


def check(settings: Dataset) -> tuple[bool, str]:
    """Whether `dvc repro` could have this dataset now, and why, in one line."""
    name = settings.name
    if name not in PUBLISHED:
        return True, f"{name} can be had: it lies inside scikit-learn."
    place = _kept(settings)
    if place:
        return True, f"{name} can be had: it lies in {place}."
    found, reasons = _ask(sources(PUBLISHED[name]), PUBLISHED[name])
    if found:
        return True, f"{name} can be had: from {found}."
    return False, f"{name} cannot be had: {'; '.join(reasons)}."


def _kept(settings: Dataset) -> Path | None:
    """Where the last run's dataset lies, if DVC would use it again: its settings are these."""
    stage = _last_run()
    try:
        recorded = stage["params"]["params.yaml"]
        md5 = next(
            str(out["md5"]) for out in stage["outs"] if out["path"] == str(artifacts.DATASET)
        )
        same = all(
            recorded[f"dataset.{key}"] == value for key, value in settings.model_dump().items()
        )
    except (KeyError, TypeError, StopIteration):
        return None
    if not same:
        return None
    if artifacts.DATASET.is_file() and _md5(artifacts.DATASET) == md5:
        return artifacts.DATASET
    return CACHE if (CACHE / md5[:2] / md5[2:]).is_file() else None


def _last_run() -> Any:
    """The download stage as `dvc.lock` records it, None where it does not."""
    try:
        lock = YAML(typ="safe", pure=True).load(LOCK.read_text(encoding="utf-8"))
        return lock["stages"]["download"]
    except (OSError, UnicodeDecodeError, YAMLError, KeyError, TypeError):
        return None


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _ask(places: list[Source], dataset: Published) -> tuple[str | None, list[str]]:
    """The label of the first place found to have the dataset; else why the others have not.

    Each place is asked in a daemon thread, which the end of the process does not wait for: a
    name server that does not answer holds a thread longer than any time-out set here.
    """
    said: queue.SimpleQueue[tuple[str, str | None]] = queue.SimpleQueue()

    def ask(place: Source) -> None:
        try:
            place.probe(dataset)
            said.put((place.label, None))
        except RefusedError as reason:
            said.put((place.label, str(reason)))

    for place in places:
        threading.Thread(target=ask, args=(place,), daemon=True).start()
    silent = {place.label: f"no answer within {PATIENCE:g} s" for place in places}
    end = time.monotonic() + PATIENCE
    try:
        for _ in places:
            label, reason = said.get(timeout=max(0, end - time.monotonic()))
            if reason is None:
                return label, []
            silent[label] = reason
    except queue.Empty:
        pass
    return None, _grouped(silent)


def _grouped(reasons: dict[str, str]) -> list[str]:
    """Each reason once, behind the label it belongs to, or the number of sources that share it."""
    labels: dict[str, list[str]] = {}
    for label, reason in reasons.items():
        labels.setdefault(reason, []).append(label)
    return [
        f"{who[0] if len(who) == 1 else f'{len(who)} sources'}: {reason}"
        for reason, who in labels.items()
    ]
