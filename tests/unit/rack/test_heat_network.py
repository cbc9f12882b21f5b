"""Heat on small networks against sums done by hand: mixing, friction, pumps' work, exchangers, losses, and what has no answer."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest

from rackwright.errors import NotConverged
from rackwright.rack.cooling.heat import Cooler, Fluid, WarmSolution, solve_warm
from rackwright.rack.cooling.heat.transport import effectiveness
from rackwright.rack.cooling.heat.warm import density_of, viscosity_of
from rackwright.rack.cooling.hydraulics import NetworkBuilder

ZERO = np.zeros(6)
CP = 4000.0
#: A coolant for the head: 1000 kg/m3, 4 kJ/(kg K), 1 mPa s at any temperature.
PLAIN = Fluid(
    300.0, 1.0, np.array([1000.0, 0, 0, 0, 0, 0]), np.array([0, CP, 0, 0, 0, 0]),
    np.array([math.log(1e-3), 0, 0, 0, 0, 0]), 273.15, 373.15,
)  # fmt: skip
#: The same, but that its viscosity falls by e over 50 K, its density by 0.5 kg/(m3 K) and its heat capacity grows with T.
REAL = Fluid(
    300.0, 10.0, np.array([1000.0, -5.0, 0, 0, 0, 0]), np.array([0, CP * 10, 20.0, 0, 0, 0]),
    np.array([math.log(1e-3), -0.2, 0, 0, 0, 0]), 280.0, 360.0,
)  # fmt: skip
WIDE: dict[str, Any] = {"length_m": 1.0, "diameter_m": 0.2, "roughness_m": 1e-6}
THIN: dict[str, Any] = {"length_m": 50.0, "diameter_m": 0.01, "roughness_m": 1e-6}


def drawn(*links: tuple[str, str, dict[str, Any]], demand_kg_s: float) -> NetworkBuilder:
    """A row of pipes from the source to a tap that draws; every pipe is named by its place."""
    build = NetworkBuilder()
    build.fixed("source", pressure_pa=5e5)
    names = dict.fromkeys(node for first, second, _ in links for node in (first, second))
    for node in names:
        if node != "source":
            build.junction(node, demand_kg_s=demand_kg_s if node == "tap" else 0.0)
    for number, (first, second, how) in enumerate(links):
        build.pipe(f"pipe {number + 1}", first, second, **how)
    return build


def kelvin(warm: WarmSolution, node: str) -> float:
    return float(warm.node_k[0, warm.flows.network.node_number[node]])


def test_heat_warms_a_stream_by_itself_over_mass_flow_and_heat_capacity() -> None:
    """8 kW into 0.5 kg/s of 4 kJ/(kg K): 4 K. The wide pipe's friction is below 1e-7 K."""
    network = drawn(("source", "tap", WIDE), demand_kg_s=0.5).network()
    warm = solve_warm(network, PLAIN, source_w=[8e3], outside_k=300.0)
    assert kelvin(warm, "tap") - 300.0 == pytest.approx(4.0, abs=1e-6)


def test_heat_capacity_that_grows_with_temperature_is_taken_over_the_whole_rise() -> None:
    """u = 4000 x + 20 x^2 / 100 with x = T - 300: 40 kW into 0.5 kg/s is 80 kJ/kg."""
    network = drawn(("source", "tap", WIDE), demand_kg_s=0.5).network()
    warm = solve_warm(network, REAL, source_w=[40e3], outside_k=300.0)
    rise = (-4000 + math.sqrt(4000**2 + 4 * 0.2 * 80e3)) / 0.4
    # the density falls with temperature: p / rho grows by 5e5 (1/990 - 1/1000) = 5 J/kg, which the energy lacks
    expansion = kelvin(warm, "tap")
    p = warm.flows.pressure_of("tap")[0]
    less = p / float(density_of(REAL, np.array(expansion))) - 5e5 / 1000.0
    assert expansion - 300.0 == pytest.approx(rise - less / 4008.0, abs=1e-6)


