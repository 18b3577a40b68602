"""The stages of DVC's graph in topological order, several at once: `make repro JOBS=4`.

Each is a `dvc repro -s STAGE` on this machine. A plain `dvc repro` ends the run: it must find all
up to date. With `--scheduler` the stages' commands run on the workers of a cluster.
"""

import argparse
import contextlib
import fcntl
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from stages.common import cluster, console
from stages.common.console import StageError
from stages.common.params import check_classes, check_network, read_params
from stages.repro import children, durations, graph, workers
from stages.repro.children import FOLDER
from stages.repro.pool import Pool
from stages.repro.schedule import Plan, estimate
from stages.repro.view import View, count, opening


def jobs_wanted(text: str | None) -> int | None:
    """How many stages run at once, where a number is given."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise StageError(f"JOBS is a whole number from 1, not {shlex.quote(text)}. Name one.")
    return int(text)


def scheduler_wanted(text: str | None) -> str | None:
    """The address of a cluster's scheduler, where one is given."""
    if text is not None and not re.fullmatch(r"(tcp|tls)://[^\s/]+:\d+/?", text):
        raise StageError(f"SCHEDULER is an address like tcp://host:8786, not {shlex.quote(text)}.")
    return text


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Refuse to run beside another `make repro` in this folder."""
    if not Path(".dvc").is_dir():
        raise StageError("This folder has no .dvc. Run this in the project's root.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StageError(
                f"Another `make repro` runs in this folder already (process {file.read().strip()})."
                " Wait until it has ended, or end it."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        children.mend_locks()
        try:
            yield
        finally:
            children.mend_locks()


def check() -> None:
    """Raise StageError for what a stage would refuse later, after DVC removed its output."""
    params = read_params()
    if params.dataset.name != "own":  # all others have ten classes, and images of 28 x 28 pixels
        check_classes(params, [str(label) for label in range(10)])
        check_network(params, 28)
    for path in (Path("reports"), Path("data"), *Path("data").glob("*")):
        if path.is_symlink() and not path.resolve().is_relative_to(Path.cwd().resolve()):
            raise StageError(
                f"{path} is a symbolic link to a place outside this project, where DVC does not "
                "write. Make it a folder; `dvc cache dir --local` puts DVC's cache, which takes as "
                "much space, elsewhere."
            )


def fitting() -> int:
    """How many trainings this machine's cores run at once."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (cores or 1) // read_params().train.threads)


def run(plan: Plan, jobs: int | None, scheduler: str | None) -> None:
    """Run a plan, here or on a cluster. SystemExit or StageError where a stage failed."""
    threads = workers.prepare(scheduler) if scheduler else None
    jobs = jobs or threads or fitting()
    console.say(opening(len(plan), estimate(plan, jobs), jobs))
    variables = {cluster.SCHEDULER: scheduler} if scheduler else {}
    with View() as view:
        pool = Pool(plan, jobs, view, variables)
        pool.run(may_go_on=lambda: not scheduler or workers.answers(scheduler))
    if pool.failed and scheduler and not workers.answers(scheduler):
        raise StageError(cluster.no_answer(scheduler))
    if pool.failed:
        tell_failures(pool)


def tell_failures(pool: Pool) -> None:
    """End with exit code 1, the failed stages' own words last."""
    skipped = len(pool.skipped())
    names = ", ".join(child.name for child in pool.failed)
    console.say(f"repro: {names} failed; {count(skipped)} that had to wait did not run")
    for child in pool.failed:
        print(f"\nThe last lines of {child.log}:", file=sys.stderr)
        print("\n".join(child.last_words()), file=sys.stderr)
    sys.exit(1)


def check_with_dvc(targets: list[str]) -> None:
    """Run plain `dvc repro`, in which everything must be up to date."""
    command = children.dvc("repro", *targets)
    done = subprocess.run(
        command,
        env=children.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StageError(f"After all stages, `dvc repro` failed:\n{done.stdout.strip()}")
    again = [line.split("'")[1] for line in done.stdout.splitlines() if "Running stage '" in line]
    if again:
        raise StageError(
            f"After all stages, `dvc repro` ran {', '.join(again)} once more. All is up to date "
            "now. A stage may have changed what another one reads, or a file of yours changed "
            "during the run."
        )


def main() -> None:
    """Plan, run, check."""
    parser = argparse.ArgumentParser(prog="python -m stages.repro", description=__doc__)
    parser.add_argument("--jobs", help="stages at once; without it, cores over train.threads")
    parser.add_argument("--scheduler", help="of a dask.distributed cluster: tcp://host:8786")
    parser.add_argument("--check", action="store_true", help="check the settings, and run nothing")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="stages; all without any")
    arguments = parser.parse_args()
    jobs, scheduler = jobs_wanted(arguments.jobs), scheduler_wanted(arguments.scheduler)
    check()
    if arguments.check:
        return
    # Set also where they were ignored, as in a script's background: DVC's processes inherit that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)

    with alone():
        if plan := graph.plan(arguments.targets, durations.remembered()):
            run(plan, jobs, scheduler)
        check_with_dvc(arguments.targets)
        console.say("repro: everything is up to date")


if __name__ == "__main__":
    console.run(main, stage=False)
