"""A stage's command on a worker of a `dask.distributed` cluster, which `stages.repro` asks for.

Workers need the project's folder and Python under the same paths as here, and nothing of the
project in their memory: what is sent to them is in the standard library, or sent by value.
"""

SCHEDULER = "REPRO_SCHEDULER"  # in the environment of a stage that is to run on a cluster
TASK = "REPRO_TASK"  # in the environment of a stage on a worker: its name there


def run_elsewhere(scheduler: str, command: list[str]) -> int:
    """To be written."""
    raise NotImplementedError(scheduler, command)
