"""The verdict on each claim of the work reproduced, by all networks together.

In:  the columns that the files of the claims name, of earlier stages; the classes' names.
Out: `reports/claims.json`, one row a part of a claim: the values of all replicates with their
     intervals, the threshold and its side, the verdict and a sentence.

A replicate is a network, or a pair of them where a claim compares two; what no training changes
is one number for all.
"""

from typing import get_args

from stages.claims.judge import judge
from stages.common import artifacts, console, files, verdicts
from stages.common.params import read_params
from stages.common.run import Run


def table_lines(rows: list[dict]) -> list[str]:
    """The verdicts as a table, within 80 columns."""
    lines = [f"{'claim':<13}  {'verdict':<13}  {'values (95% intervals)':<33}  threshold"]
    for row in rows:
        values, reach, _, limit = (text.partition(" perc")[0] for text in row["short"].values())
        shown = f"{values} ({reach})" if reach else values or "–"
        name = f"{row['id']} {row['part']}"
        lines.append(f"{name:<13}  {row['verdict']:<13}  {shown:<33}  {limit}")
    claims = list(verdicts.of_claims(rows).values())
    whole = (f"{claims.count(name)} {name}" for name in get_args(verdicts.Verdict))
    return [*lines, f"whole claims: {', '.join(whole)}"]


def main() -> None:
    rows = judge(Run(read_params()))
    artifacts.write(files.CLAIMS, rows)
    console.say("\n".join(table_lines(rows)))


if __name__ == "__main__":
    console.run(main)
