"""Networks small enough for pencil and paper: pipes, pumps and valves against their formulas, and what is refused.

Unless a test says otherwise flows are met to 1e-7: the solver stops at changes of 1e-8 of all flows.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest

from rackwright.errors import NotConverged
from rackwright.rack.cooling.hydraulics import Network, NetworkBuilder, Solution, solve
from rackwright.rack.cooling.hydraulics.network import Law

DENSITY, VISCOSITY, GRAVITY = 1000.0, 1e-3, 9.80665
WATER: dict[str, Any] = {"density_kg_m3": DENSITY, "viscosity_pa_s": VISCOSITY}
PIPE: dict[str, Any] = {"length_m": 10.0, "diameter_m": 0.05, "roughness_m": 1e-5}
CLOSE = 1e-7
ACTIVE, OPEN, CLOSED = 0, 1, 2


def between(high_pa: float, low_pa: float, *names: str, law: str = "epanet") -> NetworkBuilder:
    """A builder with two nodes of given pressure, `a` and `b`, and free nodes of these names."""
    build = NetworkBuilder(law=law)
    build.fixed("a", pressure_pa=high_pa)
    build.fixed("b", pressure_pa=low_pa)
    for name in names:
        build.junction(name)
    return build


def water(build: NetworkBuilder | Network, **how: Any) -> Solution:
    """Solved with water of 1000 kg/m3 and 1 mPa s."""
    network = build.network() if isinstance(build, NetworkBuilder) else build
    return solve(network, **{**WATER, **how})


def near(value: float) -> Any:
    return pytest.approx(value, rel=CLOSE)


# Pipes and other passive links


def test_laminar_flow_in_a_pipe_is_hagen_and_poiseuilles() -> None:
    """m = rho pi D^4 dp / (128 mu L): 2 mm bore, 10 m, 1 kPa give Re 250."""
    build = between(1e5 + 1e3, 1e5)
    build.pipe("p", "a", "b", length_m=10, diameter_m=0.004)
    wanted = DENSITY * math.pi * 0.004**4 * 1e3 / (128 * VISCOSITY * 10)
    assert 4 * wanted / (math.pi * 0.004 * VISCOSITY) < 2000
    assert water(build).flow_of("p")[0] == near(wanted)


def test_turbulent_flow_in_a_pipe_takes_its_friction_and_its_fittings() -> None:
    """The drop is put together by hand from the flow found: Swamee-Jain's f, (f L/D + K) rho v^2 / 2."""
    build = between(2e5, 1e5)
    build.pipe("p", "a", "b", length_m=20, diameter_m=0.03, roughness_m=4.5e-5, minor_k=7.5)
    speed = water(build).flow_of("p")[0] / DENSITY / (math.pi / 4 * 0.03**2)
    reynolds = DENSITY * speed * 0.03 / VISCOSITY
    f = 0.25 / math.log10(4.5e-5 / (3.7 * 0.03) + 5.74 / reynolds**0.9) ** 2
    assert reynolds > 4000
    assert (f * 20 / 0.03 + 7.5) * DENSITY * speed**2 / 2 == pytest.approx(1e5, rel=2 * CLOSE)


def test_hazen_and_williams_pipe_is_their_formula() -> None:
    """10.667 L / (C^1.852 D^4.871) Q^1.852 metres; 10.667 is 4.727 in feet and cubic feet, rounded (4e-5)."""
    build = between(2e5, 1e5)
    build.pipe("p", "a", "b", length_m=100, diameter_m=0.1, hazen_williams=130)
    head = 1e5 / (DENSITY * GRAVITY)
    volume = (head * 130**1.852 * 0.1**4.871 / (10.667 * 100)) ** (1 / 1.852)
    assert water(build).flow_of("p")[0] == pytest.approx(DENSITY * volume, rel=4e-5)


def test_two_parallel_pipes_share_as_their_laws_say() -> None:
    """Laminar shares go by D^4 / L: 16 to 1 for twice the bore."""
    build = between(1e5 + 5.0, 1e5)
    build.pipe("wide", "a", "b", length_m=10, diameter_m=0.008)
    build.pipe("thin", "a", "b", length_m=10, diameter_m=0.004)
    found = water(build)
    assert found.flow_of("wide")[0] == near(16 * found.flow_of("thin")[0])


def test_two_alike_parallel_pipes_carry_twice_one() -> None:
    one, two = between(2e5, 1e5), between(2e5, 1e5)
    one.pipe("p", "a", "b", **PIPE)
    two.pipe("p", "a", "b", **PIPE)
    two.pipe("q", "a", "b", **PIPE)
    assert water(two).flow_kg_s.sum() == near(2 * water(one).flow_kg_s.sum())


def test_kv_is_the_flow_of_water_in_cubic_metres_an_hour_at_one_bar() -> None:
    build = between(2e5, 1e5)
    build.kv("valve", "a", "b", kv_m3_h=1.0)
    assert water(build).flow_of("valve")[0] == near(1000 / 3600)


def test_a_lighter_liquid_passes_more_volume_and_less_mass_at_the_same_kv() -> None:
    build = between(2e5, 1e5)
    build.kv("valve", "a", "b", kv_m3_h=1.0)
    # V = Kv sqrt(dp / SG), so m = rho V goes by the root of the density
    assert water(build, density_kg_m3=640.0).flow_of("valve")[0] == near(1000 / 3600 * 0.8)


def test_kvs_in_series_add_by_their_inverse_squares_and_in_parallel_straight() -> None:
    series = between(2e5, 1e5, "n")
    series.kv("one", "a", "n", kv_m3_h=3.0)
    series.kv("two", "n", "b", kv_m3_h=4.0)
    assert water(series).flow_of("one")[0] == near(12 / 5 * 1000 / 3600)
    parallel = between(2e5, 1e5)
    parallel.kv("one", "a", "b", kv_m3_h=3.0)
    parallel.kv("two", "a", "b", kv_m3_h=4.0)
    assert water(parallel).flow_kg_s.sum() == near(7 * 1000 / 3600)


