"""Where a finished run is read from, and what is said where there is none."""

import json
import subprocess
import sys
from pathlib import Path

import html5lib
import pandas as pd
import pytest

from stages.common import artifacts, files
from stages.compare import __main__ as program
from stages.compare import experiments

from ..project import Copy
from .runs import ROOT, copied, moved


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> Path:
    """A DVC repository with three commits: no run, one, and one with another metric.

    The last is a DVC experiment called `tried`, which no branch has.
    """
    folder = tmp_path_factory.mktemp("history")
    copy = Copy(folder)
    copy.project.mkdir()
    name = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    copy.run("git", "init", "-q", "-b", "main")
    copy.run("dvc", "init", "-q")
    copy.run("git", "add", ".")
    copy.run("git", *name, "commit", "-qm", "no run")
    copied(copy.project)
    copy.run("git", "add", ".")
    copy.run("git", *name, "commit", "-qm", "a run")
    baseline = copy.run("git", "rev-parse", "HEAD").strip()
    copied(copy.project, {"cnn.epochs": 9}, moved("points.live", 300.0))
    copy.run("git", "add", ".")
    copy.run("git", *name, "commit", "-qm", "another")
    tried = copy.run("git", "rev-parse", "HEAD").strip()
    copy.run("git", "update-ref", f"refs/exps/{baseline[:2]}/{baseline[2:]}/tried", tried)
    copy.run("git", "reset", "-q", "--hard", baseline)
    return copy.project


def compare(project: Path, *names: str) -> subprocess.CompletedProcess:
    """Run the program in a project."""
    command = [sys.executable, "-m", "stages.compare", *names]
    environment = Copy(project.parent).environment | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def compared(history) -> tuple[subprocess.CompletedProcess, Path]:
    """What a branch against an experiment prints, and the folder it writes."""
    return compare(history, "main", "tried"), history / "reports/comparison"


def test_a_branch_and_an_experiment_are_compared_and_nothing_is_checked_out(history, compared):
    done, folder = compared
    assert done.returncode == 0, done.stderr
    assert "tried against main metrics 1 higher, 59 the same most " in " ".join(done.stdout.split())
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    status = subprocess.run(["git", "status", "--porcelain"], cwd=history, capture_output=True,
                            text=True, check=True)  # fmt: skip
    assert status.stdout.split() == ["??", "reports/comparison/"]
    assert {path.name for path in folder.iterdir()} == {"index.html", "README.md", "figures"}


def test_the_page_is_html_and_loads_nothing(compared):
    text = (compared[1] / "index.html").read_text("utf-8")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    loaded = [of.get(name) for of in tree.iter() for name in ("src", "srcset") if of.get(name)]
    assert loaded
    assert all(place.startswith("data:") for place in loaded)
    ids = [of.get("id") for of in tree.iter() if of.get("id")]
    assert len(ids) == len(set(ids))
    links = [of.get("href")[1:] for of in tree.iter("a") if of.get("href", "").startswith("#")]
    assert set(links) <= set(ids)


def test_the_readme_has_the_figures_it_shows(compared):
    text = (compared[1] / "README.md").read_text("utf-8")
    shown = {part.split(")")[0] for part in text.split("](figures/")[1:]}
    assert shown == {path.name for path in (compared[1] / "figures").iterdir()}
    assert len(shown) == 6
    assert "cnn.epochs" in text
    assert "points.live" in text


def test_figures_and_the_readme_are_the_same_bytes_again(history, compared):
    before = {path: path.read_bytes() for path in compared[1].rglob("*") if path.is_file()}
    assert compare(history, "main", "tried").returncode == 0
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(("names", "said"), [
    (["main", "nowhere"], "There is no Git revision, no DVC experiment and no folder with a run "
                          "called nowhere."),
    (["main", "main~1"], "main~1 holds no finished run"),
    (["main", "main^{tree}"], "no folder with a run called main^{tree}."),
    (["main", "main:params.yaml"], "no folder with a run called main:params.yaml."),
    (["main"], "Two to 8 experiments can be compared, each once, and these are 1."),
    (["main", "main"], "each once"),
    (list("abcdefghi"), "these are 9"),
    ([], "these are 0"),
])  # fmt: skip
def test_what_cannot_be_compared_gets_a_sentence(history, names, said):
    done = compare(history, *names)
    assert done.returncode == 1
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_run_of_an_older_layout_is_called_that(tmp_path):
    folder = copied(tmp_path / "old")
    (folder / files.METRICS_BY_SEED.path).unlink()
    with pytest.raises(experiments.StageError, match=r"lacks reports/metrics_by_seed\.csv"):
        experiments.read(str(folder), tmp_path)


def refused(folder: Path) -> str:
    """The sentence with which a folder is refused, without its name, which begins it."""
    with pytest.raises(experiments.StageError) as caught:
        experiments.read(str(folder), folder.parent)
    message = str(caught.value)
    assert message.startswith(f"{folder.name}: ")
    assert str(folder.parent) not in message
    return message.removeprefix(f"{folder.name}: ")


