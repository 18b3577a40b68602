"""The page in a real browser: contents that follow, tables that sort, figures that enlarge."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from stages.common.params import read_params
from stages.report import __main__ as report
from stages.report import story
from tests.report.conftest import changed, made_up

from . import checks

pytestmark = [pytest.mark.browser, checks.needs_browser]
NUMBER = re.compile(r"[-+−]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?")


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """Where a report with one figure lies."""
    results = made_up(changed(read_params(), "train", seeds=(0, 1, 2)))
    sections = tuple(
        dataclasses.replace(
            section, pictures=tuple(p for p in section.pictures if p.name == "shifts")
        )
        for section in story.sections(results)
    )
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(report, "read_params", lambda: results.params)
        patch.setattr(report, "read", lambda _: results)
        patch.setattr(story, "sections", lambda _: sections)
        report.main()
    return Path(folder / "reports/index.html").as_uri()


@pytest.fixture(scope="module")
def started() -> Iterator:
    with checks.browser() as driver:
        yield driver


@pytest.fixture
def driver(started, page):
    """The page, opened anew on a laptop."""
    resized(started, 1280)
    started.get("about:blank")
    started.get(page)
    return started


def resized(driver, width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    still = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", still)


def until(driver, script: str, expected: object) -> None:
    """Wait for what a script returns, since the browser scrolls and draws in its own time."""
    WebDriverWait(driver, checks.PATIENCE).until(
        lambda driver: driver.execute_script(f"return {script}") == expected
    )


def rows(driver, table) -> list[list[str]]:
    return driver.execute_script(
        "return Array.from(arguments[0].tBodies[0].rows,"
        " (row) => Array.from(row.cells, (cell) => cell.textContent.trim()))",
        table,
    )


def number(cell: str) -> float | None:
    found = NUMBER.match(cell)
    return float(found[0].replace(",", "").replace("−", "-")) if found else None


def test_every_table_sorts_by_every_column(driver):
    numeric = 0
    for table in driver.find_elements(By.CSS_SELECTOR, "table.sortable"):
        start = rows(driver, table)
        for column, head in enumerate(table.find_elements(By.TAG_NAME, "th")):
            button = head.find_element(By.TAG_NAME, "button")
            for turn, key in (("ascending", Keys.ENTER), ("descending", Keys.SPACE)):
                button.send_keys(key)
                assert head.get_dom_attribute("aria-sort") == turn
                now = rows(driver, table)
                assert sorted(now) == sorted(start)
                cells = [row[column] for row in now]
                filled = [cell for cell in cells if cell not in ("", "–", "never")]
                assert cells[: len(filled)] == filled  # what is empty comes last
                values = [number(cell) for cell in filled]
                if None not in values:
                    assert values == sorted(values, reverse=turn == "descending")
                    numeric += len(set(values)) > 1
                    for value in set(values):  # stable: equal ones in the order of the report
                        same = [row for row in now if number(row[column]) == value]
                        assert same == [row for row in start if number(row[column]) == value]
            button.send_keys(Keys.ENTER)
            assert head.get_dom_attribute("aria-sort") is None
            assert rows(driver, table) == start
    assert numeric > 20


def test_long_tables_fold_and_unfold(driver):
    (button,) = driver.find_elements(By.CSS_SELECTOR, "#settings .fold")
    hidden = "document.querySelectorAll('#settings tbody tr[hidden]').length"
    folded = driver.execute_script(f"return {hidden}")
    assert folded > 20
    assert button.get_dom_attribute("aria-expanded") == "false"
    driver.find_elements(By.CSS_SELECTOR, "#settings th button")[1].send_keys(Keys.ENTER)
    assert driver.execute_script(f"return {hidden}") == folded
    button.send_keys(Keys.ENTER)
    assert driver.execute_script(f"return {hidden}") == 0
    assert button.get_dom_attribute("aria-expanded") == "true"
    assert driver.find_elements(By.CSS_SELECTOR, "#measures .fold") == []


@pytest.mark.parametrize("close", ["escape", "button", "backdrop"])
def test_a_figure_enlarges_and_focus_comes_back(driver, close):
    is_open = "document.querySelector('dialog.enlarged').open"
    figure = driver.find_element(By.CSS_SELECTOR, "#figure-shifts .enlarge")
    inline = figure.size["width"]
    figure.send_keys(Keys.ENTER)
    until(driver, is_open, True)
    shown = driver.find_element(By.CSS_SELECTOR, "dialog.enlarged img")
    assert shown.size["width"] > inline
    assert shown.get_dom_attribute("alt") == figure.find_element(By.TAG_NAME, "img").get_attribute(
        "alt"
    )
    if close == "escape":
        driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    elif close == "button":
        driver.switch_to.active_element.send_keys(Keys.ENTER)
    else:
        driver.execute_script("document.querySelector('dialog.enlarged').click()")
    until(driver, is_open, False)
    until(driver, "document.activeElement.closest('figure')?.id ?? ''", "figure-shifts")


def test_the_contents_mark_the_section_in_view(driver):
    current = "document.querySelector('nav [aria-current]')?.getAttribute('href')"
    links = driver.find_elements(By.CSS_SELECTOR, "nav a")
    assert all(link.is_displayed() for link in links)
    for link in links:
        link.send_keys(Keys.ENTER)
        until(driver, current, link.get_dom_attribute("href"))
    links[0].send_keys(Keys.ENTER)
    until(driver, current, links[0].get_dom_attribute("href"))
    driver.execute_script("window.scrollTo(0, document.body.scrollHeight)")
    until(driver, current, links[-1].get_dom_attribute("href"))


def test_on_a_phone_the_contents_fold(driver, page):
    resized(driver, 390)
    driver.get("about:blank")
    driver.get(page)
    links = driver.find_elements(By.CSS_SELECTOR, "nav a")
    assert not links[3].is_displayed()
    driver.find_element(By.CSS_SELECTOR, "nav summary").send_keys(Keys.ENTER)
    assert links[3].is_displayed()
    links[3].send_keys(Keys.ENTER)
    until(driver, "document.querySelector('nav details').open", False)
    anchor = links[3].get_dom_attribute("href")
    top = driver.execute_script(
        "return document.querySelector(arguments[0]).getBoundingClientRect().top", anchor
    )
    bar = driver.find_element(By.TAG_NAME, "nav").size["height"]
    assert bar <= top < 200  # below the bar, not behind it
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 390


def test_the_first_stop_skips_to_the_text(driver):
    driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    skip = driver.switch_to.active_element
    assert skip.get_dom_attribute("class") == "skip"
    assert skip.rect["x"] >= 0
    skip.send_keys(Keys.ENTER)
    until(driver, "location.hash", "#verdicts")


def test_without_script_everything_is_there(driver, page):
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        driver.get("about:blank")
        driver.get(page)
        buttons = driver.find_elements(By.TAG_NAME, "button")  # the explorer's, which is hidden
        assert not any(button.is_displayed() for button in buttons)
        for shown in ("nav a", "figure > img", "#settings tbody tr"):
            found = driver.find_elements(By.CSS_SELECTOR, shown)
            assert found
            assert all(element.is_displayed() for element in found)
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