def test_a_power_law_and_a_curve_are_their_formulas() -> None:
    build = between(1e5 + 3e4, 1e5)
    build.power("power", "a", "b", coefficient=4e9, exponent=1.85)
    build.curve("curve", "a", "b", linear_pa_s_m3=2e7, quadratic_pa_s2_m6=1e10, kinetic_m4=1e7)
    found = water(build)
    assert found.flow_of("power")[0] == near(DENSITY * (3e4 / 4e9) ** (1 / 1.85))
    # 2e7 V + (1e10 + 1e7 x 1000) V^2 = 3e4
    assert found.flow_of("curve")[0] == near(DENSITY * (-2e7 + math.sqrt(4e14 + 4 * 2e10 * 3e4)) / 4e10)


@pytest.mark.parametrize(("drop_pa", "volume"), [(500.0, 0.5e-3), (2500.0, 1.5e-3), (7000.0, 3e-3)])
def test_a_table_is_straight_between_its_points_and_goes_on_with_its_last_slope(drop_pa: float, volume: float) -> None:
    build = between(1e5 + drop_pa, 1e5)
    build.table("t", "a", "b", flows_m3_s=[0, 1e-3, 2e-3], drops_pa=[0, 1e3, 4e3])
    assert water(build).flow_of("t")[0] == near(DENSITY * volume)
    back = between(1e5, 1e5 + drop_pa)
    back.table("t", "a", "b", flows_m3_s=[0, 1e-3, 2e-3], drops_pa=[0, 1e3, 4e3])
    assert water(back).flow_of("t")[0] == near(-DENSITY * volume)


def test_a_factor_multiplies_a_links_drop() -> None:
    build = between(2e5, 1e5)
    build.kv("clogged", "a", "b", kv_m3_h=1.0)
    build.kv("clean", "a", "b", kv_m3_h=1.0)
    found = water(build, factor=[4.0, 1.0])
    # four times the drop at the same flow: half the flow at the same drop
    assert found.flow_of("clogged")[0] == near(0.5 * found.flow_of("clean")[0])


def test_a_condensed_link_is_the_cubic_through_its_points() -> None:
    """The points and slopes of d = 5e4 m^3 make the same cubic everywhere, straight on beyond the last point."""
    flows = np.array([0.0, 0.3, 0.7, 1.5])
    law = Law(flows, 5e4 * flows[None, :] ** 3, 15e4 * flows[None, :] ** 2)
    for drop_pa, wanted in ((5e4 * 0.5**3, 0.5), (5e4 * 1.2**3, 1.2), (5e4 * 1.5**3 + 15e4 * 1.5**2 * 0.5, 2.0)):
        build = between(1e5 + drop_pa, 1e5)
        build.condensed("rack", "a", "b", law=law)
        build.condensed("other way", "b", "a", law=law)
        found = water(build)
        assert found.flow_of("rack")[0] == near(wanted)
        assert found.flow_of("other way")[0] == near(-wanted)


def test_a_condensed_links_corners_mix_by_their_weights() -> None:
    flows = np.array([0.0, 1.0, 2.0])
    law = Law(flows, np.array([1e4 * flows, 3e4 * flows]), np.array([np.full(3, 1e4), np.full(3, 3e4)]), (290.0, 310.0))
    build = between(1e5 + 1e4, 1e5)
    build.condensed("rack", "a", "b", law=law)
    weights = np.array([[[1.0, 0.0]], [[0.5, 0.5]], [[0.0, 1.0]]])
    found = water(build, law_weights=weights)
    assert found.flow_of("rack") == pytest.approx([1.0, 0.5, 1 / 3], rel=CLOSE)


# Heights


def test_a_standing_column_is_rho_g_h() -> None:
    build = NetworkBuilder()
    build.fixed("top", pressure_pa=2e5, elevation_m=12)
    build.junction("half-way", elevation_m=6)
    build.junction("bottom")
    build.pipe("upper", "top", "half-way", **PIPE)
    build.pipe("lower", "half-way", "bottom", **PIPE)
    found = water(build)
    assert found.pressure_of("bottom")[0] == pytest.approx(2e5 + DENSITY * GRAVITY * 12, rel=1e-10)
    assert np.abs(found.flow_kg_s).max() < 1e-12


def test_a_hill_in_the_way_changes_no_flow() -> None:
    """Only the ends' heights count: 5 m of water drive the flow, over the hill or not."""
    flows = []
    for hill_m in (0.0, 30.0):
        build = NetworkBuilder()
        build.fixed("high", pressure_pa=1e5, elevation_m=5)
        build.fixed("low", pressure_pa=1e5)
        build.junction("hill", elevation_m=hill_m)
        build.pipe("up", "high", "hill", **PIPE)
        build.pipe("down", "hill", "low", **PIPE)
        flows.append(water(build).flow_of("up")[0])
    level = between(1e5 + DENSITY * GRAVITY * 5, 1e5, "n")
    level.pipe("up", "a", "n", **PIPE)
    level.pipe("down", "n", "b", **PIPE)
    assert flows == pytest.approx([water(level).flow_of("up")[0]] * 2, rel=CLOSE)


def test_a_warm_riser_beside_a_cold_one_drives_a_flow_by_itself() -> None:
    """Thermosiphon: 10 kg/m3 over 8 m are 784.5 Pa around the loop, taken by two alike laminar pipes."""
    build = NetworkBuilder()
    build.fixed("bottom", pressure_pa=2e5)
    build.junction("top", elevation_m=8)
    build.pipe("warm", "bottom", "top", length_m=8, diameter_m=0.004)
    build.pipe("cold", "top", "bottom", length_m=8, diameter_m=0.004)
    found = water(build, density_kg_m3=[[990.0, 1000.0]])
    # drops of 128 mu L m / (pi D^4 rho) each
    resistance = 128 * VISCOSITY * 8 / (math.pi * 0.004**4) * (1 / 990 + 1 / 1000)
    assert found.flow_of("warm")[0] == near(10 * GRAVITY * 8 / resistance)
    assert found.flow_of("cold")[0] == near(found.flow_of("warm")[0])


# Pumps


