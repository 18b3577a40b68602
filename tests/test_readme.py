"""README's numbers are those of the committed run, and its paths exist."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def metric(path: str) -> float:
    value = json.loads((ROOT / "reports/metrics.json").read_text(encoding="utf-8"))
    for key in path.split("."):
        value = value[key]
    return value


@pytest.mark.parametrize("model", ["cnn", "mlp"])
def test_the_table_of_results_is_of_the_committed_run(model):
    column = {"cnn": 1, "mlp": 2}[model]
    cells = {
        row.split("|")[1].strip(): row.split("|")[1 + column].strip()
        for row in README.splitlines()
        if row.startswith("| ")
    }
    assert cells["test accuracy, mean"] == f"{metric(f'{model}.accuracy'):.2%}"
    assert cells["lowest and highest of the seeds"] == (
        f"{metric(f'{model}.lowest'):.2%} to {metric(f'{model}.highest'):.2%}"
    )
    assert cells["test images of 4 and 9 taken for the other, mean"] == (
        f"{metric(f'{model}.confused'):.1f} of 1,991"
    )


def test_every_file_it_links_to_is_there():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
