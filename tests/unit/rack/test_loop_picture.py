"""The picture of the loop says what the tables say, adds up, keeps its words apart, and hands on nothing unsafe."""

import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest

from rackwright.rack import diagrams
from rackwright.rack.loop_picture import WIDTH, hottest_of, loop_svg, other_pa
from rackwright.units import say_in, three_figures

SVG = "{http://www.w3.org/2000/svg}"
#: Mean width of a letter as a share of its size: DejaVu Sans, the widest of the usual fonts, took 0.50 to 0.55 (bold 0.56 to
#: 0.63) for the words of this picture in a browser.
PLAIN_EM, STRONG_EM = 0.57, 0.63
SIZE = {"word": 12.0, "strong": 12.0, "alarm": 12.0, "note": 11.0}

#: Two kinds of trays, so that two ways through the rack are drawn.
SWITCHES = {
    "trays.switch": {
        "count": "1", "height": "1 RU", "mass": "3 kg", "cost": "40 USD", "parts": {"gpu": "1"},
    },
    "cooling.redundancy": "N+1",
}  # fmt: skip
#: What the picture draws of each table, with the factor to its unit and the unit; temperatures as they are said.
DRAWN = {
    "rack.loop": {"facility_supply_k": "K"},
    "rack.cooling_block": {
        "heat_w": "W", "pump_w": "W", "supply_k": "K", "return_k": "K", "rack_least_m3_s": "L/min", "header_pa": "kPa",
        "lost_m3_s": "L/min", "lost_supply_k": "K", "lost_margin_k": "delta_K",
    },
    "rack.cooling_branch": {
        "count": "×", "least_m3_s": "L/min", "coupling_pa": "kPa", "plates_pa": "kPa", "inlet_k": "K", "case_k": "K",
    },
    "rack.cooling_piping": {"diameter_m": "mm", "velocity_m_s": "m/s", "drop_pa": "kPa"},
}  # fmt: skip


def said(value: float, unit: str) -> str:
    if unit == "×":
        return f"{value:.0f} ×"
    if unit == "mm":
        return f"{value * 1e3:.0f} mm"
    factor = {"L/min": 60e3, "kPa": 1e-3, "m/s": 1.0}.get(unit)
    return say_in(value, unit) if factor is None else f"{three_figures(value * factor)} {unit}"


def texts(picture: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(picture).iter(f"{SVG}text"))


def words(picture: str) -> str:
    return " | ".join(item.text or "" for item in texts(picture))


@pytest.fixture
def designs(build):
    return build(SWITCHES, {"cdus.unit.shutoff": "1.5"})


def test_every_number_of_the_tables_stands_in_the_picture(designs):
    drawn = words(loop_svg(designs.of("small")))
    tables = {table.name: table for table in designs.tables}
    for name, columns in DRAWN.items():
        rows = tables[name].frame.to_dicts()
        assert rows
        for row in rows:
            for column, unit in columns.items():
                assert said(row[column], unit) in drawn, (name, column, row[column])


def test_the_speed_of_the_pumps_stands_in_the_picture(designs):
    design = designs.of("small")
    assert f"pumps at {three_figures(100 * design.block.speed)} % of full speed" in words(loop_svg(design))


def drops_by_label(picture: str) -> list[tuple[str, float]]:
    """Words and drops that stand on one line, from the top down."""
    by_line = defaultdict(list)
    for item in texts(picture):
        by_line[float(item.get("y"))].append(item.text)
    return [
        (line[0], float(line[1].split()[0].replace(",", "")))
        for _, line in sorted(by_line.items())
        if len(line) == 2 and line[1].endswith(" kPa")
    ]


def test_drops_along_the_drawn_way_add_up_to_the_pressure_between_the_headers(designs):
    design = designs.of("small")
    rows = drops_by_label(loop_svg(design))
    named = dict(rows)
    hottest = hottest_of(design.block).tray
    trays = list(dict.fromkeys(branch.tray for branch in design.block.branches))
    at = 2 + 2 * trays.index(hottest)  # hoses and manifolds first, then couplings and plates of each tray
    way = [*rows[:2], *rows[at : at + 2], ("other", named["other, by place"])]
    assert [label.split()[0] for label, _ in way] == ["hoses", "manifolds", "couplings", "plates", "other"]
    total = named["from header to header"]
    # three figures of each: half a unit of the third is at most half a per cent
    assert sum(drop for _, drop in way) == pytest.approx(total, abs=0.005 * (total + sum(abs(d) for _, d in way)))


def test_what_is_called_other_is_little(designs):
    block = designs.of("small").block
    assert abs(other_pa(block)) < 0.02 * block.header_pa


def test_the_chip_with_the_least_margin_is_marked_and_no_other(designs):
    design = designs.of("small")
    root = ElementTree.fromstring(loop_svg(design))
    assert len(list(root.iter(f"{SVG}circle"))) == 2  # beside its name, and in the key
    first, second = design.block.branches
    turned = replace(design.block, branches=(first, replace(second, case_k=first.case_k + 1.0)))
    assert hottest_of(turned) is turned.branches[1]


