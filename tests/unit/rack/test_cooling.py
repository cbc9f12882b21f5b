"""The loop of a small rack: four plates of a kilowatt at 40 degC, water of 4 MJ/m3K."""

import pytest

LITRE_MIN = 1 / 60e3


def failed(designs):
    return [item.rule for item in designs.findings if item.outcome == "failed"]


def test_the_hottest_plate_sets_the_flow(build):
    # 70 degC allowed: 30 K / 1 kW = 0.03 K/W, half-way between 1 and 2 L/min; four plates take 6 L/min
    loop = build(parts={"chips.gpu.case_limit": "70 degC"}).of("small").loop
    assert loop.flow_m3_s == pytest.approx(6 * LITRE_MIN)
    assert loop.set_by == "hottest plate"
    assert loop.hottest_case_k == pytest.approx(343.15)


def test_the_return_limit_sets_the_flow_where_it_asks_for_more(build):
    # 4 kW over 10 K: 4000 / (4e6 x 10) m3/s = 6 L/min, more than the plates' four
    loop = build({"cooling.return_limit": "50 degC"}).of("small").loop
    assert loop.flow_m3_s == pytest.approx(6 * LITRE_MIN)
    assert loop.set_by == "return limit"
    assert loop.return_k == pytest.approx(323.15)


def test_plates_get_at_least_what_was_measured(build):
    # 80 degC would do with 0.04 K/W exactly at the curve's first point
    loop = build(parts={"chips.gpu.case_limit": "90 degC"}).of("small").loop
    assert loop.flow_m3_s == pytest.approx(4 * LITRE_MIN)
    assert loop.set_by == "least flow of the plates"


def test_plates_get_at_least_what_the_maker_recommends(build):
    loop = build(parts={"plates.plate.flow_least": "1.5 L/min"}).of("small").loop
    assert loop.flow_m3_s == pytest.approx(6 * LITRE_MIN)
    assert loop.hottest_case_k == pytest.approx(343.15)


def test_a_plate_that_cannot_meet_its_limit_gets_its_highest_flow_and_fails(build):
    designs = build(parts={"chips.gpu.case_limit": "55 degC"})
    loop = designs.of("small").loop
    assert loop.flow_m3_s == pytest.approx(8 * LITRE_MIN)
    assert loop.hottest_case_k == pytest.approx(333.15)
    assert failed(designs) == ["rack.cooling.case_temperature"]


def test_a_supply_above_the_case_limit_fails_without_an_error(build):
    assert "rack.cooling.case_temperature" in failed(build(parts={"chips.gpu.case_limit": "30 degC"}))


def test_surplus_flow_is_shared_by_need(build):
    plates = build({"cooling.return_limit": "50 degC"}).of("small").loop.plates
    assert [state.flow_m3_s for state in plates] == pytest.approx([1.5 * LITRE_MIN])


def test_a_given_flow_is_taken_and_checked(build):
    designs = build({"cooling.flow": "2 L/min"})
    loop = designs.of("small").loop
    assert loop.set_by == "given"
    assert loop.hottest_case_k is None  # half a litre per plate: nothing was measured there
    assert {"rack.cooling.plate_flow", "rack.cooling.return_temperature"} <= set(failed(designs))


def test_heat_without_flow_fails_and_has_no_return_temperature(build):
    designs = build({"cooling.flow": "0 L/min"})
    assert designs.of("small").return_k is None
    assert "rack.cooling.return_temperature" in failed(designs)


def test_a_plate_of_twice_the_area_takes_twice_the_flow_at_half_the_resistance(build):
    state = build(parts={"plates.plate.area_ratio": "2.0"}).of("small").loop.plates[0]
    assert state.flow_m3_s == pytest.approx(2 * LITRE_MIN)
    assert state.resistance_k_w == pytest.approx(0.02)


def test_an_air_cooled_rack_needs_no_flow_and_no_unit(build):
    designs = build(parts={"chips.gpu.liquid": "0", "chips.gpu.plate": None})
    design = designs.of("small")
    assert (design.flow_m3_s, design.cdus_per_block, design.return_k) == (0.0, 0, design.supply_k)
    assert design.air_heat_w == pytest.approx(design.power_w)


@pytest.mark.parametrize(("rule", "units"), [("N", 1), ("N+1", 2), ("N+N", 2)])
def test_the_block_has_units_for_its_heat_with_redundancy(build, rule, units):
    # 2 racks x 4 kW on units of 10 kW
    assert build({"cooling.redundancy": rule}).of("small").cdus_per_block == units


def test_flow_can_call_for_more_units_than_heat(build):
    # 2 racks x 6 L/min on units of 10 L/min
    loop = build(parts={"chips.gpu.case_limit": "70 degC"}).of("small").loop
    assert (loop.cdus_needed, loop.pump_power_w) == (2, 200.0)


def test_the_drop_is_checked_against_the_units_head(build):
    # 1 kPa x 6^2 = 36 kPa
    parts = {"chips.gpu.case_limit": "70 degC"}
    assert build(parts=parts).of("small").loop.drop_pa == pytest.approx(36e3)
    assert failed(build(parts={**parts, "cdus.unit.head": "35 kPa"})) == ["rack.cooling.pressure"]


def test_facility_water_is_colder_by_the_approach(build):
    assert build().of("small").loop.facility_supply_k == pytest.approx(308.15)


def test_a_chip_without_a_stated_limit_is_not_modelled(build):
    designs = build(parts={"chips.gpu.case_limit": None})
    found = {item.rule: item.outcome for item in designs.findings}
    assert found["rack.cooling.case_temperature"] == "not modelled"


def test_a_junction_that_allows_less_than_the_case_sets_the_flow(build):
    """A limit of 80 degC at the junction behind 0.01 K/W leaves the case 80 - 0.01 P; the finding names it."""
    plain = build().of("small").loop.plates[0]
    heat_w, limit_k = plain.heat_w, plain.case_limit_k
    parts = {
        f"chips.{plain.chip}.junction_resistance": "0.01 K/W",
        f"chips.{plain.chip}.junction_limit": f"{limit_k - 273.15 + 0.01 * heat_w - 1.0:.6f} degC",
    }
    designs = build(parts=parts)
    held = designs.of("small").loop.plates[0]
    assert held.case_limit_k == pytest.approx(limit_k - 1.0)
    assert held.needed_m3_s > plain.needed_m3_s
    found = next(f for f in designs.findings if f.rule == "rack.cooling.case_temperature" and plain.chip in f.subject)
    assert found.source == f"catalogue.chips.{plain.chip}.junction_limit"


def test_a_junction_that_allows_more_changes_nothing(build):
    plain = build().of("small").loop.plates[0]
    parts = {f"chips.{plain.chip}.junction_resistance": "0.001 K/W", f"chips.{plain.chip}.junction_limit": "150 degC"}
    assert build(parts=parts).of("small").loop.plates[0] == plain
