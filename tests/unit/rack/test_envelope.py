"""The pressure envelope of a loop: static, running, dead head, vessel, suction, boiling, velocities, ratings."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rackwright.physics.coolants import propylene_glycol, water_vapour_pressure_pa
from rackwright.program.sections.parts import Coupling
from rackwright.rack.cooling.condensed import RackLaw, build_condensed, solve_condensed
from rackwright.rack.cooling.envelope import (
    AMBIENT_PA,
    Limit,
    Rating,
    Setting,
    Vessel,
    boiling_rows,
    check,
    class_of,
    dead_head_pa,
    expand,
    expansion_row,
    freezing_row,
    links_by_class,
    pipes_m3,
    rack_outlets,
    rating_of,
    rating_rows,
    seen_pressures,
    shape_pa,
    suction_rows,
    velocity_rows,
)
from rackwright.rack.cooling.hall import Cdu, Headers, Plates, RackLoop, Tray, build_hall
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.hydraulics.build import NetworkBuilder
from rackwright.rack.cooling.hydraulics.network import Law
from rackwright.rack.cooling.hydraulics.solve import GRAVITY_M_S2, solve
from rackwright.rack.cooling.state import solve_hall

RHO = 1000.0
PLAIN = Fluid(
    313.15, 50.0, np.array([RHO, 0, 0, 0, 0, 0]), np.array([0, 4000.0 * 50, 0, 0, 0, 0]),
    np.array([math.log(1e-3), 0, 0, 0, 0, 0]), 263.15, 383.15,
)  # fmt: skip
#: The same, but its density falls by 20 kg/m3 over 50 K: a straight line through 1000 at 40 degC.
GROWING = PLAIN._replace(density=np.array([RHO, -20.0, 0, 0, 0, 0]))
LPM = 1 / 60e3
GPU = Plates("gpu", 2, 1000.0, LPM, 40e3, (0.5 * LPM, 2 * LPM), (0.04, 0.02), limit_k=353.15)
RACK = RackLoop("rack", (Tray("compute", 3, 1.1, (GPU,)),), 2.0, 0.025, 0.025, 0.05)
CDU = Cdu("unit", 2, 2e5, 1e5 / (40 * LPM) ** 2, 1e4 / (80 * LPM) ** 2, 1.2e4, 1.2, 1.5, 30e3)
AT = {"wanted_k": 313.15, "primary_k": 308.15, "primary_kg_s": 1.5}
VESSEL_PA = 2.5e5
SET = Setting(fill_pa=VESSEL_PA, final_pa=3e5)
USER = "user"


@pytest.fixture(scope="module")
def hall():
    return build_hall([RACK] * 4, [CDU] * 2, Headers(0.05, 0.8), vessel_pa=VESSEL_PA)


@pytest.fixture(scope="module")
def full(hall):
    return {"full speed": solve_hall(hall, PLAIN, **AT)}


def by_class(seen):
    return {item.element: item for item in seen}


def test_every_link_of_a_hall_has_a_class(hall):
    classes = links_by_class(hall.network)
    assert set(classes) == {"pump", "exchanger", "header", "hose", "manifold", "coupling", "plate"}
    assert sum(map(len, classes.values())) == len(hall.network.links)
    assert class_of("rack 2/orifice") == class_of("rack 2/picv") == "trim"
    assert class_of("rack 2") == "rack"


def test_dead_head_is_the_vessel_and_the_pumps_at_no_flow_as_the_solver_finds_it(hall):
    network = hall.network
    shut = rack_outlets(hall)
    by_graph = dead_head_pa(network, vessel_pa=VESSEL_PA, shut=shut)
    opened = np.ones(len(network.links), bool)
    opened[shut] = False
    solved = solve(network, density_kg_m3=RHO, viscosity_pa_s=1e-3, opened=opened[None, :], must_converge=False)
    # what leaks through shut links costs the solver less than 10 Pa of 2 bar
    assert by_graph == pytest.approx(solved.pressure_pa[0], abs=10.0)
    assert by_graph.max() == VESSEL_PA + CDU.shutoff_pa


def test_dead_head_falls_with_the_square_of_the_speed_and_without_the_pumps_there_is_none(hall):
    network, shut = hall.network, rack_outlets(hall)
    assert dead_head_pa(network, vessel_pa=0.0, shut=shut, speed=0.5).max() == CDU.shutoff_pa / 4
    pumps = [network.link_number[name] for name in network.pumps]
    assert dead_head_pa(network, vessel_pa=VESSEL_PA, shut=[*shut, *pumps]).max() == VESSEL_PA


def test_pumps_in_series_add_their_heads_and_constant_power_has_none():
    build = NetworkBuilder()
    build.fixed("vessel", pressure_pa=1e5)
    for name in ("middle", "end"):
        build.junction(name)
    build.pump("second", "middle", "end", shutoff_pa=3e5, falloff=1e9)
    build.pump("first", "vessel", "middle", flows_m3_s=[0.0, 0.01], rises_pa=[2e5, 1e5])
    build.pipe("back", "end", "vessel", length_m=1.0, diameter_m=0.1)
    network = build.network()
    shut = [network.link_number["back"]]
    assert dead_head_pa(network, vessel_pa=1e5, shut=shut)[network.node_number["end"]] == 6e5
    other = NetworkBuilder()
    other.fixed("vessel", pressure_pa=1e5)
    other.junction("end")
    other.pump("pump", "vessel", "end", power_w=1e3)
    with pytest.raises(ValueError, match="shut-off"):
        dead_head_pa(other.network(), vessel_pa=1e5, shut=[])


def test_the_envelope_of_a_running_hall_is_its_solved_pressure_and_dead_head(hall, full):
    seen = by_class(seen_pressures(full, PLAIN, SET))
    pressure, node = full["full speed"].warm.flows.pressure_pa[0], hall.network.node_number
    assert seen["coupling"].highest_case == "dead head"
    assert seen["coupling"].highest_pa == pytest.approx(3e5 + CDU.shutoff_pa)
    running = by_class(seen_pressures(full, PLAIN, SET, dead_head=False))
    after = max(pressure[node[f"cdu {n}/after pumps"]] for n in (1, 2))
    # the pumps draw beside the second and the fourth rack, below the vessel at the first
    assert (running["pump"].lowest_case, running["plate"].lowest_case) == ("full speed", "standing, filled")
    assert running["pump"].highest_pa == pytest.approx(after - VESSEL_PA + 3e5)
    assert running["pump"].lowest_pa == pytest.approx(
        min(VESSEL_PA, *(pressure[hall.network.first[hall.network.speed_at >= 0]]))
    )


def test_ten_metres_of_liquid_are_98_kilopascal_below_and_as_many_less_above(full):
    high = replace(SET, heights_m={"plate": (-10.0, 10.0)})
    level, tall = (by_class(seen_pressures(full, PLAIN, setting))["plate"] for setting in (SET, high))
    column_pa = RHO * GRAVITY_M_S2 * 10.0
    assert column_pa == pytest.approx(98066.5)
    assert tall.highest_pa - level.highest_pa == pytest.approx(column_pa)
    assert level.lowest_pa - tall.lowest_pa == pytest.approx(column_pa)
    lifted = replace(SET, heights_m={"pump": (0.0, 10.0)})
    heads = [next(suction_rows(full, PLAIN, setting, None)).value for setting in (SET, lifted)]
    assert heads[0] - heads[1] == pytest.approx(10.0)
    rooms = [
        {
            row.what: row.value
            for row in boiling_rows(full, PLAIN, setting, Limit(0.0, USER, "t"))
            if row.element == "plate"
        }
        for setting in (SET, high)
    ]
    for what in ("boiling", "boiling at the wall"):
        assert rooms[0][what] - rooms[1][what] == pytest.approx(column_pa)


def test_a_vessel_whose_gas_is_halved_doubles_its_pressure():
    # 1000 L from 40 degC, 1000 kg/m3, to 90 degC, 980 kg/m3: grows by 1000/980 - 1
    vessel = Vessel(volume_m3=0.1, precharge_pa=2e5, fill_pa=2.5e5)
    assert vessel.gas_m3 == pytest.approx(0.08)
    got = expand(GROWING, vessel, system_m3=1.0, fill_k=313.15, hottest_k=363.15, final_most_pa=5e5)
    assert got.grown_m3 == pytest.approx(1000 / 980 - 1)
    assert got.final_pa * (vessel.gas_m3 - got.grown_m3) == pytest.approx(2.5e5 * vessel.gas_m3)
    halved = expand(GROWING, vessel, system_m3=0.04 / got.grown_m3, fill_k=313.15, hottest_k=363.15)
    assert halved.final_pa == pytest.approx(5e5)
    # and the volume that is asked for ends at just the pressure allowed
    least = expand(GROWING, Vessel(got.least_m3, 2e5, 2.5e5), system_m3=1.0, fill_k=313.15, hottest_k=363.15)
    assert least.final_pa == pytest.approx(5e5)


def test_a_vessel_without_room_fails_and_says_what_would_do():
    vessel = Vessel(0.01, 2e5, 2.5e5)
    got = expand(GROWING, vessel, system_m3=1.0, fill_k=313.15, hottest_k=363.15, final_most_pa=5e5)
    row = expansion_row(got, vessel, Limit(5e5, USER, "relief valve"))
    assert got.final_pa is None
    assert (row.outcome, row.value) == ("failed", None)
    assert f"{got.least_m3 * 1e3:.0f} L would do" in row.text


def test_a_loop_that_cools_below_its_fill_does_not_shrink_its_vessels_gas():
    got = expand(GROWING, Vessel(0.1, 2e5, 2e5), system_m3=1.0, fill_k=313.15, hottest_k=303.15)
    assert (got.grown_m3, got.final_pa) == (0.0, 2e5)


def test_glycol_grows_by_its_own_density():
    # Melinder's PG 25 %: 1020.9 at 15 degC would be a table's; the ratio of the coolant's own densities is what counts
    pg25 = propylene_glycol(0.25)
    share = float(pg25.density_kg_m3(293.15) / pg25.density_kg_m3(333.15)) - 1.0
    assert share == pytest.approx(1019.3 / 998.4 - 1.0, abs=2e-4)  # computed with CoolProp 8.0.0, INCOMP::MPG[0.25]


def test_the_pipes_of_a_loop_hold_their_sections_times_lengths():
    build = NetworkBuilder()
    build.fixed("a", pressure_pa=1e5)
    build.junction("b")
    build.pipe("one", "a", "b", length_m=7.0, diameter_m=0.1, roughness_m=1e-5)
    build.pipe("two", "b", "a", length_m=3.0, diameter_m=0.2)
    build.kv("valve", "a", "b", kv_m3_h=1.0)
    assert pipes_m3(build.network()) == pytest.approx(math.pi / 4 * (0.01 * 7 + 0.04 * 3))


def test_suction_head_is_the_pressure_over_the_vapours_in_metres(hall, full):
    rows = list(suction_rows(full, PLAIN, SET, Limit(4.0, USER, "pump sheet")))
    state = full["full speed"]
    assert len(rows) == 4
    inlet = hall.network.first[hall.network.link_number["cdu 1/pump 1"]]
    steam = float(water_vapour_pressure_pa(state.warm.node_k[0, inlet]))
    by_hand = (state.warm.flows.pressure_pa[0, inlet] - steam) / (RHO * GRAVITY_M_S2)
    assert rows[0].value == pytest.approx(by_hand)
    assert {row.outcome for row in rows} == {"passed"}
    thin = list(suction_rows(full, PLAIN, replace(SET, fill_pa=4e4), Limit(4.0, USER, "pump sheet")))
    assert {row.outcome for row in thin} == {"failed"}
    assert {row.outcome for row in suction_rows(full, PLAIN, SET, None)} == {"not modelled"}


def test_a_loop_at_the_vapours_pressure_boils_and_the_element_is_named(hall):
    hot = {"hot": solve_hall(hall, PLAIN, **{**AT, "wanted_k": 370.0, "primary_k": 360.0})}
    margin = Limit(2e4, USER, "test")
    level = Setting(fill_pa=AMBIENT_PA, final_pa=AMBIENT_PA)
    failed = [row for row in boiling_rows(hot, PLAIN, level, margin) if row.outcome == "failed"]
    assert "boiling" in {row.what for row in failed}
    assert all("rack" in row.text or "cdu" in row.text or "header" in row.text for row in failed)
    # under 10 bar no liquid boils at 107 degC (IAPWS: 1.3 bar)
    pressed = Setting(fill_pa=1e6, final_pa=1e6)
    liquid = [row for row in boiling_rows(hot, PLAIN, pressed, margin) if row.what == "boiling"]
    assert {row.outcome for row in liquid} == {"passed"}


def test_a_plate_without_flow_has_no_wall_temperature_and_fails_without_a_number(hall):
    opened = np.ones((1, len(hall.network.links)), bool)
    opened[0, hall.network.link_number["rack 2/supply hose"]] = False
    still = {"shut": solve_hall(hall, PLAIN, opened=opened, **AT)}
    wall = [row for row in boiling_rows(still, PLAIN, SET, Limit(0.0, USER, "t")) if row.what == "boiling at the wall"]
    assert [(row.outcome, row.value) for row in wall] == [("failed", None)]
    assert "rack 2/" in wall[0].text


def test_velocity_is_flow_over_density_and_section(hall, full):
    rows = {
        row.element: row for row in velocity_rows(full, PLAIN, {"hose": Limit(0.1, USER, "hose sheet"), "header": None})
    }
    flow = full["full speed"].rack_kg_s[0].max()
    assert rows["hose"].value == pytest.approx(flow / RHO / (math.pi / 4 * 0.025**2))
    assert (rows["hose"].outcome, rows["header"].outcome) == ("failed", "not modelled")
    assert (rows["manifold"].limit, rows["manifold"].standing) == (2.1, "estimate")


def test_a_coupling_rated_below_dead_head_fails_and_one_above_passes(full):
    # published ratings (transcribed): Danfoss UQD06 6.9 bar and 65 degC, Staubli UQD04 16 bar and 150 degC
    seen = seen_pressures(full, PLAIN, replace(SET, final_pa=6e5))  # dead head 8 bar absolute, 7 over the room's
    weak, strong = (
        rating_of(
            name, Coupling.model_construct(kv_m3_h=1.0, pressure_most_pa=bar * 1e5, temperature_most_k=warm + 273.15)
        )
        for name, bar, warm in (("danfoss-uqd06", 6.9, 65.0), ("staubli-uqd04", 16.0, 150.0))
    )
    for rating, outcome in ((weak, "failed"), (strong, "passed")):
        rows = {(row.element, row.what): row for row in rating_rows(seen, {"coupling": rating})}
        assert rows["coupling", "highest pressure"].outcome == outcome
        assert rows["coupling", "warmest liquid"].outcome == "passed"
        assert rows["coupling", "highest pressure"].value == pytest.approx(6e5 + CDU.shutoff_pa - AMBIENT_PA)
        assert rows["plate", "highest pressure"].outcome == "not modelled"
        assert rows["coupling", "highest pressure"].source.startswith("catalogue.couplings.")


def test_a_coupling_without_a_rating_is_not_modelled():
    assert (
        rating_of("plug", Coupling.model_construct(kv_m3_h=1.0, pressure_most_pa=0.0, temperature_most_k=None))
        == Rating()
    )


def test_the_lowest_pressure_is_held_against_the_least_allowed(full):
    tall = replace(SET, heights_m={"header": (0.0, 20.0)})
    rows = {
        (row.element, row.what): row
        for row in rating_rows(seen_pressures(full, PLAIN, tall), {}, least=Limit(AMBIENT_PA, USER, "no air drawn in"))
    }
    assert rows["header", "lowest pressure"].outcome == "failed"  # 20 m take 1.96 bar of 2.5
    assert rows["plate", "lowest pressure"].outcome == "passed"


def test_pressures_of_failures_widen_the_envelope(hall, full):
    opened = np.ones((1, len(hall.network.links)), bool)
    opened[0, [hall.network.link_number[f"rack {n}/supply hose"] for n in (1, 2, 3)]] = False
    one = {
        **full,
        "three racks shut": solve_hall(hall, PLAIN, opened=opened, load_share=np.array([[0, 0, 0, 1.0]]), **AT),
    }
    alone = by_class(seen_pressures(full, PLAIN, SET, dead_head=False))
    both = by_class(seen_pressures(one, PLAIN, SET, dead_head=False))
    assert both["exchanger"].highest_pa > alone["exchanger"].highest_pa
    assert both["exchanger"].highest_case == "three racks shut"


def test_a_condensed_hall_has_an_envelope_too():
    flows = np.linspace(0.0, 4.0, 30)
    law = Law(flows, 2e5 * flows[None, :] ** 2, 4e5 * flows[None, :], (313.15,), (1.0,))
    nothing = np.zeros((1, 1, 30))
    laws = {"rack": RackLaw(RACK, law, ("gpu",), nothing, np.array([353.15]), nothing > 0)}
    small = build_condensed([RACK] * 3, laws, [CDU], Headers(0.05, 0.8), vessel_pa=VESSEL_PA)
    state = {"full speed": solve_condensed(small, PLAIN, **AT)}
    seen = by_class(seen_pressures(state, PLAIN, SET))
    assert seen["rack"].highest_pa == pytest.approx(3e5 + CDU.shutoff_pa)
    assert shape_pa(state["full speed"])[0, small.network.fixed_nodes[0]] == 0.0


def test_freezing_counts_from_the_coldest_that_the_coolant_becomes():
    freezing_k = propylene_glycol(0.25).freezing_k  # -9.8 degC
    margin = Limit(5.0, USER, "test")
    assert freezing_row(273.15, freezing_k, margin).outcome == "passed"
    assert freezing_row(273.15 - 6.0, freezing_k, margin).outcome == "failed"
    assert freezing_row(273.15 - 6.0, freezing_k, margin).margin == pytest.approx(9.8 - 6.0 - 5.0, abs=0.05)


def test_a_row_becomes_a_finding_of_the_same_outcome():
    limit = Limit(2.0, "estimate", "somewhere")
    cases = {
        "passed": check("hose", "x", 1.0, limit, "m/s", ""),
        "failed": check("hose", "x", math.nan, limit, "m/s", ""),
    }
    cases["not modelled"] = check("hose", "x", 1.0, None, "m/s", "")
    for outcome, row in cases.items():
        assert row.outcome == outcome
        assert row.as_finding("rack.cooling.velocity", "gen").outcome == outcome
    assert cases["failed"].value is None
    assert cases["passed"].as_finding("rack.cooling.velocity", "gen").severity == "warning"  # capped by its standing
