"""Has a source the dataset now? Answered within 10 s, also where nothing on the network answers."""

import queue
import threading
import time
from contextlib import suppress

from stages.common.params import Dataset
from stages.download import own
from stages.download.datasets import EMBEDDED, PUBLISHED, Published, RefusedError
from stages.download.sources import Source, sources

PATIENCE = 8.0  # seconds for all sources together, which are tried at the same time


def check(settings: Dataset) -> tuple[bool, str]:
    """Whether a source has the dataset now, and which or why not, in one line.

    A user's own file is read whole. StageError where it cannot be used: nothing else stands in
    for it.
    """
    name = settings.name
    if name in EMBEDDED:
        return True, f"{name} can be had: it lies inside {EMBEDDED[name]}."
    if name not in PUBLISHED:
        *_, path = own.load(settings)
        return True, f"{name} can be had: from {path}."
    source, reasons = _try_all(PUBLISHED[name])
    if source:
        return True, f"{name} can be had: from {source}."
    labels: dict[str, list[str]] = {}
    for label, reason in reasons.items():
        labels.setdefault(reason, []).append(label)
    tried = "; ".join(f"{', '.join(same)}: {reason}" for reason, same in labels.items())
    return False, f"{name} cannot be had. {tried}."


def _try_all(dataset: Published) -> tuple[str | None, dict[str, str]]:
    """The label of the first place that has the dataset, if any; why the others have not.

    Each place has a daemon thread, which the end of the process does not wait for: a name server
    that does not answer holds a thread longer than any time-out set here.
    """
    places = sources(dataset)
    results: queue.SimpleQueue[tuple[str, str | None]] = queue.SimpleQueue()

    def probe(place: Source) -> None:
        try:
            place.probe(dataset)
            results.put((place.label, None))
        except RefusedError as reason:
            results.put((place.label, str(reason)))

    for place in places:
        threading.Thread(target=probe, args=(place,), daemon=True).start()
    reasons = {place.label: f"no answer within {PATIENCE:g} s" for place in places}
    end = time.monotonic() + PATIENCE
    with suppress(queue.Empty):
        for _ in places:
            label, reason = results.get(timeout=max(0, end - time.monotonic()))
            if reason is None:
                return label, reasons
            reasons[label] = reason
    return None, reasons