def test_a_case_over_its_limit_is_told_as_such(designs):
    design = designs.of("small")
    hot = tuple(replace(branch, case_k=branch.limit_k + 3.0) for branch in design.block.branches)
    drawn = words(loop_svg(replace(design, block=replace(design.block, branches=hot))))
    assert drawn.count("3.00 K over") == 2


def test_a_plate_without_flow_is_the_hottest_and_has_no_temperature(designs):
    design = designs.of("small")
    first, second = design.block.branches
    dry = replace(design.block, branches=(first, replace(second, least_m3_s=0.0, case_k=0.0)))
    assert hottest_of(dry) is dry.branches[1]
    drawn = words(loop_svg(replace(design, block=dry)))
    assert "no flow" in drawn
    assert "-273" not in drawn


def test_pumps_that_are_too_small_are_told_as_such(designs):
    design = designs.of("small")
    assert "not enough" in words(loop_svg(replace(design, block=replace(design.block, enough=False, speed=1.0))))


def test_the_only_cdu_leaves_no_flow_when_it_is_lost(designs):
    design = designs.of("small")
    block = replace(design.block, cdus=1, lost_flow_m3_s=None, lost_supply_k=None, lost_margin_k=None)
    assert "no flow is left" in words(loop_svg(replace(design, block=block)))


def test_a_plate_without_flow_after_a_loss_is_told_as_such(designs):
    design = designs.of("small")
    block = replace(design.block, lost_margin_k=None)
    assert "some plate has no flow" in words(loop_svg(replace(design, block=block)))


def test_a_block_that_is_not_solved_has_the_picture_of_its_formulas(designs):
    design = replace(designs.of("small"), block=None)
    assert loop_svg(design, alone=True) == diagrams.loop_svg(design, alone=True)


def spans(picture: str) -> dict[float, list[tuple[float, float]]]:
    """From where to where words stand on each line, in the widest usual font."""
    found = defaultdict(list)
    for item in texts(picture):
        kind = item.get("class").removeprefix("rw-loop-")
        em = PLAIN_EM if kind in ("word", "note") else STRONG_EM
        wide = len(item.text) * SIZE[kind] * em
        x = float(item.get("x"))
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[item.get("text-anchor")]
        found[float(item.get("y"))].append((left, left + wide))
    return found


@pytest.mark.parametrize("name", ["gpu", "a-chip-with-a-name-of-forty-letters-or-so"])
def test_words_stay_apart_and_inside_the_picture(designs, name):
    design = designs.of("small")
    branches = tuple(
        replace(branch, chip=name, tray=name, per_rack=144, case_k=branch.limit_k - 15.5)
        for branch in design.block.branches
    )
    loop = replace(design.loop, cdu=name, coolant=name)
    picture = loop_svg(replace(design, loop=loop, block=replace(design.block, branches=branches)))
    for y, line in spans(picture).items():
        inside = sorted(line)
        assert inside[0][0] >= 0.0, y
        assert inside[-1][1] <= WIDTH, y
        for (_, end), (start, _) in pairwise(inside):
            assert end + 3.0 <= start, (y, name)


def test_lines_of_words_do_not_touch(designs):
    lines = sorted(spans(loop_svg(designs.of("small"))))
    assert min(after - before for before, after in pairwise(lines)) >= 12.0


def test_the_picture_is_no_wider_than_a_phone_and_its_letters_are_no_smaller_than_eleven(designs):
    picture = loop_svg(designs.of("small"))
    root = ElementTree.fromstring(picture)
    assert float(root.get("width")) <= 390.0
    assert {item.get("class").removeprefix("rw-loop-") for item in texts(picture)} <= set(SIZE)


def test_names_are_text_and_nothing_runs(designs):
    bad = "</text><script>alert(1)</script>\x07"
    design = designs.of("small")
    branches = tuple(replace(branch, chip=bad, tray=bad) for branch in design.block.branches)
    block = replace(design.block, branches=branches)
    picture = loop_svg(replace(design, name=bad, block=block, loop=replace(design.loop, cdu=bad)), alone=True)
    root = ElementTree.fromstring(picture)
    assert not list(root.iter(f"{SVG}script"))
    assert root.find(f"{SVG}title").text.endswith("</text><script>alert(1)</script>?")


def test_those_who_cannot_see_it_are_told_the_same(designs):
    design = designs.of("small")
    root = ElementTree.fromstring(loop_svg(design))
    told = root.find(f"{SVG}desc").text
    assert root.get("role") == "img"
    for value, unit in (
        (design.block.supply_k, "K"), (design.block.header_pa, "kPa"), (design.block.lost_margin_k, "delta_K"),
    ):  # fmt: skip
        assert said(value, unit) in told


def test_warmer_pipes_have_warmer_colours(designs):
    design = designs.of("small")
    shades = {
        int(item.get("class").split("rw-loop-t")[1])
        for item in ElementTree.fromstring(loop_svg(design)).iter(f"{SVG}line")
        if "rw-loop-t" in item.get("class")
    }
    assert min(shades) == 0  # facility water
    assert max(shades) == 8  # return
