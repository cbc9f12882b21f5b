"""The cut list: every link once, labels, totals, tasks."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.rack.network.cabling_scenes import (
    FIBRE_M,
    eight_planes,
    floor,
    laid,
    single_connector,
    twin_ports,
)

from rackwright.errors import ProgramError
from rackwright.rack.network.cabling.choosing import Family, Part
from rackwright.rack.network.cabling.cut_list import COLUMNS, CutList, cut_list
from rackwright.rack.network.cabling.ends import end_problems
from rackwright.rack.network.cabling.floor import routes
from rackwright.rack.network.cabling.media import Cage, Medium, MediumEnd
from rackwright.rack.network.cabling.placement import RackFill, place_by_rule
from rackwright.rack.network.cabling.through import end_table, link_lengths_m
from rackwright.rack.network.cabling.totals import box_total, cable_totals, module_totals, rack_tasks
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.direct import dragonfly_plus_wiring, dragonfly_wiring, torus_wiring
from rackwright.rack.network.topology.wiring import Wiring

WHICH = {"twin_ports": twin_ports, "eight_planes": eight_planes}


def test_every_link_is_on_the_list_once() -> None:
    """Without shuffles and breakouts every link is one cable, from the port it has to the port it has."""
    wiring, frame = twin_ports().wiring, twin_ports().frame
    low, up = wiring.labels(wiring.lower.tolist()), wiring.labels(wiring.upper.tolist())
    expected = sorted(zip(low, up, strict=True))
    split = frame.filter(pl.col("medium") != "dac")
    assert split.height == frame.height == wiring.links
    assert sorted(frame.select("a_end", "b_end").iter_rows()) == expected


@pytest.mark.parametrize("which", ["twin_ports", "eight_planes"])
def test_labels_and_cables_are_unique_and_name_the_place(which: str) -> None:
    cuts: CutList = WHICH[which]()
    frame = cuts.frame
    assert frame.columns == [name for name, _, _ in COLUMNS]
    labels = frame["a_label"].to_list() + frame["b_label"].to_list()
    assert len(set(labels)) == len(labels)
    assert frame["cable"].n_unique() == frame.height == cuts.cables
    racks = cuts.placement.rack_names()
    for label, device in zip(frame["a_label"].to_list()[:50], cuts.pieces.lower.tolist(), strict=False):
        rack, unit = racks[int(cuts.placement.device_rack[device])], int(cuts.placement.device_ru[device])
        assert label.startswith(f"{rack}.U{unit:02d}:")


def test_names_stay_when_the_fabric_grows() -> None:
    """Twice the blocks: every adapter's cable of the first blocks keeps its id."""
    small, large = (
        laid(clos_wiring(racks=racks, per_rack=8, ports=32, link_bit_s=800e9, rails=8, block_racks=4), floor(), 8,
             Cage("osfp"), single_connector())
        for racks in (8, 16)
    )  # fmt: skip
    own = small.frame.filter(pl.col("a_end").str.starts_with("end"))["cable"]
    assert set(own) <= set(large.frame["cable"])


