"""A hall's loop solved with its heat: symmetry, balances, chips by hand, and what the loss of a part may not do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rackwright.errors import NotConverged
from rackwright.rack.cooling.hall import Cdu, Hall, Headers, Plates, RackLoop, Tray, build_hall, single_rack
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import density_of
from rackwright.rack.cooling.state import HallState, solve_hall, solve_rack

LITRE_MIN = 1 / 60e3
#: Water, near enough: density, internal energy (4180 J/kg K) and viscosity as short polynomials about 40 degC.
WATER = Fluid(
    313.15, 30.0, np.array([992.2, -11.7, -3.0, 0, 0, 0]), np.array([0, 4180.0 * 30, 0, 0, 0, 0]),
    np.array([-7.334, -0.49, 0.1, 0, 0, 0]), 273.15, 393.15,
)  # fmt: skip
GPU = Plates(
    "gpu", 4, 1200.0, 1.6 * LITRE_MIN, 50e3, (0.6 * LITRE_MIN, 1.2 * LITRE_MIN, 2.4 * LITRE_MIN), (0.024, 0.018, 0.015),
    limit_k=353.15,
)  # fmt: skip
CPU = replace(GPU, chip="cpu", per_tray=2, heat_w=300.0, flow_m3_s=0.6 * LITRE_MIN)
RACK = RackLoop("rack", (Tray("compute", 3, 1.1, (GPU, CPU)),), 2.0, 0.05, 0.038, 0.05)
CDU = Cdu("cdu", 2, 3e5, 1.2e5 / (40 * LITRE_MIN) ** 2, 3e4 / (70 * LITRE_MIN) ** 2, 9e3, 1.2, 1.6, 60e3)
GIVEN: dict[str, Any] = {"wanted_k": 308.15, "primary_k": 300.15, "primary_kg_s": 1.6}


def a_hall(racks: int = 4, cdus: int = 2, cdu: Cdu = CDU, rack: RackLoop = RACK, ring: bool = True, **how: Any) -> Hall:
    return build_hall([rack] * racks, [cdu] * cdus, Headers(0.08, 0.8, ring=ring), vessel_pa=2e5, **how)


def solved(hall: Hall, **how: Any) -> HallState:
    return solve_hall(hall, WATER, **{**GIVEN, "pump_efficiency": 0.6, **how})


def shut(hall: Hall, *names: str) -> Any:
    opened = np.ones(len(hall.network.links), bool)
    for name in names:
        opened[hall.network.link_number[name]] = False
    return opened


@pytest.fixture(scope="module")
def hall() -> Hall:
    return a_hall()


@pytest.fixture(scope="module")
def state(hall: Hall) -> HallState:
    return solved(hall)


# Symmetry and balances


def test_racks_at_mirrored_places_get_the_same_flow() -> None:
    """Four places on a ring, CDUs at 1 and 3: turning the ring by two or mirroring it about a CDU changes nothing."""
    found = solved(a_hall(places=(0, 2))).rack_kg_s[0]
    # warm and cold water of the same ring meet here in rounds that stop at 1e-6 of the flow
    assert found[0] == pytest.approx(found[2], rel=1e-7)
    assert found[1] == pytest.approx(found[3], rel=1e-7)


def test_a_cdu_at_every_place_gives_every_rack_the_same() -> None:
    state = solved(a_hall(racks=3, cdus=3))
    assert state.rack_kg_s[0] == pytest.approx([state.rack_kg_s[0, 0]] * 3, rel=1e-7)
    assert state.case_k.reshape(3, -1) == pytest.approx(np.tile(state.case_k[0, :6], (3, 1)), abs=1e-5)


def test_trays_nearer_to_the_hoses_get_no_less_flow(state: HallState) -> None:
    """Both manifolds end at the hoses, so that each further tray has its two bars more to go."""
    gpus = state.plate_m3_s[0, [n for n, spot in enumerate(state.hall.spots) if spot.rack == 0 and spot.chip == "gpu"]]
    assert (np.diff(gpus) < 0).all()


def test_a_rack_carries_the_flow_of_its_plates(state: HallState) -> None:
    flow = state.warm.flows.flow_kg_s[0, state.hall.spot_link]
    racks = np.array([spot.rack for spot in state.hall.spots])
    assert np.bincount(racks, flow) == pytest.approx(state.rack_kg_s[0], rel=1e-9)


def test_a_hall_carries_as_much_as_its_cdus_and_its_vessel_nothing(state: HallState) -> None:
    network, flow = state.hall.network, state.warm.flows.flow_kg_s[0]
    assert flow[state.hall.cdu_link].sum() == pytest.approx(state.rack_kg_s[0].sum(), rel=1e-9)
    vessel = network.fixed_nodes[0]
    through = flow[network.second == vessel].sum() - flow[network.first == vessel].sum()
    assert abs(through) < 1e-9 * flow[state.hall.cdu_link].sum()


@pytest.mark.parametrize("wanted_k", [308.15, 301.15])
def test_cdus_take_out_the_chips_heat_and_the_pumps_work(hall: Hall, wanted_k: float) -> None:
    """With the set-point held and with exchangers that miss it."""
    state = solved(hall, wanted_k=wanted_k)
    assert state.warm.short.all() == (wanted_k < 305)
    assert state.warm.duty_w.sum() == pytest.approx(hall.source_w.sum() + state.warm.work_w.sum(), rel=1e-9)
    assert state.warm.closure_share.max() <= 1e-9
    # plates stand side by side here, so that every path has one chip
    assert (state.heat_w * hall.spot_paths).sum() == pytest.approx(hall.source_w.sum(), rel=1e-12)


def test_the_work_of_the_pumps_is_flow_times_rise_over_efficiency(hall: Hall, state: HallState) -> None:
    network = hall.network
    for name in network.pumps:
        link = network.link_number[name]
        flow = state.warm.flows.flow_kg_s[0, link]
        ends = state.warm.flows.pressure_pa[0, [network.first[link], network.second[link]]]
        rho = float(density_of(WATER, state.warm.mean_k[0, link]))
        assert state.warm.work_w[0, link] == pytest.approx(flow / rho * (ends[1] - ends[0]) / 0.6, rel=1e-9)


def test_the_heat_of_a_hall_is_that_of_its_racks(hall: Hall) -> None:
    # 3 trays x (4 x 1200 W + 2 x 300 W) a rack
    assert RACK.heat_w == 3 * 5400.0
    assert hall.source_w.sum() == pytest.approx(4 * RACK.heat_w)


def test_heat_of_a_tray_beside_its_chips_goes_into_the_same_water() -> None:
    other = replace(RACK, trays=(replace(RACK.trays[0], other_w=500.0),))
    hall = a_hall(rack=other)
    assert hall.source_w.sum() == pytest.approx(4 * other.heat_w)
    assert other.heat_w == RACK.heat_w + 3 * 500
    # it warms the water and no chip of the first place: the cases stay as they were
    assert solved(hall).case_k == pytest.approx(solved(a_hall()).case_k, abs=1e-2)


@pytest.mark.parametrize(("per_tray", "series"), [(4, 1), (4, 2), (5, 2), (5, 4), (7, 3), (9, 4), (6, 4), (1, 3)])
def test_every_chip_of_a_tray_has_one_place_and_all_of_its_heat(per_tray: int, series: int) -> None:
    rack = replace(RACK, trays=(Tray("compute", 2, 1.1, (replace(GPU, per_tray=per_tray, series=series),)),))
    hall = a_hall(racks=1, cdus=1, rack=rack)
    assert hall.source_w.sum() == pytest.approx(rack.heat_w)
    assert rack.heat_w == 2 * per_tray * 1200.0
    # no place without a chip, none with more chips than paths
    chips = hall.source_w[hall.spot_link] / 1200.0
    assert ((chips >= 1) & (chips <= hall.spot_paths)).all()
    assert chips.sum() == pytest.approx(2 * per_tray)


def test_plates_in_series_share_a_flow_and_the_second_is_warmer_by_the_firsts_heat() -> None:
    rack = replace(RACK, trays=(Tray("compute", 1, 1.1, (replace(GPU, series=2),)),))
    state = solved(a_hall(racks=1, cdus=1, rack=rack))
    assert [spot.place for spot in state.hall.spots] == [0, 1]
    assert state.plate_m3_s[0, 0] == pytest.approx(state.plate_m3_s[0, 1], rel=1e-2)
    flow = state.warm.flows.flow_kg_s[0, state.hall.spot_link[0]]
    network = state.hall.network
    ends = [network.node_number[node] for node in ("rack 1/compute 1/in", "rack 1/compute 1/gpu after 1")]
    friction = -np.diff(state.warm.flows.pressure_pa[0, ends])[0] / (992.0 * 4180.0)
    # 2 x 1200 W into the flow of both paths, and the plate's friction; density falls by 2 in 1000 on the way
    assert state.inlet_k[0, 1] - state.inlet_k[0, 0] == pytest.approx(2400.0 / (flow * 4180.0) + friction, abs=1e-3)


# Chips


def test_a_chips_case_is_its_inlet_and_its_heat_through_its_plates_resistance(state: HallState) -> None:
    """Straight between the measured points; per path, not per link."""
    for at in (0, 1, 5, 23):
        spot = state.hall.spots[at]
        link = state.hall.spot_link[at]
        rho = float(density_of(WATER, state.inlet_k[0, at]))
        flow = state.warm.flows.flow_kg_s[0, link] / rho / spot.plates.paths
        resistance = np.interp(flow, spot.plates.curve_m3_s, spot.plates.curve_k_w)
        assert state.plate_m3_s[0, at] == pytest.approx(flow, rel=1e-12)
        assert state.case_k[0, at] == pytest.approx(state.inlet_k[0, at] + spot.plates.heat_w * resistance, abs=1e-9)


def test_below_the_measured_flows_resistance_rises_as_one_over_flow_and_is_flagged() -> None:
    slow = solved(a_hall(), speed=[[0.25] * 4])
    x, y = GPU.curve_m3_s[0], GPU.curve_k_w[0]
    gpu = [n for n, spot in enumerate(slow.hall.spots) if spot.chip == "gpu"]
    flow = slow.plate_m3_s[0, gpu]
    assert (flow < x).all()
    assert slow.beyond[0, gpu].all()
    assert slow.case_k[0, gpu] - slow.inlet_k[0, gpu] == pytest.approx(1200.0 * y * x / flow, rel=1e-12)


def test_above_the_measured_flows_the_last_resistance_holds(hall: Hall) -> None:
    fast = solved(hall, speed=[[2.5] * 4])
    gpu = [n for n, spot in enumerate(hall.spots) if spot.chip == "gpu"]
    assert (fast.plate_m3_s[0, gpu] > GPU.curve_m3_s[-1]).all()
    assert fast.case_k[0, gpu] - fast.inlet_k[0, gpu] == pytest.approx(1200.0 * GPU.curve_k_w[-1], rel=1e-12)
    assert not fast.beyond[0, gpu].any()


def test_a_fouled_plate_has_its_resistance_multiplied(hall: Hall, state: HallState) -> None:
    factor = np.ones(len(hall.spots))
    factor[3] = 1.5
    fouled = solved(hall, plate_factor=factor)
    rises = [found.case_k[0] - found.inlet_k[0] for found in (state, fouled)]
    assert rises[1][3] == pytest.approx(1.5 * rises[0][3], rel=1e-9)
    assert np.delete(rises[1], 3) == pytest.approx(np.delete(rises[0], 3), rel=1e-9)


@pytest.mark.parametrize("load", [0.0, 0.4, 1.0])
def test_a_racks_load_scales_its_chips_heat_and_no_one_elses(hall: Hall, load: float) -> None:
    found = solved(hall, load_share=[1.0, load, 1.0, 1.0])
    rack = np.array([spot.rack for spot in hall.spots])
    design = np.array([spot.plates.heat_w for spot in hall.spots])
    assert found.heat_w[0] == pytest.approx(design * np.where(rack == 1, load, 1.0))
    assert found.warm.duty_w.sum() == pytest.approx((3 + load) * RACK.heat_w + found.warm.work_w.sum(), rel=1e-9)


@pytest.mark.parametrize("limit_k", [353.15, None])
@pytest.mark.parametrize("couplings", [("in", "out"), ("in",), ("out",)])
def test_chips_of_a_tray_without_flow_are_infinitely_hot_and_the_hottest(
    couplings: tuple[str, ...], limit_k: Any
) -> None:
    """With or without a stated limit, whichever of the tray's couplings is shut."""
    rack = replace(
        RACK, trays=(replace(RACK.trays[0], plates=tuple(replace(p, limit_k=limit_k) for p in RACK.trays[0].plates)),)
    )
    hall = a_hall(rack=rack)
    found = solved(hall, opened=shut(hall, *(f"rack 2/compute 1/coupling {end}" for end in couplings)))
    gone = np.array([hall.network.links[link].startswith("rack 2/compute 1/") for link in hall.spot_link])
    assert np.isposinf(found.case_k[0, gone]).all()
    assert np.isfinite(found.case_k[0, ~gone]).all()
    assert np.isneginf(found.margin_k[0, gone]).all()
    assert not np.isnan(found.margin_k).any()
    assert gone[found.hottest[0]]
    assert found.warm.dry[0, hall.spot_link[gone]].all()
    assert found.warm.closure_share[0] <= 1e-9


