"""Laws of any rack: energy closes, more flow is never hotter, more load never needs fewer shelves, ports add up."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rackwright.physics import conductors, fluids, machines, plates
from rackwright.program import load
from rackwright.program.load import Case
from rackwright.rack import design_racks
from rackwright.rack.network.clos import folded_clos, leaf_split

watts = st.just(0.0) | st.floats(1e-3, 2e5)


@cache
def case() -> Case:
    program = load(
        {
            "rackwright": "1",
            "calendar": {"start": "2026-W02", "weeks": "10"},
            "rack": {"gb300": {"base": "nvidia-gb300-nvl72", "volume_from": "2026-W02"}},
        }
    )
    return program.case()


def design(*, gpu_w: float | None = None, **rack_changes: object):
    """The GB300 rack with another GPU power and other fields of its sections (`cooling=...`, `power=...`)."""
    it = case()
    rack = it.rack["gb300"]
    changes = {
        name: getattr(rack, name).model_copy(update=change) if isinstance(change, dict) else change
        for name, change in rack_changes.items()
    }
    chips = it.catalogue.chips
    if gpu_w is not None:
        chips = {**chips, "b300": chips["b300"].model_copy(update={"power_w": gpu_w})}
    catalogue = it.catalogue.model_copy(update={"chips": chips})
    return design_racks({"gb300": rack.model_copy(update=changes)}, catalogue).of("gb300")


@given(gpu_w=st.floats(0.0, 3e3), share=st.floats(0.05, 1.0), rule=st.sampled_from(["N", "N+1", "N+N"]))
def test_energy_closes(gpu_w, share, rule):
    found = design(gpu_w=gpu_w, design_load_share=share, power={"redundancy": rule})
    counted_w = math.fsum(line.power_w for line in found.power.lines if line.adds)
    assert counted_w == pytest.approx(found.power_w, rel=1e-9)
    assert found.liquid_heat_w + found.air_heat_w == pytest.approx(found.power_w, rel=1e-9)
    assert found.power.load_w + found.power.busbar_loss_w + found.power.conversion_loss_w == pytest.approx(
        found.power_w, rel=1e-9
    )


@given(low_w=st.floats(0.0, 3e3), more_w=st.floats(0.0, 1e3), rule=st.sampled_from(["N", "N+1", "N+N"]))
def test_more_load_never_needs_fewer_shelves(low_w, more_w, rule):
    little = design(gpu_w=low_w, power={"redundancy": rule})
    much = design(gpu_w=low_w + more_w, power={"redundancy": rule})
    assert much.shelves >= little.shelves
    assert much.power.dc_power_w >= little.power.dc_power_w


@given(flow_lpm=st.floats(60.0, 400.0), more=st.floats(1.0, 3.0))
def test_more_flow_is_never_hotter(flow_lpm, more):
    slow = design(cooling={"flow_m3_s": flow_lpm / 60e3})
    fast = design(cooling={"flow_m3_s": more * flow_lpm / 60e3})
    assert fast.return_k <= slow.return_k
    for before, after in zip(slow.loop.plates, fast.loop.plates, strict=True):
        assert before.case_k is None or after.case_k <= before.case_k


@given(supply_c=st.floats(20.0, 60.0), gpu_w=st.floats(100.0, 3e3))
def test_the_return_carries_exactly_the_heat_to_the_liquid(supply_c, gpu_w):
    found = design(gpu_w=gpu_w, cooling={"supply_k": supply_c + 273.15})
    assume(found.return_k is not None)
    fluid = case().catalogue.fluids["pg25"]
    mean_k = (found.supply_k + found.return_k) / 2
    temperatures = [row.temperature_k for row in fluid.rows]
    density = fluids.property_at(mean_k, temperatures, [row.density for row in fluid.rows])
    capacity = fluids.property_at(mean_k, temperatures, [row.heat_capacity for row in fluid.rows])
    carried_w = density * capacity * found.flow_m3_s * (found.return_k - found.supply_k)
    assert carried_w == pytest.approx(found.liquid_heat_w, rel=1e-9)


@given(supply_c=st.floats(15.0, 64.0), gpu_w=st.floats(100.0, 3e3))
def test_an_automatic_flow_keeps_the_return_limit_and_every_plate_within_its_curve(supply_c, gpu_w):
    found = design(gpu_w=gpu_w, cooling={"supply_k": supply_c + 273.15})
    assert found.return_k <= found.loop.return_limit_k + 1e-6
    for state in found.loop.plates:
        assert state.least_m3_s * (1 - 1e-9) <= state.flow_m3_s
        if state.meets:
            assert state.case_k <= state.case_limit_k + 1e-6


@given(
    loads=st.lists(st.floats(0.0, 3e4), min_size=1, max_size=40),
    line_uohm=st.floats(0.0, 300.0),
    joint_uohm=st.floats(0.0, 100.0),
)
def test_a_busbar_loses_what_its_source_gives_beyond_its_loads(loads, line_uohm, joint_uohm):
    loads_w = np.array(loads)
    solved = conductors.ladder(loads_w, 50.0, line_uohm * 1e-6, joint_uohm * 1e-6)
    assume(solved.carried)
    assert 50.0 * solved.source_current_a == pytest.approx(loads_w.sum() + solved.loss_w, rel=1e-9, abs=1e-9)
    assert np.all(np.diff(solved.voltage_v) <= 1e-12)


@given(load=watts, rating=st.floats(1.0, 1e5))
def test_machines_carry_the_load_and_one_less_would_not(load, rating):
    needed = machines.pieces_needed(load, rating)
    assert needed * rating >= load * (1 - 2e-9)
    assert needed == 0 or (needed - 1) * rating < load


@given(
    resistances=st.lists(st.floats(0.005, 0.1), min_size=2, max_size=8, unique=True).map(
        lambda values: sorted(values, reverse=True)
    ),
    way=st.floats(0.0, 1.0),
)
def test_a_plates_curve_reads_the_same_both_ways(resistances, way):
    flows = [1.0 + 0.5 * number for number in range(len(resistances))]
    asked = resistances[-1] + way * (resistances[0] - resistances[-1])
    flow = plates.flow_for_resistance_m3_s(asked, flows, resistances)
    assert plates.resistance_at_k_w(flow, flows, resistances) == pytest.approx(asked, rel=1e-9)


@given(
    endpoints=st.integers(1, 200_000),
    ports=st.sampled_from([2, 8, 36, 64, 72, 128, 144, 512]),
    rails=st.sampled_from([1, 3, 4, 8]),
    block=st.sampled_from([None, 64, 100, 576]),
    oversubscription=st.sampled_from([0.8, 1.0, 1.125, 2.0, 3.0, 7.0]),
)
def test_a_fabric_conserves_ports_and_links(endpoints, ports, rails, block, oversubscription):
    fabric = folded_clos(endpoints, ports, rails=rails, block_endpoints=block, oversubscription=oversubscription)
    assume(fabric.fits)
    assert fabric.leaf_down + fabric.leaf_up <= ports
    assert fabric.leaves * fabric.leaf_down >= endpoints
    assert fabric.endpoint_links == endpoints
    if fabric.tiers == 1:
        return
    assert fabric.leaf_down <= oversubscription * fabric.leaf_up * (1 + 1e-9)
    assert fabric.leaf_spine_links == fabric.leaves * fabric.leaf_up
    assert fabric.spine_down + fabric.spine_up <= ports
    assert fabric.leaf_spine_links <= fabric.spines * fabric.spine_down
    if fabric.tiers == 2:
        assert fabric.leaf_spine_links == fabric.spines * fabric.spine_down
        assert fabric.leaf_up % fabric.spines == 0
    else:
        assert fabric.spine_core_links == fabric.spines * fabric.spine_up
        assert fabric.spine_core_links <= fabric.cores * ports


@given(ports=st.integers(2, 4096), oversubscription=st.floats(0.01, 100.0))
def test_a_leaf_never_has_more_links_than_ports(ports, oversubscription):
    down, up = leaf_split(ports, oversubscription)
    assert down >= 1
    assert up >= 1
    assert down + up <= ports
