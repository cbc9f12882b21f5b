"""Which medium joins two cages, as a cable, a breakout or a shuffle."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.unit.rack.network.cabling_scenes import (
    changed,
    eight_planes,
    floor,
    laid,
    media,
    single_connector,
    twin_ports,
    two_racks,
)

from rackwright.errors import ProgramError
from rackwright.rack.network.cabling.choosing import choose
from rackwright.rack.network.cabling.cut_list import cut_list
from rackwright.rack.network.cabling.floor import Placement, routes
from rackwright.rack.network.cabling.media import Cage, Medium, MediumEnd
from rackwright.rack.network.cabling.placement import RackFill, place_by_rule
from rackwright.rack.network.cabling.totals import box_total, cable_totals, module_totals, rack_tasks
from rackwright.rack.network.cabling.trays import tray_loads
from rackwright.rack.network.topology.clos import clos_wiring


def test_two_metres_of_copper_do_not_span_two_rows() -> None:
    frame, placed = twin_ports().frame, twin_ports().placement
    rows = placed.rack_row[placed.device_rack]
    apart = rows[twin_ports().pieces.lower] != rows[twin_ports().pieces.upper]
    assert apart.any()
    assert "dac" not in frame.filter(pl.Series(apart))["medium"].unique().to_list()


def test_stocked_is_never_shorter_than_routed_nor_a_length_too_long() -> None:
    lengths = {one.name: one.lengths_m for one in twin_ports().media}
    for medium, stocked, routed in twin_ports().frame.select("medium", "stocked_m", "routed_m").iter_rows():
        assert stocked >= routed - 1e-9
        shorter = [length for length in lengths[medium] if length < stocked]
        assert not shorter or shorter[-1] < routed


def test_copper_is_taken_where_it_reaches_and_fits() -> None:
    """Two switches' worth of endpoints in one rack with their leaf: every route is below 2 m."""
    wiring = clos_wiring(racks=1, per_rack=8, ports=16, link_bit_s=800e9)
    plan = floor()
    units = np.append(np.full(8, 10), 20).astype(np.int32)
    placed = Placement(
        plan, np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros(1, np.int8), np.zeros(9, np.int32), units
    )
    found = cut_list(wiring, placed, (Cage("osfp"),) * 4, media())
    assert found.frame["sku"].unique().to_list() == ["dac-0.5m"]


def test_the_choice_is_the_cheapest_by_enumeration() -> None:
    """One link at every distance: medium, modules and cable priced by hand."""
    wiring = clos_wiring(racks=1, per_rack=1, ports=2, link_bit_s=800e9)
    plan = floor(positions=100)
    for position in (0, 1, 2, 5, 20, 70, 99):
        placed = two_racks(plan, (0, 0), (0, position), (48, 48))
        routed = float(routes(placed, np.array([0]), np.array([1]), np.array([0])).metres[0])
        price = {
            one.name: one.price_usd + one.a.price_usd + one.b.price_usd + one.price_usd_m * float(one.stocked(np.array([routed]))[0])
            for one in media()
        }  # fmt: skip
        row = cut_list(wiring, placed, (Cage("osfp"),) * 4, single_connector()).frame.row(0, named=True)
        assert row["medium"] == min(price, key=price.__getitem__)


def test_dear_power_turns_the_choice_to_copper() -> None:
    """Where both reach: fibre at no price but 30 W beats copper for free watts and loses for 10 USD each."""
    wiring = clos_wiring(racks=1, per_rack=1, ports=2, link_bit_s=800e9)
    placed = Placement(
        floor(), np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros(1, np.int8), np.zeros(2, np.int32),
        np.array([10, 20], np.int32),
    )  # fmt: skip
    end, hot = MediumEnd("osfp", 800e9), MediumEnd("osfp", 800e9, 1, 15.0)
    rows = (
        Medium("dac", "dac", end, end, (1.0,), 2.0, 100.0, 0.0),
        Medium("gift", "sr", hot, hot, (1.0,), 50.0, 0.0, 0.0),
    )
    for watt_usd, expected in ((0.0, "gift"), (10.0, "dac")):
        found = cut_list(wiring, placed, (Cage("osfp"),) * 4, rows, watt_usd=watt_usd)
        assert found.frame["medium"].to_list() == [expected]