def pump_loop(pumps: int = 1, *, check: bool = False, **pump: Any) -> NetworkBuilder:
    """Pumps in parallel around a loop of one quadratic link (1e11 Pa s2/m6); `check` puts a valve that faces them."""
    build = NetworkBuilder()
    build.fixed("suction", pressure_pa=2e5)
    build.junction("discharge")
    for number in range(pumps):
        build.pump(f"pump {number + 1}", "suction", "discharge", **(pump or {"shutoff_pa": 3e5, "falloff": 2e11}))
    if check:
        build.curve("load", "suction", "discharge", quadratic_pa_s2_m6=1e11, check=True)
    else:
        build.curve("load", "discharge", "suction", quadratic_pa_s2_m6=1e11)
    return build


def test_a_pump_stands_where_its_curve_meets_the_loops() -> None:
    """3e5 - 2e11 V^2 = 1e11 V^2: one litre a second."""
    assert water(pump_loop()).flow_of("load")[0] == near(1.0)
    assert water(pump_loop()).pressure_of("discharge")[0] == near(3e5)


def test_a_pump_with_a_linear_curve_solves_the_quadratic() -> None:
    """3e5 - 1e8 V = 1e11 V^2."""
    volume = (-1e8 + math.sqrt(1e16 + 4e11 * 3e5)) / 2e11
    found = water(pump_loop(shutoff_pa=3e5, falloff=1e8, exponent=1.0))
    assert found.flow_of("load")[0] == near(DENSITY * volume)


@pytest.mark.parametrize("speed", [0.3, 0.8, 1.2])
@pytest.mark.parametrize("exponent", [1.0, 1.7, 2.0, 2.6])
def test_speed_moves_a_pump_along_the_affinity_laws(speed: float, exponent: float) -> None:
    """Against a quadratic loop flow goes with speed and rise with its square, whatever the curve's exponent."""
    network = pump_loop(shutoff_pa=3e5, falloff=2e5 / (1e-3) ** exponent, exponent=exponent).network()
    found = water(network, speed=[[1.0], [speed]])
    assert found.flow_of("load")[0] == near(1.0)
    assert found.flow_of("load")[1] == near(speed)
    rise = found.pressure_of("discharge") - 2e5
    assert rise[1] == pytest.approx(speed**2 * rise[0], rel=2 * CLOSE)


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.1])
def test_a_pumps_table_is_straight_between_its_points_at_every_speed(speed: float) -> None:
    """3e5 - 1e8 V up to 1 L/s, then 2e5 - 2e8 (V - 1e-3); the load's 1e11 V^2 is met in the first piece."""
    network = pump_loop(flows_m3_s=[0, 1e-3, 2e-3], rises_pa=[3e5, 2e5, 0]).network()
    at_full = (-2e8 + math.sqrt(4e16 + 4e11 * 4e5)) / 2e11
    assert at_full > 1e-3
    assert water(network, speed=[speed]).flow_of("load")[0] == near(DENSITY * speed * at_full)


def test_a_pump_of_constant_power_gives_its_power_to_the_water() -> None:
    """P = V dp = 1e11 V^3."""
    found = water(pump_loop(power_w=100.0))
    assert found.flow_of("load")[0] == near(DENSITY * (100 / 1e11) ** (1 / 3))
    rise = found.pressure_of("discharge")[0] - 2e5
    assert rise * found.flow_of("load")[0] / DENSITY == pytest.approx(100, rel=4 * CLOSE)


def test_two_pumps_in_series_add_their_rises() -> None:
    build = NetworkBuilder()
    build.fixed("s", pressure_pa=2e5)
    build.junction("m")
    build.junction("d")
    for name, first, second in (("one", "s", "m"), ("two", "m", "d")):
        build.pump(name, first, second, shutoff_pa=3e5, falloff=2e11)
    build.curve("load", "d", "s", quadratic_pa_s2_m6=1e11)
    # 6e5 - 4e11 V^2 = 1e11 V^2
    assert water(build).flow_of("load")[0] == near(DENSITY * math.sqrt(6e5 / 5e11))


def test_three_alike_pumps_in_parallel_share_alike() -> None:
    """3e5 - 2e11 (V/3)^2 = 1e11 V^2."""
    found = water(pump_loop(3))
    total = DENSITY * math.sqrt(3e5 / (1e11 + 2e11 / 9))
    for number in (1, 2, 3):
        assert found.flow_of(f"pump {number}")[0] == near(total / 3)


@pytest.mark.parametrize("how", ["speed", "shut"])
@pytest.mark.parametrize("start", ["cold", "warm"])
def test_with_one_of_three_pumps_stopped_the_other_two_share_alike(how: str, start: str) -> None:
    """3e5 - 2e11 (V/2)^2 = 1e11 V^2; through the stopped one nothing comes back."""
    network = pump_loop(3).network()
    stopped: dict[str, Any] = {"speed": [1, 0, 1]} if how == "speed" else {"opened": [True, False, True, True]}
    found = water(network, **stopped, start=water(network) if start == "warm" else None)
    total = DENSITY * math.sqrt(3e5 / (1e11 + 2e11 / 4))
    assert found.flow_of("pump 1")[0] == near(total / 2)
    assert found.flow_of("pump 3")[0] == near(total / 2)
    # what leaks back is 1e-8 of the guessed flow at one bar
    assert abs(found.flow_of("pump 2")[0]) < 1e-7 * total


@pytest.mark.parametrize("start", ["cold", "warm"])
def test_a_stopped_pump_that_runs_again_takes_its_share_again(start: str) -> None:
    network = pump_loop(3).network()
    stopped = water(network, speed=[1, 0, 1])
    found = water(network, start=stopped if start == "warm" else None)
    assert found.flow_kg_s == pytest.approx(water(network).flow_kg_s, rel=CLOSE)
    assert found.flow_of("pump 2")[0] == near(found.flow_of("pump 1")[0])


def test_three_pumps_against_a_shut_check_valve_stand_at_their_shut_off() -> None:
    found = water(pump_loop(3, check=True))
    assert np.abs(found.flow_kg_s).max() < 1e-6
    assert found.pressure_of("discharge")[0] == pytest.approx(5e5, rel=1e-6)