def test_streams_mix_by_their_mass() -> None:
    """0.3 kg/s at 290 K and 0.1 kg/s at 330 K make 300 K."""
    build = NetworkBuilder()
    build.fixed("out", pressure_pa=1e5)
    for name, flow in (("cold", 0.3), ("warm", 0.1), ("tee", 0.0)):
        build.junction(name, demand_kg_s=-flow)
    build.pipe("a", "cold", "tee", **WIDE)
    build.pipe("b", "warm", "tee", **WIDE)
    build.pipe("c", "tee", "out", **WIDE)
    outside = [300.0, 290.0, 330.0, 300.0]
    warm = solve_warm(build.network(), PLAIN, outside_k=outside)
    assert kelvin(warm, "tee") == pytest.approx(300.0, abs=1e-6)
    assert kelvin(warm, "out") == pytest.approx(300.0, abs=1e-6)


def test_friction_warms_a_pipe_that_loses_no_heat() -> None:
    """All the pressure that is lost becomes heat: dT = dp / (rho cp)."""
    network = drawn(("source", "tap", THIN), demand_kg_s=0.1).network()
    warm = solve_warm(network, PLAIN, outside_k=300.0)
    drop = 5e5 - warm.flows.pressure_of("tap")[0]
    assert drop > 5e4
    assert kelvin(warm, "tap") - 300.0 == pytest.approx(drop / (1000.0 * CP), rel=1e-6)


def test_water_that_falls_is_not_warmed_by_its_fall_alone() -> None:
    """Without friction height becomes pressure, not heat; what is left is that of a wide pipe, 1e-6 K."""
    build = NetworkBuilder()
    build.fixed("top", pressure_pa=1e5, elevation_m=100.0)
    build.junction("bottom", demand_kg_s=0.1)
    build.pipe("shaft", "top", "bottom", **{**WIDE, "length_m": 100.0})
    warm = solve_warm(build.network(), PLAIN, outside_k=300.0)
    assert kelvin(warm, "bottom") == pytest.approx(300.0, abs=1e-6)


@pytest.mark.parametrize("efficiency", [1.0, 0.6])
def test_a_pumps_shaft_power_is_its_hydraulic_power_over_its_efficiency(efficiency: float) -> None:
    """Once around a loop all of it is heat, which the cooler takes out."""
    network, cooler = ring()
    warm = solve_warm(
        network, PLAIN, coolers=[cooler], wanted_k=300.0, primary_k=280.0, primary_kg_s=5.0, pump_efficiency=efficiency
    )
    flow = warm.flows.flow_of("load")[0]
    rise = warm.flows.pressure_of("discharge")[0] - warm.flows.pressure_of("suction")[0]
    pump = network.link_number["pump"]
    assert warm.work_w[0, pump] == pytest.approx(flow / 1000.0 * rise / efficiency, rel=1e-9)
    assert warm.duty_w[0, 0] == pytest.approx(warm.work_w[0, pump], rel=1e-9)
    # the pump itself warms by what it wastes
    warmed = kelvin(warm, "discharge") - kelvin(warm, "suction")
    assert warmed == pytest.approx(rise * (1 / efficiency - 1) / (1000.0 * CP), rel=1e-6, abs=1e-9)


def ring(*, ua_w_k: float = 1e4, **cooler: Any) -> Any:
    """Pump - load - cooler around a ring; the cooler's rated flows are 1 kg/s on both sides."""
    build = NetworkBuilder()
    build.fixed("suction", pressure_pa=2e5)
    build.junction("discharge")
    build.junction("hot")
    build.pump("pump", "suction", "discharge", shutoff_pa=3e5, falloff=2e11)
    build.curve("load", "discharge", "hot", quadratic_pa_s2_m6=9e10)
    build.curve("cooler", "hot", "suction", quadratic_pa_s2_m6=1e10)
    given: dict[str, Any] = {"primary_heat_j_kg_k": 4200.0, **cooler}
    return build.network(), Cooler("cooler", ua_w_k, 1.0, 1.0, **given)