def test_a_link_beyond_every_reach_is_named_with_its_metres_and_the_longest_medium() -> None:
    wiring = clos_wiring(racks=1, per_rack=1, ports=2, link_bit_s=800e9)
    placed = two_racks(floor(positions=400), (0, 0), (0, 399), (1, 1))
    with pytest.raises(ProgramError) as told:
        choose(wiring, placed, (Cage("osfp"),) * 4, single_connector())
    (problem,) = told.value.problems
    assert problem.path == "end-000-00000 port 0 to p0-leaf-000-00 port 0"
    assert problem.found == f"{399 * 0.6 + 2 * (3.0 - 0.122225):.1f} m"
    assert "100 m at most" in problem.expected
    assert "dr8" in problem.expected


def test_cages_that_nothing_joins_are_told_with_what_would() -> None:
    wiring = clos_wiring(racks=1, per_rack=1, ports=2, link_bit_s=800e9)
    placed = two_racks(floor(), (0, 0), (0, 1), (1, 1))
    for cage, said in (
        (Cage("qsfp112"), "no medium has an end for a cage of kind 'qsfp112'; there are osfp"),
        (Cage("osfp", 4), "the fastest between these cages carries 200 Gbit/s a link, wanted are 800 Gbit/s"),
    ):
        with pytest.raises(ProgramError, match=said):
            choose(wiring, placed, (cage, *(Cage("osfp"),) * 3), single_connector())


def test_connectors_of_one_module_never_take_two_media() -> None:
    pieces, media_of_cage = twin_ports().pieces, {}
    families = [one.family or one.name for one in twin_ports().media]
    for cage, medium in zip(
        np.concatenate((pieces.lower_cage, pieces.upper_cage)).tolist(), np.tile(pieces.medium, 2).tolist(), strict=True
    ):
        assert media_of_cage.setdefault(cage, families[medium]) == families[medium]


def test_a_link_that_fills_a_twin_port_module_takes_two_cords() -> None:
    """800 Gbit/s over 2 x 400: two MPO cords side by side, two SKUs, two modules."""
    wiring = clos_wiring(racks=1, per_rack=2, ports=4, link_bit_s=800e9)
    found = cut_list(wiring, two_places(), (Cage("osfp", 1),) * 4, media()[1:2])
    assert found.frame["cords"].to_list() == [2, 2]
    totals = cable_totals(found)
    assert totals["cables"].sum() == 4
    assert totals["cost_usd"].sum() == pytest.approx(4 * 20 + totals["metres"].sum())
    assert module_totals(found)["count"].sum() == 4
    assert rack_tasks(found)["labels"].sum() == 8
    assert tray_loads(found).along_cables.sum() == 4


def two_places() -> Placement:
    """Two adapters in the first rack, their switch in the second."""
    return Placement(
        floor(), np.zeros(2, np.int32), np.array([0, 1], np.int32), np.zeros(2, np.int8), np.array([0, 0, 1], np.int32),
        np.array([2, 4, 2], np.int32),
    )  # fmt: skip


def test_eight_planes_hang_on_shuffles_of_eight_and_eight() -> None:
    """128 adapters x 8 planes are 1,024 links: 16 shuffles between adapters and leaves, and as many above; 16 cords each."""
    wiring = eight_planes().wiring
    assert wiring.links == 2048
    assert box_total(eight_planes()) == wiring.links // 64
    assert eight_planes().cables == eight_planes().frame.height == wiring.links // 64 * 16


