"""Made-up reports in a real browser: offline, quiet, usable by keyboard, right to 1e-3."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from stages.common import artifacts, network
from stages.common.params import read_params
from stages.report import __main__ as report
from stages.report import story
from stages.report.results import LAYER, Results
from tests.report.conftest import changed, made_up

from . import checks

pytestmark = [pytest.mark.browser, checks.needs_browser]
CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
           "Bag", "Ankle boot")  # fmt: skip


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    with checks.browser() as started:
        yield started


def rendered(results: Results, folder: Path, pictures: bool = True) -> Path:
    """The report of made-up results, as `python -m stages.report` writes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(report, "read_params", lambda: results.params)
        patch.setattr(report, "read", lambda _: results)
        if not pictures:
            sections = story.sections(results)
            bare = tuple(dataclasses.replace(section, pictures=()) for section in sections)
            patch.setattr(story, "sections", lambda _: bare)
        report.main()
    return folder / artifacts.REPORTS / "index.html"


@pytest.fixture(scope="module")
def results() -> Results:
    return made_up(changed(read_params(), "train", seeds=(0, 1)))


@pytest.fixture(scope="module")
def page(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rendered(results, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def clothes() -> Results:
    """One seed, another pair with the higher class first, and names that are words."""
    params = changed(read_params(), "train", seeds=(7,))
    params = changed(params, "analysis", pair=(5, 3), contrast=())
    return dataclasses.replace(made_up(params, seed=1), class_names=CLOTHES)


@pytest.fixture(scope="module")
def clothes_page(clothes: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rendered(clothes, tmp_path_factory.mktemp("clothes"), pictures=False)


def mean_of(results: Results) -> np.ndarray:
    return results.points[results.seed][["mean_a", "mean_b"]].to_numpy(np.float32).T


def test_it_asks_for_nothing_and_says_nothing(driver, page):
    checks.asks_for_nothing(driver, page)


def test_it_fits_every_width(driver, page, tmp_path):
    kept = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    checks.fits_every_width(driver, page, kept)
    assert len(list(kept.glob("explorer-*.png"))) == len(checks.WIDTHS) * len(checks.SCHEMES)


def test_it_fits_with_names_that_are_words(driver, clothes_page, tmp_path):
    kept = Path(os.environ.get("SCREENSHOTS") or tmp_path) / "clothes"
    checks.fits_every_width(driver, clothes_page, kept)


@pytest.mark.parametrize("which", ["", "clothes_"])
def test_its_logits_are_those_of_numpy(driver, request, which):
    results = request.getfixturevalue(which.rstrip("_") or "results")
    points = network.as_points(results.exemplars[LAYER])
    head, mean = results.head, mean_of(results)
    path = request.getfixturevalue(f"{which}page")
    assert checks.logits_are_those_of(driver, path, head, points, mean) == 10
    live = np.flatnonzero(~results.points[results.seed]["dead"])
    pair = results.params.analysis.pair
    checks.most_effective_points_are_switched(driver, head, points[0], mean, live, pair)


def test_keys_are_enough(driver, page):
    checks.keyboard_is_enough(driver, page)


def test_a_click_chooses_and_a_double_click_switches(driver, page):
    checks.show(driver, page)
    grid = checks.part(driver, "points")
    width, height = grid.size["width"], grid.size["height"]
    for across, down, expected in ((0, 0, (0, 0, 0)), (1, 1, (127, 2, 2))):
        actions = webdriver.ActionChains(driver)
        offset = (across * (width - 6) - width / 2 + 3, down * (height - 6) - height / 2 + 3)
        actions.move_to_element_with_offset(grid, *map(round, offset)).click().perform()
        assert checks.place(driver) == expected
    actions.double_click().perform()
    assert checks.part(driver, "switch").text.startswith("Switch back to")


def test_switching_back_keeps_the_focus(driver, page):
    checks.show(driver, page)
    reset = checks.part(driver, "reset")
    assert reset.get_attribute("aria-disabled") == "true"
    start = checks.part(driver, "answer").text
    checks.part(driver, "switch").click()
    assert reset.get_attribute("aria-disabled") == "false"
    for _ in range(2):  # once more does nothing
        reset.send_keys(Keys.ENTER)
        assert driver.switch_to.active_element == reset
        assert reset.get_attribute("aria-disabled") == "true"
        assert checks.part(driver, "answer").text == start


def test_ink_is_black_and_frames_are_seen(driver, page, results):
    """The image as drawn: white where the file has 0, and a frame that is seen on it."""
    checks.show(driver, page)
    shown = driver.execute_script(
        "const field = document.getElementById('explorer-field');"
        "const { data, width } = field.getContext('2d')"
        ".getImageData(0, 0, field.width, field.height);"
        "return [width, Array.from(data).filter((_, place) => place % 4 === 0)]"
    )
    grey = np.reshape(shown[1], (-1, shown[0]))
    side = shown[0] // 28
    image = 255 - results.exemplars["image"][0].astype(int)
    drawn = grey[side // 2 :: side, side // 2 :: side]
    assert (drawn == image).mean() > 0.8  # the rest lies under the frame
    assert np.corrcoef(drawn.ravel(), image.ravel())[0, 1] > 0.5
    _, row, column = checks.place(driver)
    right = (4 * column + 18) * side
    edge = grey[(4 * row + 9) * side, right - 4 : right + 5]
    assert np.ptp(edge) > 100  # one of its two colours differs from any ink


def test_a_point_is_shown_with_the_numbers_of_the_table(driver, page, results):
    checks.show(driver, page)
    table = results.points[results.seed]
    first = table.loc[(table["auroc"] - 0.5).abs()[~table["dead"]].idxmax()]
    assert checks.place(driver) == (first["map"], first["row"], first["column"])
    numbers = checks.part(driver, "numbers").text
    assert f"{first['mean_a']:.2f} and {first['mean_b']:.2f}" in numbers
    assert f"{first['auroc_test']:.3f} ({first['auroc_test_low']:.3f} to" in numbers
    assert f"1 of {int((~table['dead']).sum())} live points" in numbers
    assert len(driver.find_elements(By.CSS_SELECTOR, "#explorer-fires canvas")) == 5


def test_a_dead_point_says_so(driver, page):
    checks.show(driver, page)
    grid = checks.part(driver, "points")
    corner = (round(3 - grid.size["width"] / 2), round(3 - grid.size["height"] / 2))
    webdriver.ActionChains(driver).move_to_element_with_offset(grid, *corner).click().perform()
    assert "none: 0 in every validation image" in checks.part(driver, "numbers").text


def test_words_stand_in_quotes_where_a_sentence_has_them(driver, clothes_page):
    checks.show(driver, clothes_page)
    assert checks.targets(driver) == ["Sandal", "Dress"]
    assert "“Dress” minus “Sandal”" in checks.part(driver, "answer").text


def test_it_is_not_printed(driver, page):
    checks.show(driver, page)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not driver.find_element(By.ID, "explorer").is_displayed()
