"""Runs a plan: starts what can start, as many at once as wanted, and tells how it goes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from stages.repro import durations
from stages.repro.children import Child, end
from stages.repro.schedule import Plan, behind, estimate, ready, seconds_to_the_end
from stages.repro.view import View, closing

POLL = 0.1  # seconds


@dataclass
class Pool:
    """A plan on its way, all in one thread."""

    plan: Plan
    jobs: int
    view: View
    variables: dict[str, str]  # in the environment of every stage
    running: dict[str, Child] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    failed: list[Child] = field(default_factory=list)

    def run(self, may_go_on: Callable[[], bool]) -> None:
        """Run all; after a failure those that do not need the failed stage, where others may.

        What is raised meanwhile, such as KeyboardInterrupt, first ends the running stages.
        """
        goes_on = True
        try:
            while True:
                if goes_on:
                    self._start()
                if not self.running:
                    return
                time.sleep(POLL)
                failures = len(self.failed)
                for child in [c for c in self.running.values() if c.process.poll() is not None]:
                    self._ended(child)
                if len(self.failed) > failures:
                    goes_on = goes_on and may_go_on()
                self.view.show(self.running.values())
        finally:
            end(self.running.values())

    def skipped(self) -> list[str]:
        """The stages that did not run."""
        known = {*self.done, *(child.name for child in self.failed)}
        return [name for name in self.plan if name not in known]

    def _start(self) -> None:
        begun = {*self.done, *self.running, *(child.name for child in self.failed)}
        ways = seconds_to_the_end(self.plan)
        for name in ready(self.plan, self.done, begun, ways)[: self.jobs - len(self.running)]:
            self.running[name] = Child.start(name, self.variables)
            self.view.say(f"  {name} starts")

    def _ended(self, child: Child) -> None:
        del self.running[child.name]
        if child.process.returncode != 0:
            self.failed.append(child)
            self.view.say(f"  {child.name} failed after {child.seconds():.0f} s")
            return
        self.done.append(child.name)
        if child.ran():
            durations.remember(child.name, child.seconds())
        self.view.say(closing(child, *self._left()))

    def _left(self) -> tuple[int, float]:
        """How many stages are still to end, and the seconds until then."""
        failed = {child.name for child in self.failed}
        out = {*self.done, *failed, *behind(self.plan, failed)}
        ages = {name: child.seconds() for name, child in self.running.items()}
        return len(self.plan) - len(out), estimate(self.plan, self.jobs, out, ages)
