"""The small plot of a part: what is drawn, and where."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from stages.report import interval

SHORT = {"mean": "+0.2", "interval": "+0.1 to +0.3", "prediction": "", "values": "+0.1 to +0.4",
         "replicates": "3 networks", "alone": "", "asked": "at most 0.5; matters"}  # fmt: skip


def part(values=(0.1, 0.2, 0.4), **changes) -> dict:
    of = {"values": [{"value": value} for value in values], "mean": 0.2, "low": 0.1, "high": 0.3,
          "threshold": 0.5, "margin": None, "side": "at most", "short": SHORT}  # fmt: skip
    return of | changes


def places(svg, name: str, axis: str = "cx") -> list[float]:
    return [
        float(e.get(axis)) for e in ET.fromstring(svg) if e.get("class") == name and e.get(axis)
    ]


def path(svg, name: str) -> list[float]:
    (drawn,) = (e.get("d") for e in ET.fromstring(svg) if e.get("class") == name and e.get("d"))
    return list(map(float, re.findall(r"[-\d.]+", drawn)))


def test_places_are_linear_in_the_values():
    generator = np.random.default_rng(1)
    for _ in range(50):
        values = np.sort(generator.normal(size=7)) * 10.0 ** generator.integers(-4, 3)
        low, mean, high, limit = np.sort(generator.choice(values, 4, replace=False))
        drawn = interval.plot(part(values, mean=mean, low=low, high=high, threshold=limit))
        shown = [*places(drawn, "dot"), *places(drawn, "mean"), *path(drawn, "mean")[::2]]
        known = [*values, mean, low, high]
        slope, start = np.polyfit(known, shown, 1)
        assert slope > 0
        np.testing.assert_allclose(np.polyval((slope, start), known), shown, atol=0.11)
        assert path(drawn, "limit")[0] == pytest.approx(slope * limit + start, abs=0.11)
        assert min(shown) >= interval.EDGE
        assert max(shown) <= interval.WIDTH - interval.EDGE


@pytest.mark.parametrize(("side", "left"), [("at most", True), ("below", True),
                                            ("at least", False), ("above", False)])  # fmt: skip
def test_the_claims_side_of_the_threshold_is_shaded(side, left):
    drawn = interval.plot(part(side=side))
    limit, ((x, width),) = (
        path(drawn, "limit")[0],
        [
            (float(e.get("x")), float(e.get("width")))
            for e in ET.fromstring(drawn)
            if e.get("class") == "claimed"
        ],
    )
    assert (x, x + width) == pytest.approx((0, limit) if left else (limit, interval.WIDTH), abs=0.1)


def test_a_margin_lies_on_both_sides_of_the_threshold_and_only_where_there_is_one():
    drawn = interval.plot(part(margin=0.05))
    (box,) = [e for e in ET.fromstring(drawn) if e.get("class") == "margin"]
    middle = float(box.get("x")) + float(box.get("width")) / 2
    assert middle == pytest.approx(path(drawn, "limit")[0], abs=0.1)
    assert places(interval.plot(part()), "margin", "x") == []


def test_the_repeat_is_drawn_where_there_is_one():
    assert places(interval.plot(part()), "repeat") == []
    drawn = interval.plot(part(), part(mean=0.3))
    (here,), (there,) = places(drawn, "mean"), places(drawn, "repeat")
    assert there > here
    assert "repeat: mean +0.2" in drawn


@pytest.mark.parametrize("of", [
    part((4,), mean=None, low=None, high=None, threshold=5, side="exactly"),
    part((), mean=None, low=None, high=None),
    part((None, 0.5), mean=0.5, low=None, high=None),
    part((0.5, 0.5), mean=0.5, low=0.5, high=0.5),
])  # fmt: skip
def test_parts_without_some_numbers_are_drawn_without_them(of):
    drawn = interval.plot(of)
    assert len(places(drawn, "dot")) == sum(row["value"] is not None for row in of["values"])
    assert len(places(drawn, "mean")) == (of["mean"] is not None)
    assert "nan" not in drawn
    assert "None" not in drawn


def test_what_it_says_is_text():
    hostile = SHORT | {"values": '"><script>x</script>', "asked": "at most 5 <b>"}
    drawn = interval.plot(part(short=hostile))
    assert [element.tag for element in ET.fromstring(drawn).iter("script")] == []
    assert hostile["values"] in ET.fromstring(drawn).get("aria-label")


@pytest.mark.parametrize(("asked", "label"), [
    ("at most 0.5 percentage points", "0.5"), ("at least -1 percentage points", "-1"),
    ("at most 20%", "20%"), ("exactly 18 px", "18"), ("more than 0; matters beyond ±0.05", "0"),
    ("at least 1e-05", "1e-05"),
])  # fmt: skip
def test_the_threshold_is_written_below_its_line(asked, label):
    drawn = interval.plot(part(short=SHORT | {"asked": asked}))
    (text,) = [element for element in ET.fromstring(drawn) if element.tag == "text"]
    assert text.text == label
    assert float(text.get("x")) == path(drawn, "limit")[0]


def test_the_repeat_has_a_row_of_its_own_and_room_for_its_interval():
    drawn = interval.plot(part(), part(mean=7.0, low=-8.0, high=9.0))
    start, height, end = path(drawn, "repeat")
    assert interval.EDGE <= start < places(drawn, "repeat")[0] < end
    assert end <= interval.WIDTH - interval.EDGE
    assert height == interval.REPEAT != path(drawn, "mean")[1] == interval.MEAN
    other = part(short=SHORT | {"mean": "+7.0"})
    assert "repeat: mean +7.0" in interval.plot(part(), other)
