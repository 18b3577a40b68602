"""The site in a browser: it fits a phone, says nothing in the console, and its links lead on."""

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from ..site.repository import committed, site
from .actions import show, until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def first_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = committed(tmp_path_factory.mktemp("site"))
    done = site(copy)
    assert done.returncode == 0, done.stderr
    return copy.project / "site/index.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_says_nothing(driver, first_page, width, scheme):
    driver.get_log("browser")  # what came before
    show(driver, first_page, width, scheme)
    driver.find_element(By.CSS_SELECTOR, "details > summary").click()  # the claims, a wide table
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.get_log("browser") == []


def test_a_claim_leads_to_its_row(driver, first_page):
    show(driver, first_page, 390)
    row = "document.getElementById('claim-B')"
    assert not driver.execute_script(f"return {row}.checkVisibility()")
    driver.find_element(By.CSS_SELECTOR, "a[href='#claim-B']").click()
    until(driver, f"{row}.checkVisibility()", True)
    until(driver, f"{row}.getBoundingClientRect().top >= 0", True)
    until(driver, f"{row}.getBoundingClientRect().top < window.innerHeight", True)