def test_chips_of_a_dry_tray_without_heat_are_not_hot(hall: Hall) -> None:
    names = [f"rack 1/compute {tray}/coupling in" for tray in (1, 2, 3)]
    found = solved(hall, opened=shut(hall, *names), load_share=[0.0, 1.0, 1.0, 1.0])
    assert np.isfinite(found.case_k).all()


# What is lost


def test_a_cdu_lost_never_raises_the_margin_nor_any_racks_flow(hall: Hall, state: HallState) -> None:
    for number in (1, 2):
        names = [name for name in hall.network.links if name.startswith(f"cdu {number}/")]
        lost = solved(hall, opened=shut(hall, *names))
        assert lost.margin_k.min() <= state.margin_k.min() + 1e-6
        assert (lost.rack_kg_s < state.rack_kg_s).all()
        assert lost.warm.duty_w[0, number - 1] == 0.0


def test_a_pump_lost_leaves_the_other_pumps_of_its_cdu_more(hall: Hall, state: HallState) -> None:
    lost = solved(hall, opened=shut(hall, "cdu 1/pump 1"))
    at = hall.network.link_number
    assert lost.warm.flows.flow_kg_s[0, at["cdu 1/pump 2"]] > state.warm.flows.flow_kg_s[0, at["cdu 1/pump 2"]]
    assert lost.rack_kg_s.sum() < state.rack_kg_s.sum()


