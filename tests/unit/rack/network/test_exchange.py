"""Files of other programs, read back by plain readers: yaml, csv, openpyxl, ipaddress."""

from __future__ import annotations

import csv
import ipaddress
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.errors import ProgramError
from rackwright.rack.network.cabling.cut_list import COLUMNS, CutList, cut_list
from rackwright.rack.network.cabling.floor import FloorPlan
from rackwright.rack.network.cabling.media import Cage, Medium, MediumEnd
from rackwright.rack.network.cabling.placement import RackFill, place_by_rule
from rackwright.rack.network.cabling.totals import module_totals
from rackwright.rack.network.exchange.addresses import addresses
from rackwright.rack.network.exchange.infragraph import (
    NotAFabric,
    infragraph,
    read_infragraph,
    wiring_of,
    write_infragraph,
)
from rackwright.rack.network.exchange.netbox import CABLE_COLUMNS, DeviceForm, write_netbox
from rackwright.rack.network.exchange.slices import expanded, runs
from rackwright.rack.network.exchange.workbooks import write_workbooks
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.wiring import Wiring

FORMS = (
    DeviceForm("Example", "tray of four adapters", 2, "800gbase-x-osfp"),
    *(DeviceForm("Example", f"{tier} switch", 2, "800gbase-x-osfp") for tier in ("leaf", "spine", "core")),
)


def small_floor() -> FloorPlan:
    return FloorPlan(
        rows=8, positions=10, rack_pitch_m=0.6, rack_depth_m=1.2, cold_aisle_m=1.2, hot_aisle_m=1.2, tray_height_m=3.0,
        rack_ru=48, first_ru_m=0.1, in_rack_m=0.3, slack_share=0.05, slack_m=0.3, tray_levels=4, tray_spacing_m=0.2,
    )  # fmt: skip


def cut(wiring: Wiring, per_rack: int, cage: Cage, rows: tuple[Medium, ...]) -> CutList:
    placed = place_by_rule(wiring, small_floor(), RackFill(per_rack, 4, 2, 2, (2, 2, 2), 16))
    return cut_list(wiring, placed, (cage,) * 4, rows, hub_ru=48)


def optics(connectors: int, forms: tuple[tuple[int, int], ...]) -> tuple[Medium, ...]:
    end = MediumEnd("osfp", 800e9, connectors, 15.0, 800.0, "SR8")
    plug = MediumEnd("osfp", 800e9)
    return (
        Medium("dac", "dac", plug, plug, (1.0, 2.0), 2.0, 60.0, 20.0),
        Medium("sr8", "sr", end, end, (1.0, 5.0, 10.0, 20.0, 50.0), 50.0, 20.0, 1.0, forms=forms, fibre="OM4"),
    )


@pytest.fixture(scope="module")
def plain() -> CutList:
    wiring = clos_wiring(racks=8, per_rack=8, ports=32, link_bit_s=400e9, rails=8, block_racks=4, port_group=2)
    return cut(wiring, 8, Cage("osfp", 2, devices=2), optics(2, ((1, 1),)))


@pytest.fixture(scope="module")
def shuffled() -> CutList:
    wiring = clos_wiring(racks=4, per_rack=16, ports=16, link_bit_s=100e9, planes=8, port_group=8)
    return cut(wiring, 16, Cage("osfp", 8), optics(1, ((1, 1), (4, 4), (8, 8))))


@pytest.fixture(scope="module")
def split() -> CutList:
    """Switch cages of two links, adapters' cages of one: every adapter hangs on a leg of a breakout."""
    wiring = clos_wiring(racks=2, per_rack=8, ports=16, link_bit_s=400e9, port_group=2)
    plug = MediumEnd("osfp", 800e9)
    rows = (Medium("aoc", "aoc", plug, plug, (5.0, 10.0, 20.0), 30.0, 100.0, 1.0, forms=((1, 1), (1, 2), (2, 1))),)
    placed = place_by_rule(wiring, small_floor(), RackFill(8, 4, 2, 2, (2, 2, 2), 16))
    return cut_list(wiring, placed, (Cage("osfp", 1), *(Cage("osfp", 2),) * 3), rows)


