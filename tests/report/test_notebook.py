"""The notebook runs from top to bottom on a finished run and draws its figures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = json.loads((ROOT / "reports/notebook.ipynb").read_text(encoding="utf-8"))
CODE = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
# What Jupyter does: run each cell in one namespace, and display what its last line gives.
PROGRAM = """
import ast, json, sys
names, pictures = {}, 0
for text in json.load(sys.stdin):
    lines = ast.parse(text).body
    last = lines.pop().value if isinstance(lines[-1], ast.Expr) else ast.Constant(None)
    exec(compile(ast.Module(lines, []), "cell", "exec"), names)
    shown = eval(compile(ast.fix_missing_locations(ast.Expression(last)), "cell", "eval"), names)
    png = getattr(shown, "_repr_png_", lambda: b"")()
    pictures += png.startswith(b"\\x89PNG") and len(png) > 10_000
print(pictures)
"""


@pytest.mark.slow
def test_it_draws_three_figures_of_a_finished_run(finished):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps(CODE), cwd=finished / "reports",
        env={"PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "3"


def test_it_is_committed_without_what_it_gave():
    assert all(not cell.get("outputs") for cell in NOTEBOOK["cells"])
    assert all(cell.get("execution_count") is None for cell in NOTEBOOK["cells"])
