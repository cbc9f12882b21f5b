"""Import files read by their own ecosystems: InfraGraph's library, the rules of NetBox's device-type library.

The rules of the device-type library (netbox-community/devicetype-library, schema/devicetype.json, components.json and
moduletype.json, read 2026-11) are written here as facts: required keys, nothing beyond the known keys, lengths of names,
the form of slugs, heights in half units.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import yaml

from rackwright.rack.network.cabling.cut_list import CutList, cut_list
from rackwright.rack.network.cabling.floor import FloorPlan
from rackwright.rack.network.cabling.media import Cage, Medium, MediumEnd
from rackwright.rack.network.cabling.placement import RackFill, place_by_rule
from rackwright.rack.network.exchange.infragraph import infragraph, read_infragraph
from rackwright.rack.network.exchange.netbox import DeviceForm, write_netbox
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.wiring import Wiring

NAME = {"type": "string", "minLength": 1, "maxLength": 64}
LONG = {"type": "string", "minLength": 1, "maxLength": 100}


def component(**more: Any) -> dict[str, Any]:
    fields = {"name": NAME, "label": NAME, **more}
    return {
        "type": "array",
        "items": {"type": "object", "properties": fields, "required": ["name", *more], "additionalProperties": False},
    }


#: Words for interfaces and rear ports that we write; all are in the library's own lists.
INTERFACES = ["other", "400gbase-x-osfp", "800gbase-x-osfp", "infiniband-ndr", "infiniband-xdr"]
DEVICE_TYPE = {
    "type": "object",
    "properties": {
        "manufacturer": LONG,
        "model": LONG,
        "slug": {"type": "string", "maxLength": 100, "pattern": "^[-a-z0-9_]+$"},
        "u_height": {"type": "number", "minimum": 0, "multipleOf": 0.5},
        "is_full_depth": {"type": "boolean"},
        "interfaces": component(type={"enum": INTERFACES}),
        "rear-ports": component(type={"enum": ["mpo"]}, positions={"type": "integer", "minimum": 1}),
        "module-bays": component(position={"type": "string", "maxLength": 30}),
    },
    "required": ["manufacturer", "model", "slug", "u_height", "is_full_depth"],
    "additionalProperties": False,
}
MODULE_TYPE = {
    "type": "object",
    "properties": {"manufacturer": LONG, "model": LONG},
    "required": ["manufacturer", "model"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def shuffled() -> CutList:
    wiring = clos_wiring(racks=8, per_rack=16, ports=16, link_bit_s=100e9, planes=8, port_group=8)
    end = MediumEnd("osfp", 800e9, 1, 17.0, 1000.0, "DR8")
    rows = (
        Medium("dr8", "dr", end, end, (5.0, 10.0, 20.0, 50.0), 500.0, 20.0, 1.0, forms=((1, 1), (8, 8)), fibre="SMF"),
    )
    floor = FloorPlan(
        rows=8, positions=10, rack_pitch_m=0.6, rack_depth_m=1.2, cold_aisle_m=1.2, hot_aisle_m=1.2, tray_height_m=3.0,
        rack_ru=48, first_ru_m=0.1, in_rack_m=0.3, slack_share=0.05, slack_m=0.3, tray_levels=4, tray_spacing_m=0.2,
    )  # fmt: skip
    placed = place_by_rule(wiring, floor, RackFill(16, 4, 2, 2, (2, 2, 2), 16))
    return cut_list(wiring, placed, (Cage("osfp", 8),) * 4, rows, hub_ru=48)


def test_device_and_module_types_keep_the_rules_of_netboxs_library(shuffled: CutList, tmp_path: Path) -> None:
    forms = (DeviceForm("Example", "tray", 2, "800gbase-x-osfp"), *(DeviceForm("Example", t, 2) for t in "abc"))
    write_netbox(shuffled, tmp_path, forms, site="hall 1")
    slugs = []
    for path in sorted((tmp_path / "device-types").rglob("*.yaml")):
        tree = yaml.safe_load(path.read_text())
        jsonschema.validate(tree, DEVICE_TYPE)
        for part in ("interfaces", "rear-ports", "module-bays"):
            names = [one["name"] for one in tree.get(part, [])]
            assert len(set(names)) == len(names)
        slugs.append(tree["slug"])
    assert len(set(slugs)) == len(slugs) >= 4  # tray, leaf, spine, box
    for path in (tmp_path / "module-types").rglob("*.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text()), MODULE_TYPE)


@pytest.mark.parametrize(
    "arguments",
    [
        {"racks": 8, "per_rack": 8, "ports": 16, "link_bit_s": 400e9, "rails": 8, "block_racks": 4},
        {"racks": 8, "per_rack": 16, "ports": 64, "link_bit_s": 100e9, "planes": 8, "port_group": 8},
        {"racks": 16, "per_rack": 8, "ports": 8, "link_bit_s": 400e9},
    ],
)
def test_infragraphs_own_library_sees_every_link_between_the_same_ports(arguments: dict[str, Any]) -> None:
    """Its service expands our slices to a graph of ports; edges named `fabric` are our links, one for one."""
    service_of = pytest.importorskip(
        "infragraph.infragraph_service", reason="InfraGraph's own library (PyPI: infragraph) is not installed"
    )
    wiring = clos_wiring(**arguments)
    tree = infragraph(wiring)
    service = service_of.InfraGraphService()
    service.set_graph(json.dumps(tree))
    first, node = {}, 0
    for instance in tree["instances"]:
        first[instance["name"]] = node
        node += instance["count"]

    def port(name: str) -> tuple[int, int]:
        instance, index, component_name, number = name.split(".")
        assert component_name == "port"
        return first[instance] + int(index), int(number)

    graph = service.get_networkx_graph()
    found = {tuple(sorted((port(a), port(b)))) for a, b, of in graph.edges(data=True) if of.get("link") == "fabric"}
    lower = zip(wiring.lower.tolist(), wiring.lower_port.tolist(), strict=True)
    upper = zip(wiring.upper.tolist(), wiring.upper_port.tolist(), strict=True)
    assert found == {tuple(sorted(pair)) for pair in zip(lower, upper, strict=True)}


def test_a_fabric_drawn_by_infragraphs_own_blueprint_comes_in_whole(tmp_path: Path) -> None:
    """Its two-tier fat tree: every port of its graph's links is a link of ours, tiers by distance from the servers."""
    blueprints = pytest.importorskip(
        "infragraph.blueprints.fabrics.clos_fat_tree_fabric",
        reason="InfraGraph's own library (PyPI: infragraph) is not installed",
    )
    from infragraph.blueprints.devices.generic.generic_switch import Switch
    from infragraph.blueprints.devices.generic.server import Server

    fabric = blueprints.ClosFatTreeFabric(Switch(port_count=8), Server(), 2, [400, 400])
    (tmp_path / "foreign.json").write_text(fabric.serialize())
    wiring = read_infragraph(tmp_path / "foreign.json")
    assert isinstance(wiring, Wiring)
    assert np.bincount(wiring.tier).tolist() == [16, 8, 4]
    assert wiring.links == 64
    assert np.all(wiring.tier[wiring.lower] < wiring.tier[wiring.upper])
    up_of_leaf = np.bincount(wiring.lower[wiring.tier[wiring.lower] == 1])
    down_of_leaf = np.bincount(wiring.upper[wiring.tier[wiring.upper] == 1])
    leaves = np.flatnonzero(wiring.tier == 1)
    assert (up_of_leaf[leaves] == down_of_leaf[leaves]).all()
