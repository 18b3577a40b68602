"""The page of a comparison in a real browser, at the width of a phone and of a window."""

import sys
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from stages.compare import __main__ as program

from ..compare.runs import copied, moved
from .actions import show

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the committed run against two copies of it, in one of which points are more."""
    folder = tmp_path_factory.mktemp("comparison")
    names = [str(copied(folder / name)) for name in ("first", "same")]
    names.append(str(copied(folder / "more-points", metrics=moved("points.live", 300.0))))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["compare", *names])
        program.main()
    return folder / program.TARGET / "index.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_window_and_draws_its_figures(driver, comparison, width, scheme):
    show(driver, comparison, width, scheme)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    images = driver.find_elements(By.CSS_SELECTOR, "figure img")
    assert len(images) >= 6
    assert all(driver.execute_script("return arguments[0].naturalWidth", of) for of in images)


def test_marks_are_read_and_seen(driver, comparison):
    show(driver, comparison)
    rows = driver.find_elements(By.CSS_SELECTOR, "#metrics-all tbody tr")
    (row,) = [row for row in rows if row.text.startswith("points.live")]
    marks = [mark.text for mark in row.find_elements(By.CLASS_NAME, "outcome")]
    assert marks == ["= the same", "▲ higher"]
    assert driver.get_log("browser") == []