def test_the_weaker_of_two_pumps_in_parallel_is_pressed_shut_and_not_turned_round() -> None:
    """The strong one holds 2.67e5 at the discharge; the weak one ends at 2e5."""
    build = pump_loop(1, shutoff_pa=4e5, falloff=5e10)
    build.pump("weak", "suction", "discharge", shutoff_pa=2e5, falloff=2e11)
    found = water(build)
    alone = DENSITY * math.sqrt(4e5 / 1.5e11)
    assert found.flow_of("pump 1")[0] == near(alone)
    assert -1e-7 * alone < found.flow_of("weak")[0] <= 0


def test_pressure_against_a_pump_beyond_its_shut_off_drives_nothing_back() -> None:
    build = between(1e5, 9e5)
    build.pump("pump", "a", "b", shutoff_pa=3e5, falloff=2e11)
    assert water(build).flow_of("pump")[0] == pytest.approx(0.0, abs=1e-6)


def test_pressure_with_a_running_pump_drives_it_beyond_its_curve() -> None:
    """p_a - p_b + 3e5 - 2e11 V^2 = 0."""
    build = between(3e5, 1e5)
    build.pump("pump", "a", "b", shutoff_pa=3e5, falloff=2e11)
    assert water(build).flow_of("pump")[0] == near(DENSITY * math.sqrt(5e5 / 2e11))


def test_all_pumps_stopped_leaves_a_loop_without_flow() -> None:
    found = water(pump_loop(2), speed=[0, 0])
    assert np.abs(found.flow_kg_s).max() < 1e-6
    assert found.pressure_of("discharge")[0] == pytest.approx(2e5, abs=1.0)


# Check valves and shut links


@pytest.mark.parametrize("how", ["pipe", "kv", "curve", "power"])
def test_a_check_valve_lets_flow_forward_and_refuses_it_backwards(how: str) -> None:
    given: dict[str, dict[str, Any]] = {
        "pipe": PIPE,
        "kv": {"kv_m3_h": 1.0},
        "curve": {"quadratic_pa_s2_m6": 1e10},
        "power": {"coefficient": 1e9, "exponent": 1.85},
    }
    flows = {}
    for check in (True, False):
        build = between(2e5, 1e5)
        getattr(build, how)("forward", "a", "b", **given[how], check=check)
        getattr(build, how)("backward", "b", "a", **given[how], check=check)
        found = water(build)
        flows[check] = found.flow_of("forward")[0], found.flow_of("backward")[0]
    assert flows[True][0] == near(flows[False][0])
    assert flows[False][1] == near(-flows[False][0])
    # a leak of 1e-8 of the guessed flow at one bar is what keeps the slope finite
    assert -1e-6 * flows[True][0] <= flows[True][1] <= 0


def test_a_shut_link_passes_nothing_and_its_neighbour_all() -> None:
    build = between(2e5, 1e5)
    build.kv("one", "a", "b", kv_m3_h=1.0)
    build.kv("two", "a", "b", kv_m3_h=1.0)
    found = water(build, opened=[False, True])
    assert found.flow_of("one")[0] == 0.0
    assert found.flow_of("two")[0] == near(1000 / 3600)


def cut_off(**how: Any) -> Solution:
    """A ring of three nodes behind one link; `opened` shuts it."""
    build = NetworkBuilder()
    build.fixed("source", pressure_pa=3e5)
    for name in ("tap", "x", "y", "z"):
        build.junction(name, demand_kg_s=0.2 if name == "tap" else 0.0)
    for name, first, second in (
        ("main", "source", "tap"),
        ("gate", "tap", "x"),
        ("xy", "x", "y"),
        ("yz", "y", "z"),
        ("zx", "z", "x"),
    ):
        build.pipe(name, first, second, **PIPE)
    network = build.network()
    opened = [name != "gate" for name in network.links]
    return water(network, **{"opened": opened, **how})


def test_a_part_that_is_shut_off_and_asks_for_nothing_stands_still() -> None:
    found = cut_off()
    assert found.converged.all()
    assert found.flow_of("main")[0] == near(0.2)
    assert found.flow_kg_s[0, 1:] == pytest.approx([0.0] * 4, abs=1e-12)
    assert np.isfinite(found.pressure_pa).all()


def test_a_part_that_is_shut_off_and_asks_for_flow_is_named() -> None:
    with pytest.raises(NotConverged, match=r"link '(main|xy|yz|zx|gate)' moved most"):
        cut_off(demands_kg_s=[0, 0.2, 0, 0.1, 0])


def test_the_same_part_opened_again_gets_its_flow() -> None:
    shut = cut_off()
    found = cut_off(demands_kg_s=[0, 0.2, 0, 0.1, 0], opened=True, start=shut)
    assert found.flow_of("gate")[0] == near(0.1)


def test_a_part_joined_to_no_given_pressure_stands_still_beside_the_rest() -> None:
    """Nobody shut anything: the part was declared without a way to it."""
    build = between(2e5, 1e5, "x", "y", "z")
    build.pipe("p", "a", "b", **PIPE)
    for at, (first, second) in enumerate((("x", "y"), ("y", "z"), ("z", "x"))):
        build.pipe(f"ring {at}", first, second, length_m=3 + at, diameter_m=0.01 + 0.007 * at)
    found = water(build)
    assert found.flow_kg_s[0, 1:] == pytest.approx([0.0] * 3, abs=1e-9)
    assert np.isfinite(found.pressure_pa).all()


# Still water


def test_pipes_between_equal_pressures_carry_nothing() -> None:
    build = between(2e5, 2e5, "n", "m")
    for name, first, second in (("an", "a", "n"), ("nm", "n", "m"), ("mb", "m", "b"), ("nb", "n", "b")):
        build.pipe(name, first, second, **PIPE)
    found = water(build)
    assert np.abs(found.flow_kg_s).max() < 1e-9
    assert found.pressure_pa == pytest.approx(2e5, abs=1e-6)