def around(
    source_w: float = 20e3, fluid: Fluid = PLAIN, ua_w_k: float = 1e4, cooler: Any = None, **how: Any
) -> WarmSolution:
    network, exchanger = ring(ua_w_k=ua_w_k, **(cooler or {}))
    heat = np.zeros(len(network.links))
    heat[network.link_number["load"]] = source_w
    given: dict[str, Any] = {"wanted_k": 300.0, "primary_k": 285.0, "primary_kg_s": 3.0, **how}
    return solve_warm(network, fluid, source_w=heat, coolers=[exchanger], **given)


def test_a_cooler_with_power_to_spare_holds_its_set_point() -> None:
    warm = around()
    assert kelvin(warm, "suction") == pytest.approx(300.0, abs=1e-9)
    assert not warm.short[0, 0]
    # the loop's flow is 1 kg/s: 20 kW warm it by 5 K, and friction by dp / (rho cp) on top
    friction = (warm.flows.pressure_of("discharge")[0] - warm.flows.pressure_of("hot")[0]) / (1000 * CP)
    assert kelvin(warm, "hot") - kelvin(warm, "discharge") == pytest.approx(5.0 + friction, rel=1e-7)


def effectiveness_by_hand(ntu: float, ratio: float) -> float:
    e = math.exp(-ntu * (1 - ratio))
    return (1 - e) / (1 - ratio * e)


def test_effectiveness_is_the_textbooks_formula_for_counter_flow() -> None:
    for ntu in (0.01, 0.5, 2.0, 8.0):
        for ratio in (0.0, 0.3, 0.9, 0.999):
            assert effectiveness(ntu, ratio) == pytest.approx(effectiveness_by_hand(ntu, ratio), rel=1e-11)
        # equal capacity flows: NTU / (1 + NTU), and no step on the way there
        assert effectiveness(ntu, 1.0) == pytest.approx(ntu / (1 + ntu), rel=1e-15)
        for near_one in (1 - 1e-6, 1 - 1e-9, 1 - 1e-12):
            assert effectiveness(ntu, near_one) == pytest.approx(ntu / (1 + ntu), rel=2e-6 * (1 + ntu))
        # a boiling primary side: 1 - exp(-NTU)
        assert effectiveness(ntu, 0.0) == pytest.approx(1 - math.exp(-ntu), rel=1e-14)


@pytest.mark.parametrize("speed", [1.0, 0.6])
@pytest.mark.parametrize("primary_kg_s", [0.4, 1.0, 2.5])
def test_a_cooler_that_cannot_hold_its_set_point_gives_what_its_effectiveness_allows(
    primary_kg_s: float, speed: float
) -> None:
    """Stream 1 kg/s x 4 kJ by speed, primary m x 4.2 kJ; of the resistance of 1/3000 K/W 0.6 is the stream's, 0.4 the primary's."""
    warm = around(
        ua_w_k=3e3, primary_kg_s=primary_kg_s, wanted_k=280.0, speed=[speed],
        cooler={"secondary_share": 0.6, "primary_share": 0.4},
    )  # fmt: skip
    flow = warm.flows.flow_of("load")[0]
    assert flow == pytest.approx(speed, rel=1e-6)
    resistance = 0.6 * flow**-0.8 + 0.4 * primary_kg_s**-0.8
    own, other = flow * CP, primary_kg_s * 4200.0
    least, most = min(own, other), max(own, other)
    share = effectiveness_by_hand(3e3 / resistance / least, least / most)
    assert warm.short[0, 0]
    assert warm.duty_w[0, 0] == pytest.approx(share * least * (kelvin(warm, "hot") - 285.0), rel=1e-6)
    # and the loop is as warm as it must be to get rid of its heat
    assert warm.duty_w[0, 0] == pytest.approx(20e3 + warm.work_w.sum(), rel=1e-9)