@pytest.mark.parametrize(("path", "text", "said"), [
    ("reports/metrics.json", "{", "is no JSON"),
    ("reports/metrics.json", "[]", "has another form"),
    ("reports/metrics.json", '{"cnn": {"accuracy": "high"}}', "has another form"),
    ("reports/metrics.json", '{"cnn": {"accuracy": NaN}}', "it holds NaN"),
    ("reports/claims.json", '{"A": 1}', "has another form"),
    ("reports/claims.json", '[{"id": "A", "claim": "x", "outcome": "open", "parts": []}]',
     "has another form"),
    ("params.yaml", "train: [", "is no YAML"),
    ("params.yaml", "train", "has another form"),
    ("params.yaml", "train: {seeds: all}", "has another form"),
    ("dvc.lock", "stages: {download: {outs: [{md5: 5}]}}", "has another form"),
    ("data/timings/train-cnn-10.json", '{"device": [5]}', "has another form"),
    ("reports/metrics.json", '{"cnn": {"accuracy": 1e999}}', "has another form"),
    ("reports/metrics.json", f'{{"cnn": {{"accuracy": {10**400}}}}}', "has another form"),
    ("dvc.lock", "stages: {", "is no YAML"),
    ("dvc.lock", "schema: '2.0'", "has another form"),
    ("dvc.lock", "stages: {download: {outs: [1]}}", "has another form"),
    ("data/timings/train-cnn-10.json", "{}", "has another form"),
    ("reports/metrics_by_seed.csv", "metric,seed,value\ncnn.accuracy,10,\n", "empty or infinite"),
    ("reports/metrics_by_seed.csv", "", "No columns"),
    ("reports/plots/auroc.csv", "panel\n", "it lacks the column seed"),
])  # fmt: skip
def test_a_damaged_file_is_named(tmp_path, path, text, said):
    folder = copied(tmp_path / "damaged")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, "utf-8")
    message = refused(folder)
    assert message.startswith(f"{path} ")
    assert said in message


@pytest.mark.parametrize("change", [
    {"analysis.pair": [4]}, {"analysis.pair": 4}, {"analysis.pair": [4, 9, 1]},
    {"network.cnn.maps": 32}, {"network.mlp.hidden": 70}, {"network": None},
    {"train.seeds": [10, 10]}, {"train.seeds": []},
])  # fmt: skip
def test_settings_of_another_form_are_refused(tmp_path, change):
    folder = copied(tmp_path / "strange", change)
    assert refused(folder).startswith("params.yaml has another form")


@pytest.mark.parametrize("damage", [
    lambda claim: claim.update(outcome="perhaps"), lambda claim: claim.update(id=4),
    lambda claim: claim["parts"][0].pop("p"), lambda claim: claim["parts"][0].pop("outcome"),
    lambda claim: claim["parts"][0]["short"].update(mean=4, interval="1 to 2"),
])  # fmt: skip
def test_claims_of_another_form_are_refused(tmp_path, damage):
    folder = copied(tmp_path / "strange")
    content = json.loads((folder / files.CLAIMS.path).read_text("utf-8"))
    damage(content[1])
    (folder / files.CLAIMS.path).write_text(json.dumps(content), "utf-8")
    assert refused(folder).startswith("reports/claims.json has another form")


@pytest.mark.parametrize("damage", [
    lambda table: pd.concat([table, table.head(1)]),
    lambda table: table[table["seed"] != 13],
    lambda table: table.assign(seed=table["seed"] + 1),
])  # fmt: skip
def test_metrics_of_networks_twice_or_missing_are_refused(tmp_path, damage):
    folder = copied(tmp_path / "damaged", metrics=damage)
    assert refused(folder).startswith("reports/metrics_by_seed.csv has another form")


def test_a_curve_without_rows_counts_as_lacking(tmp_path):
    folder = copied(tmp_path / "empty")
    path = folder / files.PLOT_LAYERS.path
    path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    assert "layers" not in experiments.read(str(folder), tmp_path).curves


def test_a_run_that_lacks_claims_and_curves_is_compared_all_the_same(history):
    folder = copied(history.parent / "<b>bare_1 *x*")
    text = json.loads((folder / files.CLAIMS.path).read_text("utf-8"))
    (folder / files.CLAIMS.path).write_text(json.dumps(text[3:]), "utf-8")
    for of in experiments.CURVES.values():
        (folder / of.path).unlink()
    for order in (["main", str(folder)], [str(folder), "main"]):
        done = compare(history, *order)
        assert done.returncode == 0, done.stderr
        written = history / "reports/comparison"
        page = (written / "index.html").read_text("utf-8")
        html5lib.HTMLParser(strict=True).parse(page)
        assert page.count("not in this run") == 3
        assert "<b>bare" not in page
        assert "Not kept of &lt;b&gt;bare_1 *x*." in page
        readme = (written / "README.md").read_text("utf-8")
        assert r"Not kept of \<b\>bare_1 \*x\*." in readme


def test_a_report_of_other_settings_than_those_in_params_is_refused(tmp_path):
    folder = copied(tmp_path / "edited")
    lock = "stages: {report: {params: {params.yaml: {cnn: {epochs: 77}}}}}"
    (folder / "dvc.lock").write_text(lock, "utf-8")
    with pytest.raises(
        experiments.StageError, match=r"cnn\.epochs: 4, and its report was made with 77"
    ):
        experiments.read(str(folder), tmp_path)


def test_the_lock_and_the_machine_are_read_where_they_are(tmp_path):
    folder = copied(tmp_path / "whole")
    lock = "stages: {download: {outs: [{path: data/raw/dataset.npz, md5: abc}]}}"
    (folder / "dvc.lock").write_text(lock, "utf-8")
    for seed in (10, 11):
        artifacts.replace(
            folder / artifacts.path_of(files.TIMINGS, model="cnn", seed=seed),
            lambda path: path.write_text('{"device": "a machine"}', "utf-8"),
        )
    found = experiments.read(str(folder), tmp_path)
    assert (found.data, found.devices, len(found.lock)) == ("abc", ["a machine"], 64)
    assert experiments.read(str(copied(tmp_path / "bare")), tmp_path).devices == []


def test_the_colours_are_as_many_as_experiments_can_be():
    assert len(set(program.COLORS)) == len(program.COLORS) == 8