def same(one: Wiring, other: Wiring) -> bool:
    """Equal in every field, types of arrays too."""
    pairs = [(getattr(one, field), getattr(other, field)) for field in Wiring.__slots__]
    return all((a.dtype == b.dtype and np.array_equal(a, b)) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


# --- InfraGraph ------------------------------------------------------------------------------------------------------

FABRICS: tuple[dict[str, Any], ...] = (
    {"racks": 1, "per_rack": 8, "ports": 16, "link_bit_s": 400e9},
    {"racks": 8, "per_rack": 8, "ports": 16, "link_bit_s": 400e9, "rails": 8, "block_racks": 4},
    {"racks": 5, "per_rack": 8, "ports": 16, "link_bit_s": 1e12 / 3, "rails": 4, "block_racks": 2},
    {"racks": 8, "per_rack": 16, "ports": 16, "link_bit_s": 100e9, "planes": 8, "port_group": 8},
    {"racks": 16, "per_rack": 8, "ports": 8, "link_bit_s": 400e9},
    {"racks": 8, "per_rack": 8, "ports": 16, "link_bit_s": 400e9, "rails": 8, "dual_tor": True},
    {"racks": 4, "per_rack": 8, "ports": 16, "link_bit_s": 400e9, "rails": 8, "uplinks": False},
)


@pytest.mark.parametrize("arguments", FABRICS)
@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_a_wiring_comes_back_from_infragraph_identical(arguments: dict[str, Any], ending: str, tmp_path: Path) -> None:
    wiring = clos_wiring(**arguments)
    write_infragraph(wiring, tmp_path / f"fabric.{ending}")
    assert same(read_infragraph(tmp_path / f"fabric.{ending}"), wiring)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_links_in_any_order_come_back_in_that_order(seed: int) -> None:
    wiring = clos_wiring(racks=4, per_rack=8, ports=16, link_bit_s=400e9, rails=4)
    order = np.random.default_rng(seed).permutation(wiring.links)
    fields = {field: getattr(wiring, field) for field in Wiring.__slots__}
    for field in ("lower", "upper", "lower_port", "upper_port"):
        fields[field] = fields[field][order]
    mixed = Wiring(**fields)
    assert same(wiring_of(json.loads(json.dumps(infragraph(mixed)))), mixed)


def test_slices_gather_links_that_move_in_step() -> None:
    """12 leaves' 32 downlinks are an edge each; of 384 uplinks four go side by side to a spine: 12 + 96."""
    wiring = clos_wiring(racks=12, per_rack=32, ports=64, link_bit_s=400e9)
    assert wiring.links == 768
    assert len(infragraph(wiring)["edges"]) == 108


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 3), st.integers(0, 1), st.integers(0, 3),
                  st.integers(0, 3)),
        min_size=1, max_size=40,
    )
)  # fmt: skip
def test_runs_expand_to_the_rows_they_were_made_of(steps: list[tuple[int, ...]]) -> None:
    table = np.array(steps)
    found: list[tuple[int, ...]] = []
    for (low, node_low, port_low), (up, node_up, port_up) in runs(tuple(table.T)):
        nodes, ports = expanded(node_low, 99), expanded(port_low, 99)
        far_nodes, far_ports = expanded(node_up, 99), expanded(port_up, 99)
        ours = [(low, int(n), int(p)) for n in nodes for p in ports]
        theirs = [(up, int(n), int(p)) for n in far_nodes for p in far_ports]
        found += [(*a, *b) for a, b in zip(ours, theirs, strict=True)]
    assert found == steps


def test_another_programs_file_is_read_by_its_edges() -> None:
    """Two servers of two adapters, two leaves, one spine at 100 Gbit/s, written in InfraGraph's own manner."""
    switch = {"name": "sw", "components": [{"name": "port", "count": 4, "choice": "port"}], "links": [], "edges": []}
    server = {"name": "srv", "components": [{"name": "nic", "count": 2, "choice": "nic"}], "links": [], "edges": []}
    tree = {
        "name": "lab",
        "devices": [switch, server],
        "links": [{"name": "eth", "physical": {"bandwidth": {"choice": "gigabytes_per_second", "gigabytes_per_second": 12.5}}}],
        "instances": [
            {"name": "spine", "device": "sw", "count": 1}, {"name": "leaf", "device": "sw", "count": 2},
            {"name": "srv", "device": "srv", "count": 2},
        ],
        "edges": [
            {"ep1": {"instance": "srv[0]", "component": "nic"}, "ep2": {"instance": "leaf", "component": "port[0]"},
             "scheme": "one2one", "link": "eth"},
            {"ep1": {"instance": "srv[1]", "component": "nic[0:2]"}, "ep2": {"instance": "leaf[:]", "component": "port[1]"},
             "scheme": "one2one", "link": "eth"},
            {"ep1": {"instance": "spine[0]", "component": "port[0:2]"}, "ep2": {"instance": "leaf[0:2]", "component": "port[3]"},
             "scheme": "one2one", "link": "eth"},
        ],
    }  # fmt: skip
    found = wiring_of(tree)
    assert found.endpoints == 2
    assert found.tier.tolist() == [0, 0, 1, 1, 2]
    assert found.link_bit_s == 100e9
    joins = sorted(zip(found.lower.tolist(), found.upper.tolist(), found.upper_port.tolist(), strict=True))
    assert joins == [(0, 2, 0), (0, 3, 0), (1, 2, 1), (1, 3, 1), (2, 4, 0), (3, 4, 1)]