def test_wall_and_fouling_stay_as_they_are_when_the_flows_change() -> None:
    """A wall that is all of the resistance: UA whatever the flow; fouling of a quarter of it: UA / 1.25."""
    for fouling in (0.0, 0.25):
        warm = around(
            ua_w_k=3e3, primary_kg_s=0.4, wanted_k=280.0,
            cooler={"secondary_share": 0.0, "primary_share": 0.0, "fouling_share": fouling},
        )  # fmt: skip
        least, most = 0.4 * 4200.0, CP
        share = effectiveness_by_hand(3e3 / (1 + fouling) / least, least / most)
        assert warm.duty_w[0, 0] == pytest.approx(share * least * (kelvin(warm, "hot") - 285.0), rel=1e-6)


def test_a_share_of_the_exchanger_is_a_smaller_exchanger() -> None:
    half = around(ua_w_k=6e3, cooler_share=0.5, wanted_k=280.0)
    small = around(ua_w_k=3e3, wanted_k=280.0)
    assert kelvin(half, "suction") == pytest.approx(kelvin(small, "suction"), abs=1e-9)


def test_a_cooler_never_warms_a_stream_that_is_colder_than_its_set_point() -> None:
    """No heat, and friction's few watts: the loop stays where its own heat balances, below the set-point."""
    network = drawn(("source", "middle", WIDE), ("middle", "tap", WIDE), demand_kg_s=0.5).network()
    cooler = Cooler("pipe 2", 1e4, 1.0, 1.0)
    warm = solve_warm(
        network, PLAIN, coolers=[cooler], wanted_k=310.0, primary_k=320.0, primary_kg_s=1.0, outside_k=300.0
    )
    assert warm.duty_w[0, 0] == 0.0
    assert kelvin(warm, "tap") == pytest.approx(300.0, abs=1e-6)


@pytest.mark.parametrize("fluid", [PLAIN, REAL])
@pytest.mark.parametrize("wanted_k", [300.0, 285.0])
def test_the_heat_balance_of_a_ring_closes(fluid: Fluid, wanted_k: float) -> None:
    warm = around(fluid=fluid, wanted_k=wanted_k, pump_efficiency=0.55)
    assert warm.closure_share[0] <= 1e-9
    assert warm.duty_w[0, 0] == pytest.approx(20e3 + warm.work_w.sum(), rel=1e-9)


@pytest.mark.parametrize("outside_k", [281.0, 320.0, 355.0])
def test_the_heat_balance_of_an_open_network_closes(outside_k: float) -> None:
    """By hand: what leaves carries u + p/rho more than what entered."""
    network = drawn(("source", "middle", THIN), ("middle", "tap", THIN), demand_kg_s=0.1).network()
    warm = solve_warm(network, REAL, source_w=[500.0, 700.0], outside_k=outside_k)
    assert warm.closure_share[0] <= 1e-9

    def enthalpy(node: str) -> float:
        x = (kelvin(warm, node) - 300.0) / 10.0
        rho = float(density_of(REAL, np.array(kelvin(warm, node))))
        return CP * 10 * x + 20 * x * x + float(warm.flows.pressure_of(node)[0]) / rho

    assert 0.1 * (enthalpy("tap") - enthalpy("source")) == pytest.approx(1200.0, rel=1e-9)


@pytest.mark.parametrize("outside_k", [260.0, 420.0])
def test_the_balance_closes_beyond_the_fluids_range_too(outside_k: float) -> None:
    network = drawn(("source", "tap", THIN), demand_kg_s=0.1).network()
    warm = solve_warm(network, REAL, source_w=[500.0], outside_k=outside_k)
    assert warm.closure_share[0] <= 1e-9
    # 5 kJ/kg at the heat capacity of the range's end: 4000 + 4 (T - 300) / 10
    capacity = 4000 + 4 * (280.0 - 300 if outside_k < 300 else 360.0 - 300) / 10
    drop = 5e5 - warm.flows.pressure_of("tap")[0]
    rho = float(density_of(REAL, np.array(outside_k)))
    assert kelvin(warm, "tap") - outside_k == pytest.approx((5e3 + drop / rho) / capacity, rel=1e-6)


