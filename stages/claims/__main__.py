"""The outcome of each claim of the work reproduced, by all networks together.

In:  the columns that the files of the claims name, of earlier stages; the classes' names.
Out: `reports/claims.json`, an entry a claim and in it one a part: the values of all replicates, the
     mean with its interval for a new network, the threshold and its side, the outcome, a sentence.

A replicate is a network, or a pair of them where a claim compares two; what no training changes
is one number for all. The rule is `common/inference.py`; nothing is measured here.
"""

from collections import Counter
from typing import get_args

from stages.claims.judge import judge
from stages.common import artifacts, console, files, inference
from stages.common.params import read_params
from stages.common.run import Run


def table_lines(claims: list[dict]) -> list[str]:
    """The outcomes as a table, within 80 columns."""
    lines = [f"{'claim':<18}  {'outcome':<14}  {'mean (95% interval)':<27}  asked"]
    for claim in claims:
        for part in claim["parts"]:
            mean, interval, _, values, *_, asked = (
                text.replace(" percentage points", "") for text in part["short"].values()
            )
            shown = f"{mean} ({interval})" if interval else mean or values or "–"
            name, asked = f"{claim['id']} {part['part']}", asked.partition(";")[0]
            lines.append(f"{name:<18}  {part['outcome']:<14}  {shown:<27}  {asked}".rstrip())
    counts = Counter(claim["outcome"] for claim in claims)
    whole = (f"{counts[name]} {name}" for name in get_args(inference.Outcome) if counts[name])
    return [*lines, f"whole claims: {', '.join(whole)}"]


def main() -> None:
    claims = judge(Run(read_params()))
    artifacts.write(files.CLAIMS, claims)
    console.say("\n".join(table_lines(claims)))


if __name__ == "__main__":
    console.run(main)