def test_a_file_that_is_no_fabric_says_why() -> None:
    with pytest.raises(NotAFabric, match="no instances"):
        wiring_of({"name": "empty"})
    wiring = clos_wiring(racks=1, per_rack=8, ports=16, link_bit_s=400e9)
    tree = infragraph(wiring)
    tree["edges"][0]["ep2"]["instance"] = "spine-9[0]"
    with pytest.raises(NotAFabric, match=r"'spine-9\[0\]'; there is no instance of that name"):
        wiring_of(tree)
    with pytest.raises(ValueError, match=r"written as \.json or \.yaml"):
        write_infragraph(wiring, Path("fabric.txt"))


# --- NetBox ----------------------------------------------------------------------------------------------------------


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def read_types(folder: Path) -> dict[str, dict[str, Any]]:
    return {tree["model"]: tree for tree in (yaml.safe_load(path.read_text()) for path in folder.rglob("*.yaml"))}


@pytest.mark.parametrize("which", ["plain", "shuffled", "split"])
def test_netbox_finds_both_ends_of_every_cable(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """As its importer does: device by name, type by model, termination by name, none connected twice."""
    cuts: CutList = request.getfixturevalue(which)
    paths = write_netbox(cuts, tmp_path, FORMS, site="hall 1")
    assert all(path.exists() for path in paths)
    types = read_types(tmp_path / "device-types")
    devices = {row["name"]: row for row in read_csv(tmp_path / "devices.csv")}
    ports = {
        "dcim.interface": {
            model: {port["name"] for port in tree.get("interfaces", [])} for model, tree in types.items()
        },
        "dcim.rearport": {
            model: {port["name"] for port in tree.get("rear-ports", [])} for model, tree in types.items()
        },
    }
    cables = read_csv(tmp_path / "cables.csv")
    assert tuple(cables[0]) == CABLE_COLUMNS
    assert len(cables) == cuts.frame.height
    ends = Counter[tuple[str, str]]()
    for cable in cables:
        for side in ("a", "b"):
            device, port = cable[f"side_{side}_device"], cable[f"side_{side}_name"]
            assert port in ports[cable[f"side_{side}_type"]][devices[device]["device_type"]]
            ends[device, port] += 1
        assert cable["type"] in {"dac-passive", "mmf-om4", "aoc"}
    assert max(ends.values()) == 1


@pytest.mark.parametrize("which", ["plain", "shuffled"])
def test_netbox_devices_do_not_overlap_in_their_racks(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    cuts: CutList = request.getfixturevalue(which)
    write_netbox(cuts, tmp_path, FORMS, site="hall 1")
    types, racks = read_types(tmp_path / "device-types"), {row["name"] for row in read_csv(tmp_path / "racks.csv")}
    taken = set()
    for row in read_csv(tmp_path / "devices.csv"):
        assert row["rack"] in racks
        height = int(types[row["device_type"]]["u_height"])
        assert bool(row["position"]) == bool(height)
        for unit in range(height):
            place = (row["rack"], int(row["position"]) + unit)
            assert place not in taken
            taken.add(place)


def test_netbox_has_a_module_in_a_bay_for_each_that_is_ordered(plain: CutList, tmp_path: Path) -> None:
    write_netbox(plain, tmp_path, FORMS, site="hall 1", module_maker="Example optics")
    modules = read_csv(tmp_path / "modules.csv")
    ordered = module_totals(plain).filter(pl.col("module") == "SR8")["count"].sum()
    assert len(modules) == ordered
    types = read_types(tmp_path / "device-types")
    devices = {row["name"]: types[row["device_type"]] for row in read_csv(tmp_path / "devices.csv")}
    for row in modules:
        assert row["module_bay"] in {bay["name"] for bay in devices[row["device"]]["module-bays"]}
        assert row["module_type"] in read_types(tmp_path / "module-types")
    bays = Counter((row["device"], row["module_bay"]) for row in modules)
    assert max(bays.values()) == 1


def test_legs_of_a_breakout_end_on_parts_of_one_port(split: CutList, tmp_path: Path) -> None:
    write_netbox(split, tmp_path, FORMS, site="hall 1")
    heads = [row["side_b_name"] for row in read_csv(tmp_path / "cables.csv")]
    assert sorted(heads)[:4] == ["01:1", "01:2", "02:1", "02:2"]


# --- Excel -----------------------------------------------------------------------------------------------------------


def test_each_row_of_racks_has_the_cables_that_end_in_it(plain: CutList, tmp_path: Path) -> None:
    paths = write_workbooks(plain, tmp_path)
    placed = plain.placement
    row_of = placed.rack_row[placed.device_rack]
    a, b = row_of[plain.pieces.lower], row_of[plain.pieces.upper]
    assert len(paths) == len(np.unique(np.concatenate((a, b))))
    for path in paths:
        row = int(path.stem.rsplit("-R", 1)[1]) - 1
        book = openpyxl.load_workbook(path, read_only=True)
        assert book.sheetnames == ["Cables", "Orders", "Racks", "Columns"]
        head, *body = book["Cables"].iter_rows(values_only=True)
        assert list(head) == [name for name, _, _ in COLUMNS]
        own = plain.frame.filter(pl.Series((a == row) | (b == row)))
        assert [line[0] for line in body] == own["cable"].to_list()
        stocked = [line[list(head).index("stocked_m")] for line in body]
        assert stocked == pytest.approx(own["stocked_m"].to_list())
        pieces = sum(int(str(line[2])) for line in list(book["Orders"].iter_rows(values_only=True))[1:])
        assert pieces == own["cable"].n_unique()
        book.close()


def test_every_word_of_a_workbook_has_the_width_that_it_takes(plain: CutList, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_workbooks(plain, tmp_path, rows=[0])[0])
    for name in ("Cables", "Orders", "Racks"):
        sheet = book[name]
        for cells in sheet.iter_cols():
            longest = max(len(str(cell.value)) for cell in cells if cell.value is not None)
            letter = cells[0].column_letter
            # columns of one width in a row are written as one: the first of them has it
            dimension = next(d for d in sheet.column_dimensions.values() if d.min <= cells[0].column <= d.max)
            assert dimension.width >= longest, (name, letter)
        assert sheet.print_title_rows == "$1:$1"


def test_only_the_rows_asked_for_are_written(plain: CutList, tmp_path: Path) -> None:
    assert len(write_workbooks(plain, tmp_path, rows=[0])) == len(list(tmp_path.glob("*.xlsx"))) == 1


# --- addresses -------------------------------------------------------------------------------------------------------


def test_every_port_and_switch_has_an_address_of_its_own_in_its_plane_and_rail(shuffled: CutList) -> None:
    wiring = shuffled.wiring
    table = addresses(wiring, "fd00:0:0::/48", "10.0.0.0/8")
    assert table.height == wiring.endpoints * 8 + wiring.switches
    for family, bits in (("6", 64), ("4", None)):
        own = [ipaddress.ip_address(one) for one in table[f"address{family}"]]
        nets = [ipaddress.ip_network(one) for one in table[f"subnet{family}"]]
        assert len(set(own)) == len(own)
        assert all(one in net for one, net in zip(own, nets, strict=True))
        assert bits is None or {net.prefixlen for net in nets} == {bits}
        by_net: dict[Any, set[tuple[int, int]]] = {}
        for net, plane, rail in zip(nets, table["plane"], table["rail"], strict=True):
            by_net.setdefault(net, set()).add((plane, rail))
        assert all(len(pairs) == 1 for pairs in by_net.values())


def test_an_adapters_address_stays_when_blocks_are_added() -> None:
    small, large = (
        addresses(clos_wiring(racks=racks, per_rack=8, ports=32, link_bit_s=800e9, rails=8, block_racks=4), "fd00::/32")
        for racks in (8, 16)
    )
    own = small.filter(pl.col("port") >= 0).select("device", "port", "address6")
    assert own.join(large, on=["device", "port", "address6"], how="inner").height == own.height


def test_a_prefix_too_long_says_which_would_do(shuffled: CutList) -> None:
    """8 planes of one rail and one subnet of switches are 16 subnets: 4 bits, a /60."""
    with pytest.raises(ProgramError, match=r"holds 8 subnets of /64, wanted are 16(.|\n)*a prefix of /60 or shorter"):
        addresses(shuffled.wiring, "fd00::/61")
    addresses(shuffled.wiring, "fd00::/60")
