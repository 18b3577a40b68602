"""The page in a real browser: it fits, contents follow, figures enlarge, nothing needs a script."""

import base64
import json
import os
import re
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from stages.common import artifacts
from stages.common.run import Run

from . import pages
from .actions import part, press, show, tab_until, until

pytestmark = pytest.mark.browser
CLOTHES = ("T-shirt/top", "Pullover", "Dress", "Sneaker", "Ankle boot") * 2
CURRENT = "document.querySelector('nav [aria-current]')?.getAttribute('href')"
IS_OPEN = "document.querySelector('dialog.enlarged').open"


def is_seen(driver: webdriver.Chrome, element: WebElement) -> bool:
    """Whether it is drawn; Selenium takes all in closed details as hidden, whatever the style."""
    return driver.execute_script("return arguments[0].checkVisibility()", element)


@pytest.mark.parametrize("name", ["page", "report"])
def test_it_asks_for_nothing_and_says_nothing(driver, finished, page, name):
    page = page if name == "page" else finished / "reports/index.html"
    for log in ("performance", "browser"):
        driver.get_log(log)  # what came before
    show(driver, page)
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    requests = [event for event in events if event["method"] == "Network.requestWillBeSent"]
    urls = {event["params"]["request"]["url"] for event in requests}
    assert {url for url in urls if not url.startswith("data:")} == {page.resolve().as_uri()}
    assert driver.get_log("browser") == []


def test_no_other_script_runs_in_the_page(driver, page, tmp_path):
    """Even where one got into it: the page's policy names the scripts that it has."""
    strange = "<script>window.strange = true</script><img src=x onerror='window.strange = true'>"
    text = page.read_text(encoding="utf-8").replace("<main>", f"<main>{strange}", 1)
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    show(driver, tmp_path / "index.html")
    assert driver.execute_script("return window.strange ?? 'nothing'") == "nothing"
    messages = [entry["message"] for entry in driver.get_log("browser")]
    assert sum("Content Security Policy" in message for message in messages) >= 2


@pytest.mark.parametrize("names", ["digits", "words"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(driver, finished, page, tmp_path, names, scheme, width):
    if names == "words":
        run = Run.of(finished)
        run.class_names = CLOTHES
        page = pages.write(run, tmp_path)
    show(driver, page, width, scheme)
    driver.find_element(By.CSS_SELECTOR, "main summary").click()  # a wide table
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    ground = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (int(re.search(r"\d+", ground)[0]) < 128) == (scheme == "dark")
    clip = part(driver, "app").rect | {"x": 0, "width": width, "scale": 1}
    options = {"captureBeyondViewport": True, "clip": clip}
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", options)
    file = Path(os.environ.get("SCREENSHOTS", tmp_path), f"{names}-{width}-{scheme}.png")
    artifacts.replace(file, lambda path: path.write_bytes(base64.b64decode(shot["data"])))


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_what_is_open_at_first_fits_in_four_screens(driver, finished, width, height):
    show(driver, finished / "reports/index.html", width)
    script = "return document.documentElement.scrollHeight - arguments[0].offsetHeight"
    claims = driver.find_element(By.CSS_SELECTOR, ".chapter > details[open]")  # as long as they are
    tall = driver.execute_script(script, claims)
    assert 1.5 * height < tall <= 4.25 * height


@pytest.mark.parametrize("close", ["escape", "button", "backdrop"])
def test_a_figure_enlarges_and_the_focus_comes_back(driver, page, close):
    show(driver, page, 390)
    tab_until(driver, "#figure .enlarge")
    focused = press(driver, Keys.ENTER)
    until(driver, IS_OPEN, True)
    inline, shown = driver.find_elements(By.CSS_SELECTOR, "#figure img, dialog.enlarged img")
    assert shown.size["width"] > inline.size["width"]
    assert shown.get_dom_attribute("alt") == inline.get_dom_attribute("alt") == "Exemplars"
    assert driver.find_element(By.CSS_SELECTOR, "dialog.enlarged p").text == "Some images."
    if close == "backdrop":
        driver.execute_script("document.querySelector('dialog.enlarged').click()")
    else:
        assert focused.text == "Close"
        press(driver, Keys.ESCAPE if close == "escape" else Keys.ENTER)
    until(driver, IS_OPEN, False)
    until(driver, "document.activeElement.closest('figure')?.id ?? ''", "figure")


def test_the_contents_are_beside_the_text_and_mark_the_section_in_view(driver, page):
    show(driver, page)
    until(driver, CURRENT, "#first")
    for link in reversed(driver.find_elements(By.CSS_SELECTOR, "nav a")):
        assert is_seen(driver, link)
        driver.execute_script("arguments[0].focus()", link)
        press(driver, Keys.ENTER)
        until(driver, CURRENT, link.get_dom_attribute("href"))
    driver.execute_script("document.getElementById('second').scrollIntoView()")
    until(driver, CURRENT, "#second")


@pytest.mark.parametrize("address", ["clicked", "typed"])
def test_a_link_into_a_closed_chapter_opens_it(driver, page, address):
    show(driver, page)
    inside = driver.find_element(By.ID, "inside")
    assert not is_seen(driver, inside)
    if address == "clicked":
        driver.execute_script("document.querySelector('nav a[href=\"#inside\"]').click()")
    else:
        driver.get(f"{page.as_uri()}#inside")
        driver.refresh()
    until(driver, "document.getElementById('chapter').open", True)
    assert is_seen(driver, driver.find_element(By.ID, "inside"))
    until(driver, CURRENT, "#inside")


def test_on_a_phone_the_contents_open_and_close(driver, page):
    show(driver, page, 390)
    link = driver.find_elements(By.CSS_SELECTOR, "nav a")[1]
    assert not is_seen(driver, link)
    tab_until(driver, "nav summary")
    press(driver, Keys.ENTER)
    assert is_seen(driver, link)
    driver.execute_script("arguments[0].focus()", link)
    press(driver, Keys.ENTER)
    until(driver, "document.querySelector('nav details').open", False)
    until(driver, "document.querySelector('nav .here').textContent", ": The second")
    top = driver.execute_script(
        "return document.querySelector('#second').getBoundingClientRect().y"
    )
    assert driver.find_element(By.TAG_NAME, "nav").size["height"] <= top < 200  # not behind it


def test_without_script_all_but_the_explorer_is_there(driver, page):
    show(driver, page)
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    driver.refresh()
    names = ("nav a", "figure > img", "noscript p", "main summary", "button")
    seen = [is_seen(driver, driver.find_element(By.CSS_SELECTOR, name)) for name in names]
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert seen == [True, True, True, True, False]
