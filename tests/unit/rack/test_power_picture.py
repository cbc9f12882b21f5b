"""The one-line diagram says what the tables say."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from rackwright.rack.power_picture import power_svg
from rackwright.units import three_figures


@pytest.fixture
def design(build):
    return build(
        {"power.redundancy": "N+N", "power.feeds": "2"},
        {"busbars.bar.length": "2 m", "busbars.bar.joint_ohm": "50 uohm", "shelves.shelf.droop": "1 V"},
    ).of("small")


def words_of(picture):
    return [element.text or "" for element in ElementTree.fromstring(picture).iter() if element.tag.endswith("text")]


def test_volts_amps_and_losses_are_those_of_the_tables(design):
    words = words_of(power_svg(design))
    assert f"{design.power.shelf_v:.2f} V, {three_figures(design.power.busbar_current_a)} A" in words
    assert any(said.startswith("joints lose ") for said in words)
    rated = next(limit for limit in design.power.limits if limit.kind == "source")
    assert f"{three_figures(rated.factor)} times: supplies at their rating" in words
    assert "feed A" in words
    assert "feed B" in words


def test_nothing_is_drawn_outside_the_picture(design):
    picture = ElementTree.fromstring(power_svg(design, alone=True))
    wide, high = (float(part) for part in picture.attrib["viewBox"].split()[2:])
    for element in picture.iter():
        for x, y in ((element.get("x"), element.get("y")), (element.get("x2"), element.get("y2"))):
            if x is not None and y is not None:
                assert 0 <= float(x) <= wide
                assert 0 <= float(y) <= high


def test_the_bar_gets_thinner_along_its_way(design):
    widths = [float(found) for found in re.findall(r'rw-line-dc" stroke-width="([\d.]+)" d="M30', power_svg(design))]
    assert len(widths) >= 1
    assert widths == sorted(widths, reverse=True) or widths[1:] == sorted(widths[1:], reverse=True)


def test_a_bar_that_cannot_carry_its_trays_is_marked(build):
    design = build(parts={"busbars.bar.length": "2 m", "busbars.bar.section": "1 mm2"}).of("small")
    assert "rw-line-alarm" in power_svg(design).split("</style>")[1]
