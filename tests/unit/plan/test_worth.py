"""What one more is worth, worked out by hand: racks of 2 chips at 10,000 USD a week late."""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.plan import plan_of
from rackwright.plan.live import Live
from rackwright.plan.worth import Valuer, dearest_week, worth_lines


def valued(world, key, at, **settings):
    q = world(**settings).question()
    plan = plan_of(q, Live(), None)
    valuer = Valuer(q, plan)
    limit = valuer.limits[key]
    return valuer.worth(limit, at), plan, valuer


def test_a_rack_a_week_more_is_worth_the_weeks_that_it_is_late(world):
    """Ten racks due in week 5; the line makes one a week. A rack more in week 0 or 5 saves one week for each late rack."""
    item, plan, _ = valued(
        world, "plant.works.l11", 5, contract={"g": [0, 0, 0, 0, 0, 10]}, racks_per_week={"works": 1.0}, holding=0.0
    )
    # built by week t: t + 1; late 4, 3, 2, 1, 0 in weeks 5 to 9: one more in week 5 saves a week in weeks 5 to 8
    assert plan.late.sum() == pytest.approx(10.0)
    assert item.more.rack_weeks == pytest.approx(4.0)
    assert item.more.lateness_usd == pytest.approx(40e3)
    # the second saves weeks 5 to 7 only
    assert item.up_to == 1
    # the rack that is lost is made up a week after the last, in week 9 there is none to spare: a week in each of 5 to 9
    assert item.fewer.rack_weeks == pytest.approx(-5.0)
    assert item.down_to == 1


def test_chips_beyond_what_the_line_can_use_are_worth_nothing(world):
    item, *_ = valued(
        world, "supplier.acme.chip", 0, contract={"g": [0, 3]}, racks_per_week={"works": 1.0}, chips={"g": 2.0}, cap=2.0,
        holding=0.0,
    )  # fmt: skip
    assert item.more.lateness_usd == pytest.approx(0.0, abs=0.5)
    assert "is worth nothing" in " ".join(worth_lines(item))


def test_the_range_ends_where_all_late_racks_have_their_chips(world):
    """Six racks due in week 1, chips for one rack a week: each two chips more in week 0 bring one rack."""
    settings = {
        "contract": {"g": [0, 6]}, "racks_per_week": {"works": 9.0}, "chips": {"g": 2.0}, "cap": 2.0, "holding": 0.0
    }  # fmt: skip
    item, plan, valuer = valued(world, "supplier.acme.chip", 0, **settings)
    # live by week t: t + 1, so 4, 3, 2, 1 late in weeks 1 to 4; half a rack more saves half a week in each of four weeks
    assert plan.late.sum() == pytest.approx(10.0)
    assert item.more.rack_weeks == pytest.approx(2.0)
    # two chips end the lateness of week 4: the third saves three weeks of a half
    assert item.up_to == 2
    assert valuer.saved(valuer.limits["supplier.acme.chip"], 0, 3).rack_weeks == pytest.approx(4.0 + 1.5)
    assert "up to 2 of them" in " ".join(worth_lines(item))


def test_the_value_is_convex_and_both_sides_embrace_the_price(world):
    """More saves less and less; the plan's price of the week lies between the two one-sided values."""
    settings = {
        "contract": {"g": [0, 0, 5, 5, 9]}, "racks_per_week": {"works": 3.0}, "chips": {"g": 2.0}, "cap": 3.0,
        "holding": 0.0,
    }  # fmt: skip
    item, plan, valuer = valued(world, "supplier.acme.chip", 1, **settings)
    limit = valuer.limits["supplier.acme.chip"]
    saved = np.array([valuer.saved(limit, 1, units).lateness_usd for units in range(-3, 9)])
    steps = np.diff(saved)
    assert np.all(np.diff(steps) <= 1e-3)
    price = next(table.frame for table in plan.tables if table.name == "plan.prices")
    rows = [row for row in price.to_dicts() if row["what"] == "supplier.acme.chip" and row["week"] == item.week]
    listed = rows[0]["lateness_usd"] if rows else 0.0
    assert item.more.lateness_usd - 1e-3 <= listed <= -item.fewer.lateness_usd + 1e-3
    assert dearest_week(plan, "supplier.acme.chip") is not None


def test_where_nothing_is_late_a_cheaper_source_is_worth_the_difference_of_prices(world):
    """Chips of acme at 10,000 USD or of an own line at 14,000: one more of acme saves 4,000."""
    item, plan, _ = valued(
        world, "supplier.acme.chip", 0, contract={"g": [0, 3]}, racks_per_week={"works": 9.0}, chips={"g": 1.0},
        cap=[1.0, 0.0], holding=0.0, on_order=[0.0], capex=1e9, lead=0.0,
        make={"price_usd": 14e3, "capacity_per_week": 1.5, "capex_usd": 0.0, "lead_weeks": 0.0, "most": 1},
    )  # fmt: skip
    assert plan.late.sum() == pytest.approx(0.0, abs=1e-6)
    assert item.more.cost_usd == pytest.approx(4e3, abs=1.0)
    assert item.up_to == 2
    assert item.fewer.cost_usd == pytest.approx(-4e3, abs=1.0)
    assert item.down_to == 1
