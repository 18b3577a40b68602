"""What a report must do in a real browser, each check a function of the browser and the report.

The browser is Debian's Chromium or any Chrome, with the driver of its version; both are looked
for on the PATH, and nothing is downloaded.
"""

import base64
import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from stages.common.network import Head

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DRIVERS = ("chromedriver",)
WIDTHS = (390, 768, 1280, 1600)
SCHEMES = ("light", "dark")
PATIENCE = 30  # seconds until a page that does not get ready is given up
TOLERANCE = 1e-3  # of a logit
FOCUS_STOPS = 600  # more than any report has


def _first(names: tuple[str, ...]) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)


needs_browser = pytest.mark.skipif(
    not (_first(BROWSERS) and _first(DRIVERS)),
    reason="NO BROWSER: the report is not opened. On Debian: apt install chromium chromium-driver",
)


@contextlib.contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """A browser without a window that keeps a log of requests and of the console."""
    options = webdriver.ChromeOptions()
    options.binary_location = _first(BROWSERS)
    for argument in (
        "--headless",
        "--no-sandbox",  # which a container's root cannot have; the one page opened is our own
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    service = webdriver.ChromeService(
        _first(DRIVERS), env=os.environ | {"SE_OFFLINE": "true", "SE_AVOID_STATS": "true"}
    )
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield driver
    finally:
        driver.quit()


def show(driver: webdriver.Chrome, report: Path, width: int = 1280, scheme: str = "light") -> None:
    """Open a report from disk at a width in CSS pixels, and wait until its explorer is ready."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    # Without smooth scrolling, so that what is clicked stands still.
    wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    driver.get(report.resolve().as_uri())
    WebDriverWait(driver, PATIENCE).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, "#explorer-app[data-ready]")
    )


def asks_for_nothing(driver: webdriver.Chrome, report: Path) -> None:
    """The report asks for no other file and for nothing from a network; its console is empty."""
    for log in ("performance", "browser"):
        driver.get_log(log)  # what came before
    show(driver, report)
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert {url for url in asked if not url.startswith("data:")} == {report.resolve().as_uri()}
    assert driver.get_log("browser") == []


def fits_every_width(driver: webdriver.Chrome, report: Path, screenshots: Path) -> None:
    """Nothing is wider than the window; pictures of the top and the explorer are kept."""
    screenshots.mkdir(parents=True, exist_ok=True)
    for scheme in SCHEMES:
        for width in WIDTHS:
            show(driver, report, width, scheme)
            _keep(driver, screenshots / f"top-{width}-{scheme}.png", 0, width, 900)
            place = driver.find_element(By.ID, "explorer").rect
            keep = screenshots / f"explorer-{width}-{scheme}.png"
            _keep(driver, keep, place["y"], width, place["height"])
            assert driver.execute_script("return document.documentElement.scrollWidth") <= width
            dark = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
            assert (max(map(int, re.findall(r"\d+", dark)[:3])) < 128) == (scheme == "dark")


def _keep(driver: webdriver.Chrome, path: Path, top: float, width: int, height: float) -> None:
    clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
    options = {"captureBeyondViewport": True, "clip": clip}
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", options)
    path.write_bytes(base64.b64decode(shot["data"]))


def part(driver: webdriver.Chrome, name: str) -> WebElement:
    """An element of the explorer."""
    return driver.find_element(By.ID, f"explorer-{name}")


def logits(driver: webdriver.Chrome) -> np.ndarray:
    """The explorer's logits, (2, 10): before the edits and now."""
    found = driver.execute_script(
        "return [2, 3].map((column) => Array.from(document.querySelectorAll("
        "`#explorer-logits td:nth-child(${column}) data`), ({ value }) => Number(value)))"
    )
    return np.array(found)


def place(driver: webdriver.Chrome) -> tuple[int, int, int]:
    """Map, row and column of the chosen point."""
    numbers = re.findall(r"\d+", part(driver, "point-name").text.partition(",")[2])
    return tuple(int(number) for number in numbers)


def logits_are_those_of(
    driver: webdriver.Chrome, report: Path, head: Head, points: np.ndarray, mean: np.ndarray
) -> int:
    """The explorer answers as NumPy does, for ten images, before and after switching points.

    `points` float32 (n, p) of the shown images, `mean` float32 (2, p) of classes a and b on
    validation. Returns the number of images tried, ten or all there are.
    """
    show(driver, report)
    images = driver.find_elements(By.CSS_SELECTOR, "#explorer-images label")[:10]
    for image, values in zip(images, points, strict=False):
        image.click()
        before, now = logits(driver)
        expected = head(values[np.newaxis])[0]
        np.testing.assert_allclose([before, now], [expected, expected], atol=TOLERANCE, rtol=0)
        target = driver.find_elements(By.NAME, "explorer-target")[1].is_selected()
        edited = values.copy()
        for option in (1, 3, 14):
            goto = Select(part(driver, "goto"))
            goto.select_by_index(option)
            number = int(part(driver, "goto").get_property("value"))
            shape = (len(values) // 9, 3, 3)
            assert np.ravel_multi_index(place(driver), shape) == number
            # A point may stand in both lists of the choice; switching it twice is no edit.
            edited[number] = mean[int(target)][number]
            if part(driver, "switch").text.startswith("Switch to the mean"):
                part(driver, "switch").click()
        before, now = logits(driver)
        np.testing.assert_allclose(before, expected, atol=TOLERANCE, rtol=0)
        np.testing.assert_allclose(now, head(edited[np.newaxis])[0], atol=TOLERANCE, rtol=0)
        part(driver, "reset").click()
        np.testing.assert_allclose(logits(driver)[1], expected, atol=TOLERANCE, rtol=0)
    return len(images)


def most_effective_points_are_switched(
    driver: webdriver.Chrome, head: Head, values: np.ndarray, mean: np.ndarray, live: np.ndarray,
    pair: tuple[int, int],
) -> None:  # fmt: skip
    """The slider switches the points that NumPy finds most effective, on the first image."""
    driver.find_element(By.CSS_SELECTOR, "#explorer-images label").click()
    target = int(driver.find_elements(By.NAME, "explorer-target")[1].is_selected())
    alone = np.tile(values, (len(values), 1))
    np.fill_diagonal(alone, mean[target])
    logits_alone = head(alone)
    effect = (logits_alone[:, pair[1]] - logits_alone[:, pair[0]]) * (1 if target else -1)
    order = live[np.argsort(-effect[live], kind="stable")]
    for k in (1, 2, 3, 4, 5):
        part(driver, "most").send_keys(Keys.ARROW_RIGHT)
        edited = values.copy()
        edited[order[:k]] = mean[target][order[:k]]
        expected = head(edited[np.newaxis])[0]
        np.testing.assert_allclose(logits(driver)[1], expected, atol=TOLERANCE, rtol=0)
    assert part(driver, "answer").text.startswith("5 points at the mean of")
    assert part(driver, "most-text").text == "5"


def targets(driver: webdriver.Chrome) -> list[str]:
    """The names of the classes whose mean switched points can take."""
    labels = driver.find_elements(By.CSS_SELECTOR, "#explorer-targets label")
    return [label.text for label in labels]


def keyboard_is_enough(driver: webdriver.Chrome, report: Path) -> None:
    """With keys alone one reaches the explorer, chooses, moves, switches, and sees where one is."""
    show(driver, report)
    _tab_until(driver, "[name='explorer-image']")
    said = part(driver, "answer").text
    _press(driver, Keys.ARROW_RIGHT)
    assert driver.switch_to.active_element.get_attribute("value") == "1"
    assert part(driver, "answer").text != said
    _tab_until(driver, "[name='explorer-layer']")
    for layer in ("pool_2", "conv_2", "pool_1", "conv_1", "image"):
        _press(driver, Keys.ARROW_LEFT)
        assert driver.switch_to.active_element.get_attribute("value") == layer
        assert part(driver, "picture").is_displayed()
        assert part(driver, "picture").get_attribute("aria-label")
    _press(driver, Keys.ARROW_LEFT)
    _tab_until(driver, "#explorer-points")
    # The first live point may stand at an edge: away from it, then back.
    start = place(driver)
    there, back = (
        (Keys.ARROW_RIGHT, Keys.ARROW_LEFT) if start[2] < 2 else (Keys.ARROW_LEFT, Keys.ARROW_RIGHT)
    )
    _press(driver, there)
    assert place(driver) == (*start[:2], start[2] + (1 if start[2] < 2 else -1))
    _press(driver, back)
    assert place(driver) == start
    _press(driver, Keys.ARROW_DOWN if start[1] < 2 else Keys.ARROW_UP)
    assert place(driver) == (start[0], start[1] + (1 if start[1] < 2 else -1), start[2])
    _press(driver, Keys.ARROW_UP if start[1] < 2 else Keys.ARROW_DOWN)
    for key in (Keys.ENTER, Keys.SPACE):
        before = part(driver, "answer").text
        _press(driver, key)
        assert "1 point at the mean of" in part(driver, "answer").text
        assert "switched" in part(driver, "said").get_property("textContent")
        edited = logits(driver)
        assert np.abs(edited[1] - edited[0]).max() > 0
        _press(driver, key)
        assert part(driver, "answer").text == before
        after = logits(driver)
        np.testing.assert_array_equal(after[0], after[1])
    for stop in ("#explorer-switch", "#explorer-goto", "[name=explorer-target]", "#explorer-most"):
        _tab_until(driver, stop)


def _press(driver: webdriver.Chrome, key: str) -> None:
    driver.switch_to.active_element.send_keys(key)


def _tab_until(driver: webdriver.Chrome, selector: str) -> None:
    """Press Tab until an element has the focus; it must be seen to have it."""
    for _ in range(FOCUS_STOPS):
        _press(driver, Keys.TAB)
        if driver.execute_script("return document.activeElement.matches(arguments[0])", selector):
            outline = driver.execute_script(
                "const focused = document.activeElement;"
                "return getComputedStyle(focused.closest('label') ?? focused).outlineStyle"
            )
            assert outline not in ("none", ""), f"nothing shows that {selector} has the focus"
            return
    raise AssertionError(f"{FOCUS_STOPS} times Tab do not lead to {selector}")
