"""The workflow that publishes the site calls what there is, and one job alone may write."""

import re

from ruamel.yaml import YAML

from ..project import ROOT

TEXT = (ROOT / ".github/workflows/pages.yml").read_text("utf-8")
WORKFLOW = YAML(typ="safe", pure=True).load(TEXT)


def test_the_deployment_alone_may_write():
    jobs = WORKFLOW["jobs"]
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert {name for name, job in jobs.items() if "permissions" in job} == {"deploy"}
    assert jobs["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
    # It runs nothing of the project's, so that no code of ours has these rights.
    assert not any("run" in step or "checkout" in step["uses"] for step in jobs["deploy"]["steps"])


def test_its_commands_exist():
    commands = "\n".join(step.get("run", "") for step in WORKFLOW["jobs"]["build"]["steps"])
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets, modules = re.findall(r"make ([\w-]+)", commands), re.findall(r"-m (\S+)", commands)
    assert {"setup", "compare"} <= set(targets)
    assert all(f"\n{target}:" in makefile for target in targets)
    assert modules
    assert all((ROOT / name.replace(".", "/") / "__main__.py").is_file() for name in modules)
    _, *others = WORKFLOW["env"]["COMPARED"].split()
    assert all((ROOT / other / "params.yaml").is_file() for other in others)
