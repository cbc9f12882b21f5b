"""Modules and cables of the bill by port beside the count by rate."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rackwright.program import load
from rackwright.rack.design import RackDesigns, design_racks
from rackwright.rack.network.cabling.ends import link_ends
from rackwright.rack.network.cabling.media import Cage
from rackwright.rack.network.laid import closed_parts
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.record import decode, encode

PROGRAM = load(Path(__file__).parents[4] / "examples" / "us-racks.yaml")
GENERATIONS = ("gb300", "vera-rubin", "kyber")


def designed(counted: str, racks: int = 28, **more: str) -> RackDesigns:
    changes: dict[str, object] = {f"rack.{name}.network.counted": counted for name in GENERATIONS}
    changes |= {f"rack.gb300.network.{name}": value for name, value in more.items()}
    case = PROGRAM.replace(changes).case()
    kept = {name: case.rack[name] for name in GENERATIONS}
    return design_racks(kept, case.catalogue, dict.fromkeys(kept, racks))


@pytest.fixture(scope="module")
def by_rate() -> RackDesigns:
    return designed("rate")


@pytest.fixture(scope="module")
def by_port() -> RackDesigns:
    return designed("ports")


def test_modules_of_the_optics_own_rate_are_as_many_by_port_as_by_rate(by_rate, by_port):
    # 28 racks x 72 adapters; 8 planes of 8 leaves of 252 + 256 ports of 100 Gbit/s and 4 spines, eight to a cage
    at_trays, at_leaves, at_spines = 28 * 72, 64 * (math.ceil(252 / 8) + 32), 32 * 64
    one, other = by_rate.of("gb300").network, by_port.of("gb300").network
    assert other.optics == one.optics == at_trays + at_leaves + at_spines


def test_a_module_of_twice_the_optics_rate_counts_once(by_rate, by_port):
    # trays have modules of 800 Gbit/s as before; in the switches one of 1.6 Tbit/s stands for two
    one, other = by_rate.of("vera-rubin").network, by_port.of("vera-rubin").network
    at_trays = 28 * other.adapters
    assert other.optics - at_trays == (one.optics - at_trays) / 2


def test_cost_and_power_of_the_bill_are_those_of_modules_and_cables(by_rate, by_port):
    for generation in GENERATIONS:
        one, other = by_rate.of(generation), by_port.of(generation)
        laid = [line for line in other.bill if line.kind in ("modules", "media")]
        optics = [line for line in one.bill if line.kind == "optics"]
        assert not [line for line in other.bill if line.kind == "optics"]
        more_usd = sum(line.cost_usd for line in laid) - sum(line.cost_usd for line in optics)
        assert other.shared_cost_usd - one.shared_cost_usd == pytest.approx(more_usd)
        more_w = other.network.optic_power_w - one.network.optic_power_w
        assert other.shared_power_w - one.shared_power_w == pytest.approx(more_w)


def test_both_counts_stand_side_by_side_and_the_bill_by_rate_is_silent(by_rate, by_port):
    said = {item.subject: item for item in by_port.findings if item.rule == "rack.network.counted"}
    assert set(said) == set(GENERATIONS)
    assert said["gb300"].value == said["gb300"].limit
    assert not [item for item in by_rate.findings if item.rule == "rack.network.counted"]


def test_cages_that_nothing_joins_leave_the_count_by_rate_and_say_why(by_rate):
    failed = designed("ports", switch_cage="osfp1600")
    said = next(item for item in failed.findings if item.rule == "rack.network.counted" and item.subject == "gb300")
    assert said.outcome == "not modelled"
    assert "osfp1600" in said.text
    assert failed.of("gb300").network.optics == by_rate.of("gb300").network.optics


def test_what_the_count_by_port_rests_on_is_named(by_port):
    inputs = next(one.inputs for one in by_port.traces if one.key == "rack.gb300.fabric_optics")
    assert "rack.gb300.network.floor.rack_pitch" in inputs
    assert any(path.startswith("catalogue.modules.") and path.endswith(".power") for path in inputs)
    assert any(path.startswith("catalogue.media.") and path.endswith(".cost_per_metre") for path in inputs)


def test_a_bill_by_port_survives_being_written_down_and_read_back(by_port):
    assert decode(RackDesigns, encode(by_port)).designs == by_port.designs


def test_a_bill_in_parts_is_the_bill_of_the_whole_list(by_port, monkeypatch):
    monkeypatch.setattr("rackwright.rack.network.counted.LINKS_AT_ONCE", 3_000)
    in_parts = designed("ports")
    for generation in GENERATIONS:
        whole, parts = by_port.of(generation).network, in_parts.of(generation).network
        for one, other in zip((*whole.modules, *whole.cables), (*parts.modules, *parts.cables), strict=True):
            assert (one.name, one.count) == (other.name, other.count)
            assert other.unit_cost_usd == pytest.approx(one.unit_cost_usd)


def test_parts_share_no_cage_and_have_every_link_once():
    # three tiers, 16 pods; cages of four links
    wiring = clos_wiring(racks=128, per_rack=8, ports=32, link_bit_s=1.0, planes=2, block_racks=16, port_group=4)
    cages = tuple(Cage("cage", links=links) for links in (2, 4, 4, 4))
    parts = list(closed_parts(wiring, 500))
    assert len(parts) > 6
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(wiring.links))
    ends = link_ends(wiring, cages)
    seen = [np.unique(np.concatenate((ends.lower_cage[part], ends.upper_cage[part]))) for part in parts]
    assert len(np.unique(np.concatenate(seen))) == sum(map(len, seen))
