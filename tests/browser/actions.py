"""What tests do with a page in a browser: open it, wait, press keys, follow the focus."""

from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait


def show(driver: webdriver.Chrome, page: Path, width: int = 1280, scheme: str = "light") -> None:
    """Open a page anew at a width in CSS pixels, and wait until its explorer, if any, is ready."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [feature]})
    driver.get("about:blank")
    driver.get(page.resolve().as_uri())
    ready = "(app => app ? app.dataset.ready : '')(document.getElementById('explorer-app'))"
    until(driver, ready, "")


def until(driver: webdriver.Chrome, script: str, expected: object) -> None:
    """Wait for what a script returns, since the browser scrolls and draws in its own time."""
    WebDriverWait(driver, 30).until(  # seconds
        lambda driver: driver.execute_script(f"return {script}") == expected
    )


def part(driver: webdriver.Chrome, name: str) -> WebElement:
    """An element of the explorer."""
    return driver.find_element(By.ID, f"explorer-{name}")


def press(driver: webdriver.Chrome, key: str) -> WebElement:
    """Press a key where the focus is; returns the element that has it then."""
    driver.switch_to.active_element.send_keys(key)
    return driver.switch_to.active_element


def tab_until(driver: webdriver.Chrome, selector: str) -> None:
    """Press Tab until an element has the focus; it must be seen to have it."""
    for _ in range(600):  # more stops than any page has
        press(driver, Keys.TAB)
        if driver.execute_script("return document.activeElement.matches(arguments[0])", selector):
            focused = "document.activeElement.closest('label') ?? document.activeElement"
            outline = driver.execute_script(f"return getComputedStyle({focused}).outline")
            assert "solid 3px" in outline, f"nothing shows that {selector} has the focus"
            return
    raise AssertionError(f"Tab does not lead to {selector}")