def test_a_cdu_whose_pumps_stand_is_not_flowed_through_backwards(hall: Hall) -> None:
    found = solved(hall, speed=[[0.0, 0.0, 1.0, 1.0]])
    assert found.warm.flows.flow_kg_s[0, hall.cdu_link[0]] == pytest.approx(0.0, abs=1e-6)
    assert found.warm.work_w[0, [hall.network.link_number[f"cdu 1/pump {n}"] for n in (1, 2)]].max() < 1e-3


def test_a_hall_without_water_for_its_cdus_or_without_pumps_has_no_steady_state(hall: Hall) -> None:
    with pytest.raises(NotConverged):
        solved(hall, primary_kg_s=0.0)
    with pytest.raises(NotConverged):
        solved(hall, speed=np.zeros((1, 4)))


def test_warmer_facility_water_makes_every_chip_warmer_by_less_or_as_much(hall: Hall) -> None:
    """Beyond the set-point all temperatures rise by what the primary rises, but that warm coolant flows better."""
    found = solved(hall, primary_k=[[310.15] * 2, [312.15] * 2], wanted_k=300.15)
    rise = found.case_k[1] - found.case_k[0]
    assert (rise > 1.9).all()
    assert (rise < 2.0 + 1e-6).all()


def test_speed_scales_the_flow_of_a_hall(hall: Hall) -> None:
    """Nearly: hoses and headers are not quite quadratic, and the couplings, plates and exchangers have their own laws."""
    found = solved(hall, speed=[[1.0] * 4, [0.9] * 4, [0.5] * 4], fixed_properties_k=313.15)
    share = found.rack_kg_s.sum(1) / found.rack_kg_s[0].sum()
    assert share[1] == pytest.approx(0.9, rel=0.01)
    assert share[2] == pytest.approx(0.5, rel=0.04)
    # 1.85 for the plates: a little less than in proportion
    assert share[1] < 0.9
    assert share[2] < 0.5


