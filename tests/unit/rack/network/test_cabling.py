"""The floor that cables cross, and the ends that they join."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.rack.network.cabling_scenes import (
    changed,
    floor,
    route_m,
    two_racks,
)

from rackwright.errors import ProgramError
from rackwright.rack.network.cabling.ends import Assembly, EndTable, end_problems, link_ends, port_problems
from rackwright.rack.network.cabling.floor import Placement, placement_problems, routes
from rackwright.rack.network.cabling.media import Cage
from rackwright.rack.network.cabling.placement import LEAF, RackFill, place_by_rule
from rackwright.rack.network.topology.clos import clos_wiring


def test_a_cable_rises_runs_along_crosses_and_comes_down() -> None:
    """Row 0 position 4 to row 1 position 1: 3 x 0.6 along, 1.2 + 1.2 across, unit 1 is 0.122 m up: 2 x 2.878 m."""
    assert route_m(floor(), (0, 1), (4, 1)) == pytest.approx(1.8 + 2.4 + 2 * (3.0 - 0.1 - 0.5 * 0.04445))


def test_rows_of_a_pair_share_the_hot_aisle_and_pairs_the_cold_one() -> None:
    plan = floor(hot_aisle_m=1.0, cold_aisle_m=2.0)
    assert plan.across_m(np.arange(4)).tolist() == pytest.approx([0.0, 2.2, 5.4, 7.6])


def test_slack_is_a_share_of_the_route_and_a_loop_at_each_end() -> None:
    plain, slack = route_m(floor(), (0, 0), (0, 3)), route_m(floor(slack_share=0.1, slack_m=0.5), (0, 0), (0, 3))
    assert slack == pytest.approx(1.1 * plain + 1.0)


def test_in_one_rack_a_cable_takes_no_tray() -> None:
    placed = Placement(
        floor(), np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros(1, np.int8), np.zeros(2, np.int32),
        np.array([10, 30], np.int32),
    )  # fmt: skip
    found = routes(placed, np.array([0]), np.array([1]), np.array([0]))
    assert found.level[0] == -1
    assert found.metres[0] == pytest.approx(20 * 0.04445)


def test_a_cross_tray_beside_both_racks_costs_the_way_there_and_back() -> None:
    """Racks at positions 2 and 4, the only cross tray at 6: 2 positions between them and 2 x 2 beyond."""
    free, bound = route_m(floor(), (0, 1), (2, 4)), route_m(floor(cross_trays=(6,)), (0, 1), (2, 4))
    assert bound - free == pytest.approx(4 * 0.6)
    assert route_m(floor(cross_trays=(3,)), (0, 1), (2, 4)) == pytest.approx(free)


@given(
    trays=st.sets(st.integers(0, 19), max_size=4), at=st.tuples(st.integers(0, 19), st.integers(0, 19)),
    row=st.tuples(st.integers(0, 5), st.integers(0, 5)),
)  # fmt: skip
def test_the_crossing_taken_is_the_shortest_there_is(
    trays: set[int], at: tuple[int, int], row: tuple[int, int]
) -> None:
    plan = floor(positions=20, cross_trays=tuple(sorted(trays)))
    places = abs(at[0] - at[1])
    if row[0] != row[1]:
        places = min((abs(at[0] - one) + abs(at[1] - one) for one in trays or range(20)), default=places)
    across = abs(float(np.diff(plan.across_m(np.array(row)))[0]))
    up = 2 * (3.0 - float(plan.height_m(np.array([1]))[0]))
    assert route_m(plan, row, at) == pytest.approx(0.6 * places + across + up)


def test_a_floor_too_small_says_the_smallest_that_fits() -> None:
    wiring = clos_wiring(racks=8, per_rack=8, ports=16, link_bit_s=400e9, rails=8, block_racks=4)
    fill = RackFill(8, 4, 2, 2, (2, 2, 2), 4)
    with pytest.raises(ProgramError, match=r"1 rows of 6 positions for 12 racks(.|\n)*expected  3 rows of 6") as told:
        place_by_rule(wiring, floor(rows=1, positions=6), fill)
    assert place_by_rule(wiring, floor(rows=3, positions=6), fill).racks == 14
    assert "14 positions" not in str(told.value)  # one row cannot hold both kinds


def test_the_longer_rows_that_are_told_do_fit_and_shorter_ones_do_not() -> None:
    wiring = clos_wiring(racks=8, per_rack=8, ports=16, link_bit_s=400e9, rails=8, block_racks=4)
    fill = RackFill(8, 4, 2, 2, (2, 2, 2), 4)
    with pytest.raises(ProgramError, match="or 2 rows of 12 positions"):
        place_by_rule(wiring, floor(rows=2, positions=6), fill)
    place_by_rule(wiring, floor(rows=2, positions=12), fill)
    with pytest.raises(ProgramError):
        place_by_rule(wiring, floor(rows=2, positions=11), fill)


def test_every_device_has_units_of_its_own_and_stands_on_the_floor() -> None:
    wiring = clos_wiring(racks=12, per_rack=8, ports=16, link_bit_s=400e9, rails=8, block_racks=4, planes=2)
    placed = place_by_rule(wiring, floor(), RackFill(8, 4, 2, 2, (2, 2, 2), 5))
    height = np.where(np.arange(wiring.nodes) < wiring.endpoints, 0, 2)
    assert placement_problems(placed, height) == []
    assert np.bincount(placed.device_rack[wiring.endpoints :]).max() <= 5


def test_leaf_racks_stand_among_the_racks_they_serve() -> None:
    """4 compute racks of a block, its leaf rack between the second and the third."""
    wiring = clos_wiring(racks=8, per_rack=8, ports=16, link_bit_s=400e9, rails=8, block_racks=4)
    placed = place_by_rule(wiring, floor(), RackFill(8, 4, 2, 2, (2, 2, 2), 16))
    order = np.argsort(placed.rack_row * 10 + placed.rack_position)
    assert placed.rack_kind[order].tolist()[:10] == [0, 0, LEAF, 0, 0, 0, 0, LEAF, 0, 0]


def test_no_spine_rack_holds_two_planes() -> None:
    wiring = clos_wiring(racks=8, per_rack=16, ports=64, link_bit_s=100e9, planes=8, port_group=8)
    placed = place_by_rule(wiring, floor(), RackFill(16, 4, 2, 2, (2, 2, 2), 16))
    spines = wiring.switches_of_tier(2)
    of_rack: dict[int, set[int]] = {}
    for rack, plane in zip(placed.device_rack[spines].tolist(), wiring.plane[spines].tolist(), strict=True):
        of_rack.setdefault(rack, set()).add(plane)
    assert all(len(planes) == 1 for planes in of_rack.values())


def test_two_racks_in_one_place_and_overlapping_devices_are_told() -> None:
    placed = two_racks(floor(), (0, 0), (3, 3), (1, 48))
    said = [(one.path, one.found) for one in placement_problems(placed, np.array([2, 2]), ["a", "b"])]
    assert ("F1.R01.P04", "two racks in one place") in said
    assert ("b in F1.R01.P04", "sticks out of its rack") in said


@given(form=st.tuples(st.integers(1, 8), st.integers(1, 8)), lanes=st.integers(1, 4))
def test_every_lane_of_an_assembly_meets_one_lane(form: tuple[int, int], lanes: int) -> None:
    joins = Assembly(form, lanes).joins()
    for first, second, ends, far in ((0, 1, form[0], form[1]), (2, 3, form[1], form[0])):
        seen = joins[:, [first, second]]
        assert len(np.unique(seen, axis=0)) == len(joins) == ends * far * lanes
        assert seen[:, 1].max() == far * lanes - 1


def test_two_links_on_one_port_are_told_with_the_port() -> None:
    wiring = clos_wiring(racks=2, per_rack=4, ports=4, link_bit_s=400e9, rails=1)
    again = wiring.upper_port.copy()
    again[1] = again[0]
    broken = changed(
        wiring, upper_port=again, upper=np.where(np.arange(wiring.links) == 1, wiring.upper[0], wiring.upper)
    )
    said = port_problems(broken, (Cage("osfp"),) * 4)
    assert any(one.found == "two links on one port" and "p0-leaf-000-00 port 0" in one.path for one in said)


def test_a_port_beyond_the_breakout_limit_is_told() -> None:
    """A switch of 64 ports at 800 Gbit/s may be split to 256 ports only; port 256 and up do not exist."""
    wiring = clos_wiring(racks=8, per_rack=64, ports=512, link_bit_s=100e9, port_group=8)
    said = port_problems(wiring, (Cage("osfp", 8), *(Cage("osfp", 8, most_ports=256),) * 3))
    assert said
    assert said[0].path == "p0-leaf-000-00 port 256"
    assert "0 to 255" in said[0].expected


def test_a_lane_with_two_partners_a_cage_with_two_modules_a_connector_with_two_cables_are_told() -> None:
    def table(**changes: Any) -> EndTable:
        fine: dict[str, Any] = {
            "cable": np.array([0, 1]), "device": np.array([0, 0]), "cage": np.array([3, 3]),
            "connector": np.array([0, 1]), "lane": np.array([0, 4]), "lanes": np.array([4, 4]), "module": ("SR", "SR"),
        }  # fmt: skip
        return EndTable(**(fine | changes))

    names = ["leaf-1"]
    assert end_problems(table(), names) == []
    assert [one.path for one in end_problems(table(lane=np.array([0, 3])), names)] == [
        "leaf-1 cage 3 connector 1 lane 3"
    ]
    assert [one.found for one in end_problems(table(module=("SR", "DR")), names)] == ["two modules in one cage"]
    told = end_problems(table(connector=np.array([0, 0])), names)
    assert [(one.path, one.found) for one in told] == [("leaf-1 cage 3 connector 0", "two cables on one connector")]


def test_two_adapters_on_one_twin_port_card_fill_its_cage() -> None:
    """DGX H100: 8 adapters reach the fabric through 4 twin-port cages."""
    wiring = clos_wiring(racks=1, per_rack=8, ports=16, link_bit_s=400e9)
    ends = link_ends(wiring, (Cage("osfp", 2, devices=2), *(Cage("osfp", 2),) * 3))
    assert ends.lower_cage.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert ends.lower_slot.tolist() == [0, 1] * 4
