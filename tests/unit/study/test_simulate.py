"""A plant's line played rack by rack beside the rate that its resources allow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rackwright.cli import app
from rackwright.errors import ProgramError
from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.simulate import SimulationQuestions, steps_of, study_plants

EXAMPLES = Path(__file__).parents[3] / "examples"


def played(changes=None, plant="mount-pleasant", **how):
    outcome = run(load(EXAMPLES / "us-racks.yaml").replace(changes or {}), until="plant")
    return study_plants(outcome, SimulationQuestions(plant, **how))


def rows(outcome, name="plant.simulated"):
    table = next(table for table in outcome.plant.tables if table.name == name)
    return {row["generation"]: row for row in table.rows()}


@pytest.fixture(scope="module")
def line():
    return played()


def test_no_line_makes_more_than_its_resources_allow_and_with_room_it_comes_near(line):
    for generation, row in rows(line).items():
        assert row["low"] <= row["formula"] * 1.005, generation
        # power in steps of a rack: 11 racks of kyber leave a sixth of a rack's power idle, and so 4 % of the rate
        assert row["share"] > 0.95, generation


def test_racks_inside_are_rate_times_flow_time(line):
    """Little's law, on racks alone: trays that wait are counted apart, so the whole is larger."""
    for row in rows(line).values():
        assert row["inside"] > row["mean"] * row["flow_s"] / (7 * 86400) * 0.9


def test_test_power_is_never_drawn_beyond_the_plants(line):
    limit_w = 4.6e6
    for row in rows(line).values():
        assert 0.8 * limit_w < row["peak_w"] <= limit_w


def test_shares_of_place_time_sum_up_to_one(line):
    table = next(table for table in line.plant.tables if table.name == "plant.simulated_use")
    for row in table.rows():
        assert sum(row[what] for what in ("work", "blocked", "waits", "starved", "off")) == pytest.approx(1.0, abs=0.02)


def test_more_test_power_makes_more_of_the_hungriest_rack():
    before = rows(played(weeks=12, replications=4))["kyber"]
    after = rows(played({"plant.mount-pleasant.burn_in.power": "9.2 MW"}, weeks=12, replications=4))["kyber"]
    assert after["low"] > 1.8 * before["mean"]


def test_shifts_close_the_line_and_the_formula_knows_it():
    shifts = {"plant.mount-pleasant.shifts.per_day": "2", "plant.mount-pleasant.shifts.hours": "8 h",
              "plant.mount-pleasant.shifts.days": "5"}  # fmt: skip
    found = rows(played(shifts, weeks=16, replications=4))["gb300"]
    whole = rows(played(weeks=16, replications=4))["gb300"]
    assert found["mean"] < 0.6 * whole["mean"]
    assert found["low"] <= found["formula"] * 1.02


def test_burn_in_stands_before_the_cluster_test_where_a_rack_names_no_place_for_it():
    case = load(EXAMPLES / "us-racks.yaml").case()
    assert steps_of(case.rack["gb300"]) == ["l10", "l11", "leak_test", "burn_in", "l12", "pack_out"]


def test_one_more_of_what_binds_brings_its_share_and_of_what_does_not_nothing():
    outcome = played(weeks=16, replications=6, worth=True)
    table = next(table for table in outcome.plant.tables if table.name == "plant.worth")
    gb300 = {row["more"]: row for row in table.rows() if row["generation"] == "gb300"}
    # burn-in binds: 34 places make 109 a week, so one more makes 3.2 more
    assert gb300["1 place of burn_in"]["told"] == "yes"
    assert gb300["1 place of burn_in"]["low"] < 109.5 / 34 < gb300["1 place of burn_in"]["high"] + 0.5
    assert gb300["1 place of pack_out"]["told"] == "not distinguishable from 0"
    # kyber is bound by power: places bring it nothing
    kyber = [row for row in table.rows() if row["generation"] == "kyber"]
    assert "test power" in kyber[0]["more"]


def test_a_plant_that_is_not_there_is_told_with_the_nearest_name():
    with pytest.raises(ProgramError, match="mount-pleasant"):
        played(plant="mount-plesant")


def test_the_command_line_tells_it():
    asked = ["plant", str(EXAMPLES / "us-racks.yaml"), "--simulate", "--plant", "virginia", "--weeks", "8"]
    told = CliRunner().invoke(app, [*asked, "--replications", "3", "--json"])
    assert told.exit_code == 0
    assert {"plant.simulated", "plant.simulated_use"} <= set(json.loads(told.stdout)["tables"])
