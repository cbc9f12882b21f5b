"""From the medium-voltage terminals to the core, and feed by feed: what the power study says without being asked more."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.power import PowerQuestions, study_power

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def studied():
    return study_power(run(load(EXAMPLES / "us-racks.yaml"), until="rack"), PowerQuestions())


def rows(outcome, name, generation):
    table = next(table for table in outcome.rack.tables if table.name == name)
    return [row for row in table.rows() if row["generation"] == generation]


def test_the_curve_meets_every_point_that_the_device_states(studied):
    for row in rows(studied, "rack.power_supplies", "gb300"):
        assert row["curve"] == pytest.approx(row["efficiency"], abs=1e-12)
        # three coefficients cannot meet four points; a tenth of a point is what power.md prints for this shelf
        assert abs(row["off_points"]) < 0.1


def test_the_chain_meets_the_racks_own_ledger_at_the_supplies(studied):
    design = studied.rack.of("gb300")
    chain = {row["stage"]: row for row in rows(studied, "rack.power_chain", "gb300") if row["load_share"] == 1.0}
    racks = chain["bar, joints and taps"]["units"]
    supplies = chain["supplies"]
    assert supplies["output_w"] == pytest.approx(racks * design.power.dc_power_w, rel=1e-9)
    assert supplies["loss_w"] == pytest.approx(racks * design.power.conversion_loss_w, rel=1e-9)
    assert chain["bar, joints and taps"]["loss_w"] == pytest.approx(racks * design.power.busbar_loss_w, rel=1e-9)
    said = next(item for item in studied.rack.findings if item.rule == "rack.power.chain" and item.subject == "gb300")
    assert said.outcome == "passed"


def test_losses_of_the_stages_sum_up_to_what_is_put_in_less_what_is_used(studied):
    for share in (1.0, 0.5):
        chain = [row for row in rows(studied, "rack.power_chain", "gb300") if row["load_share"] == share]
        whole = chain.pop()
        first = chain[0]
        input_w = first["output_w"] + first["loss_w"]
        assert math.fsum(row["loss_w"] for row in chain) == pytest.approx(whole["loss_w"], rel=1e-9)
        assert whole["output_w"] + whole["loss_w"] == pytest.approx(input_w, rel=1e-12)


def test_half_the_load_loses_a_quarter_in_conductors_and_more_than_that_in_transformers(studied):
    full, half = (
        {row["stage"]: row["loss_w"] for row in rows(studied, "rack.power_chain", "gb300") if row["load_share"] == at}
        for at in (1.0, 0.5)
    )
    # a little less than a quarter: the bar is also cooler, and the cables carry the supplies' loss of half the load
    assert half["bar, joints and taps"] / full["bar, joints and taps"] == pytest.approx(0.25, abs=0.02)
    assert half["rack whips"] / full["rack whips"] == pytest.approx(0.25, abs=0.01)
    assert half["transformer"] / full["transformer"] > 0.5  # iron loss stays


def test_two_feeds_share_and_one_feed_takes_all(studied):
    found = rows(studied, "rack.power_feeds", "gb300")
    normal = [row for row in found if row["state"] == "nothing lost"]
    alone = next(row for row in found if row["state"] == "feed A lost")
    total_w = sum(row["power_w"] for row in normal)
    assert total_w == pytest.approx(studied.rack.of("gb300").power_w, rel=1e-3)  # voltages of the limited bar
    assert alone["power_w"] == pytest.approx(total_w, rel=0.02)  # supplies' losses at twice the load differ
    assert alone["a_a"] == pytest.approx(alone["power_w"] / (math.sqrt(3) * 415 * 0.99), rel=0.01)


def test_a_lost_supply_leaves_its_phase_short_and_the_neutral_in_use(studied):
    lost = next(row for row in rows(studied, "rack.power_feeds", "gb300") if "supply" in row["state"])
    assert lost["a_a"] < lost["b_a"] == pytest.approx(lost["c_a"])
    assert lost["neutral_a"] == pytest.approx(lost["b_a"] - lost["a_a"])
    whole = rows(studied, "rack.power_feeds", "gb300")[0]
    assert whole["neutral_a"] == 0.0
    assert whole["unbalance"] == 0.0


def test_fewer_supplies_are_best_at_part_load_and_still_cover_a_feed(studied):
    found = rows(studied, "rack.power_staging", "gb300")
    assert all(row["on"] % 2 == 0 for row in found)  # N+N: halves on two feeds
    design = studied.rack.of("gb300").power
    for row in found:
        assert row["on"] / 2 * 5500 >= row["load_share"] * design.dc_power_w * (1 - 1e-9)
        assert row["saved_w"] >= 0