@pytest.mark.parametrize("how", ["kv", "curve", "fcv", "tcv"])
def test_quadratic_links_between_equal_pressures_carry_nothing(how: str) -> None:
    build = between(2e5, 2e5, "n")
    for name, first, second in (("one", "a", "n"), ("two", "n", "b")):
        if how == "kv":
            build.kv(name, first, second, kv_m3_h=1.0)
        elif how == "curve":
            build.curve(name, first, second, quadratic_pa_s2_m6=1e10)
        else:
            build.valve(name, first, second, kind=how, setting=1.0, minor_k=5.0, diameter_m=0.05)
    found = water(build)
    assert np.abs(found.flow_kg_s).max() < 1e-6


# Regulating valves

#: An open valve has a slope of its own, so that Newton's step through it is bounded: pascals, where bars are given.
OPEN_PA, OPEN_SHARE = 5.0, 1e-5


def regulated(kind: str, setting: float, *, high_pa: float = 6e5, low_pa: float = 1e5, **how: Any) -> Solution:
    """a -(Kv 2)- up -[valve]- down -(Kv 2)- b, solved."""
    build = between(high_pa, low_pa, "up", "down")
    build.kv("before", "a", "up", kv_m3_h=2.0)
    build.valve("valve", "up", "down", kind=kind, setting=setting, **{"diameter_m": 0.03, **how})
    build.kv("after", "down", "b", kv_m3_h=2.0)
    return water(build)


def kv_kg_s(drop_pa: float, kv: float = 2.0) -> float:
    return kv * math.sqrt(drop_pa / 1e5) * 1000 / 3600


def test_a_reducing_valve_holds_the_pressure_behind_it() -> None:
    found = regulated("prv", 2e5)
    assert found.pressure_of("down")[0] == pytest.approx(2e5, rel=1e-9)
    assert found.flow_of("valve")[0] == pytest.approx(kv_kg_s(1e5), rel=OPEN_SHARE)
    assert found.pressure_of("up")[0] == near(5e5)
    assert found.valve_status[0, 0] == ACTIVE


def test_a_reducing_valve_that_is_set_above_what_comes_stands_open() -> None:
    """Wide open the two Kv halve the pressure: 3.5 bar behind, below the setting of 5."""
    found = regulated("prv", 5e5)
    assert found.valve_status[0, 0] == OPEN
    assert found.flow_of("valve")[0] == pytest.approx(kv_kg_s(2.5e5), rel=OPEN_SHARE)
    assert found.pressure_of("down")[0] == pytest.approx(3.5e5, rel=OPEN_SHARE)


def test_a_reducing_valve_shuts_against_more_pressure_behind_it_than_before_it() -> None:
    found = regulated("prv", 2e5, high_pa=1e5, low_pa=6e5)
    assert found.valve_status[0, 0] == CLOSED
    assert found.flow_of("valve")[0] == 0.0
    assert found.pressure_of("up")[0] == pytest.approx(1e5, rel=1e-9)
    assert found.pressure_of("down")[0] == pytest.approx(6e5, rel=1e-9)


def test_a_reducing_valve_shuts_where_the_pressure_behind_it_stands_above_its_setting_anyway() -> None:
    """4 bar behind from elsewhere: a valve set to 3 bar adds nothing to it."""
    found = regulated("prv", 3e5, low_pa=4e5)
    assert found.valve_status[0, 0] == CLOSED
    assert found.flow_of("valve")[0] == 0.0
    assert found.pressure_of("down")[0] == pytest.approx(4e5, rel=1e-9)


def test_a_sustaining_valve_holds_the_pressure_before_it() -> None:
    found = regulated("psv", 5e5)
    assert found.pressure_of("up")[0] == pytest.approx(5e5, rel=1e-9)
    assert found.flow_of("valve")[0] == pytest.approx(kv_kg_s(1e5), rel=OPEN_SHARE)
    assert found.pressure_of("down")[0] == near(2e5)
    assert found.valve_status[0, 0] == ACTIVE


def test_a_sustaining_valve_with_pressure_to_spare_stands_open() -> None:
    found = regulated("psv", 2e5)
    assert found.valve_status[0, 0] == OPEN
    assert found.pressure_of("up")[0] == pytest.approx(3.5e5, rel=OPEN_SHARE)


def test_a_sustaining_valve_that_cannot_keep_its_pressure_shuts() -> None:
    found = regulated("psv", 7e5)
    assert found.valve_status[0, 0] == CLOSED
    assert found.flow_of("valve")[0] == 0.0
    assert found.pressure_of("up")[0] == pytest.approx(6e5, rel=1e-9)


def test_a_sustaining_valve_shuts_against_flow_from_behind() -> None:
    found = regulated("psv", 2e5, high_pa=1e5, low_pa=6e5)
    assert found.flow_of("valve")[0] == 0.0


def test_a_breaker_valve_takes_its_pressure_and_an_open_one_more() -> None:
    found = regulated("pbv", 3e5)
    assert found.pressure_of("up")[0] - found.pressure_of("down")[0] == pytest.approx(3e5, abs=OPEN_PA)
    assert found.flow_of("valve")[0] == pytest.approx(kv_kg_s(1e5), rel=OPEN_SHARE)
    # K = 2000 takes more than 0.1 bar at any flow that passes here: then the valve is its loss coefficient
    wide = regulated("pbv", 1e4, minor_k=2000.0)
    speed = wide.flow_of("valve")[0] / DENSITY / (math.pi / 4 * 0.03**2)
    drop = wide.pressure_of("up")[0] - wide.pressure_of("down")[0]
    assert drop == pytest.approx(2000 * DENSITY * speed**2 / 2, rel=OPEN_SHARE)
    assert drop > 1e4


def test_a_breaker_valve_with_pressure_from_behind_is_an_open_valve() -> None:
    """K = 900: what comes back is at most what the same valve lets through as a throttle."""
    back, plain = (
        regulated(kind, setting, high_pa=1e5, low_pa=6e5, minor_k=900.0, status=status).flow_of("valve")[0]
        for kind, setting, status in (("pbv", 3e4, "active"), ("tcv", 900.0, "open"))
    )
    assert plain < 0
    assert plain * (1 + OPEN_SHARE) <= back <= 0


