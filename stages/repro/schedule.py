"""Which stage comes next, and how long all of them take. Functions of a plan alone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """A stage that has to run."""

    name: str  # as DVC addresses it: train@cnn-0
    needs: frozenset[str]  # the stages of the plan that must have run before
    seconds: float  # what it is expected to take


Plan = Mapping[str, Stage]  # by name, in an order in which they can run


def ready(
    plan: Plan, done: Collection[str], begun: Collection[str], ways: Mapping[str, float]
) -> list[str]:
    """The stages that can start, those with the longest way to the end first.

    `ways` are the plan's `seconds_to_the_end`.
    """
    done = frozenset(done)
    can = [name for name, stage in plan.items() if name not in begun and stage.needs <= done]
    return sorted(can, key=lambda name: -ways[name])  # stable: ties keep the plan's order


def seconds_to_the_end(plan: Plan) -> dict[str, float]:
    """By stage: its own seconds and those of the longest chain of stages that wait for it."""
    ways: dict[str, float] = {}
    for name in reversed(plan):
        after = [ways[other] for other in ways if name in plan[other].needs]
        ways[name] = plan[name].seconds + max(after, default=0.0)
    return ways


def behind(plan: Plan, failed: Collection[str]) -> list[str]:
    """The stages that need a failed one, directly or through others."""
    lost = set(failed)
    for name, stage in plan.items():
        if stage.needs & lost:
            lost.add(name)
    return [name for name in plan if name in lost and name not in failed]


def estimate(
    plan: Plan, jobs: int, done: Collection[str] = (), running: Mapping[str, float] | None = None
) -> float:
    """Seconds until all have run, `jobs` at once: the schedule, played with expected durations.

    `running` holds the seconds that stages have been running for.
    """
    finished, begun, now = set(done), set(done), 0.0
    ends = {name: max(plan[name].seconds - age, 0.0) for name, age in (running or {}).items()}
    begun |= set(ends)
    ways = seconds_to_the_end(plan)
    while True:
        for name in ready(plan, finished, begun, ways)[: max(jobs - len(ends), 0)]:
            ends[name] = now + plan[name].seconds
            begun.add(name)
        if not ends:
            return now
        first = min(ends, key=ends.__getitem__)
        now = max(now, ends.pop(first))
        finished.add(first)
