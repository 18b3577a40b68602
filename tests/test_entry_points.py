"""`setup.sh` and `repro.sh`, on a PATH with stand-ins for Python, pip, nvidia-smi and DVC."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
TOOLS = ("sh", "cat", "cmp", "cp", "dirname", "git", "mkdir", "rm")

# A Python of some version that makes environments, in which its copy plays pip.
PYTHON = """
case "$*" in
    *version_info*) echo {version} ;;
    *ensurepip*) exit {without_ensurepip:d} ;;
    "-m venv --clear .venv") rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    "-m pip install"*) echo "$*" >>pip.log; exit "${{PIP:-0}}" ;;
    *) exit 99 ;;
esac
"""
# The Python of the environment: `--check` answers WHY and CHECK, `stages.repro` notes its call as
# DVC does, the rest is real.
CHECKING = f"""
case "$*" in
    "-m stages.download --check") [ -z "$WHY" ] || echo "$WHY"; exit "$CHECK" ;;
    "-m stages.repro"*) echo "$*" >>dvc.log ;;
    *) exec {sys.executable} "$@" ;;
esac
"""
# DVC notes its calls. Its status is that of STATUS, or after `checkout` that of CHECKED_OUT.
DVC = """
echo "$*" >>dvc.log
case $1 in
    status) [ -e checked-out.log ] && exit "${CHECKED_OUT:-1}" || exit "${STATUS:-1}" ;;
    checkout) >checked-out.log ;;
    exp) [ $2 = remove ] || echo "# of an experiment" >>params.yaml ;;
esac
case $* in
    "exp run"*) [ -z "${FAIL:-}" ] || exit "$FAIL" ;;
esac
case $1 in
    status | checkout) ;;
    *) echo "${GIT_COMMITTER_NAME:-}" >>names.log ;;