def test_every_lane_goes_through_the_shuffles_to_its_own_partner() -> None:
    """Walk each link: its lower connector has one cord to a box, its upper one a cord from the same box."""
    pieces, wiring = eight_planes().pieces, eight_planes().wiring
    into = {int(c): int(b) for c, b in zip(pieces.lower_cage, pieces.upper, strict=True) if b >= wiring.nodes}
    out = {int(c): int(b) for c, b in zip(pieces.upper_cage, pieces.lower, strict=True) if b >= wiring.nodes}
    ends = eight_planes().choice.ends
    for low, up in zip(ends.lower_cage.tolist(), ends.upper_cage.tolist(), strict=True):
        assert into[low] == out[up]


def test_ports_that_hang_together_beyond_every_shuffle_are_told() -> None:
    """Leaves whose ports are numbered so that a cage's lanes scatter over all others fit no box."""
    wiring = eight_planes().wiring
    rng = np.random.default_rng(5)
    scattered = wiring.upper_port.copy()
    for node in np.unique(wiring.upper):
        own = np.flatnonzero(wiring.upper == node)
        scattered[own] = scattered[rng.permutation(own)]
    broken = changed(wiring, upper_port=scattered)
    single = tuple(one for one in eight_planes().media)
    with pytest.raises(ProgramError, match=r"connectors that hang together(.|\n)*an assembly of 1 \+ 1, 8 \+ 8"):
        laid(broken, floor(tray_levels=8, tray_spacing_m=0.1), 16, Cage("osfp", 8), single)


def test_breakout_legs_share_one_cable_of_the_longest_leg() -> None:
    """A switch cage of two links to two adapters' cages: one cable, two legs, one SKU."""
    wiring = clos_wiring(racks=2, per_rack=2, ports=4, link_bit_s=400e9, port_group=2)
    plug = MediumEnd("osfp", 800e9)
    rows = (Medium("aoc", "aoc", plug, plug, (5.0, 10.0, 20.0), 30.0, 100.0, 1.0, forms=((1, 1), (1, 2), (2, 1))),)
    plan = floor()
    placed = place_by_rule(wiring, plan, RackFill(2, 1, 2, 2, (2, 2, 2), 8))
    found = cut_list(wiring, placed, (Cage("osfp", 1), *(Cage("osfp", 2),) * 3), rows)
    assert found.cables == 2
    assert found.frame.height == 4
    for _, legs in found.frame.group_by("cable"):
        assert legs["leg"].sort().to_list() == [1, 2]
        assert legs["b_port"].n_unique() == 1
        assert legs["stocked_m"].n_unique() == legs["sku"].n_unique() == 1
        assert legs["stocked_m"][0] >= legs["routed_m"].max()
    totals = cable_totals(found)
    assert totals["cables"].sum() == 2
    assert totals["sku"][0].startswith("aoc-1x2-")
    assert totals["cost_usd"].sum() == pytest.approx(2 * 100 + totals["metres"].sum())


def test_the_two_cords_of_a_shuffle_together_stay_within_reach() -> None:
    """Cords of 50 m each way reach 40 m + 40 m singly, not as one channel of a medium of 60 m."""
    wiring = clos_wiring(racks=1, per_rack=8, ports=8, link_bit_s=100e9, planes=8, port_group=8)
    plan = floor(positions=100)
    device_rack = np.append(np.zeros(8, np.int32), np.ones(8, np.int32)).astype(np.int32)
    placed = Placement(plan, np.zeros(2, np.int32), np.array([0, 55], np.int32), np.array([0, 1], np.int8), device_rack,
                       np.append(np.full(8, 2), 2 * np.arange(1, 9)).astype(np.int32))  # fmt: skip
    end = MediumEnd("osfp", 800e9, 1)

    def rows(most_m: float) -> tuple[Medium, ...]:
        return (Medium("dr", "dr", end, end, (5.0, 50.0), most_m, 20.0, 1.0, forms=((8, 8),)),)

    found = cut_list(wiring, placed, (Cage("osfp", 8),) * 4, rows(55.0), hub_ru=40)
    assert sorted(set(found.frame["stocked_m"])) == [5.0, 50.0]
    with pytest.raises(ProgramError):
        cut_list(wiring, placed, (Cage("osfp", 8),) * 4, rows(54.0), hub_ru=40)
