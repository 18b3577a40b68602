"""Run benchmarks, one in its own process each, so that none warms up another.

    make bench                 all
    make bench ONLY=step       one of step, training, auroc, idle, jobs, images or seeds

Times on a busy machine mean little. What is compared runs in turns, and the ratio is the median
over the turns.
"""

import argparse
import subprocess
import sys

from . import ALL, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Time the pipeline's parts.")
    parser.add_argument("only", nargs="?", choices=tuple(ALL))
    only = parser.parse_args().only
    if only:
        run(only)
        return
    for name in ALL:
        subprocess.run([sys.executable, "-m", "tests.bench", name], check=True)


if __name__ == "__main__":
    main()
