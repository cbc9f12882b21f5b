"""The power path of a small rack, by sums done in the head."""

import math

import pytest


def lines(designs):
    return {row["path"]: row for row in next(t for t in designs.tables if t.name == "rack.power").rows()}


def outcome(designs, rule):
    return next(item.outcome for item in designs.findings if item.rule == rule)


def test_parts_add_up_to_the_tray_and_trays_to_the_load(build):
    ledger = lines(build())
    # 2 x 1000 + 2 x 50 + 2 x 25 + 50 = 2200 W a tray
    assert ledger["trays.compute"]["unit_w"] == pytest.approx(2200.0)
    assert ledger["load"]["power_w"] == pytest.approx(4400.0)


def test_five_shelves_of_a_kilowatt_carry_4_4_kilowatts(build):
    path = build().of("small").power
    assert (path.shelves_needed, path.shelves) == (5, 5)
    assert path.load_share == pytest.approx(0.88)


def test_at_a_load_of_the_curves_points_efficiency_is_that_points(build):
    # 4400 W on one shelf of 4.4 kW stand at its full load, on one of 8.8 kW at half of it
    full = build(parts={"shelves.shelf.psu": "2.2 kW"}).of("small")
    assert full.power.efficiency == pytest.approx(0.96, rel=1e-9)
    assert full.power_w == pytest.approx(4400.0 / 0.96)
    half = build(parts={"shelves.shelf.psu": "4.4 kW"}).of("small")
    assert half.power_w == pytest.approx(4400.0 / 0.98)


def test_between_the_points_the_loss_lies_between_theirs_and_grows_faster_than_the_load(build):
    # 0.98 at 50 %, 0.96 at 100 %: 10.2 W and 20.8 W of a supply of 500 W; straight between them 18.3 W at 88 %
    path = build().of("small").power
    loss_w = path.conversion_loss_w / 10
    low_w, high_w = 250 * (1 / 0.98 - 1), 500 * (1 / 0.96 - 1)
    assert low_w < loss_w < low_w + (high_w - low_w) * (0.88 - 0.5) / 0.5
    assert path.efficiency == pytest.approx(4400.0 / path.power_w)


@pytest.mark.parametrize(("rule", "shelves", "left"), [("N", 5, 5), ("N+1", 6, 5), ("N+N", 10, 5)])
def test_redundancy_says_how_many_shelves_stand_and_how_many_are_left_after_its_loss(build, rule, shelves, left):
    path = build({"power.redundancy": rule}).of("small").power
    assert (path.shelves, path.shelves_after_loss) == (shelves, left)


def test_spare_shelves_move_the_efficiency_to_their_lower_load(build):
    # 4400 W over ten shelves of a kilowatt: 44 % instead of 88 %
    path = build({"power.redundancy": "N+N"}).of("small").power
    assert path.load_share == pytest.approx(0.44)
    assert path.efficiency > build().of("small").power.efficiency


def test_a_certifications_row_is_a_bound_and_is_fitted_by_nothing(build):
    rows = [(0.1, 0.90), (0.2, 0.94), (0.5, 0.96), (1.0, 0.91)]  # 80 PLUS Titanium, 230 V internal redundant
    points = [{"load": str(load), "efficiency": str(efficiency)} for load, efficiency in rows]
    designs = build(parts={"shelves.shelf.efficiency": points})
    said = next(item for item in designs.findings if item.rule == "rack.power.supply_curve")
    assert said.outcome == "not modelled"
    assert "80 PLUS Titanium" in said.text
    # read straight: 0.96 - 0.05 x 0.38 / 0.5 at 88 %
    assert designs.of("small").power.efficiency == pytest.approx(0.922)


def test_no_finding_speaks_of_a_curve_that_is_the_devices_own(build):
    assert all(item.rule != "rack.power.supply_curve" for item in build().findings)


def test_the_cords_after_a_lost_feed_carry_twice_as_much(build):
    path = (
        build({"power.redundancy": "N+N"}, {"shelves.shelf.efficiency": [{"load": "1", "efficiency": "0.96"}]})
        .of("small")
        .power
    )
    normal_a = 4400.0 / 0.96 / (math.sqrt(3) * 400.0) / 10
    assert path.cord_current_a == pytest.approx(normal_a)
    assert path.cord_current_after_loss_a == pytest.approx(2 * normal_a)


