"""Collectives by their definitions: bytes through each port, steps, and what calibration may and may not do."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.rack.network.collectives import (
    COLLECTIVES,
    SYSTEMS,
    Machine,
    Measured,
    Parallel,
    System,
    algorithms_of,
    busbw_factor,
    calibrate,
    exposed,
    headroom_byte,
    time_s,
    wire_of,
)

CLUSTER = Machine(16, 8, 450e9, 50e9)
LARGE = 2.0**36


@given(domains=st.integers(1, 64), per_domain=st.integers(1, 64))
def test_a_ring_reaches_the_slowest_port_whatever_its_length(domains, per_domain):
    """A reduce-scatter and an all-gather each pass (n - 1) / n: bus bandwidth is the port's rate for large buffers."""
    machine = Machine(domains, per_domain, 450e9, 50e9)
    if machine.ranks < 2:
        assert wire_of("all-reduce", "ring", machine).up_share == 0.0
        return
    for collective in ("all-reduce", "all-gather", "reduce-scatter"):
        taken_s = time_s(collective, "ring", machine, 1e15) - time_s(collective, "ring", machine, 0.0)
        busbw = 1e15 * busbw_factor(collective, machine.ranks) / taken_s
        ports = [450e9] if per_domain > 1 else []
        ports += [50e9 * per_domain] if domains > 1 else []
        assert busbw == pytest.approx(min(ports), rel=1e-9)


def test_no_algorithm_that_sums_at_the_ends_beats_the_bytes_that_must_leave():
    """Without sums in the network an all-reduce sends at least 2 (n - 1) / n of the buffer from every accelerator."""
    for algorithm in ("ring", "double tree"):
        wire = wire_of("all-reduce", algorithm, CLUSTER)
        assert wire.up_share >= 2 * 127 / 128 * (1 - 1e-12)
    # two levels: inside 2 x 7/8, across 2 x 15/16 of an eighth
    wire = wire_of("all-reduce", "hierarchical", CLUSTER)
    assert (wire.up_share, wire.out_share) == pytest.approx((1.75, 2 * 15 / 16 / 8))
    # sums in the network: the buffer once, and an eighth of the sum out again
    assert wire_of("all-reduce", "in-network", CLUSTER).up_share == pytest.approx(9 / 8)


def test_all_to_all_waits_for_the_worst_link():
    even = time_s("all-to-all", "direct", CLUSTER, LARGE)
    loaded = time_s("all-to-all", "direct", replace(CLUSTER, worst_share=2.0), LARGE)
    assert loaded == pytest.approx(2 * even, rel=1e-3)
    # inside one domain the fabric is not used
    assert wire_of("all-to-all", "direct", Machine(1, 8, 450e9)).out_share == 0.0


@given(size=st.floats(1e3, 1e12), more=st.floats(1.0, 10.0))
def test_more_bytes_or_slower_ports_never_take_less_time(size, more):
    for collective in COLLECTIVES:
        for algorithm in algorithms_of(collective, CLUSTER):
            taken_s = time_s(collective, algorithm, CLUSTER, size)
            assert time_s(collective, algorithm, CLUSTER, size * more) >= taken_s
            slower = replace(CLUSTER, out_byte_s=50e9 / more, out_path_s=1e-6)
            assert time_s(collective, algorithm, slower, size) >= taken_s


def test_a_ring_pays_for_every_step_and_a_tree_for_the_levels():
    """127 steps there and back, 15 of them across, against 2 log2 16 across."""
    ring, tree = (wire_of("all-reduce", name, CLUSTER) for name in ("ring", "double tree"))
    assert (ring.up_steps, ring.out_steps) == (2 * 112, 2 * 15)
    assert tree.out_steps == 2 * math.log2(16)


def test_calibration_gives_back_the_constants_that_made_the_rows():
    machine = Machine(4, 8, 450e9, 50e9)
    sizes = (2.0**29, 2.0**31, 2.0**33)
    rows = tuple(
        Measured("all-reduce", size, time_s("all-reduce", "ring", machine, size, efficiency=0.7, start_s=3e-4), True)
        for size in sizes
    )
    found = calibrate(System("made", "ring", machine, rows, "made"))
    assert found.efficiency == pytest.approx(0.7, rel=1e-9)
    assert found.start_s == pytest.approx(3e-4, rel=1e-6)
    assert found.status == "estimate"
    assert found.worst_unused is None


def test_a_fit_stays_within_what_is_possible():
    """Rows faster than the line, or a start before the beginning: efficiency ends at one, the start at nothing."""
    machine = Machine(1, 8, 450e9)
    rows = tuple(
        Measured("all-reduce", size, 0.5 * time_s("all-reduce", "ring", machine, size), True) for size in (1e9, 8e9)
    )
    found = calibrate(System("too fast", "ring", machine, rows, "made"))
    assert (found.efficiency, found.start_s) == (pytest.approx(1.0), pytest.approx(0.0))
    with pytest.raises(ValueError, match="no row to fit"):
        calibrate(replace(SYSTEMS["8 x H100, NVLS"], rows=()))


def test_copies_of_a_model_exchange_gradients_once_and_weights_once():
    """1e12 parameters over 72 shards, 4 and 2 bytes, 127/128 of each through one adapter of 100 GB/s."""
    machine = Machine(128, 72, 900e9, 100e9)
    total_s, open_s = exposed(Parallel(72, 4.0, 2.0, overlap_share=0.75), 1e12, machine, efficiency=1.0)
    bytes_s = 6e12 / 72 * 127 / 128 / 100e9
    assert total_s == pytest.approx(bytes_s, rel=0.01)
    assert open_s == pytest.approx(total_s / 4)
    with pytest.raises(ValueError, match="do not fill"):
        exposed(Parallel(70), 1e12, machine, efficiency=1.0)
    with pytest.raises(ValueError, match="copies"):
        exposed(Parallel(128 * 72), 1e12, machine, efficiency=1.0)


def test_headroom_grows_by_what_flies_there_and_back():
    base = headroom_byte(800e9, 0.0)
    # 300 m there and back at 4.9 ns/m are 2.94 us, 294,000 bytes at 100 GB/s
    assert headroom_byte(800e9, 300.0) - base == pytest.approx(294_000)
    with pytest.raises(ValueError, match="expected a rate"):
        headroom_byte(0.0, 1.0)
