"""Fabrics beside the scale-out one in the bill, and planes whose links fill no cage."""

from pathlib import Path

import pytest

from rackwright.program import load
from rackwright.rack.design import design_racks

TINY = load(Path(__file__).parents[4] / "examples" / "tiny.yaml")
STORAGE = {"per_rack": 12, "rate": "100 Gbit/s", "switch": "leaf", "oversubscription": 3}


def designed(program, generation, racks, **network):
    case = program.replace({f"rack.{generation}.network.{key}": value for key, value in network.items()}).case()
    found = design_racks({generation: case.rack[generation]}, case.catalogue, {generation: racks})
    return found.of(generation), found


def test_a_storage_fabric_adds_its_switches_and_modules_to_the_racks_share():
    bare, _ = designed(TINY, "alpha", 20)
    rich, found = designed(TINY, "alpha", 20, fabrics={"storage": {**STORAGE, "optic": "link"}})
    # 240 ports: 5 leaves of 48 + 18 and 2 spines of 45, at 7,200 USD and 360 W each
    lines = {line.path: line for line in rich.bill if "fabrics" in line.path}
    assert lines["network.fabrics.storage.switch"].count == pytest.approx(7 / 20)
    # a module at both ends of 240 + 90 links of its own rate, at 10 USD and 1 W
    assert lines["network.fabrics.storage.optic"].count == pytest.approx(2 * (240 + 90) / 20)
    assert rich.shared_cost_usd - bare.shared_cost_usd == pytest.approx((7 * 7200 + 660 * 10) / 20)
    assert rich.shared_power_w - bare.shared_power_w == pytest.approx((7 * 360 + 660) / 20)
    assert rich.families.get("", 0) == bare.families.get("", 0)
    block = next(table for table in found.tables if table.name == "rack.block")
    assert sum(row["power_w"] for row in block.rows()) == pytest.approx(rich.shared_power_w)


def test_without_an_optic_the_switches_count_and_the_rest_is_said():
    rich, found = designed(TINY, "alpha", 20, fabrics={"storage": STORAGE})
    assert not [line for line in rich.bill if line.path == "network.fabrics.storage.optic"]
    said = [one for one in found.findings if one.rule == "rack.network.beside"]
    assert [one.outcome for one in said] == ["not modelled"]


def test_a_fabric_that_its_switch_does_not_hold_is_not_in_the_bill_and_fails():
    rich, found = designed(TINY, "alpha", 20, fabrics={"big": {**STORAGE, "per_rack": 100000}})
    assert not [line for line in rich.bill if "fabrics" in line.path]
    assert [one.outcome for one in found.findings if one.rule == "rack.network.beside"] == ["failed"]


@pytest.mark.parametrize(("planes", "fails"), [(1, False), (2, False), (4, False), (7, True), (8, False), (3, True)])
def test_planes_that_no_breakout_makes_are_told_with_those_that_one_does(planes, fails):
    # ports of 100 Gbit/s that split up to eight ways
    split = TINY.replace({"catalogue.switches.leaf.ports_most": 576})
    _, found = designed(split, "alpha", 20, planes=planes)
    said = [one for one in found.findings if one.rule == "rack.network.planes"]
    assert bool(said) == fails
    if fails:
        assert "1, 2, 4 or 8 planes would do" in said[0].text
