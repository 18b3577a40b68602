"""The browser, Chromium or Chrome with its driver as on the PATH, and the page of the small run."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from stages.common.run import Run

from . import pages

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="package")
def driver() -> Iterator[webdriver.Chrome]:
    """A browser without a window that keeps a log of requests and of the console."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    path = shutil.which("chromedriver")
    if not (browser and path):
        pytest.skip("NO BROWSER: the page is not opened. Debian: apt install chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    # No sandbox, which a container's root cannot have: the one page opened is our own.
    for name in (
        "headless",
        "no-sandbox",
        "disable-dev-shm-usage",
        "disable-background-networking",
    ):
        options.add_argument(f"--{name}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    offline = os.environ | {"SE_OFFLINE": "true", "SE_AVOID_STATS": "true"}
    started = webdriver.Chrome(options, webdriver.ChromeService(path, env=offline))
    yield started
    started.quit()


@pytest.fixture(scope="package")
def run(finished: Path) -> Run:
    return Run.of(finished)


@pytest.fixture(scope="package")
def page(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages.write(run, tmp_path_factory.mktemp("page"))