def test_totals_count_what_is_on_the_list() -> None:
    """64 adapters' SR4, leaves' and spines' twin modules: a module for every two links at a switch."""
    totals, modules = cable_totals(twin_ports()), module_totals(twin_ports())
    assert totals["cables"].sum() == twin_ports().cables
    count = dict(modules.group_by("module").agg(pl.col("count").sum()).iter_rows())
    wiring = twin_ports().wiring
    at_switches = {(n, p // 2) for n, p in zip(wiring.upper.tolist(), wiring.upper_port.tolist(), strict=True)} | {
        (n, p // 2)
        for n, p in zip(wiring.lower.tolist(), wiring.lower_port.tolist(), strict=True)
        if n >= wiring.endpoints
    }
    assert count["SR4"] == 64
    assert sum(number for name, number in count.items() if name != "SR4") == len(at_switches)


def test_tasks_of_racks_add_up_to_the_list() -> None:
    tasks = rack_tasks(twin_ports())
    ends = tasks["mates_inside"].sum() + tasks["mates_outside"].sum()
    assert ends == tasks["labels"].sum() == 2 * twin_ports().cables
    assert tasks["routes_inside"].sum() + tasks["routes_outside"].sum() == twin_ports().cables
    optics = module_totals(twin_ports()).filter(~pl.col("module").str.starts_with("plug"))
    assert tasks["modules"].sum() == optics["count"].sum()


def test_the_list_is_written_whole(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cuts")
    for name, read in (("cuts.csv", pl.read_csv), ("cuts.parquet", pl.read_parquet)):
        twin_ports().write(folder / name)
        back = read(folder / name)
        assert back.height == twin_ports().frame.height
        assert back["a_label"].to_list() == twin_ports().frame["a_label"].to_list()
    with pytest.raises(ValueError, match=r"written as \.parquet or \.csv"):
        twin_ports().write(folder / "cuts.txt")


@pytest.mark.parametrize("which", ["twin_ports", "eight_planes"])
def test_the_lists_own_ends_have_no_problem(which: str) -> None:
    """One lane to a lane, one module to a cage, one cable to a connector, on every end of every link."""
    cuts: CutList = WHICH[which]()
    assert end_problems(end_table(cuts), cuts.wiring.labels(range(cuts.wiring.nodes))) == []


@pytest.mark.parametrize(
    "wiring",
    [
        torus_wiring(sizes=(4, 4, 2), per_switch=4, ports=16, link_bit_s=800e9),
        dragonfly_wiring(groups=5, switches=4, per_switch=4, global_links=2, ports=16, link_bit_s=800e9),
        dragonfly_plus_wiring(groups=5, leaves=4, spines=4, per_leaf=4, global_links=4, ports=16, link_bit_s=800e9),
    ],
    ids=lambda wiring: wiring.name,
)
def test_fabrics_without_tiers_are_cabled_too(wiring: Wiring) -> None:
    found = laid(wiring, floor(rows=10), 16, Cage("osfp"), single_connector())
    assert found.cables == wiring.links
    assert end_problems(end_table(found), wiring.labels(range(wiring.nodes))) == []
    labels = found.frame["a_label"].to_list() + found.frame["b_label"].to_list()
    assert len(set(labels)) == 2 * wiring.links


@settings(max_examples=40, deadline=None)
@given(
    racks=st.integers(1, 9), trays=st.integers(1, 4), rails=st.sampled_from([1, 2, 4]), planes=st.integers(1, 4),
    group=st.sampled_from([1, 2, 4]), block=st.sampled_from([None, 1, 2, 3]),
)  # fmt: skip
def test_any_fabric_is_cabled_whole_or_told_why(
    racks: int, trays: int, rails: int, planes: int, group: int, block: int | None
) -> None:
    """Every link has its cable and the ends are in order, whatever hangs together; else a problem names a port."""
    wiring = clos_wiring(racks=racks, per_rack=4 * trays, ports=8 * group, link_bit_s=100e9, rails=rails, planes=planes,
                         block_racks=block, port_group=group)  # fmt: skip
    end = MediumEnd("osfp", 800e9, 1, 15.0, 800.0, "SR")
    forms = tuple((a, b) for a in range(1, 9) for b in range(1, 9))
    rows = (Medium("sr", "sr", end, end, FIBRE_M, 100.0, 20.0, 1.0, forms=forms, fibre="OM4", fibres=8),)
    cages = (Cage("osfp", planes), *(Cage("osfp", group),) * 3)
    placed = place_by_rule(wiring, floor(rows=40), RackFill(4 * trays, 4, 2, 2, (2, 2, 2), 16))
    try:
        found = cut_list(wiring, placed, cages, rows, hub_ru=48)
    except ProgramError as told:
        assert all(" port " in problem.path and "hang together" in problem.found for problem in told.problems)
        return
    lower, upper = found.rows_of_links
    assert min(lower.min(), upper.min()) >= 0
    assert set(lower.tolist()) | set(upper.tolist()) == set(range(found.frame.height))
    assert end_problems(end_table(found), wiring.labels(range(wiring.nodes))) == []
    frame = found.frame
    ends = frame.select("cable", label="a_label").vstack(frame.select("cable", label="b_label"))
    assert (ends.group_by("label").agg(pl.col("cable").n_unique())["cable"] == 1).all()
    assert (frame["stocked_m"] >= frame["routed_m"] - 1e-3).all()
    assert frame["cable"].n_unique() == found.cables


def test_a_links_metres_are_those_of_its_cable_or_of_its_two_cords() -> None:
    plain_m = link_lengths_m(twin_ports())
    assert sorted(plain_m.tolist()) == sorted(twin_ports().frame["stocked_m"].to_list())
    pieces, ends = eight_planes().pieces, eight_planes().choice.ends
    into = {
        int(c): m
        for c, m, b in zip(pieces.lower_cage, pieces.stocked_m, pieces.upper, strict=True)
        if b >= eight_planes().wiring.nodes
    }
    out = {
        int(c): m
        for c, m, b in zip(pieces.upper_cage, pieces.stocked_m, pieces.lower, strict=True)
        if b >= eight_planes().wiring.nodes
    }
    walked = [into[low] + out[up] for low, up in zip(ends.lower_cage.tolist(), ends.upper_cage.tolist(), strict=True)]
    assert link_lengths_m(eight_planes()).tolist() == pytest.approx(walked)


def test_every_bundle_of_cages_takes_its_cheapest_family() -> None:
    """Bundles by a walk over cages, prices by hand for each family, link by link."""
    wiring, ends, choice = twin_ports().wiring, twin_ports().choice.ends, twin_ports().choice
    routed = routes(twin_ports().placement, wiring.lower, wiring.upper, wiring.plane[wiring.upper]).metres
    links_of: dict[int, list[int]] = {}
    for link, pair in enumerate(zip(ends.lower_cage.tolist(), ends.upper_cage.tolist(), strict=True)):
        for cage in pair:
            links_of.setdefault(cage, []).append(link)
    left = set(links_of)
    while left:
        reached, todo = set(), [left.pop()]
        while todo:
            cage = todo.pop()
            if cage not in reached:
                reached.add(cage)
                todo += [c for link in links_of[cage] for c in (int(ends.lower_cage[link]), int(ends.upper_cage[link]))]
        left -= reached
        inside = sorted({link for cage in reached for link in links_of[cage]})
        usd = {family.name: _bundle_usd(twin_ports(), family, reached, inside, routed) for family in choice.families}
        (chosen,) = {choice.families[int(choice.cage_family[cage])].name for cage in reached}
        assert usd[chosen] == pytest.approx(min(usd.values()))


def _bundle_usd(cuts: CutList, family: Family, cages: set[int], links: list[int], routed: np.ndarray) -> float:
    ends, usd = cuts.choice.ends, 0.0
    for link in links:
        medium = family.of_kind[int(ends.kind[link])]
        if medium is None or medium.attached:
            return math.inf  # copper joins whole cages of two links, which here go two ways
        usd += medium.price_usd + medium.price_usd_m * float(medium.stocked(routed[[link]])[0])
    for cage in cages:
        low = np.flatnonzero(ends.lower_cage == cage)
        link = low[0] if len(low) else np.flatnonzero(ends.upper_cage == cage)[0]
        medium = family.of_kind[int(ends.kind[link])]
        assert medium is not None
        usd += (medium.a if len(low) else medium.b).price_usd
    return usd


def test_three_adapters_left_for_a_cage_of_four_take_the_whole_box_and_leave_a_cord_out() -> None:
    """7 adapters of two connectors on 4 planes: boxes of 4 + 4 and, for the last three, the same with one cord less."""
    wiring = clos_wiring(racks=1, per_rack=7, ports=8, link_bit_s=100e9, planes=4, port_group=4)
    end = MediumEnd("osfp", 400e9, 1, 17.0, 1000.0, "DR4")
    own = Medium("dr4", "dr", end, end, (5.0, 10.0, 20.0), 500.0, 20.0, 1.0, forms=((1, 1), (4, 4)), box_usd=800.0)
    cuts = laid(wiring, floor(), 7, Cage("osfp", 4), (own,))
    assert box_total(cuts) == 2
    assert cuts.cables == (4 + 4) + (3 + 4)
    # 15 cords of 20 USD and 1 USD a metre; the boxes are paid whole, among the cords that are there
    boxes_usd = float(sum(_box_usd(part, own) for part in cuts.choice.parts))
    assert boxes_usd == pytest.approx(2 * 800.0)


def _box_usd(part: Part, medium: Medium) -> float:
    return float((part.variant.cord_share[part.cables] * medium.box_usd).sum())


def test_a_form_that_nobody_makes_is_named_and_not_the_one_beside_it() -> None:
    wiring = clos_wiring(racks=1, per_rack=7, ports=8, link_bit_s=100e9, planes=4, port_group=4)
    end = MediumEnd("osfp", 400e9, 1, 17.0, 1000.0, "DR4")
    own = Medium("dr4", "dr", end, end, (5.0, 10.0, 20.0), 500.0, 20.0, 1.0, forms=((1, 1), (2, 2)))
    with pytest.raises(ProgramError) as told:
        laid(wiring, floor(), 7, Cage("osfp", 4), (own,))
    assert {problem.found.split(" m, ")[1] for problem in told.value.problems} == {
        "4 + 4 connectors that hang together", "3 + 4 connectors that hang together",
    }  # fmt: skip
