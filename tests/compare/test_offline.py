"""`stages.compare.offline`: what would break DVC's page ends with a sentence."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from stages.compare import offline


@pytest.fixture
def vega(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package with a short script in Vega's place."""
    module = ModuleType("vl_convert")
    module.script = "window.vegaEmbed = 0"
    module.get_vegalite_versions = lambda: ["5.8", "5.21", "6.4"]
    module.javascript_bundle = lambda vl_version: f"{module.script} // {vl_version}"
    monkeypatch.setitem(sys.modules, "vl_convert", module)
    return module


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_script_is_of_the_newest_version_that_templates_ask_for(vega):
    assert offline.libraries().startswith(vega.script)
    assert offline.libraries().endswith("5.21")


@pytest.mark.parametrize("mark", ["{scripts}", "{plot_divs}", "{refresh_tag}", "</SCRIPT>", "<!--"])
def test_a_script_that_would_break_the_page_is_refused(vega, repository, fails, mark):
    vega.script += mark
    assert "would break DVC's page" in fails(offline.main)
    assert not any((repository / ".dvc").iterdir())


def test_without_the_package_it_says_how_to_get_it(repository, monkeypatch, fails):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert fails(offline.main).endswith("`make plots-offline` installs it.")
    assert not any((repository / ".dvc").iterdir())


@pytest.mark.usefixtures("vega")
def test_elsewhere_it_writes_nothing(tmp_path, monkeypatch, fails):
    monkeypatch.chdir(tmp_path)
    assert "has no .dvc" in fails(offline.main)
    assert not any(tmp_path.iterdir())


@pytest.mark.usefixtures("vega")
def test_what_dvc_refuses_is_said(repository, fails):
    (repository / ".dvc/config.local").write_text("[plots", "utf-8")
    assert fails(offline.main).startswith("DVC cannot set plots.html_template: ")
