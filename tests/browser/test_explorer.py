"""The explorer in a real browser: right to 1e-3, usable with keys or a mouse alone."""

import re

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from stages.common import files, trained

from .actions import part, press, show, tab_until

pytestmark = pytest.mark.browser
TOLERANCE = {"atol": 1e-3, "rtol": 0}  # of a logit


def logits(driver: webdriver.Chrome) -> np.ndarray:
    """The explorer's logits, (2, 10): before the edits and now."""
    shown = driver.execute_script(
        "return [2, 3].map((column) => Array.from(document.querySelectorAll("
        "`#explorer-logits td:nth-child(${column}) data`), ({ value }) => Number(value)))"
    )
    return np.array(shown)


def place(driver: webdriver.Chrome) -> tuple[int, ...]:
    """Map, row and column of the selected point."""
    return tuple(map(int, re.findall(r"\d+", part(driver, "name").text.partition(",")[2])))


def test_its_logits_are_those_of_numpy(driver, page, run):
    """For ten images, or all where there are fewer: as they are, with points and most patched."""
    maps = run.read(files.EXEMPLARS, seed=run.seed)[run.last][:10]
    table = run.read(files.POINTS, seed=run.seed)
    head = run.head(run.seed)
    arrays = {name: np.float64(head._asdict()[name]) for name in head._fields[:-1]}
    head = head._replace(**arrays)  # as JavaScript computes
    live, (a, b) = np.flatnonzero(~table["dead"]), run.pair
    show(driver, page)
    images = driver.find_elements(By.CSS_SELECTOR, "#explorer-images label")[:10]
    for image, values in zip(images, trained.as_points(maps), strict=True):
        image.click()
        target = int(driver.find_elements(By.NAME, "explorer-target")[1].is_selected())
        mean = table["mean_b" if target else "mean_a"].to_numpy(np.float32)
        before = head(values[np.newaxis])[0]
        np.testing.assert_allclose(logits(driver), [before, before], **TOLERANCE)
        edited = values.copy()
        for option in (1, 3, 14):
            Select(part(driver, "goto")).select_by_index(option)
            number = int(part(driver, "goto").get_property("value"))
            assert place(driver) == tuple(table.loc[number, ["map", "row", "column"]])
            # A point may stand in both lists of the choice; patching it twice is no edit.
            edited[number] = mean[number]
            if part(driver, "switch").text.startswith("Patch to the mean"):
                part(driver, "switch").click()
        now = head(edited[np.newaxis])[0]
        np.testing.assert_allclose(logits(driver), [before, now], **TOLERANCE)
        part(driver, "reset").click()
        alone = np.where(np.eye(len(values), dtype=bool), mean, values)
        effect = (head(alone)[:, b] - head(alone)[:, a]) * (1 if target else -1)
        most = live[np.argsort(-effect[live], kind="stable")][:5]
        edited = values.copy()
        edited[most] = mean[most]
        part(driver, "most").send_keys(Keys.ARROW_RIGHT * len(most))
        now = head(edited[np.newaxis])[0]
        np.testing.assert_allclose(logits(driver), [before, now], **TOLERANCE)
        assert part(driver, "answer").text.startswith("5 points at the mean of")


def test_a_click_selects_and_a_double_click_patches(driver, page, run):
    show(driver, page)
    last = run.read(files.POINTS, seed=run.seed)[["map", "row", "column"]].iloc[-1]
    grid = part(driver, "points")
    for corner, expected in ((-1, (0, 0, 0)), (1, tuple(last))):
        actions = webdriver.ActionChains(driver)
        offset = [round(corner * (grid.size[side] / 2 - 3)) for side in ("width", "height")]
        actions.move_to_element_with_offset(grid, *offset).click().perform()
        assert place(driver) == expected
    actions.double_click().perform()
    assert part(driver, "switch").text.startswith("Restore")


def test_auroc_is_given_towards_the_class_that_it_is_higher_for(driver, page, run):
    show(driver, page)
    table = run.read(files.POINTS, seed=run.seed)
    for option in range(1, 25):
        Select(part(driver, "goto")).select_by_index(option)
        auroc = table.loc[int(part(driver, "goto").get_property("value")), "auroc_test"]
        facts = part(driver, "facts").find_elements(By.TAG_NAME, "dd")
        number, _, name = facts[2].text.split()[:3]
        assert float(number) == pytest.approx(max(auroc, 1 - auroc), abs=6e-4)
        assert name == run.names[int(auroc > 0.5)] or auroc == 0.5


def test_keys_are_enough(driver, page, run):
    show(driver, page)
    tab_until(driver, "[name='explorer-image']")
    answer = part(driver, "answer").text
    assert press(driver, Keys.ARROW_RIGHT).get_attribute("value") == "1"
    assert part(driver, "answer").text != answer
    tab_until(driver, "[name='explorer-layer']")
    for layer in (*run.params.network.cnn.names[-2::-1], "image"):
        assert press(driver, Keys.ARROW_LEFT).get_attribute("value") == layer
        assert part(driver, "picture").find_element(By.TAG_NAME, "canvas").is_displayed()
    press(driver, Keys.ARROW_LEFT)  # around to the last layer
    tab_until(driver, "#explorer-points")
    number, row, _ = place(driver)
    last_row = run.read(files.POINTS, seed=run.seed)["row"].max()
    maps = run.params.network.cnn.maps[-1]
    first = number - number % (8 if maps <= 32 else 16)  # of the maps in its row
    press(driver, Keys.ARROW_LEFT * 50)  # further than the edge
    assert place(driver) == (first, row, 0)
    press(driver, Keys.ARROW_RIGHT * int(last_row + 1))  # across the gap between two maps
    assert place(driver) == (first + 1, row, 0)
    before = part(driver, "answer").text
    for key in (Keys.ENTER, Keys.SPACE):
        press(driver, key)
        assert part(driver, "answer").text.startswith("1 point at the mean of")
        assert part(driver, "chosen").text.endswith("patched")
        press(driver, key)
        assert part(driver, "answer").text == before
    for stop in ("switch", "goto", "most"):
        tab_until(driver, f"#explorer-{stop}")
    assert press(driver, Keys.ARROW_RIGHT).get_attribute("value") == "1"
    tab_until(driver, "#explorer-reset")
    for _ in range(2):  # once more does nothing; the focus stays
        assert press(driver, Keys.ENTER) == part(driver, "reset")
        assert part(driver, "answer").text == before
