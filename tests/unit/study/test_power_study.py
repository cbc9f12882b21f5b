"""The study of a rack's power path: rows for readers, every state solved."""

from __future__ import annotations

from pathlib import Path

import pytest

from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.power import PowerQuestions, study_power

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
