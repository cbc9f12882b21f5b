"""A block under its controls and its vessel, from what the program states."""

from __future__ import annotations

from pathlib import Path

import pytest

from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.cooling import Questions, study_cooling

EXAMPLES = Path(__file__).parents[3] / "examples"
HERE = "rack.gb300.cooling"
VALVE = {f"{HERE}.control.valve_kv": "40 m3/h", f"{HERE}.control.branch_drop": "40 kPa"}
VESSEL = {f"{HERE}.piping.vessel_volume": "100 L", f"{HERE}.piping.relief": "6 bar"}


def studied(changes, **questions):
    program = load(EXAMPLES / "us-racks.yaml").replace({**changes})
    return study_cooling(run(program, until="rack"), Questions(**questions))


@pytest.fixture(scope="module")
def controlled():
    return studied({**VALVE, **VESSEL}, controls=True, pressure=True)


def rows(outcome, name):
    table = next(table for table in outcome.rack.tables if table.name == name)
    return [row for row in table.rows() if row["generation"] == "gb300"]


def finding(outcome, rule, subject="gb300"):
    return next(f for f in outcome.rack.findings if f.rule == rule and f.subject.startswith(subject))


def test_where_flow_follows_load_pump_power_falls_nearly_with_its_cube(controlled):
    by_load = {row["load_share"]: row for row in rows(controlled, "rack.cooling_controls") if "after" in row["holds"]}
    full, half = by_load[1.0], by_load[0.5]
    assert half["flow_least"] == pytest.approx(0.5, rel=1e-4)
    # drops with powers between 1.75 and 2 of the flow, and a pump curve: between 1/8 and 1/6
    assert 1 / 8 < half["pump_w"] / full["pump_w"] < 1 / 6
    assert half["margin_k"] > full["margin_k"]


def test_below_the_plates_least_flow_the_flow_no_longer_follows(controlled):
    found = [row for row in rows(controlled, "rack.cooling_controls") if "after" in row["holds"]]
    assert found[-1]["load_share"] == 0.1
    assert found[-1]["flow_least"] == pytest.approx(0.3, rel=1e-4)


def test_a_held_pressure_serves_the_racks_in_service_whatever_others_are_shut(controlled):
    held = [row for row in rows(controlled, "rack.cooling_controls") if "kPa" in row["holds"]]
    assert {row["in_service"] for row in held} == {1.0, 0.75, 0.5, 0.25}
    for row in held:
        assert row["held"] == "held"
        assert row["flow_least"] == pytest.approx(1.0, abs=0.02)
    speeds = [row["speed"] for row in held if "farthest" in row["holds"]]
    assert speeds == sorted(speeds, reverse=True)


def test_authority_is_the_valves_drop_over_the_whole_branchs(controlled):
    row = next(row for row in rows(controlled, "rack.cooling_valves") if row["what"] == "authority")
    drop_pa = float(row["text"].split(" kPa")[0]) * 1e3
    assert row["value"] == pytest.approx(drop_pa / (drop_pa + 40e3), rel=0.01)
    lowest = next(row for row in rows(controlled, "rack.cooling_valves") if row["what"] == "lowest load")
    assert 0 < lowest["value"] <= 1


def test_a_vessel_that_is_warmed_ends_above_its_fill_and_says_which_would_do(controlled):
    row = next(row for row in rows(controlled, "rack.cooling_pressure") if row["what"] == "final pressure")
    assert row["value"] is None or row["value"] > 2.5e5
    assert "L would do" in row["text"]


def test_a_larger_vessel_ends_lower(controlled):
    small = next(row for row in rows(controlled, "rack.cooling_pressure") if row["what"] == "final pressure")
    large = studied({**VESSEL, f"{HERE}.piping.vessel_volume": "1000 L"}, pressure=True)
    row = next(row for row in rows(large, "rack.cooling_pressure") if row["what"] == "final pressure")
    assert row["outcome"] == "passed"
    assert small["value"] is None or row["value"] < small["value"]


def test_every_check_of_the_envelope_stands_in_the_table_with_or_without_a_limit(controlled):
    found = rows(controlled, "rack.cooling_pressure")
    assert {row["what"] for row in found} >= {"highest pressure", "velocity", "boiling", "suction head", "freezing"}
    told = {row["outcome"] for row in found}
    assert told <= {"passed", "failed", "no limit stated", "not modelled"}
    assert all(row["value"] is not None for row in found if row["outcome"] == "no limit stated")


def test_a_supply_near_the_halls_dew_point_sweats():
    fine = run(load(EXAMPLES / "us-racks.yaml"), until="rack")
    assert finding(fine, "rack.cooling.dew_point").outcome == "passed"
    program = load(EXAMPLES / "us-racks.yaml").replace({f"{HERE}.dew_point": "39 degC"})
    sweats = finding(run(program, until="rack"), "rack.cooling.dew_point")
    assert sweats.outcome == "failed"
    assert sweats.limit == 3.0
