"""Whole modules out of shares."""

from __future__ import annotations

import numpy as np

from rackwright.plan.question import numbers_of
from rackwright.plan.rounding import spent_usd, whole_counts

NO_LINES = np.zeros((0, 1))


def test_a_share_of_a_half_or_more_is_a_module(world):
    n = numbers_of(
        world(
            contract={"alpha": 1}, expansion={"places": {}, "cost_usd": 1e6, "lead_weeks": 2.0, "most": 9}, capex=9e6
        ).question()
    )
    assert whole_counts(n, np.array([[2.5]]), NO_LINES)[0].tolist() == [[3.0]]
    assert whole_counts(n, np.array([[2.4]]), NO_LINES)[0].tolist() == [[2.0]]


def test_what_the_years_money_does_not_pay_for_is_given_up(world):
    n = numbers_of(
        world(
            contract={"alpha": 1}, expansion={"places": {}, "cost_usd": 1e6, "lead_weeks": 2.0, "most": 9}, capex=2.6e6
        ).question()
    )
    counts, _ = whole_counts(n, np.array([[2.6]]), NO_LINES)
    assert counts.tolist() == [[2.0]]
    assert spent_usd(n, n.expansions, counts).tolist() == [2e6]