def test_a_flow_control_valve_holds_its_flow_while_there_is_pressure() -> None:
    found = regulated("fcv", 0.5)
    # the excess that it lets pass is 1e-8 of its setting at one bar
    assert found.flow_of("valve")[0] == pytest.approx(0.5, rel=1e-7)
    assert found.pressure_of("up")[0] == pytest.approx(6e5 - 1e5 * (0.5 / (2 / 3.6)) ** 2, rel=OPEN_SHARE)


def test_a_flow_control_valve_set_above_what_comes_is_an_open_valve() -> None:
    found = regulated("fcv", 5.0)
    assert found.flow_of("valve")[0] == pytest.approx(kv_kg_s(2.5e5), rel=OPEN_SHARE)


def test_a_flow_control_valve_set_anew_holds_the_new_flow() -> None:
    network = regulated("fcv", 0.5).network
    found = water(network, setting=[[0.2], [0.4], [0.6]])
    assert found.flow_of("valve") == pytest.approx([0.2, 0.4, 0.6], rel=OPEN_SHARE)


def test_a_throttle_valve_takes_its_loss_coefficient() -> None:
    found = regulated("tcv", 900.0)
    speed = found.flow_of("valve")[0] / DENSITY / (math.pi / 4 * 0.03**2)
    drop = found.pressure_of("up")[0] - found.pressure_of("down")[0]
    assert drop == pytest.approx(900 * DENSITY * speed**2 / 2, rel=OPEN_SHARE)


def test_a_pressure_independent_valve_holds_its_flow_above_its_least_drop() -> None:
    for high_pa in (3e5, 6e5, 12e5):
        found = regulated("picv", 0.4, high_pa=high_pa, least_drop_pa=3e4)
        assert found.pressure_of("up")[0] - found.pressure_of("down")[0] > 3e4
        assert found.flow_of("valve")[0] == pytest.approx(0.4, rel=OPEN_SHARE)


def test_a_pressure_independent_valve_below_its_least_drop_is_a_plain_valve() -> None:
    """At 0.4 kg/s the two Kv take 2 x 0.518 bar; 1.1 bar leave less than 0.3 for the valve."""
    found = regulated("picv", 0.4, high_pa=2.1e5, least_drop_pa=3e4)
    flow = found.flow_of("valve")[0]
    assert flow < 0.4
    assert found.pressure_of("up")[0] - found.pressure_of("down")[0] == pytest.approx(
        3e4 * (flow / 0.4) ** 2, abs=OPEN_PA
    )


@pytest.mark.parametrize("kind", ["prv", "psv", "pbv", "fcv", "tcv", "picv"])
def test_a_valve_declared_open_or_closed_regulates_nothing(kind: str) -> None:
    setting = {"tcv": 500.0, "fcv": 0.1, "picv": 0.1}.get(kind, 4e5)
    assert regulated(kind, setting, status="closed").flow_of("valve")[0] == 0.0
    assert regulated(kind, setting, status="open").flow_of("valve")[0] == pytest.approx(kv_kg_s(2.5e5), rel=OPEN_SHARE)


def test_an_open_valve_by_its_kv_takes_what_a_kv_takes() -> None:
    found = regulated("fcv", 50.0, kv_m3_h=2.0)
    assert found.flow_of("valve")[0] == pytest.approx(kv_kg_s(5e5 / 3), rel=OPEN_SHARE)


@pytest.mark.parametrize("how", [{"kv_m3_h": 2.0}, {"minor_k": 500.0}])
def test_an_open_valve_passes_mass_by_the_root_of_the_density(how: dict[str, Any]) -> None:
    """All three drops of the line are a volume flow's: at 640 kg/m3 the same volume by the root, the mass by 0.8."""
    network = regulated("fcv", 50.0, **how).network
    found = water(network, density_kg_m3=[1000.0, 640.0]).flow_of("valve")
    assert found[1] == pytest.approx(0.8 * found[0], rel=OPEN_SHARE)


def test_reducing_valves_in_a_row_each_hold_their_pressure() -> None:
    build = between(9e5, 1e5, "up", "middle", "down")
    build.kv("before", "a", "up", kv_m3_h=2.0)
    build.valve("one", "up", "middle", kind="prv", setting=5e5)
    build.valve("two", "middle", "down", kind="prv", setting=2e5)
    build.kv("after", "down", "b", kv_m3_h=2.0)
    found = water(build)
    assert found.pressure_of("middle")[0] == pytest.approx(5e5, rel=1e-9)
    assert found.pressure_of("down")[0] == pytest.approx(2e5, rel=1e-9)
    assert found.flow_of("two")[0] == near(kv_kg_s(1e5))