def test_properties_are_held_at_the_ends_of_their_range() -> None:
    assert density_of(REAL, np.array([200.0, 280.0])) == pytest.approx([1010.0, 1010.0])
    assert viscosity_of(REAL, np.array([400.0, 360.0])) == pytest.approx([1e-3 * math.exp(-1.2)] * 2)
    network = drawn(("source", "tap", THIN), demand_kg_s=0.1).network()
    cold, end = (solve_warm(network, REAL, outside_k=kelvin_in) for kelvin_in in (250.0, 280.0))
    # friction warms the second by a hundredth of a kelvin, which moves it off the end by that much
    assert cold.flows.pressure_of("tap")[0] == pytest.approx(end.flows.pressure_of("tap")[0], rel=1e-3)


def test_a_warmer_coolant_flows_more() -> None:
    build = NetworkBuilder()
    build.fixed("a", pressure_pa=2e5)
    build.fixed("b", pressure_pa=1e5)
    build.pipe("p", "a", "b", **THIN)
    network = build.network()
    warm = solve_warm(network, REAL, outside_k=np.array([[290.0] * 2, [310.0] * 2, [330.0] * 2]))
    flow = warm.flows.flow_of("p")
    assert (np.diff(flow) > 0.01 * flow[0]).all()
    fixed = solve_warm(network, REAL, outside_k=np.array([[290.0] * 2, [330.0] * 2]), fixed_properties_k=310.0)
    assert fixed.flows.flow_of("p")[0] == pytest.approx(fixed.flows.flow_of("p")[1], rel=1e-9)


def test_a_heated_pipe_has_its_properties_half_way_along() -> None:
    """Laminar flow goes by 1/nu of the mean temperature: 300 to 320 K counts as 310 K."""
    how = {"length_m": 10.0, "diameter_m": 0.01}
    network = drawn(("source", "tap", how), demand_kg_s=0.01).network()
    heated = solve_warm(network, REAL, source_w=[0.01 * CP * 20 + 0.01 * 20 * 2**2], outside_k=300.0)
    even = solve_warm(network, REAL, fixed_properties_k=310.0)
    assert kelvin(heated, "tap") == pytest.approx(320.0, abs=0.02)
    drops = [5e5 - warm.flows.pressure_of("tap")[0] for warm in (heated, even)]
    assert drops[0] == pytest.approx(drops[1], rel=1e-3)


def test_heat_goes_with_the_flow_when_that_turns_round() -> None:
    """The link is declared from a to b; the source's heat appears at whichever end is downstream."""
    build = NetworkBuilder()
    build.fixed("a", pressure_pa=2e5)
    build.fixed("b", pressure_pa=1e5)
    build.junction("m")
    build.pipe("one", "a", "m", **WIDE)
    build.kv("two", "m", "b", kv_m3_h=2.0)
    warm = solve_warm(
        build.network(), PLAIN, source_w=[5e3, 0.0], fixed_pa=np.array([[2e5, 1e5], [1e5, 2e5]]),
        outside_k=[300.0, 320.0, 310.0],
    )  # fmt: skip
    number = warm.flows.network.node_number
    flow = warm.flows.flow_of("one")
    assert flow[1] == pytest.approx(-flow[0], rel=1e-6)
    rise = 5e3 / (abs(flow[0]) * CP)
    assert warm.node_k[0, number["m"]] == pytest.approx(300.0 + rise, abs=1e-4)
    # turned round, the middle has what comes from b, with the throttling of the Kv on top: 1e5 / (rho cp)
    assert warm.node_k[1, number["m"]] == pytest.approx(320.0 + 1e5 / (1000 * CP), abs=1e-4)
    assert warm.node_k[1, number["a"]] == pytest.approx(320.0 + 1e5 / (1000 * CP) + rise, abs=1e-4)
    links = np.array([0, 1], np.int32)
    assert warm.inlet_k(links)[0, 0] == pytest.approx(300.0)
    assert warm.inlet_k(links)[1, 1] == pytest.approx(320.0)