esac
"""
MNIST = "dataset:\n  name: mnist\n  split_seed: 0\n"
CUT_OFF = {"CHECK": "1", "WHY": "mnist cannot be had: no network."}
ONLINE = {"CHECK": "0", "WHY": "mnist can be had."}


class Place:
    """A folder with the scripts in it, and the stand-ins on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.tools = folder / "bin"
        self.project = folder / "project"
        self.environment = {"PATH": str(self.tools), "HOME": str(self.tools)}
        self.tools.mkdir()
        self.project.mkdir()
        for tool in TOOLS:
            (self.tools / tool).symlink_to(shutil.which(tool))
        for name in ("setup.sh", "repro.sh"):
            shutil.copy(ROOT / name, self.project)
        (self.project / "params.yaml").write_text(MNIST)
        (self.project / ".gitignore").write_text("*.log\n.dvc/\n")
        for kind in ("cpu", "gpu"):
            (self.project / f"requirements-{kind}.txt").write_text(f"tensorflow-{kind}==1\n")

    def tool(self, name: str, script: str) -> None:
        path = self.tools / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def python(self, name: str, version: str, without_ensurepip: bool = False) -> None:
        self.tool(name, PYTHON.format(version=version, without_ensurepip=without_ensurepip))

    def run(self, script: str, **variables: str) -> tuple[int, str, str]:
        """Run a script from another folder; returns its exit code, output and errors."""
        done = subprocess.run(
            [self.project / script],
            cwd="/",
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    def log(self, tool: str) -> list[str]:
        """The calls of pip or DVC."""
        return (self.project / f"{tool}.log").read_text().splitlines()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def ready(place: Place) -> Place:
    """A place with an environment."""
    place.python("python3", "3.12")
    assert place.run("setup.sh")[0] == 0
    return place


def test_setup_installs_the_lock_once_and_anew_after_a_change_or_a_failure(ready):
    (ready.project / ".venv/left-over").touch()
    (ready.project / "requirements-cpu.txt").write_text("tensorflow-cpu==2\n")
    code, _, errors = ready.run("setup.sh", PIP="1")
    assert code == 1
    assert "package index" in errors
    assert not (ready.project / ".venv/left-over").exists()
    assert ready.run("setup.sh")[0] == 0
    ready.project = ready.project.rename(ready.project.parent / "another folder")
    assert ready.run("setup.sh")[0] == 0
    ready.tool("nvidia-smi", "echo GPU 0")
    assert ready.run("setup.sh")[0] == 0
    assert ready.run("setup.sh", LOCK="requirements-cpu.txt")[0] == 0
    ready.tool("nvidia-smi", "echo no driver; exit 9")
    assert ready.run("setup.sh") == (0, "", "")
    assert all("--require-hashes --no-deps" in call for call in ready.log("pip"))
    locks = [call.split()[-1] for call in ready.log("pip")]
    assert locks == [f"requirements-{kind}.txt" for kind in ("cpu",) * 4 + ("gpu", "cpu")]


def test_the_first_python_that_can_make_environments_is_taken(place):
    assert "python3 is no Python." in place.run("setup.sh")[2]
    for version in ("3.10", "3.14"):
        place.python("python3", version)
        assert f"python3 is {version}." in place.run("setup.sh")[2]
    place.python("python3.13", "3.13", without_ensurepip=True)
    assert "apt install python3.13-venv" in place.run("setup.sh")[2]
    assert not (place.project / ".venv").exists()
    place.python("python3.12", "3.12")
    assert "Python 3.12" in place.run("setup.sh")[1]


def test_the_named_python_alone_counts(ready):
    ready.python("python3.13", "3.13")
    assert ready.run("setup.sh", PYTHON="python3.12")[0] == 1
    assert ready.run("setup.sh", PYTHON="python3")[1] == ""
    assert "Python 3.13" in ready.run("setup.sh", PYTHON="python3.13")[1]
    assert ready.run("setup.sh") == (0, "", "")


@pytest.fixture
def checkout(place: Place) -> Place:
    """A Git checkout in which DVC only notes how it was called."""
    place.tool("python", CHECKING)
    place.tool("dvc", DVC)
    commit = "-c user.name=a -c user.email=a@b commit --quiet -m a"
    for words in ("init --quiet", "add --all", commit):
        command = ["git", *words.split()]
        subprocess.run(command, cwd=place.project, env=place.environment, check=True)
    return place


@pytest.mark.parametrize("state", [{"CHECK": "0"}, {"STATUS": "0"}, {"CHECKED_OUT": "0"}])
def test_repro_runs_the_pipeline_where_a_source_or_dvc_has_the_dataset(checkout, state):
    code, output, _ = checkout.run("repro.sh", **CUT_OFF | state)
    assert code == 0
    calls = [call for call in checkout.log("dvc") if "repro" in call or "exp" in call]
    assert calls == ["-m stages.repro --check", "-m stages.repro"]
    assert "reports/index.html" in output.splitlines()[-1]
    assert "mnist_5k" not in output


def test_jobs_and_the_scheduler_are_passed_on(checkout):
    assert checkout.run("repro.sh", **ONLINE, JOBS="4", SCHEDULER="tcp://host:8786")[0] == 0
    assert checkout.log("dvc")[-1] == "-m stages.repro --jobs=4 --scheduler=tcp://host:8786"


def test_repro_runs_mnist_5k_as_an_experiment_where_neither_has_it(checkout):
    code, output, _ = checkout.run("repro.sh", **CUT_OFF)
    assert code == 0
    *_, remove, run = checkout.log("dvc")
    assert remove == "exp remove offline-mnist-5k"
    assert run.startswith("exp run --name offline-mnist-5k ")
    assert " -S dataset.name=mnist_5k " in run
    assert "offline-mnist-5k" in (checkout.project / "names.log").read_text()  # Git knew none
    assert output.startswith(CUT_OFF["WHY"])
    back = "Back to your settings later: git restore params.yaml dvc.lock reports; make repro"
    assert output.splitlines()[2] == back
    assert back in checkout.run("repro.sh", **ONLINE)[1]
    assert checkout.log("dvc")[-1] == "-m stages.repro"
    (checkout.project / "params.yaml").write_text(MNIST)
    assert back not in checkout.run("repro.sh", **ONLINE)[1]


def test_quick_is_an_experiment_too(checkout):
    code, output, _ = checkout.run("repro.sh", **ONLINE, QUICK="1")
    assert code == 0
    assert checkout.log("dvc")[-1].startswith("exp run --name quick -S train.seeds=[0,1,2]")
    assert "The workspace shows an experiment" in output
    assert "offline" in checkout.run("repro.sh", **CUT_OFF, QUICK="1")[1]


def test_the_way_back_keeps_settings_that_git_does_not_know(checkout):
    """Also where the experiment failed half way and is tried again."""
    mine, copy = MNIST.replace("0", "7"), ".dvc/tmp/params-before-experiment.yaml"
    (checkout.project / "params.yaml").write_text(mine)
    for state in ({"FAIL": "3"}, {}):
        code, output, _ = checkout.run("repro.sh", **CUT_OFF, **state)
        assert code == int(state.get("FAIL", 0))
        assert f"cp {copy} params.yaml" in output
        assert (checkout.project / copy).read_text() == mine


def test_a_fault_runs_nothing(checkout):
    assert checkout.run("repro.sh", CHECK="1", WHY="")[0] == 1
    shutil.rmtree(checkout.project / ".git")
    code, _, errors = checkout.run("repro.sh", **ONLINE)
    assert code == 1
    assert "git init" in errors
    calls = {call.split()[0] for call in checkout.log("dvc") if call != "-m stages.repro --check"}
    assert calls == {"status", "checkout"}


def test_settings_that_are_not_allowed_stop_it_before_dvc_is_called(checkout):
    checkout.tool("python", CHECKING + "exit 1")
    for variables in (ONLINE, {**ONLINE, "QUICK": "1"}):
        assert checkout.run("repro.sh", **variables)[0] == 1
    assert not any("exp" in call or call == "-m stages.repro" for call in checkout.log("dvc"))


def test_the_citation_is_of_this_version():
    citation = YAML(typ="safe", pure=True).load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert all(citation[key] == project[key] for key in ("version", "license"))
