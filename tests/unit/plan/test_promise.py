"""When a site can have more racks, and who slips, worked out by hand."""

from __future__ import annotations

import pytest

from rackwright.plan import plan_of
from rackwright.plan.live import Live
from rackwright.plan.promise import Promiser, promise_lines


def promised(world, racks, *, site="field", generation="g", **settings):
    q = world(holding=0.0, **settings).question()
    plan = plan_of(q, Live(), None)
    return Promiser(q, plan).promise(site, generation, racks), plan


def test_racks_come_when_the_line_has_made_them_beside_what_is_required(world):
    """Two racks a week; four required from week 3. By the end of week 4 ten are made: six more from week 4."""
    found, _ = promised(world, 6, contract={"g": [0, 0, 0, 4]}, racks_per_week={"works": 2.0})
    assert found.free.week == "2026-W06"
    assert found.free.lateness_usd == pytest.approx(0.0, abs=1.0)
    # six racks of a million dollars
    assert found.free.cost_usd == pytest.approx(6e6, rel=1e-6)
    assert not found.free.slips


def test_sooner_is_possible_where_others_slip(world):
    """The same: in week 2 six are made; the four that are required wait: two short in week 3, none in week 4."""
    found, _ = promised(world, 6, contract={"g": [0, 0, 0, 4]}, racks_per_week={"works": 2.0})
    assert found.soonest.week == "2026-W04"
    assert found.soonest.lateness_usd == pytest.approx(20e3, abs=1.0)
    (slip,) = found.soonest.slips
    assert slip.generation == "g"
    assert slip.rack_weeks == pytest.approx(2.0, abs=1e-2)
    told = " ".join(promise_lines(found))
    assert "from 2026-W06, nobody slips" in told
    assert "from 2026-W04 at the soonest" in told


def test_a_site_without_power_for_them_gets_them_when_the_power_is_there(world):
    """100 kW a rack; the site has 0.3 MW, from week 6 a megawatt."""
    found, _ = promised(
        world, 5, contract={"g": [1]}, racks_per_week={"works": 9.0},
        energised_mw={"field": [0.3] * 6 + [1.0], "elsewhere": 10.0},
    )  # fmt: skip
    assert found.free.week == "2026-W08"
    assert found.soonest.week == "2026-W08"


def test_more_than_the_horizon_can_make_is_not_promised(world):
    found, _ = promised(world, 500, contract={"g": [1]}, racks_per_week={"works": 2.0})
    assert found.soonest is None
    assert found.free is None
    assert "not within the horizon" in " ".join(promise_lines(found))


def test_generations_of_equal_priority_share_a_slip_by_what_they_require(world):
    """Two generations of four racks each, all due from week 2 on, one line: three more racks make both slip alike."""
    found, plan = promised(
        world, 3, generation="g", contract={"g": [0, 0, 4], "h": [0, 0, 4]}, racks_per_week={"works": 3.0}
    )
    assert plan.late.sum() == pytest.approx(0.0, abs=1e-6)
    slips = {slip.generation: slip for slip in found.soonest.slips}
    assert set(slips) == {"g", "h"}
    assert slips["g"].share == pytest.approx(slips["h"].share, rel=1e-2)
    assert sum(slip.rack_weeks for slip in slips.values()) * 10e3 == pytest.approx(found.soonest.lateness_usd, rel=1e-2)


def test_a_generation_alone_bears_the_slip_that_only_it_can_bear(world):
    """Only g is late by its chips: h is made of others and does not slip for fairness' sake."""
    found, _ = promised(
        world, 2, generation="g", contract={"g": [0, 0, 4], "h": [0, 0, 1]}, racks_per_week={"works": 9.0},
        chips={"g": 1.0, "h": 0.0}, cap=2.0,
    )  # fmt: skip
    assert {slip.generation for slip in found.soonest.slips} <= {"g"}
