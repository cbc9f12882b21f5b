"""Power, energy and money of the tiny program, from racks that a test says are live."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rackwright.buildout import build_out
from rackwright.buildout.cooling import LINES
from rackwright.figures import Figure
from rackwright.plan import WeeklyPlan
from rackwright.program.load import compare_figures, load
from rackwright.rack import design_racks
from rackwright.record import decode, encode

TINY = load(Path(__file__).parents[3] / "examples" / "tiny.yaml")
GENERATIONS = ("alpha", "beta")
WEEKS = 26


def planned(*, alpha=10.0, beta=0.0, more_alpha=0.0, from_week=13):
    """Racks live at the one site: as at the start, and more of alpha from a week on."""
    live, arrived = np.zeros((2, 1, WEEKS)), np.zeros((2, 1, WEEKS))
    live[0, 0], live[1, 0] = alpha, beta
    live[0, 0, from_week:] += more_alpha
    arrived[0, 0, from_week] = more_alpha
    return WeeklyPlan(generations=GENERATIONS, sites=("field",), live=live, arrived=arrived)


def built(plan=None, compare=(), **changes):
    program = TINY.replace({f"buildout.{key}": value for key, value in changes.items()}) if changes else TINY
    case = program.case()
    designs = design_racks(case.rack, case.catalogue)
    return build_out(case.buildout, plan or planned(), case.rack, designs, case.catalogue, compare, case.calendar)


def rows(result, table):
    return next(item for item in result.tables if item.name == f"buildout.{table}").rows()


def finding(result, rule):
    return next(item for item in result.findings if item.rule == f"buildout.{rule}")


def headline(result, name):
    return next(item.value for item in result.headlines if item.name == f"buildout.{name}")


def test_ten_racks_draw_ten_times_what_one_does():
    result = built()
    assert headline(result, "live_w") == pytest.approx(10 * result.of("field", "alpha").design_w)


def test_a_rack_of_forty_kilowatts_with_a_tenth_of_other_it_is_44_kilowatts_of_it_beside_its_fabric():
    lines = built().of("field", "alpha").design_lines_w
    assert (lines["racks"], lines["other_it"]) == (pytest.approx(40e3), pytest.approx(4e3))


def test_the_ledger_adds_up_to_the_facility():
    item = built(**{"efficiency.electrical": "96 %", "efficiency.utilisation": "80 %"}).of("field", "alpha")
    assert sum(item.design_lines_w[line] for line in LINES) == pytest.approx(item.design_w, rel=1e-12)
    assert sum(item.mean_lines_w[line] for line in LINES) == pytest.approx(item.mean_w, rel=1e-12)
    assert finding(built(), "ledger").outcome == "passed"


def test_pue_is_one_over_the_electrical_path_where_cooling_costs_nothing():
    free = {
        "efficiency.electrical": "90 %",
        "efficiency.rejection": "0 %",
        "efficiency.pump": "0 %",
        "efficiency.air_fan": "0 %",
        "efficiency.air_supply": "60 degC",
        "efficiency.dry_approach": "0 K",
    }
    item = built(**free).of("field", "alpha")
    cdu_share = item.mean_lines_w["cdu_pumps"] / item.mean_it_w
    assert item.pue == pytest.approx((1 + cdu_share) / 0.9, rel=1e-3)


def test_the_mean_load_is_what_the_racks_draw_and_the_design_hour_is_full():
    item = built(**{"efficiency.utilisation": "50 %"}).of("field", "alpha")
    assert item.mean_lines_w["racks"] == pytest.approx(20e3)
    assert item.design_lines_w["racks"] == pytest.approx(40e3)


def test_a_year_is_milder_than_its_design_hour():
    item = built().of("field", "alpha")
    assert 1.0 < item.pue < item.design_pue


def test_the_liquid_of_a_45_degree_loop_needs_a_chiller_in_one_hour_of_a_hundred():
    # 40 degC supply less 5 K of CDU less 5 K of dry cooler: 30 degC, which is the place's hot percent
    (row,) = [item for item in rows(built(), "pue") if item["generation"] == "alpha"]
    assert row["liquid_free_k"] == pytest.approx(303.15)
    assert row["liquid_chiller_share"] == pytest.approx(0.01)


def test_energy_is_mean_power_times_time_and_money_is_energy_times_price():
    result = built()
    (row,) = rows(result, "energy")
    seconds = WEEKS * 604800
    assert row["energy_j"] == pytest.approx(10 * result.of("field", "alpha").mean_w * seconds)
    assert row["electricity_usd"] == pytest.approx(row["energy_j"] / 3.6e9 * 50)  # 50 USD/MWh
    assert row["pue"] == pytest.approx(result.of("field", "alpha").pue)


def test_capex_is_racks_that_arrive_with_their_share_and_power_that_is_energised():
    grown = built(planned(more_alpha=4.0), **{"sites.field.energised": {"2026-W02": "4 MW", "2026-W10": "6 MW"}})
    case = TINY.case()
    design = design_racks(case.rack, case.catalogue).of("alpha")
    amounts = {row["category"]: row["amount_usd"] for row in rows(grown, "capex")}
    assert amounts["racks"] == pytest.approx(4 * design.cost_usd)
    assert amounts["shared"] == pytest.approx(4 * design.shared_cost_usd)
    assert amounts["facility"] == pytest.approx(2e6 * 10.0)  # 2 MW more at 10 MUSD a megawatt
    assert headline(grown, "capex_usd") == pytest.approx(sum(amounts.values()))


def test_what_stood_at_the_start_costs_nothing_more():
    assert headline(built(), "capex_usd") == 0.0


def test_power_that_falls_and_comes_back_is_paid_once():
    dip = {"2026-W02": "4 MW", "2026-W05": "2 MW", "2026-W10": "5 MW"}
    amounts = {row["category"]: row["amount_usd"] for row in rows(built(**{"sites.field.energised": dip}), "capex")}
    assert amounts["facility"] == pytest.approx(1e6 * 10.0)


def test_an_allotment_below_the_design_hour_is_found():
    ratio = built().of("field", "alpha").over_racks
    assert finding(built(**{"sites.field.design_pue": ratio * 1.01}), "design_pue").outcome == "passed"
    assert finding(built(**{"sites.field.design_pue": ratio * 0.99}), "design_pue").outcome == "failed"


def test_racks_beyond_the_sites_power_are_found_in_their_worst_week():
    plan = planned(more_alpha=100.0)
    result = built(plan, **{"sites.field.energised": "1 MW"})
    said = finding(result, "energised")
    assert said.outcome == "failed"
    assert said.value == pytest.approx(110 * result.of("field", "alpha").design_w)


def test_a_tower_without_a_wet_bulb_is_taken_as_dry_and_said_aloud():
    wet, dry = built(**{"sites.field.heat_rejection": "wet"}), built()
    assert finding(wet, "wet_bulb").outcome == "not modelled"
    assert wet.of("field", "alpha") == dry.of("field", "alpha")


def test_a_tower_with_a_wet_bulb_needs_less_power_and_evaporates_its_heat():
    program = TINY.replace(
        {
            "catalogue.climates.mild.wet_bulb": "22 degC",
            "catalogue.climates.mild.wet_bulb_mean": "10 degC",
            "buildout.sites.field.heat_rejection": "wet",
        }
    )
    case = program.case()
    designs = design_racks(case.rack, case.catalogue)
    result = build_out(case.buildout, planned(), case.rack, designs, case.catalogue, (), case.calendar)
    wet, dry = result.of("field", "alpha"), built().of("field", "alpha")
    assert wet.design_w < dry.design_w
    (row,) = [item for item in rows(result, "pue") if item["generation"] == "alpha"]
    heat_over_it = (wet.mean_w - wet.mean_lines_w["rejection_fans"]) / wet.mean_it_w
    assert row["wue_m3_j"] * 3.6e9 == pytest.approx(heat_over_it * 1.47, rel=1e-3)  # litres per kWh
    assert rows(result, "energy")[0]["water_m3"] == pytest.approx(10 * wet.water_m3_s * WEEKS * 604800)


def test_published_figures_are_compared_and_never_added():
    plain, beside = built(planned(more_alpha=4.0)), built(planned(more_alpha=4.0), compare=compare_figures())
    assert [item.value for item in plain.headlines] == [item.value for item in beside.headlines]
    assert not rows(plain, "compare")
    shown = {row["figure"]: row for row in rows(beside, "compare")}
    item = plain.of("field", "alpha")
    assert shown["facility_per_rack"]["ours"] == pytest.approx(item.design_w)
    assert shown["racks_per_gw"]["ours"] * shown["facility_per_rack"]["ours"] == pytest.approx(1.0)
    assert shown["facility_barclays"]["ours"] == pytest.approx(10.0)
    assert shown["all_in_bernstein"]["ours"] == pytest.approx(plain.all_in_usd_per_w)


def test_a_figure_about_something_else_is_left_out():
    other = Figure("compare.rack_vr200", "8 MUSD", 8e6, "USD/rack", "published", "x")
    assert not rows(built(compare=(other,)), "compare")


def test_money_per_watt_is_a_rack_with_its_share_over_its_facility_power_and_the_facilitys_own():
    result = built(planned(more_alpha=4.0))
    case = TINY.case()
    design = design_racks(case.rack, case.catalogue).of("alpha")
    expected = design.cost_with_shared_usd / result.of("field", "alpha").design_w + 10.0
    assert result.all_in_usd_per_w == pytest.approx(expected)


def test_the_distance_to_the_target_is_what_is_missing_at_the_pace_of_the_last_quarter():
    result = built(planned(more_alpha=13.0, from_week=20))
    lines = {row["what"]: row for row in rows(result, "target")}
    each_w = result.of("field", "alpha").design_w
    missing = lines["missing at the end, at that cost"]
    assert missing["power_w"] == pytest.approx(10e6 - 23 * each_w)
    assert missing["weeks"] == pytest.approx(missing["power_w"] / each_w)  # one rack a week
    assert missing["money_usd"] == pytest.approx(missing["power_w"] * result.all_in_usd_per_w)


def test_without_arrivals_there_is_no_money_per_watt_and_no_date():
    result = built()
    assert result.all_in_usd_per_w is None
    assert rows(result, "target")[-1]["weeks"] is None


def test_an_empty_site_is_no_finding_and_draws_nothing():
    result = built(planned(alpha=0.0))
    assert headline(result, "live_w") == 0.0
    assert not [item for item in result.findings if item.rule in ("buildout.design_pue", "buildout.energised")]


def test_the_result_survives_the_record():
    result = built(planned(more_alpha=4.0), compare=compare_figures())
    again = decode(type(result), encode(result))
    assert again.of("field", "alpha") == result.of("field", "alpha")
    assert [item.value for item in again.headlines] == [item.value for item in result.headlines]


@pytest.mark.parametrize(
    "change", ["air_supply", "dry_approach", "chiller_carnot", "pump", "rejection", "air_fan", "other_it", "electrical"]
)
def test_moving_an_efficiency_that_live_power_names_moves_it(change):
    result = built()
    named = {name for trace in result.traces for name in trace.inputs}
    assert f"buildout.efficiency.{change}" in named
    figure = TINY.figure_by_path[f"buildout.efficiency.{change}"]
    moved = {"K": "288 K", "delta_K": "6 K"}.get(figure.unit, f"{0.9 * figure.value}")
    assert headline(built(**{f"efficiency.{change}": moved}), "live_w") != headline(result, "live_w")


@pytest.mark.parametrize(("change", "moved"), [("utilisation", "0.7"), ("wet_approach", "7 K")])
def test_moving_what_live_power_does_not_name_leaves_it(change, moved):
    result = built()
    named = {name for trace in result.traces for name in trace.inputs}
    assert f"buildout.efficiency.{change}" not in named
    assert headline(built(**{f"efficiency.{change}": moved}), "live_w") == headline(result, "live_w")
