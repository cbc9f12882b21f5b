"""EPANET files read without EPANET: units, what replaces what, every bad line told at once, and never a traceback."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.errors import ProgramError
from rackwright.rack.cooling.epanet import power_law, read_inp
from rackwright.rack.cooling.epanet_rows import EPANET_PER_CFS, FLOW_M3_S, FOOT_M
from rackwright.rack.cooling.epanet_text import seconds

EVERYTHING = (Path(__file__).parents[2] / "validation" / "published" / "regulated.inp").read_text(encoding="utf-8")

TOWN = """[TITLE]
town; not a comment
[JUNCTIONS]
tap 10 2
farm 12 3 day
[RESERVOIRS]
hill 60
[PIPES]
main hill tap 1000 200 130 0.5
side tap farm 500 100 110 0 CV
[PATTERNS]
day 1 2
day 3
1 0.5
[OPTIONS]
UNITS LPS
"""


def problems(text):
    with pytest.raises(ProgramError) as caught:
        read_inp(text)
    return caught.value.problems


def only_problem(text):
    told = problems(text)
    assert len(told) == 1, [str(problem) for problem in told]
    return told[0]


def test_a_small_town_is_read_in_si_units():
    town = read_inp(TOWN)
    assert town.title == "town; not a comment"
    assert [(pipe.length_m, pipe.diameter_m, pipe.roughness, pipe.minor_k, pipe.check) for pipe in town.pipes] == [
        (1000.0, 0.2, 130.0, 0.5, False),
        (500.0, 0.1, 110.0, 0.0, True),
    ]
    assert town.head_m(town.sources[0]) == 60.0
    assert town.density_kg_m3 == 1000.0
    # EPANET's water is of 1.1e-5 ft²/s
    assert town.viscosity_pa_s == pytest.approx(1.0219e-3, rel=1e-4)


def test_demands_follow_their_pattern_or_the_pattern_named_1():
    town = read_inp(TOWN)
    tap, farm = town.junctions
    assert [town.demand_m3_s(tap, 3600.0 * hour) for hour in range(2)] == pytest.approx([1e-3, 1e-3])
    assert [town.demand_m3_s(farm, 3600.0 * hour) for hour in range(4)] == pytest.approx([3e-3, 6e-3, 9e-3, 3e-3])


def test_the_demands_section_replaces_what_the_junction_says():
    tap, farm = read_inp(TOWN + "[DEMANDS]\nfarm 1 day\nfarm 4\n").junctions
    assert tap.demands == ((2e-3, ""),)
    assert farm.demands == ((1e-3, "day"), (4e-3, ""))


@pytest.mark.parametrize("unit", FLOW_M3_S)
def test_flow_units_are_those_of_epanet_but_for_its_rounding(unit):
    # the table of EPANET 2.2: units per cubic foot and second; the acre-foot is rounded most, by 1.2e-4
    assert FLOW_M3_S[unit] * EPANET_PER_CFS[unit] == pytest.approx(FOOT_M**3, rel=1.3e-4)


def test_feet_and_gallons_become_metres():
    town = read_inp(TOWN.replace("UNITS LPS", "UNITS GPM\nHEADLOSS D-W\nSPECIFIC GRAVITY 1.02").replace("130", "0.5"))
    assert town.pipes[0].length_m == pytest.approx(304.8)
    assert town.pipes[0].diameter_m == pytest.approx(200 * 0.0254)
    assert town.pipes[0].roughness == pytest.approx(0.5e-3 * 0.3048)  # thousandths of a foot
    assert town.demand_m3_s(town.junctions[0]) == pytest.approx(0.5 * 2 * 6.30902e-5, rel=1e-6)
    assert town.density_kg_m3 == pytest.approx(1020.0)


@pytest.mark.parametrize(
    ("words", "head_m"), [("GPM", 30 / 0.4333 * 0.3048), ("LPS", 30.0), ("LPS\nPRESSURE KPA", 30 / 9.80186)]
)
def test_a_pressure_setting_becomes_metres_of_head(words, head_m):
    text = TOWN.replace("UNITS LPS", f"UNITS {words}").replace("side tap farm 500", "side tap field 500")
    valve = read_inp(text + "[JUNCTIONS]\nfield 0\n[VALVES]\nv field farm 100 PRV 30\n").valves[0]
    assert valve.setting == pytest.approx(head_m, rel=1e-4)


@pytest.mark.parametrize(
    ("viscosity", "expected"), [("1.5", 1.5 * 1.1e-5 * 0.3048**2), ("4e-7", 4e-7), ("", 1.1e-5 * 0.3048**2)]
)
def test_viscosity_is_a_multiple_of_water_or_a_value_when_tiny(viscosity, expected):
    town = read_inp(TOWN + (f"VISCOSITY {viscosity}\n" if viscosity else ""))
    assert town.viscosity_pa_s == pytest.approx(1000.0 * expected)


def test_three_points_from_no_flow_are_a_power_law_and_others_are_straight_pieces():
    shutoff, falloff, exponent = power_law([(0.0, 60.0), (10.0, 50.0), (20.0, 20.0)])
    assert (shutoff, exponent) == pytest.approx((60.0, 2.0))
    assert shutoff - falloff * 20.0**exponent == pytest.approx(20.0)
    assert power_law([(0.0, 60.0), (10.0, 50.0)]) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("24:00", 86400),
        ("1:30:15", 5415),
        ("2", 7200),
        ("90 min", 5400),
        ("1 DAYS", 86400),
        ("12 am", 0),
        ("12:30 PM", 45000),
    ],
)
def test_times_are_clocks_hours_or_carry_their_unit(said, expected):
    assert seconds(tuple(said.split())) == expected


@pytest.mark.parametrize("said", ["", "soon", "-1", "1:2:3:4", "14 PM", "3 fortnights", "nan"])
def test_what_is_no_time_is_none(said):
    assert seconds(tuple(said.split())) is None


def test_all_bad_lines_are_told_at_once_with_line_and_nearest_name():
    text = (
        TOWN.replace("hill tap 1000", "hil tap 1000")
        .replace("0.5\nside", "O.5\nside")
        .replace("UNITS LPS", "UNITS LPSS")
    )
    text = text.replace("farm 12 3 day", "farm 12 3 dai").replace("[PATTERNS]", "[PATERNS]", 1)
    found = {(problem.line, problem.found, problem.nearest) for problem in problems(text)}
    assert {(9, "hil", "hill"), (9, "O.5", None), (11, "PATERNS", "PATTERNS"), (16, "LPSS", "LPS")} <= found
    assert (5, "dai", None) in found  # its section is not there, so no name is near


@pytest.mark.parametrize(
    ("more", "line", "found"),
    [
        ("[EMITTERS]\ntap 0.5\n", 18, "0.5"),
        ("HEADLOSS C-M\n", 17, "C-M"),
        ("DEMAND MODEL PDA\n", 17, "PDA"),
        ("[JUNCTIONS]\nisland 3\n", 18, "island"),
        ("[JUNCTIONS]\ntap 3\n", 18, "tap"),
        ("[PIPES]\nloop tap tap 1 1 1\n", 18, "tap"),
        ("[PIPES]\nflat tap farm 0 100 130\n", 18, "0"),
        ("[PIPES]\nmain farm hill 10 100 130\n", 18, "main"),
        ("[PIPES]\nhalf tap farm 10 100 130 0 AJAR\n", 18, "AJAR"),
        ("[PUMPS]\np tap farm HEAD none\n", 18, "none"),
        ("[PUMPS]\np tap farm\n", 18, "p tap farm"),
        ("[VALVES]\nv tap hill 100 PRV 20\n", 18, "hill"),
        ("[VALVES]\nv tap farm 100 PVR 20\n", 18, "PVR"),
        ("[VALVES]\nv tap farm 100 GPV none\n", 18, "none"),
        ("[STATUS]\nside OPEN\n", 18, "OPEN"),
        ("[STATUS]\nsid CLOSED\n", 18, "sid"),
        ("[CURVES]\nc 1 2\nc 1 3\n", 19, "1"),
        ("[TIMES]\nPATTERN TIMESTEP 0\n", 18, "0"),
        ("VISKOSITY 1\n", 17, "VISKOSITY"),
        ("VISCOSITY 0\n", 17, "0"),
        ("[PIPES]\nlong tap farm 1e300 100 130\n", 18, "1e300"),
    ],
)
def test_one_slip_is_one_problem_at_its_line(more, line, found):
    problem = only_problem(TOWN + more)
    assert (problem.line, problem.found) == (line, found)
    assert problem.expected


def test_a_pump_curve_that_rises_is_refused():
    more = "[PUMPS]\np tap farm HEAD c\n[CURVES]\nc 0 10\nc 1 11\n"
    assert only_problem(TOWN + more).found == "curve c"


def test_a_net_without_a_reservoir_cannot_be_solved_and_is_told_so():
    text = TOWN.replace("[RESERVOIRS]", "[JUNCTIONS]")
    assert {problem.found for problem in problems(text)} == {"tap", "farm", "hill"}


def test_controls_and_rules_are_kept_as_text():
    town = read_inp(TOWN + "[CONTROLS]\nLINK main CLOSED AT TIME 3\n[RULES]\nRULE 1\nIF TANK a LEVEL ABOVE 3\n")
    assert town.controls == ("LINK main CLOSED AT TIME 3",)
    assert town.rules == ("RULE 1", "IF TANK a LEVEL ABOVE 3")


def test_a_file_that_is_not_there_is_a_problem_of_the_question(tmp_path):
    with pytest.raises(ProgramError):
        read_inp(tmp_path / "none.inp")
    with pytest.raises(ProgramError):
        read_inp("\0")


def test_old_files_in_latin_letters_and_windows_line_ends_are_read(tmp_path):
    path = tmp_path / "old.inp"
    path.write_bytes(TOWN.replace("tap", "Hügel").replace("\n", "\r\n").encode("latin-1"))
    assert read_inp(path).junctions[0].name == "Hügel"


def test_conditions_come_in_the_order_of_the_network():
    town = read_inp(EVERYTHING)
    network, now = town.network(), town.conditions(3600.0)
    assert network.nodes == tuple(node.name for node in (*town.junctions, *town.sources))
    assert network.links == tuple(link.name for link in (*town.pipes, *town.pumps, *town.valves))
    assert now.demands_kg_s.shape == (len(network.nodes),)
    assert now.demands_kg_s[network.node_number["c"]] == pytest.approx(1.1 * 6.0 * 0.6)
    assert now.fixed_pa[network.fixed.index("tower")] == pytest.approx(1000.0 * 9.80665 * 4.0)
    assert not now.opened[network.link_number["aq"]]
    assert now.speed.tolist() == [1.0, 1.02, 0.95, 1.0]


def test_a_file_with_every_element_solves_and_balances():
    from rackwright.rack.cooling.hydraulics import solve

    town = read_inp(EVERYTHING)
    network, now = town.network(), town.conditions()
    solution = solve(
        network,
        density_kg_m3=town.density_kg_m3,
        viscosity_pa_s=town.viscosity_pa_s,
        demands_kg_s=now.demands_kg_s,
        fixed_pa=now.fixed_pa,
        speed=now.speed,
        opened=now.opened,
    )
    # what the reservoirs and the tank give is what the junctions take
    given_kg_s = 0.0
    for name in network.fixed:
        node = network.node_number[name]
        given_kg_s += (
            solution.flow_kg_s[0, network.first == node].sum() - solution.flow_kg_s[0, network.second == node].sum()
        )
    assert given_kg_s == pytest.approx(now.demands_kg_s.sum(), rel=1e-9)
    assert solution.flow_of("fcv")[0] == pytest.approx(5.0, rel=1e-6)


LINES = EVERYTHING.splitlines()
WORDS = ' 0 -1 1e12 1e-300 nan inf a hill one CLOSED CV PRV GPV HEAD " ; [PIPES] [ é'


@st.composite
def mutated(draw):
    """The file with a few of its words and lines replaced, doubled, moved or lost."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["word", "drop", "double", "junk", "move"]))
        if kind == "word":
            words = lines[at].split() or [""]
            words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(WORDS.split(" ")) | st.text(max_size=6))
            lines[at] = " ".join(words)
        elif kind == "drop":
            lines[at] = ""
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "junk":
            lines.insert(at, draw(st.text(max_size=30)))
        else:
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
    return "\n".join([*lines, ""])


def read_or_told(text):
    try:
        return read_inp(text)
    except ProgramError as error:
        count = text.count("\n") + len(text.splitlines()) + 1
        assert error.problems
        assert all(0 <= problem.line <= count and problem.expected for problem in error.problems)
        return None


@given(mutated())
def test_a_damaged_file_is_read_or_told_and_what_is_read_becomes_a_network(text):
    town = read_or_told(text)
    if town is None:
        return
    network, now = town.network(), town.conditions()
    assert len(network.links) == len(town.pipes) + len(town.pumps) + len(town.valves)
    assert all(np.isfinite(array).all() for array in (now.demands_kg_s, now.fixed_pa, now.speed))
    assert math.isfinite(town.viscosity_pa_s)


@given(st.text(max_size=300).map(lambda text: text + "\n"))
def test_any_text_at_all_is_read_or_told(text):
    read_or_told(text)
