"""The page's colours: text is legible in light and dark, and the colour map only grows lighter."""

import itertools
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from stages.common.params import read_params

ROOT = Path(__file__).parents[2]
TEXT = "".join(path.read_text("utf-8") for path in sorted(ROOT.glob("stages/report/**/*.css")))
COLOR = r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);"
COLORS = {name: ends for name, *ends in re.findall(COLOR, TEXT)}  # light and dark
BADGES = [(name, f"{name}-ground", 4.5) for name in ("yes", "no", "open", "same")]
READ = itertools.product(("text", "quiet", "link", "no"), ("page", "card"), (4.5,))
SEEN = itertools.product(("mark", "edge", "class-a", "class-b"), ("page", "card"), (3,))


def luminance(color: str | np.ndarray) -> float:
    """Relative luminance of a colour, 0 to 1, as WCAG defines it."""
    channels = np.array(mpl.colors.to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("color", "ground", "least"), [*BADGES, *READ, *SEEN])
def test_text_and_outlines_pass_wcag_aa(color, ground, least):
    for one, other in zip(COLORS[color], COLORS[ground], strict=True):
        assert contrast(one, other) >= least


def test_no_colour_is_used_that_has_no_name_and_none_is_faint():
    rules = re.sub(COLOR, "", TEXT)
    assert set(re.findall(r"#[0-9a-f]{3,8}\b(?=[^{]*[;}])", rules)) <= {"#ffffff"}  # figures
    assert set(re.findall(r"var\(--([a-z-]+)\)", rules)) <= set(COLORS)
    assert not re.findall(r"path[^{}]*\{[^}]*\bopacity:", rules)


def test_the_default_colour_map_only_grows_lighter():  # so that it is read without colours
    name = read_params(ROOT / "params.yaml").report.colormap
    for colormap, grows in ((name, True), ("jet", False)):
        values = [luminance(color) for color in mpl.colormaps[colormap](np.linspace(0, 1, 64))]
        assert (np.diff(values) > 0).all() == grows
