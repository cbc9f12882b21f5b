"""Machines in parallel."""

import pytest

from rackwright.physics import machines


@pytest.mark.parametrize(("load", "needed"), [(0.0, 0), (1.0, 1), (33e3, 1), (33e3 + 1, 2), (132e3, 4)])
def test_as_few_machines_as_carry_the_load(load, needed):
    assert machines.pieces_needed(load, 33e3) == needed


def test_a_load_that_only_rounding_lifts_over_a_whole_number_takes_no_more():
    assert machines.pieces_needed(3 * 0.1, 0.1) == 3


@pytest.mark.parametrize(("rule", "installed"), [("N", 3), ("N+1", 4), ("N+N", 6)])
def test_spares_follow_the_rule(rule, installed):
    assert machines.pieces_with_spares(3, rule) == installed


def test_no_load_needs_no_spare():
    assert machines.pieces_with_spares(0, "N+1") == 0


def test_efficiency_is_held_beyond_the_curve():
    assert machines.efficiency_at(0.01, [0.1, 1.0], [0.9, 0.95]) == 0.9
    assert machines.efficiency_at(1.4, [0.1, 1.0], [0.9, 0.95]) == 0.95
