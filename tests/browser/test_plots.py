"""Pages of `dvc plots` with Vega inside: they draw with no network, and load nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..project import ROOT, Copy
from .actions import until

pytestmark = pytest.mark.browser
ROWS = "panel,seed,epoch,y\n" + "".join(
    f"CNN,{seed},{epoch},{1 - 1 / (epoch + seed)}\n" for seed in (1, 2) for epoch in (1, 2, 3)
)
PLOTS = """plots:
- Training:
    x: epoch
    y: {curves.csv: y}
    template: runs
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A DVC repository with one plot that the project's template draws."""
    copy = Copy(tmp_path_factory.mktemp("plots"))
    copy.project.mkdir()
    copy.run("git", "init", "-q")
    copy.run("dvc", "init", "-q")
    shutil.copytree(ROOT / ".dvc/plots", copy.project / ".dvc/plots")
    (copy.project / "curves.csv").write_text(ROWS, "utf-8")
    (copy.project / "dvc.yaml").write_text(PLOTS, "utf-8")
    return copy


def offline(copy: Copy) -> subprocess.CompletedProcess:
    """Run the program in the repository."""
    command = [sys.executable, "-m", "stages.compare.offline"]
    environment = copy.environment | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=copy.project, env=environment, capture_output=True,
                          text=True, check=False)  # fmt: skip


def requested(driver, page: Path) -> set[str]:
    """What the browser asks for when it opens a page without a network."""
    driver.execute_cdp_cmd("Network.enable", {})
    no_network = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", no_network)
    driver.get_log("performance")
    try:
        driver.get(page.resolve().as_uri())
        until(driver, "document.readyState", "complete")
    finally:
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", no_network | {"offline": False})
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [event for event in events if event["method"] == "Network.requestWillBeSent"]
    return {event["params"]["request"]["url"] for event in sent}


def test_plots_are_drawn_without_a_network(driver, copy):
    pytest.importorskip("vl_convert", reason="make plots-offline installs it")
    done = offline(copy)
    assert done.returncode == 0, done.stderr
    copy.run("dvc", "plots", "show")
    page = copy.project / "dvc_plots/index.html"
    urls = {url for url in requested(driver, page) if not url.startswith("data:")}
    assert urls == {page.resolve().as_uri()}
    until(driver, "document.querySelectorAll('canvas, svg.marks').length", 1)
    assert "plots.html" in (copy.project / ".dvc/config.local").read_text("utf-8")
