"""The study of a rack's power path: rows for readers, every state solved."""

from __future__ import annotations

from pathlib import Path

import pytest

from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.power import PowerQuestions, study_power
from rackwright.study.wave_page import wave_page

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def studied():
    outcome = run(load(EXAMPLES / "us-racks.yaml"), until="rack")
    return study_power(outcome, PowerQuestions(failures=True, pairs=True))


def rows(outcome, name, generation):
    table = next(table for table in outcome.rack.tables if table.name == name)
    return [row for row in table.rows() if row["generation"] == generation]


def test_rows_alike_together_count_every_loss(studied):
    # eight shelves of six supplies on two feeds
    found = rows(studied, "rack.power_losses", "gb300")
    assert sum(row["alike"] for row in found if row["kind"] != "none") == 2 + 8 + 48
    pairs = rows(studied, "rack.power_pairs", "gb300")
    assert sum(row["alike"] for row in pairs) == 1 + 8 + 48 + 28 + 8 * 42 + 48 * 47 // 2


def test_a_lost_feed_asks_the_other_for_everything(studied):
    feed, nothing = (
        next(row for row in rows(studied, "rack.power_losses", "gb300") if row["kind"] == kind)
        for kind in ("feed", "none")
    )
    assert feed["asked_share"] == pytest.approx(2 * nothing["asked_share"])
    # the trays' power stays, the voltage is lower: a little more than twice the current, by the bar's loss
    assert 2 * nothing["shelf_a"] < feed["shelf_a"] < 2.1 * nothing["shelf_a"]


def test_what_nothing_carries_has_no_volts(studied):
    both = rows(studied, "rack.power_pairs", "gb300")[0]
    assert both["loss"] == "feed A and feed B"
    assert both["asked_share"] is None
    assert both["lowest_v"] is None


def test_limits_stand_as_the_documents_that_state_them(studied):
    by = {(item.rule, item.subject): item for item in studied.rack.findings}
    # the 33 kW shelf's specification is a draft, the busbar's rating an estimate, the tray's window a standard
    assert by["rack.power.connector_current", "gb300"].standing == "draft"
    assert by["rack.power.busbar_current", "gb300"].standing == "estimate"
    assert by["rack.power.tray_voltage", "gb300"].standing == "standard"
    assert by["rack.power.connector_current", "gb300"].severity == "warning"


def test_spread_set_points_leave_no_rack_dark_that_its_redundancy_covers(studied):
    found = [item for item in studied.rack.findings if item.rule == "rack.power.sharing"]
    assert len(found) == 4
    assert all(item.outcome == "passed" for item in found)


@pytest.fixture(scope="module")
def moving():
    outcome = run(load(EXAMPLES / "us-racks.yaml"), until="rack")
    return study_power(outcome, PowerQuestions(motion=True, architectures=True, failures=True))


def test_training_keeps_every_tray_above_its_least_voltage_and_closes_its_energy(moving):
    for generation, least_v in (("gb300", 46.0), ("helios", 46.0), ("kyber", 760.0)):
        training = next(r for r in rows(moving, "rack.power_events", generation) if r["event"] == "training steps")
        assert training["lowest_v"] > least_v
        assert training["unclosed"] < 1e-6
        assert training["let_go"] == 0


def test_every_event_is_followed_to_its_end_and_no_voltage_runs_away(moving):
    for generation in ("gb300", "helios", "vera-rubin", "kyber"):
        for row in rows(moving, "rack.power_events", generation):
            if row["event"].startswith("cold start"):
                continue
            assert row["lowest_v"] is not None
            assert row["lowest_v"] > 0.0
            assert row["unclosed"] < 1e-5


def test_what_the_feeds_give_is_the_trays_power_and_the_shelves_losses_on_the_mean(moving):
    wave = rows(moving, "rack.power_wave", "helios")
    asked = sum(row["load_w"] for row in wave) / len(wave)
    given = sum(row["feed_w"] for row in wave) / len(wave)
    # supplies of 97 to 98 % at these loads (80 PLUS Titanium asks 91 to 96 %), and a bar of some tenths
    assert 0.955 < asked / given < 0.98


def test_the_bus_is_stable_and_middlebrook_says_no_more_than_the_eigenvalues(moving):
    for generation in ("gb300", "helios", "vera-rubin", "kyber"):
        row = rows(moving, "rack.power_stability", generation)[0]
        assert row["stable"] == "yes"
        if row["gain_db"] > 0:
            assert row["damping"] > 0


def test_a_fault_far_away_is_smaller_and_capacitors_give_most_of_it(moving):
    near, far = rows(moving, "rack.power_faults", "gb300")[:2]
    assert near["peak_a"] > far["peak_a"]
    assert near["i2t_a2s"] > far["i2t_a2s"]
    assert far["from_what"].startswith("capacitor")


def test_sst_loses_least_and_every_architecture_stands_beside_the_others(moving):
    found = {row["architecture"]: row for row in rows(moving, "rack.power_architectures", "kyber")}
    assert len(found) == 6
    assert max(found.values(), key=lambda row: row["efficiency"])["architecture"] == "800 V SST"
    assert all(0.85 < row["efficiency"] < 1 for row in found.values())


def test_a_site_of_one_job_swings_by_its_racks_and_jobs_side_by_side_swing_less():
    program = load(EXAMPLES / "us-racks.yaml")
    jobs = {"buildout.sites.abilene.grid.jobs": {f"job {number}": 600 for number in range(8)}}

    def spread(chosen):
        outcome = study_power(run(chosen, until="rack"), PowerQuestions(utility=True, site="abilene"))
        line = [r for r in rows(outcome, "rack.power_utility", "gb300") if r["line"] == "range"]
        return line[0]["value"], line[0]["outcome"]

    one, outcome = spread(program)
    assert outcome == "failed"
    assert spread(program.replace(jobs))[0] < one


def test_the_page_draws_what_the_tables_hold_and_says_when_there_is_nothing(moving, studied):
    page = wave_page(moving)
    assert page.count("<svg") == sum(
        3 if generation == "gb300" else 2 for generation in ("gb300", "helios", "vera-rubin", "kyber")
    )
    assert "Nothing to draw" in wave_page(studied)