def test_valves_change_their_state_from_one_scenario_to_the_next() -> None:
    """Active, open and shut side by side, and from each other's answer as start."""
    network = regulated("prv", 2e5).network
    fixed = np.array([[6e5, 1e5], [1.5e5, 1e5], [1e5, 6e5]])
    cold = water(network, fixed_pa=fixed)
    assert cold.valve_status[:, 0].tolist() == [ACTIVE, OPEN, CLOSED]
    for turn in (1, 2):
        warm = water(network, fixed_pa=np.roll(fixed, turn, axis=0), start=cold)
        assert warm.valve_status[:, 0].tolist() == np.roll([ACTIVE, OPEN, CLOSED], turn).tolist()
        assert warm.flow_kg_s == pytest.approx(np.roll(cold.flow_kg_s, turn, axis=0), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("kind", ["prv", "psv"])
def test_a_pressure_valve_at_a_node_of_given_pressure_is_refused_or_obeys_its_pipe(kind: str) -> None:
    """It has nothing to hold there. Whatever it is taken for, the pipe's flow must fit the pipe's pressures."""
    build = between(5e5, 1e5, "n")
    ends = (("a", "n"), ("n", "b")) if kind == "prv" else (("n", "b"), ("a", "n"))
    build.pipe("pipe", *ends[0], **PIPE)
    build.valve("valve", *ends[1], kind=kind, setting=2e5)
    try:
        found = water(build)
    except (ValueError, NotConverged) as refused:
        assert "valve" in str(refused)
        return
    alone = between(float(found.pressure_of(ends[0][0])[0]), float(found.pressure_of(ends[0][1])[0]))
    alone.pipe("pipe", "a", "b", **PIPE)
    assert found.flow_of("pipe")[0] == pytest.approx(water(alone).flow_of("pipe")[0], rel=OPEN_SHARE)


def test_two_valves_that_hold_one_node_share_it_or_are_refused_by_name() -> None:
    build = between(5e5, 1e5, "n", "m", "o")
    for name, node in (("one", "n"), ("two", "m")):
        build.pipe(f"pipe {name}", "a", node, **PIPE)
        build.valve(f"valve {name}", node, "o", kind="prv", setting=2e5)
    build.pipe("out", "o", "b", **PIPE)
    try:
        found = water(build)
    except ValueError as refused:
        assert "valve one" in str(refused)
        assert "valve two" in str(refused)
        return
    assert found.pressure_of("o")[0] == pytest.approx(2e5, rel=OPEN_SHARE)


# What is refused, in words


def bad_pipe(**how: Any) -> None:
    between(2e5, 1e5).pipe("the main", "a", "b", **{**PIPE, **how})


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("value", [NAN, INF, -1.0, 0.0])
@pytest.mark.parametrize("what", ["length_m", "diameter_m", "hazen_williams"])
def test_a_pipe_without_size_is_refused_by_name(what: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"'the main': {what} is {value}"):
        bad_pipe(**{what: value})


@pytest.mark.parametrize("value", [NAN, INF, -1.0])
@pytest.mark.parametrize("what", ["roughness_m", "minor_k"])
def test_a_pipe_with_impossible_friction_is_refused_by_name(what: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"'the main': {what} is {value}"):
        bad_pipe(**{what: value})


@pytest.mark.parametrize(
    ("how", "given"),
    [
        ("kv", {"kv_m3_h": 0.0}),
        ("kv", {"kv_m3_h": NAN}),
        ("curve", {}),
        ("curve", {"linear_pa_s_m3": -1.0}),
        ("curve", {"quadratic_pa_s2_m6": NAN}),
        ("power", {"coefficient": 0.0, "exponent": 2.0}),
        ("power", {"coefficient": 1.0, "exponent": 0.5}),
        ("power", {"coefficient": 1.0, "exponent": NAN}),
        ("table", {"flows_m3_s": [0, 1], "drops_pa": [0, 1, 2]}),
        ("table", {"flows_m3_s": [0], "drops_pa": [0]}),
        ("table", {"flows_m3_s": [0, 0], "drops_pa": [0, 1]}),
        ("table", {"flows_m3_s": [0, 1], "drops_pa": [1, 0]}),
        ("table", {"flows_m3_s": [0, NAN], "drops_pa": [0, 1]}),
        ("table", {"flows_m3_s": [-1, 1], "drops_pa": [0, 1]}),
        ("pump", {}),
        ("pump", {"shutoff_pa": 1e5}),
        ("pump", {"shutoff_pa": NAN, "falloff": 1e9}),
        ("pump", {"shutoff_pa": 1e5, "falloff": -1e9}),
        ("pump", {"shutoff_pa": 1e5, "falloff": 1e9, "speed": -0.1}),
        ("pump", {"flows_m3_s": [0, 1]}),
        ("pump", {"flows_m3_s": [0, 1], "rises_pa": [1, 2]}),
        ("pump", {"power_w": 0.0}),
        ("valve", {"kind": "gate", "setting": 1.0}),
        ("valve", {"kind": "prv", "setting": NAN}),
        ("valve", {"kind": "prv", "setting": 1e5, "diameter_m": 0.0}),
        ("valve", {"kind": "prv", "setting": 1e5, "minor_k": -1.0}),
        ("valve", {"kind": "prv", "setting": 1e5, "status": "ajar"}),
        ("valve", {"kind": "picv", "setting": 1.0, "least_drop_pa": NAN}),
    ],
)
def test_an_element_that_cannot_be_is_refused_by_name(how: str, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="'number nine'"):
        getattr(between(2e5, 1e5), how)("number nine", "a", "b", **given)


@pytest.mark.parametrize("value", [NAN, 0.0, -1.0, INF])
def test_a_valve_with_an_impossible_kv_is_refused_by_name(value: float) -> None:
    build = between(2e5, 1e5)
    try:
        build.valve("number nine", "a", "b", kind="tcv", setting=1.0, kv_m3_h=value)
    except ValueError as refused:
        assert "'number nine'" in str(refused)
        return
    except ZeroDivisionError:
        pytest.fail("a division by zero without a name")
    pytest.fail("taken")


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_a_node_without_a_number_is_refused_by_name(value: float) -> None:
    for what in ("elevation_m", "demand_kg_s"):
        with pytest.raises(ValueError, match=f"'n': {what} is {value}"):
            NetworkBuilder().junction("n", **{what: value})
    with pytest.raises(ValueError, match=f"'n': pressure_pa is {value}"):
        NetworkBuilder().fixed("n", pressure_pa=value)


def test_names_that_stand_twice_are_refused() -> None:
    build = between(2e5, 1e5)
    with pytest.raises(ValueError, match="node 'a' is there twice"):
        build.junction("a")
    build.pipe("p", "a", "b", **PIPE)
    with pytest.raises(ValueError, match="link 'p' is there twice"):
        build.kv("p", "a", "b", kv_m3_h=1)


def test_a_link_from_a_node_to_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="link 'p' joins node 'a' to itself"):
        between(2e5, 1e5).pipe("p", "a", "a", **PIPE)


def test_all_links_to_unknown_nodes_are_named_at_once() -> None:
    build = between(2e5, 1e5)
    build.pipe("p", "a", "nowhere", **PIPE)
    build.pipe("q", "elsewhere", "b", **PIPE)
    with pytest.raises(ValueError, match=r"'p' names node 'nowhere'.*'q' names node 'elsewhere'"):
        build.network()


