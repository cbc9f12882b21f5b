"""A block's loop through a year and through its failures, from the words of the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rackwright.cli import app
from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.cooling import Questions, study_cooling

HOME = Path(__file__).parents[3]
REAL = HOME / "examples" / "us-racks.yaml"


@pytest.fixture(scope="module")
def designed():
    return run(load(REAL), until="rack")


@pytest.fixture(scope="module")
def year(designed):
    return study_cooling(designed, Questions(hours=True, site="port-washington"))


def rows(outcome, name):
    return outcome.tables[name].frame.to_dicts()


def test_each_month_s_energy_adds_up_to_the_year_s_partial_pue(year):
    days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    for whole in rows(year, "rack.cooling_year"):
        months = [row for row in rows(year, "rack.cooling_months") if row["generation"] == whole["generation"]]
        it = sum(row["it_w"] * day for row, day in zip(months, days, strict=True))
        lines = ("fan_w", "pump_w", "chiller_w", "room_fan_w")
        cooling = sum(row[line] * day for row, day in zip(months, days, strict=True) for line in lines)
        # basin heaters are in the year's ledger and have no line of their own; towers only
        assert 1 + cooling / it == pytest.approx(whole["partial_pue"], abs=1e-9)


def test_warmer_supply_needs_fewer_chiller_hours_at_the_same_site(year):
    by_generation = {row["generation"]: row for row in rows(year, "rack.cooling_year")}
    assert by_generation["vera-rubin"]["mechanical_hours"] <= by_generation["gb300"]["mechanical_hours"]


def test_one_site_tells_its_8760_hours_and_no_hour_is_over_a_limit_that_the_year_does_not_count(year):
    hours = [row for row in rows(year, "rack.cooling_hours") if row["generation"] == "gb300"]
    whole = next(row for row in rows(year, "rack.cooling_year") if row["generation"] == "gb300")
    assert len(hours) == 8760
    assert sum(row["margin_k"] < 0 for row in hours) == whole["over_hours"]
    assert min(row["margin_k"] for row in hours) == pytest.approx(whole["margin_k"])


def test_a_pue_is_not_claimed_without_the_power_ledger(year):
    said = [item for item in year.findings if item.rule == "rack.cooling.pue"]
    assert said
    assert {item.outcome for item in said} == {"not modelled"}


def test_every_mend_shows_what_was_predicted_and_what_a_new_solution_confirms(designed):
    outcome = study_cooling(designed, Questions(failures=True))
    mends = rows(outcome, "rack.cooling_mends")
    assert mends
    for row in mends:
        # mends of a few kelvin on a law that bends: predicted and confirmed have one sign and lie within a half of each other
        assert row["predicted_k"] == pytest.approx(row["confirmed_k"], rel=0.5, abs=0.05), row["mend"]
    failures = rows(outcome, "rack.cooling_failures")
    assert {row["kind"] for row in failures} >= {"pump", "cdu", "facility water", "rack", "header"}
    lost = [row for row in failures if row["kind"] == "cdu" and row["margin_k"] is not None]
    assert all(row["lost_k"] >= -1e-6 for row in lost if row["response"] == "as is")


def test_a_site_that_is_not_there_is_told_with_those_that_are():
    result = CliRunner().invoke(app, ["rack", str(REAL), "cooling", "--site", "nowhere", "--json"])
    assert result.exit_code == 2
    problem = json.loads(result.stdout)["problems"][0]
    assert problem["found"] == "nowhere"
    assert "abilene" in problem["expected"]


def test_a_file_that_is_no_weather_is_told_with_its_first_line(tmp_path):
    path = tmp_path / "notes.epw"
    path.write_text("hello\n")
    result = CliRunner().invoke(app, ["rack", str(REAL), "cooling", "--weather", str(path), "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["problems"][0]["found"] == "hello"


def test_no_finding_prints_a_difference_as_a_temperature(designed):
    studied = study_cooling(designed, Questions(failures=True, pressure=True))
    found = [item for item in studied.rack.findings if item.unit == "K" and item.value is not None]
    assert found
    assert all(item.value > 150.0 for item in found)
    margins = [item for item in studied.rack.findings if item.rule == "rack.cooling.single_failure"]
    assert all(item.unit == "delta_K" for item in margins)


def test_two_generations_on_one_loop_are_told_whether_each_gets_its_flow_its_supply_and_cool_chips(designed):
    shared = study_cooling(designed, Questions(mixed=("gb300", "vera-rubin")))
    found = {(f.rule, f.subject): f for f in shared.rack.findings if f.rule.startswith("rack.cooling.mixed_")}
    for trim in ("none", "orifice", "picv"):
        for generation in ("gb300", "vera-rubin"):
            flow = found["rack.cooling.mixed_flow", f"one loop, trim {trim}.{generation}"]
            assert flow.outcome == "passed"
            assert found["rack.cooling.mixed_chips", f"one loop, trim {trim}.{generation}"].value > 0
