"""Which stages have to run, and what each waits for: DVC's own graph and status."""

import networkx as nx
from dvc.dvcfile import PROJECT_FILE
from dvc.exceptions import DvcException
from dvc.lock import LockError
from dvc.repo import Repo, lock_repo
from dvc.repo.reproduce import collect_stages, get_active_graph

from stages.common.console import StageError
from stages.repro.schedule import Plan, Stage

UNKNOWN = 30.0  # seconds of a stage that no run and no `meta` in dvc.yaml tells about


def plan(targets: list[str], remembered: dict[str, float]) -> Plan:
    """The stages that are out of date or behind one that is, of those that `targets` need.

    All of dvc.yaml without targets, as with `dvc repro`. The seconds of a stage are those
    `remembered` from earlier runs, else `seconds` in its `meta`.
    Raises StageError where DVC cannot read the pipeline or is at work in it.
    """
    try:
        with Repo() as repo, lock_repo(repo):
            wanted = collect_stages(repo, targets or [PROJECT_FILE])
            graph = get_active_graph(repo.index.graph)  # a frozen stage waits for none
            graph = graph.subgraph({*wanted}.union(*(nx.descendants(graph, s) for s in wanted)))
            changed = {stage for stage in graph if stage.status()}
    except LockError as error:
        raise StageError(f"DVC is at work here already: {error} Wait for it.") from error
    except DvcException as error:
        raise StageError(f"DVC cannot read the pipeline: {error}.") from error
    return _plan(graph, changed, remembered)


def _plan(graph: nx.DiGraph, changed: set, remembered: dict[str, float]) -> dict[str, Stage]:
    """An edge of the graph goes from a stage to one that it depends on."""
    stages: dict[str, Stage] = {}
    order = nx.lexicographical_topological_sort(graph.reverse(), key=lambda s: s.addressing)
    for stage in order:
        needs = frozenset(other.addressing for other in graph.successors(stage)) & stages.keys()
        if stage in changed or needs:
            seconds = (stage.meta or {}).get("seconds", UNKNOWN)
            name = stage.addressing
            stages[name] = Stage(name, needs, remembered.get(name, seconds))
    return stages