def test_a_pipe_cools_towards_its_room_by_exp_minus_ua_over_capacity_flow() -> None:
    network = drawn(("source", "tap", WIDE), demand_kg_s=0.05).network()
    warm = solve_warm(network, PLAIN, outside_k=330.0, loss_w_k=[100.0], ambient_k=290.0)
    left = 40.0 * math.exp(-100.0 / (0.05 * CP))
    assert kelvin(warm, "tap") == pytest.approx(290.0 + left, abs=1e-5)
    assert warm.lost_w[0, 0] == pytest.approx(0.05 * CP * (40.0 - left), rel=1e-6)
    assert warm.closure_share[0] <= 1e-9


def test_every_scenario_has_its_own_room() -> None:
    network = drawn(("source", "tap", WIDE), demand_kg_s=0.05).network()
    warm = solve_warm(network, PLAIN, outside_k=330.0, loss_w_k=[1e6], ambient_k=[280.0, 290.0, 300.0])
    assert warm.node_k[:, network.node_number["tap"]] == pytest.approx([280.0, 290.0, 300.0], abs=1e-4)


def test_heat_into_a_link_without_flow_is_flagged_and_leaves_the_balance_alone() -> None:
    build = NetworkBuilder()
    build.fixed("a", pressure_pa=2e5)
    build.fixed("b", pressure_pa=1e5)
    build.kv("one", "a", "b", kv_m3_h=1.0)
    build.kv("two", "a", "b", kv_m3_h=1.0)
    warm = solve_warm(build.network(), PLAIN, source_w=[1e3, 1e3], opened=[True, False])
    assert warm.dry[0].tolist() == [False, True]
    assert warm.closure_share[0] <= 1e-9
    assert np.isfinite(warm.node_k).all()


def test_a_loop_that_gets_rid_of_no_heat_is_refused_in_no_time() -> None:
    began = time.perf_counter()
    with pytest.raises(NotConverged, match="did not settle"):
        around(primary_kg_s=0.0)
    assert time.perf_counter() - began < 2.0


def test_one_scenario_without_a_way_out_for_its_heat_leaves_the_others_theirs() -> None:
    water = np.full((16, 1), 3.0)
    calm = around(primary_kg_s=water)
    water[5] = 0.0
    beside = around(primary_kg_s=water, must_converge=False)
    others = np.arange(16) != 5
    assert not beside.flows.converged[5]
    assert beside.flows.converged[others].all()
    # rounds stop for all lanes together, so that a neighbour may be a round further on: 1e-6 of the flow
    assert np.abs(beside.node_k - calm.node_k)[others].max() < 1e-5
    assert beside.flows.flow_kg_s[others] == pytest.approx(calm.flows.flow_kg_s[others], rel=1e-6)


