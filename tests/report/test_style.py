"""The page's colours: text is legible in light and dark, and no colour map needs all colours."""

import itertools
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from stages.common.params import read_params
from stages.report import settings

REPORT = Path(__file__).parents[2] / "stages/report"
STYLE = REPORT / "style.css"
EXPLORER = REPORT / "explorer.css"
GROUNDS = ("page", "card")
TEXTS = ("text", "quiet", "link", "no")
READ = [*itertools.product(TEXTS, GROUNDS),
        *((name, f"{name}-ground") for name in ("yes", "no", "open"))]  # fmt: skip
# Outlines, bars and lines: WCAG 1.4.11.
SEEN = [*itertools.product(("mark", "edge", "class-a", "class-b", "soft"), GROUNDS)]


def colors() -> dict[str, dict[str, str]]:
    """The named colours of each scheme, of the page and of the explorer in it."""
    named = {"light": {}, "dark": {}}
    for style, block in ((STYLE, ":root"), (EXPLORER, r"\.explorer")):
        text = style.read_text(encoding="utf-8")
        blocks = re.findall(rf"{block} \{{([^}}]*--[^}}]*?)\}}", text)
        for scheme, found in zip(named, blocks[:2], strict=True):
            named[scheme] |= re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", found)
    return named


def luminance(color: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1, as WCAG defines it."""
    channels = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_definition():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), READ)
def test_text_passes_wcag_aa(scheme, text, ground):
    named = colors()[scheme]
    assert contrast(named[text], named[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), SEEN)
def test_outlines_pass_wcag_aa(scheme, line, ground):
    named = colors()[scheme]
    assert contrast(named[line], named[ground]) >= 3


def test_no_colour_is_used_that_has_no_name():
    text = "".join(style.read_text(encoding="utf-8") for style in (STYLE, EXPLORER))
    rules = re.sub(r"--[a-z-]+: #[0-9a-f]{6};", "", text)
    white = "#ffffff"  # the ground of figures, in either scheme
    assert set(re.findall(r"#[0-9a-f]{3,8}\b(?=[^{]*[;}])", rules)) <= {white}
    assert set(re.findall(r"var\(--([a-z-]+)\)", rules)) <= set(colors()["light"])
    assert colors()["light"].keys() == colors()["dark"].keys()


def test_the_default_colour_map_only_grows_lighter():
    """So that it is read without telling colours apart."""
    name = read_params(settings.DEFAULTS).report.colormap
    samples = mpl.colormaps[name](np.linspace(0, 1, 64))
    values = [luminance(mpl.colors.to_hex(color)) for color in samples]
    assert (np.diff(values) > 0).all()
    assert not (np.diff([luminance(mpl.colors.to_hex(c)) for c in mpl.colormaps["jet"](
        np.linspace(0, 1, 64))]) > 0).all()  # fmt: skip


def bar_opacity(text: str) -> float:
    """The opacity that a style gives the bars of histograms, which are SVG rectangles."""
    found = re.findall(r"\brect[^{},]*\{[^}]*\bopacity: ([.\d]+)", text)
    return min(map(float, found), default=1.0)


def blended(color: str, ground: str, opacity: float) -> str:
    """What is seen of `#rrggbb` on a ground."""
    mixed = opacity * np.array(mpl.colors.to_rgb(color))
    return mpl.colors.to_hex(mixed + (1 - opacity) * np.array(mpl.colors.to_rgb(ground)))


def test_a_faint_bar_is_noticed():
    assert bar_opacity(".explorer-facts rect { opacity: .6; }") == 0.6
    faint = blended(colors()["light"]["class-a"], colors()["light"]["card"], 0.6)
    assert contrast(faint, colors()["light"]["card"]) < 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["class-a", "class-b"])
def test_bars_of_histograms_are_seen_as_they_are_drawn(scheme, name):
    named = colors()[scheme]
    opacity = bar_opacity(EXPLORER.read_text(encoding="utf-8"))
    assert contrast(blended(named[name], named["card"], opacity), named["card"]) >= 3