def test_n_plus_n_on_one_feed_fails(build):
    designs = build({"power.redundancy": "N+N", "power.feeds": "1"})
    assert outcome(designs, "rack.power.feeds") == "failed"
    assert outcome(designs, "rack.power.shelves_after_loss") == "failed"


def test_the_ledger_closes_with_a_lossy_busbar(build):
    designs = build(
        parts={"busbars.bar.length": "2 m", "busbars.bar.joint_ohm": "50 uohm", "shelves.shelf.droop": "1 V"}
    )
    ledger = lines(designs).values()
    adding = math.fsum(row["power_w"] for row in ledger if row["adds"])
    heat = math.fsum(row["liquid_w"] + row["air_w"] for row in ledger if row["adds"])
    assert adding == pytest.approx(designs.of("small").power_w, rel=1e-12)
    assert heat == pytest.approx(designs.of("small").power_w, rel=1e-12)
    assert outcome(designs, "rack.power.ledger") == "passed"


def test_what_the_shelves_give_is_their_voltage_times_their_current(build):
    path = build(parts={"busbars.bar.length": "2 m", "shelves.shelf.droop": "1 V"}).of("small").power
    assert path.shelf_v * path.busbar_current_a == pytest.approx(path.dc_power_w, rel=1e-10)
    # each supply of a kilowatt is rated 1000 W / 49 V, where it has fallen by its volt
    share = path.busbar_current_a / path.shelves / (1000.0 / 49.0)
    assert path.shelf_v == pytest.approx(50.0 - share, rel=1e-10)


def test_a_busbar_without_resistance_feeds_every_tray_at_the_shelves_voltage(build):
    path = build().of("small").power
    assert path.busbar_loss_w == 0.0
    # a supply without droop is taken to fall by a millionth, so that supplies share
    assert path.lowest_v == pytest.approx(50.0, rel=1e-6)
    assert path.busbar_current_a == pytest.approx(88.0)


def test_a_thin_busbar_starves_the_trays_and_the_run_goes_on(build):
    designs = build(parts={"busbars.bar.length": "2 m", "busbars.bar.section": "1 mm2"})
    assert outcome(designs, "rack.power.tray_voltage") == "failed"
    assert math.isfinite(designs.of("small").power_w)


def test_the_busbars_own_loss_can_call_for_one_more_shelf(build):
    # 4990 W of trays need five shelves; with the bar's loss it is more than 5000 W
    rack = {"trays.compute.other_power": "345 W"}
    assert build(rack).of("small").shelves == 5
    assert build(rack, {"busbars.bar.joint_ohm": "2 mohm"}).of("small").shelves == 6


def test_half_the_design_load_is_half_the_load(build):
    assert build({"design_load": "50 %"}).of("small").power.load_w == pytest.approx(2200.0)


@pytest.mark.parametrize(
    ("rack", "parts", "rule"),
    [
        ({}, {"shelves.shelf.connector": "10 A"}, "rack.power.connector_current"),
        ({}, {"busbars.bar.rating": "80 A"}, "rack.power.busbar_current"),
        ({"power.cord": "1 A"}, {}, "rack.power.cord_current"),
        ({"declared.power": "4.4 kW"}, {}, "rack.power.declared"),
    ],
)
def test_a_limit_set_too_low_fails_and_only_it(build, rack, parts, rule):
    assert outcome(build(), rule) == "passed"
    failed = [item.rule for item in build(rack, parts).findings if item.outcome == "failed"]
    assert failed == [rule]


@pytest.mark.parametrize("rule", ["connector_current", "busbar_current"])
def test_a_limit_that_nobody_states_is_not_modelled_rather_than_passed(build, rule):
    designs = build(parts={"shelves.shelf.connector": None, "busbars.bar.rating": None})
    assert outcome(designs, f"rack.power.{rule}") == "not modelled"


def test_shelves_heat_goes_to_the_liquid_where_they_are_cooled_by_it(build):
    dry, wet = build().of("small"), build(parts={"shelves.shelf.liquid": "1.0"}).of("small")
    assert dry.liquid_heat_w == pytest.approx(4000.0)
    assert wet.liquid_heat_w == pytest.approx(4000.0 + dry.power.conversion_loss_w)


def test_a_powered_component_hangs_on_the_busbar_too(build):
    path = build(parts={"components.manifold.power": "100 W"}).of("small").power
    assert path.load_w == pytest.approx(4600.0)
    assert path.busbar[-1].load == "manifold"