def test_heat_that_goes_round_twice_before_the_cooler_settles() -> None:
    """A by-pass takes nine tenths past the cooler: the temperatures are those of the mixing sums.

    Cooler outlet 300 K at a tenth of the flow; the load warms all by Q / (m cp); so at the cooler ten times that is over.
    """
    build = NetworkBuilder()
    build.fixed("suction", pressure_pa=2e5)
    for name in ("discharge", "hot", "cooled"):
        build.junction(name)
    build.pump("pump", "suction", "discharge", shutoff_pa=3e5, falloff=2e11)
    build.kv("load", "discharge", "hot", kv_m3_h=5.0)
    build.kv("by-pass", "hot", "suction", kv_m3_h=4.5)
    build.kv("cooler", "hot", "cooled", kv_m3_h=0.5)
    build.pipe("back", "cooled", "suction", **WIDE)
    network = build.network()
    heat = np.zeros(len(network.links))
    heat[network.link_number["load"]] = 10e3
    warm = solve_warm(
        network, PLAIN, source_w=heat, coolers=[Cooler("cooler", 1e5, 1.0, 1.0)], wanted_k=300.0, primary_k=280.0,
        primary_kg_s=5.0,
    )  # fmt: skip
    flow = warm.flows.flow_of("cooler")[0]
    assert warm.closure_share[0] <= 1e-9
    assert kelvin(warm, "cooled") == pytest.approx(300.0, abs=1e-6)
    duty = 10e3 + warm.work_w.sum()
    # in front of the cooler, less what throttling of the cooler itself adds: dp / (rho cp)
    throttled = (warm.flows.pressure_of("hot")[0] - warm.flows.pressure_of("cooled")[0]) / (1000 * CP)
    assert kelvin(warm, "hot") - 300.0 == pytest.approx(duty / (flow * CP) - throttled, rel=1e-6)


def test_scenarios_side_by_side_are_those_scenarios_one_by_one() -> None:
    rng = np.random.default_rng(3)
    count = 40
    network, cooler = ring()
    heat = np.zeros((count, len(network.links)))
    heat[:, network.link_number["load"]] = rng.uniform(0, 60e3, count)
    how: dict[str, Any] = {
        "wanted_k": rng.uniform(290, 310, (count, 1)), "primary_k": rng.uniform(281, 300, (count, 1)),
        "primary_kg_s": rng.uniform(0.5, 4, (count, 1)), "speed": rng.uniform(0.6, 1.1, (count, 1)),
    }  # fmt: skip
    together = solve_warm(network, REAL, source_w=heat, coolers=[cooler], **how)
    for at in range(count):
        own = {name: value[at : at + 1] for name, value in how.items()}
        alone = solve_warm(network, REAL, source_w=heat[at : at + 1], coolers=[cooler], **own)
        # both stop at changes of 1e-6 of the flow between two rounds, of which each is ten times smaller than the last
        assert together.flows.flow_kg_s[at] == pytest.approx(alone.flows.flow_kg_s[0], rel=1e-6)
        assert np.abs(together.node_k[at] - alone.node_k[0]).max() < 1e-4


def test_a_warm_start_meets_the_cold_one() -> None:
    cold = around(fluid=REAL, source_w=40e3)
    network, cooler = ring()
    heat = np.zeros(len(network.links))
    heat[network.link_number["load"]] = 40e3
    warm = solve_warm(
        network, REAL, source_w=heat, coolers=[cooler], wanted_k=300.0, primary_k=285.0, primary_kg_s=3.0,
        start=around(fluid=REAL, source_w=5e3),
    )  # fmt: skip
    assert warm.flows.flow_kg_s == pytest.approx(cold.flows.flow_kg_s, rel=1e-6)
    assert np.abs(warm.node_k - cold.node_k).max() < 1e-4


@pytest.mark.parametrize(
    "what", ["source_w", "wanted_k", "primary_k", "primary_kg_s", "outside_k", "cooler_share", "ambient_k", "loss_w_k"]
)
def test_what_is_no_number_is_refused_by_its_name(what: str) -> None:
    network, cooler = ring()
    given: dict[str, Any] = {what: float("nan")}
    with pytest.raises(ValueError, match=what.split("_")[0]):
        solve_warm(network, PLAIN, coolers=[cooler], **given)


def test_a_pump_without_efficiency_is_refused() -> None:
    for efficiency in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="efficiency"):
            around(pump_efficiency=efficiency)


def test_a_cooler_in_a_link_that_is_not_there_is_refused_by_name() -> None:
    network, _ = ring()
    with pytest.raises((ValueError, KeyError), match="chiller"):
        solve_warm(network, PLAIN, coolers=[Cooler("chiller", 1e4, 1.0, 1.0)])