def test_a_loop_without_a_given_pressure_is_refused() -> None:
    build = NetworkBuilder()
    build.junction("n")
    build.junction("m")
    build.pipe("p", "n", "m", **PIPE)
    with pytest.raises(ValueError, match="no node has a given pressure"):
        build.network()


def test_an_unknown_friction_law_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"'moody' is none of epanet, colebrook"):
        NetworkBuilder(law="moody")


def two_links() -> Network:
    build = between(2e5, 1e5, "n")
    build.pipe("one", "a", "n", **PIPE)
    build.pump("two", "n", "b", shutoff_pa=1e5, falloff=1e10)
    return build.network()


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("demands_kg_s", [0.0, 1.0]), ("fixed_pa", [1e5]), ("speed", [1.0, 1.0]), ("setting", [1.0]),
        ("opened", [True] * 3), ("factor", [1.0] * 3), ("density_kg_m3", [[1000.0] * 3]), ("viscosity_pa_s", [[1e-3] * 5]),
    ],
)  # fmt: skip
def test_an_array_of_the_wrong_width_is_refused_by_its_name(what: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{what.split('_')[0].rstrip('s')} has ([0-9] columns|the shape)"):
        water(two_links(), **{what: value})


def test_arrays_of_different_numbers_of_scenarios_are_refused() -> None:
    with pytest.raises(ValueError, match="has 2 scenarios where others have 3"):
        water(two_links(), speed=[[1.0], [1.0]], fixed_pa=[[2e5, 1e5]] * 3)


@pytest.mark.parametrize("value", [NAN, INF])
@pytest.mark.parametrize("what", ["demands_kg_s", "fixed_pa", "speed", "factor", "density_kg_m3", "viscosity_pa_s"])
def test_an_array_with_what_is_no_number_is_refused_by_its_name(what: str, value: float) -> None:
    network = two_links()
    width = {"demands_kg_s": 3, "fixed_pa": 2, "speed": 1, "factor": 2}.get(what, 2)
    with pytest.raises(ValueError, match=f"{what.split('_')[0].rstrip('s')}.* not a finite number"):
        water(network, **{what: [[1.0] * (width - 1) + [value]]})


@pytest.mark.parametrize("what", ["factor", "density_kg_m3", "viscosity_pa_s"])
def test_a_density_viscosity_or_factor_of_nothing_is_refused(what: str) -> None:
    for value in (0.0, -1.0):
        with pytest.raises(ValueError, match="above zero"):
            water(two_links(), **{what: [[1.0, value]]})


@pytest.mark.parametrize(
    ("what", "value", "named"),
    [
        ("demands_kg_s", [0.0, 0.0, NAN], "'n'"), ("fixed_pa", [2e5, NAN], "'b'"), ("speed", [NAN], "'two'"),
        ("factor", [1.0, NAN], "'two'"), ("density_kg_m3", [[1e3, NAN]], "'two'"),
    ],
)  # fmt: skip
def test_the_element_with_what_is_no_number_is_named(what: str, value: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        water(two_links(), **{what: value})


@pytest.mark.parametrize("case", ["scenarios of the start", "start of another network", "three axes", "weights"])
def test_what_does_not_fit_is_refused_in_plain_words(case: str) -> None:
    network = two_links()
    how: dict[str, Any] = {}
    if case == "scenarios of the start":
        how = {"start": water(network, speed=[[1.0]] * 3), "speed": [[1.0]] * 5}
    elif case == "start of another network":
        how = {"start": water(pump_loop(3))}
    elif case == "three axes":
        how = {"demands_kg_s": np.zeros((2, 2, 3))}
    else:
        law = Law(np.array([0.0, 1.0]), np.array([[0.0, 1e4]]), np.array([[1e4, 1e4]]))
        build = between(2e5, 1e5)
        build.condensed("rack", "a", "b", law=law)
        network, how = build.network(), {"law_weights": np.full((1, 1, 1), NAN)}
    with pytest.raises(ValueError, match=r"start|demand|law_weights") as refused:
        water(network, **how)
    assert "broadcast" not in str(refused.value)


def test_what_did_not_settle_names_its_node_out_of_balance() -> None:
    """The tap gets all that it asks for, more than was declared; the cut-off ring is what has too little."""
    with pytest.raises(NotConverged, match=r"node '(x|y|z)'"):
        cut_off(demands_kg_s=[0, 0.5, 0, 0.01, 0])


def test_a_vessel_alone_is_a_network_too() -> None:
    build = NetworkBuilder()
    build.fixed("vessel", pressure_pa=2e5)
    build.junction("stub", elevation_m=1.0)
    found = water(build)
    assert found.converged.all()
    assert found.pressure_of("vessel")[0] == 2e5


def test_what_cannot_settle_is_found_out_in_no_time_and_holds_no_nan() -> None:
    began = time.perf_counter()
    found = cut_off(demands_kg_s=[0, 0.2, 0, 0.1, 0], must_converge=False)
    assert time.perf_counter() - began < 2.0
    assert not found.converged[0]
    assert np.isfinite(found.flow_kg_s).all()
    assert np.isfinite(found.pressure_pa).all()


def test_a_solution_says_how_it_was_reached() -> None:
    found = water(two_links())
    assert found.converged.all()
    assert (found.steps > 1).all()
    assert (found.flow_change <= 1e-8).all()
    assert (found.mass_error_kg_s <= 1e-10 * np.abs(found.flow_kg_s).sum()).all()
    assert found.worst[0] in found.network.links


def test_one_start_does_for_all_scenarios() -> None:
    network = two_links()
    start = water(network)
    speeds = np.linspace(0.5, 1.1, 7)[:, None]
    assert water(network, speed=speeds, start=start).flow_kg_s == pytest.approx(
        water(network, speed=speeds).flow_kg_s, rel=CLOSE
    )


def test_a_scenario_solved_again_from_its_own_answer_is_there_at_once() -> None:
    network = pump_loop(3).network()
    first = water(network)
    again = water(network, start=first)
    assert (again.steps <= 3).all()
    assert again.flow_kg_s == pytest.approx(first.flow_kg_s, rel=1e-12)
