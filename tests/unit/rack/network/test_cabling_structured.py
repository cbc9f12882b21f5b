"""Polarity, losses, trays, trunks; what the loss of a rack, a row, a tray or a feed costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.rack.network.cabling_scenes import (
    eight_planes,
    floor,
    laid,
    media,
    single_connector,
    twin_ports,
    two_racks,
)

from rackwright.rack.network.cabling.blast import (
    dead_links,
    feed_blast,
    lost_share,
    rack_blast,
    rack_feeds,
    row_blast,
    survey,
    tray_blast,
)
from rackwright.rack.network.cabling.cut_list import CutList, cut_list
from rackwright.rack.network.cabling.media import Cage, Medium, MediumEnd
from rackwright.rack.network.cabling.placement import CORE, LEAF, RackFill, place_by_rule
from rackwright.rack.network.cabling.structured import (
    FibreFigures,
    Method,
    channel,
    loss_db,
    loss_table,
    missing_cord,
    parallel_works,
    passed,
    too_tight,
    trunks,
)
from rackwright.rack.network.cabling.trays import Tray, planes_on_levels, tray_loads
from rackwright.rack.network.topology.clos import clos_wiring

METHODS: tuple[Method, ...] = ("A", "B", "C")


def test_polarity_methods_are_those_of_the_standard() -> None:
    assert passed("A", 12).tolist() == list(range(1, 13))
    assert passed("B", 12).tolist() == list(range(12, 0, -1))
    assert passed("C", 12).tolist() == [2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11]


def test_parallel_optics_need_an_odd_number_of_reversals() -> None:
    """Method A takes one cord of type B among the two, method B takes type B throughout; two reversals undo it."""
    assert parallel_works(["A", "A", "B"], 12, 4)
    assert parallel_works(["B", "B", "B"], 12, 4)
    assert not parallel_works(["A", "A", "A"], 12, 4)
    assert not parallel_works(["A", "C", "B"], 12, 4)
    assert missing_cord(["B", "B"], 16, 8) == "B"
    assert missing_cord(["A", "B"], 16, 8) == "A"
    assert missing_cord(["A", "C"], 12, 4) is None


@given(st.lists(st.sampled_from(METHODS), max_size=6), st.sampled_from([12, 16, 24]))
def test_a_channel_is_a_permutation_and_its_way_back_undoes_it(methods: list[Method], fibres: int) -> None:
    there, back = channel(methods, fibres), channel(methods[::-1], fibres)
    assert back[there - 1].tolist() == list(range(1, fibres + 1))


def test_loss_is_length_and_connectors() -> None:
    """80 m at 3.0 dB/km and two pairs of 0.35 dB: 0.24 + 0.70."""
    figures = FibreFigures("OM4", 3e-3, 0.35, 10.0, "assumed", "")
    assert loss_db(np.array([80.0]), 2, figures)[0] == pytest.approx(0.94)


def test_a_panel_at_each_end_takes_its_part_of_the_budget() -> None:
    figures = [
        FibreFigures("OM4", 3e-3, 0.75, 10.0, "assumed", ""),
        FibreFigures("SMF", 4e-4, 0.75, 10.0, "assumed", ""),
    ]
    none, two = loss_table(twin_ports(), figures, 0), loss_table(twin_ports(), figures, 2)
    assert (two["worst_db"] - none["worst_db"]).to_list() == pytest.approx([1.5] * none.height)
    row = none.row(by_predicate=pl.col("medium") == "sr8", named=True)
    assert row["worst_db"] == pytest.approx(3e-3 * row["worst_m"])
    assert row["margin_db"] == pytest.approx(1.9 - row["worst_db"])


def test_fill_of_a_tray_by_hand() -> None:
    """One cable of 10 mm in a tray of 100 x 50 mm: 78.5 / 5,000 = 1.57 %, on the two stretches it passes."""
    wiring = clos_wiring(racks=1, per_rack=1, ports=2, link_bit_s=800e9)
    plug = MediumEnd("osfp", 800e9)
    rows = (Medium("aoc", "aoc", plug, plug, (20.0,), 30.0, 100.0, 1.0, diameter_m=0.01, mass_kg_m=0.2),)
    found = cut_list(wiring, two_racks(floor(), (0, 2), (1, 3), (1, 1)), (Cage("osfp"),) * 4, rows)
    loads = tray_loads(found)
    assert loads.along_cables.sum() == 2
    assert loads.along_cables[0, 0].tolist() == [0, 1, 1, 0, 0, 0, 0, 0, 0]  # position 1 to 3 in row 0
    assert loads.across_cables[0, 3].tolist() == [1, 1, 0, 0, 0, 0, 0]  # rows 0 to 2 above position 3
    share, where = loads.fullest(Tray(0.1, 0.05, 0.4, 50.0))
    assert share == pytest.approx(math.pi / 4 * 1e-4 / 5e-3)
    assert where == "L0 R01 P02-P03"
    assert loads.heaviest_kg_m() == pytest.approx(0.2)
    assert loads.stretches_over(Tray(0.1, 0.05, 0.4, 50.0)) == 0
    assert loads.stretches_over(Tray(0.1, 0.05, 0.01, 50.0)) == loads.stretches_over(Tray(0.1, 0.05, 0.4, 0.1)) == 4


def test_metres_in_trays_are_the_metres_of_the_routes() -> None:
    """What lies in trays, summed over stretches, and the ways up and down, are the routed metres."""
    loads, plan, routed = tray_loads(eight_planes()), eight_planes().placement.floor, eight_planes().pieces.routes
    outside = routed.level >= 0
    across_m = np.diff(plan.across_m(np.arange(plan.rows)))
    lying_m = loads.along_cables.sum() * plan.rack_pitch_m + (loads.across_cables.sum(axis=(0, 1)) * across_m).sum()
    height_m = plan.height_m(eight_planes().placement.device_ru)
    tray_m = plan.tray_height_m + routed.level * plan.tray_spacing_m
    up_m = (2 * tray_m - height_m[eight_planes().pieces.lower] - height_m[eight_planes().pieces.upper])[outside]
    assert lying_m + up_m.sum() == pytest.approx(routed.metres[outside].sum())


def test_with_a_level_for_each_plane_no_tray_carries_two() -> None:
    alone = [planes for planes in planes_on_levels(eight_planes()) if len(planes) > 1]
    assert alone == []


def test_a_corner_too_tight_for_a_cord_is_told_with_the_radius_that_would_do() -> None:
    """A cord of 3 mm at ten diameters: 30 mm; copper has no fibre to break."""
    figures = [FibreFigures(fibre, 3e-3, 0.35, 10.0, "assumed", "") for fibre in ("OM4", "SMF")]
    assert too_tight(media(), figures, 0.031) == []
    assert too_tight(media(), figures, 0.029) == [("sr8", pytest.approx(0.03)), ("dr8", pytest.approx(0.03))]


def test_trunks_hold_every_fibre_that_leaves_a_rack() -> None:
    table = trunks(twin_ports(), 144)
    pieces = twin_ports().pieces
    fibre = np.array([one.fibres * (not one.attached) for one in twin_ports().media])[pieces.medium]
    assert table["fibres"].sum() == fibre[pieces.routes.level >= 0].sum()
    assert (table["trunks"] * 144 - table["fibres"] == table["left_over"]).all()
    assert table["left_over"].min() >= 0
    assert table["left_over"].max() < 144


def test_one_leaf_of_eight_planes_costs_its_adapters_an_eighth() -> None:
    wiring = eight_planes().wiring
    leaf = int(wiring.switches_of_tier(1)[0])
    dead = np.arange(wiring.nodes) == leaf
    lost = lost_share(wiring, np.zeros(wiring.links, dtype=bool), dead)
    below = np.unique(wiring.lower[wiring.upper == leaf])
    assert lost[below] == pytest.approx(1 / 8)
    assert np.delete(lost, below) == pytest.approx(0.0)


def test_one_spine_of_four_costs_everyone_a_quarter_of_its_plane() -> None:
    wiring = clos_wiring(racks=8, per_rack=8, ports=16, link_bit_s=400e9)
    spines = wiring.switches_of_tier(2)
    lost = lost_share(wiring, np.zeros(wiring.links, dtype=bool), np.arange(wiring.nodes) == spines[0])
    assert lost == pytest.approx(1 / len(spines))


def test_a_compute_rack_takes_its_own_adapters_whole_and_no_others() -> None:
    found = laid(clos_wiring(racks=8, per_rack=8, ports=16, link_bit_s=800e9, rails=8, block_racks=4), floor(), 8,
                 Cage("osfp"), single_connector())  # fmt: skip
    blast = rack_blast(found, 3)
    assert blast.endpoints(1.0) == blast.endpoints(0.0) == 8
    assert np.flatnonzero(blast.lost_share).tolist() == list(range(24, 32))


def test_a_lost_row_costs_at_least_what_each_of_its_racks_costs() -> None:
    placed = twin_ports().placement
    row = int(placed.rack_row[0])
    whole = row_blast(twin_ports(), row)
    for rack in np.flatnonzero(placed.rack_row == row).tolist():
        assert (rack_blast(twin_ports(), rack).lost_share <= whole.lost_share + 1e-12).all()


def test_a_tray_of_one_plane_costs_no_more_than_the_plane() -> None:
    """Leaf to spine cords of plane 1 lie on level 1: all of it lost is an eighth."""
    level, rows = 1, np.unique(eight_planes().pieces.routes.row_a)
    for row in rows.tolist():
        assert tray_blast(eight_planes(), level, row).lost_share.max() <= 1 / 8 + 1e-12
    spine_row = int(eight_planes().placement.rack_row[eight_planes().placement.rack_kind >= LEAF + 1][0])
    assert tray_blast(eight_planes(), level, spine_row).endpoints(1 / 8) > 0


def test_a_feed_for_each_plane_costs_that_plane_and_no_more() -> None:
    """16 leaves of a plane fill a rack, so planes are apart; a plane of spines on one feed is an eighth of every rate."""
    of_rack, shared = rack_feeds(eight_planes(), 8)
    assert shared == []
    spine_racks = (eight_planes().placement.rack_kind == LEAF + 1) & (of_rack == 3)
    assert feed_blast(eight_planes(), "feed 3", spine_racks).lost_share == pytest.approx(1 / 8)
    everywhere = np.ones(eight_planes().placement.racks, dtype=bool)
    assert feed_blast(eight_planes(), "plane 3", everywhere, plane=3).lost_share == pytest.approx(1 / 8)


def test_leaf_racks_that_two_feeds_share_are_told() -> None:
    """12 leaves to a rack where a plane has 16: racks that begin 12, 24, 60, 72, 108 leaves in hold an edge of planes."""
    wiring = eight_planes().wiring
    placed = place_by_rule(wiring, floor(tray_levels=8, tray_spacing_m=0.1), RackFill(16, 4, 2, 2, (2, 2, 2), 12))
    crowded = cut_list(wiring, placed, (Cage("osfp", 8),) * 4, eight_planes().media, hub_ru=48)
    planes: dict[int, set[int]] = {}
    for switch in wiring.switches_of_tier(1).tolist():
        planes.setdefault(int(placed.device_rack[switch]), set()).add(int(wiring.plane[switch]))
    two = [placed.rack_names()[rack] for rack, own in sorted(planes.items()) if len(own) > 1]
    assert rack_feeds(crowded, 8)[1] == two
    assert len(two) == 5


def test_the_survey_has_the_worst_first_and_every_row() -> None:
    for kind, count in (
        ("row", len(np.unique(twin_ports().placement.rack_row))),
        ("rack", twin_ports().placement.racks),
    ):
        table = survey(twin_ports(), kind)
        assert table.height == count
        assert table["mean_lost_share"].is_sorted(descending=True)
        assert (table["endpoints_0"] >= table["endpoints_0.5"]).all()
        assert (table["endpoints_0.5"] >= table["endpoints_1"]).all()


def test_a_cut_cord_kills_the_links_that_it_carries() -> None:
    """A cord of a shuffle carries eight links, each through the cage that it is plugged in."""
    wiring, ends = eight_planes().wiring, eight_planes().choice.ends
    for leg in range(0, eight_planes().frame.height, 37):
        dead = dead_links(eight_planes(), np.arange(eight_planes().frame.height) == leg)
        pieces = eight_planes().pieces
        if pieces.upper[leg] >= wiring.nodes:
            expected = ends.lower_cage == pieces.lower_cage[leg]
        else:
            expected = ends.upper_cage == pieces.upper_cage[leg]
        assert np.array_equal(dead, expected)
        assert dead.sum() == 8


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.0, 0.6))
def test_loss_grows_with_what_is_cut(seed: int, share: float) -> None:
    wiring = clos_wiring(racks=8, per_rack=8, ports=16, link_bit_s=400e9, rails=8, block_racks=4)
    rng = np.random.default_rng(seed)
    order, none = rng.permutation(wiring.links), np.zeros(wiring.nodes, dtype=bool)
    cuts = [np.isin(np.arange(wiring.links), order[: int(part * wiring.links)]) for part in (0.0, share / 2, share)]
    for fewer, more in pairwise(lost_share(wiring, cut, none) for cut in cuts):
        assert (fewer <= more + 1e-12).all()
        assert more.max() <= 1.0


def test_cores_stand_in_rows_of_their_own() -> None:
    wiring = clos_wiring(racks=16, per_rack=8, ports=8, link_bit_s=400e9)
    placed = place_by_rule(wiring, floor(rows=30, positions=20), RackFill(8, 4, 2, 2, (2, 2, 2), 16))
    assert (placed.rack_kind == CORE).any()
    rows_high, rows_low = (
        set(placed.rack_row[mark].tolist()) for mark in (placed.rack_kind > LEAF, placed.rack_kind <= LEAF)
    )
    assert not rows_high & rows_low


@pytest.mark.parametrize("kind", ["rack", "row", "tray"])
@pytest.mark.parametrize("scene", [twin_ports, eight_planes])
def test_a_survey_says_of_every_loss_what_the_loss_alone_says(
    scene: Callable[[], CutList], kind: Literal["rack", "row", "tray"]
) -> None:
    cuts = scene()
    table = survey(cuts, kind, (0.0, 0.25, 1.0))
    placed, routes = cuts.placement, cuts.pieces.routes
    if kind == "rack":
        alone = [rack_blast(cuts, rack) for rack in range(placed.racks)]
    elif kind == "row":
        alone = [row_blast(cuts, row) for row in np.unique(placed.rack_row).tolist()]
    else:
        rows = np.unique(np.concatenate((routes.row_a, routes.row_b))).tolist()
        alone = [tray_blast(cuts, level, row) for level in range(placed.floor.tray_levels) for row in rows]
    found = {row[kind]: row for row in table.iter_rows(named=True)}
    assert len(found) == len(alone)
    for blast in alone:
        row = found[blast.what]
        assert row["mean_lost_share"] == pytest.approx(blast.lost_share.mean(), abs=1e-12)
        assert [row[f"endpoints_{share:g}"] for share in (0.0, 0.25, 1.0)] == [
            blast.endpoints(share) for share in (0.0, 0.25, 1.0)
        ]