def test_scenarios_side_by_side_are_those_scenarios_one_by_one(hall: Hall) -> None:
    rng = np.random.default_rng(2)
    count = 20
    how: dict[str, Any] = {
        "load_share": rng.uniform(0.2, 1, (count, 4)), "speed": rng.uniform(0.6, 1.1, (count, 4)),
        "primary_k": rng.uniform(298, 306, (count, 2)), "wanted_k": np.full((count, 2), 308.15),
    }  # fmt: skip
    together = solved(hall, **how)
    for at in range(count):
        alone = solved(hall, **{name: value[at : at + 1] for name, value in how.items()})
        assert together.rack_kg_s[at] == pytest.approx(alone.rack_kg_s[0], rel=1e-5)
        assert np.abs(together.case_k[at] - alone.case_k[0]).max() < 1e-3


# Trims and layout


def test_an_orifice_in_the_hose_takes_its_kv() -> None:
    rack = replace(RACK, orifice_kv_m3_h=2.0)
    hall = a_hall(rack=rack)
    found = solved(hall)
    network = hall.network
    pressure = found.warm.flows.pressure_pa[0]
    drop = pressure[network.node_number["supply 1"]] - pressure[network.node_number["rack 1/trim"]]
    link = network.link_number["rack 1/orifice"]
    rho = float(density_of(WATER, found.warm.mean_k[0, link]))
    volume_h = found.warm.flows.flow_kg_s[0, link] / rho * 3600
    assert drop == pytest.approx(1e5 * rho / 1000 * (volume_h / 2.0) ** 2, rel=1e-6)


