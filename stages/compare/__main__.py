"""Compare finished runs: `python -m stages.compare REV REV...`, no stage of the pipeline.

In:  of each run, a Git revision, a DVC experiment or a folder, what it left in Git.
Out: `reports/comparison/index.html` (one file, opens offline), `README.md` and `figures/` there.
"""

import argparse
import shlex
import tempfile
from pathlib import Path

from stages.common import artifacts, console
from stages.common.console import StageError
from stages.compare import experiments, lead, sections, written
from stages.compare.comparison import COLORS, Comparison
from stages.report import page

TARGET = Path("reports/comparison")
HERE = Path(__file__).parent
PAGE_ALONE = ("pictures",)  # sections that the README goes without


def arguments() -> list[str]:
    """The names of the experiments. Raises StageError where they are too few, or too many."""
    parser = argparse.ArgumentParser(
        prog="python -m stages.compare", description="Compare finished runs of this project."
    )
    parser.add_argument("experiment", nargs="*", help="Git revision, DVC experiment or folder")
    names = parser.parse_args().experiment
    if not 2 <= len(set(names)) == len(names) <= len(COLORS):
        raise StageError(
            f"Two to {len(COLORS)} experiments can be compared, each once, and these are "
            f'{len(names)}. For example: make compare EXPERIMENTS="main quick"'
        )
    return names


def main() -> None:
    names = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        runs = [experiments.read(name, Path(scratch) / str(at)) for at, name in enumerate(names)]
        if len({run.name for run in runs}) < len(names):  # two folders of one name
            runs = [run._replace(name=name) for run, name in zip(runs, names, strict=True)]
        comparison = Comparison(runs)
        writer = page.Writer(comparison, TARGET / "figures", HERE, HERE / "sections")
        opening = writer.section(lead)
        parts = [writer.section(module) for module in page.modules(sections)]
    whole = page.index("compare.html", opening, HERE, parts=parts, command=shlex.join(names))
    artifacts.write_text(TARGET / "index.html", whole)
    kept = [part for part in parts if part.name not in PAGE_ALONE]
    readme = [f"# {opening.heading}\n\n{opening.markdown}"]
    readme += [f"## {part.heading}\n\n{part.markdown}" for part in kept]
    artifacts.write_text(TARGET / "README.md", "\n\n".join(readme) + "\n")
    for line in said(comparison):
        console.say(line)


def said(comparison: Comparison) -> list[str]:
    """The comparison in short, for the terminal."""
    lines = []
    for other in comparison.others:
        counts, turned = comparison.counts(other), ", ".join(comparison.turned(other))
        most = lead.most(comparison, other)
        wide = [max((len(row[at]) for row in most), default=0) for at in (0, 1)]
        lines += [
            f"{other.name} against {comparison.names[0]}",
            f"metrics     {written.counted(counts)}",
            *(f"{'' if row else 'most':11} {name:{wide[0]}}  {means:{wide[1]}}  {mark}"
              for row, (name, means, mark) in enumerate(most)),
            f"claims      {f'another outcome for {turned}' if turned else 'the same outcomes'}",
        ]  # fmt: skip
    return [*lines, f"{TARGET / 'index.html'}: open it in a browser"]


if __name__ == "__main__":
    console.run(main, stage=False)
