"""The board: published single-stage converter, products done in the head, and the whole way from utility to chip."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.rack.power.architectures import architecture
from rackwright.rack.power.architectures_parts import Basis
from rackwright.rack.power.chain import solve_chain
from rackwright.rack.power.chain_board import board_stages, peak_and_full, utility_to_chip


@given(peak=st.floats(0.7, 0.995), below=st.floats(0.001, 0.2))
def test_a_curve_from_peak_and_full_load_has_both(peak, below):
    made = peak_and_full(1000.0, peak, peak - below)
    assert float(made.efficiency(1000.0)) == pytest.approx(peak - below, rel=1e-9)
    assert float(made.efficiency(made.best_w)) == pytest.approx(peak, rel=1e-9)
    assert 0 < made.best_w < 1000.0


def test_a_full_load_above_the_peak_is_refused():
    with pytest.raises(ValueError, match="not below the peak"):
        peak_and_full(1000.0, 0.95, 0.96)


def test_the_whole_way_from_utility_to_chip_is_its_parts_in_a_row():
    """72 chips of 1,200 W: board 0.975 x 0.90 and hot-swap behind the architecture's own efficiency at that load."""
    row = architecture("in-rack shelves", Basis(rack_w=110e3, racks=36))
    board = board_stages(trays=18 * 36, chips=72 * 36, chip_w=1200.0)
    chips_w = 36 * 72 * 1200.0
    whole = utility_to_chip(row.stages, board, chips_w)
    at_trays_w = float(solve_chain(board, chips_w).input_w[0])
    to_trays = float(solve_chain(row.stages, at_trays_w).efficiency[0])
    assert whole.residual_share[0] <= 1e-9
    assert float(whole.efficiency[0]) == pytest.approx(to_trays * chips_w / at_trays_w, rel=1e-12)
    assert 0.80 < float(whole.efficiency[0]) < 0.85
    assert whole.boundary == "from the input of transformer to the chips' cores"
    assert whole.overloaded == ()


def test_the_hot_swap_falls_by_ohms_law():
    """18 trays of 5.4 kW behind 200 microohm at 50 V: 110 A or so and 22 mV each."""
    board = board_stages(trays=18, chips=72, chip_w=1200.0)
    row = solve_chain(board, 72 * 1200.0).ledger()[0]
    current_a = row.input_w / 18 / 50.0
    assert row.loss_w == pytest.approx(18 * 200e-6 * current_a**2, rel=1e-9)
    assert current_a == pytest.approx(110.0, rel=0.01)


def test_what_trays_take_beside_their_chips_passes_the_hot_swap_only():
    board = board_stages(trays=18, chips=72, chip_w=1200.0, other_w=10e3)
    rows = solve_chain(board, 72 * 1200.0).ledger()
    assert rows[0].output_w == pytest.approx(rows[1].input_w + 10e3)
    assert math.isclose(rows[1].efficiency, 0.975)


def test_a_stage_known_by_one_efficiency_says_so_and_one_with_a_curve_does_not():
    plain = board_stages(trays=1, chips=4, chip_w=1500.0)
    own = board_stages(trays=1, chips=4, chip_w=1500.0, vrm=peak_and_full(1500.0, 0.927, 0.857))
    assert [stage.load_dependent for stage in plain] == [True, False, False]
    assert [stage.load_dependent for stage in own] == [True, False, True]
    assert plain[2].standing == "estimate"