def test_pressure_independent_valves_give_far_and_near_racks_alike() -> None:
    rack = replace(RACK, picv_kg_s=0.3, picv_least_pa=2e4)
    found = solved(a_hall(racks=6, cdus=2, rack=rack, ring=False))
    assert found.rack_kg_s[0] == pytest.approx([0.3] * 6, rel=1e-6)


def test_an_open_header_starves_its_far_end_and_a_ring_less_so() -> None:
    thin = Headers(0.04, 2.0, ring=False)
    spread = {}
    for ring in (True, False):
        hall = build_hall([RACK] * 8, [CDU] * 2, replace(thin, ring=ring), vessel_pa=2e5, places=(0, 0))
        flow = solved(hall).rack_kg_s[0]
        spread[ring] = flow.max() / flow.min() - 1
        if not ring:
            assert (np.diff(flow) < 0).all()
    assert spread[True] < spread[False]


def test_the_vessel_holds_the_return_header(hall: Hall, state: HallState) -> None:
    assert state.warm.flows.pressure_of("return 1")[0] == 2e5
    assert state.warm.flows.pressure_pa.min() > 1.9e5


def test_links_know_their_rack(hall: Hall) -> None:
    rack = hall.rack_of_link
    for name, number in zip(hall.network.links, rack, strict=True):
        assert number == (int(name.split("/")[0][5:]) - 1 if name.startswith("rack ") else -1)
    assert hall.rack_of_link[hall.rack_link].tolist() == [0, 1, 2, 3]


def test_one_rack_alone_takes_what_it_takes_in_a_hall(state: HallState) -> None:
    """At the same flow and inlet temperature, with properties as warm as in the hall."""
    network, found = single_rack(RACK)
    node = state.hall.network.node_number
    inlet_k = float(state.warm.node_k[0, node["supply 2"]])
    alone = solve_rack(network, found, WATER, flows_kg_s=state.rack_kg_s[0, [1]], inlet_k=inlet_k)
    drop = alone.warm.flows.pressure_of("supply") - alone.warm.flows.pressure_of("return")
    in_hall = state.warm.flows.pressure_of("supply 2") - state.warm.flows.pressure_of("return 2")
    assert drop == pytest.approx(in_hall, rel=1e-5)
    rack = [n for n, spot in enumerate(state.hall.spots) if spot.rack == 1]
    assert alone.case_k[0] == pytest.approx(state.case_k[0, rack], abs=1e-3)


@pytest.mark.parametrize(
    ("what", "value"),
    [("load_share", [1.0, 1.0]), ("load_share", [1, 1, 1, np.nan]), ("plate_factor", np.nan), ("wanted_k", np.nan)],
)
def test_what_does_not_fit_a_hall_is_refused(hall: Hall, what: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"load_share|source|plate_factor|wanted"):
        solved(hall, **{what: value})
