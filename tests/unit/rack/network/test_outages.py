"""Lost GPU-hours: Daly's closed form, the union of repairs, and streams that no other fault moves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rackwright.rack.network.outages import Fault, FaultRates, Job, expected_share, fabric_faults, simulate

JOB = Job("a job", 16384, 600.0, 10.0, 300.0)
MONTH_S = 30 * 86400.0
RATES = FaultRates(0.003, 0.007, 0.02, 0.07, 4 * 3600.0, 5.0, 10.0)


def made(planes, **changes):
    counts = {"adapters": 1000, "leaves": 8 * planes, "uppers": 4 * planes, "fabric_links": 1000 * planes}
    faults = fabric_faults(replace(RATES, **changes), planes=planes, exposed_share=0.2, **counts)
    return {fault.what: fault for fault in faults}


@pytest.mark.parametrize("mean_s", [3600.0, 6 * 3600.0, 86400.0])
def test_stops_cost_what_dalys_exact_form_says(mean_s):
    """Exponential stops, restarts that may fail: within four standard errors of 400 replications (one in 16,000 by chance)."""
    stop = Fault("stop", 1, 1 / mean_s, "stops", 0.0)
    lost = simulate(JOB, [stop], length_s=MONTH_S, replications=400, seed=7)
    error = lost.stopped_share.std(ddof=1) / math.sqrt(400)
    assert lost.stopped_share.mean() == pytest.approx(expected_share(JOB, 1 / mean_s), abs=4 * error)
    assert lost.stops.mean() == pytest.approx(MONTH_S / mean_s, rel=0.05)


def test_rare_stops_cost_a_restart_and_half_a_stretch():
    """Young: rate x (restart + half of what lies between checkpoints), to first order."""
    rate = 1 / (100 * 86400.0)
    assert expected_share(JOB, rate) == pytest.approx(rate * (300.0 + 305.0), rel=1e-3)


def test_faults_that_slow_do_not_add_up_the_slowest_decides():
    """Two kinds that are always open: the job goes at the pace of the worse; one alone costs what it slows."""
    worse, better = (
        Fault(name, 1, 1 / 60.0, "slows", 1e9, slower) for name, slower in (("worse", 1.25), ("better", 1.1))
    )
    both = simulate(JOB, [worse, better], length_s=MONTH_S, replications=3, seed=1).slowed_share
    assert both == pytest.approx(0.2, abs=1e-3)  # 1 - 1 / 1.25
    assert simulate(JOB, [better], length_s=MONTH_S, replications=3, seed=1).slowed_share == pytest.approx(
        1 - 1 / 1.1, abs=1e-4
    )


def test_open_repairs_cover_time_once():
    """Poisson faults of rate r that stay for d: some are open for 1 - exp(-r d) of the time."""
    rate, open_s = 1 / 7200.0, 3600.0
    fault = Fault("link", 1, rate, "slows", open_s, 2.0)
    lost = simulate(JOB, [fault], length_s=MONTH_S, replications=300, seed=3)
    assert lost.slowed_share.mean() == pytest.approx(0.5 * (1 - math.exp(-rate * open_s)), rel=0.02)


def test_a_kind_of_fault_more_moves_no_other():
    stop, wait = Fault("stop", 1, 1e-4, "stops", 0.0), Fault("wait", 1, 1e-3, "waits", 5.0)
    alone = simulate(JOB, [stop], length_s=MONTH_S, replications=5, seed=2)
    beside = simulate(JOB, [wait, stop], length_s=MONTH_S, replications=5, seed=2)
    assert np.array_equal(alone.stopped_share, beside.stopped_share)
    assert beside.waited_share.mean() == pytest.approx(1e-3 * 5.0, rel=0.1)
    more = simulate(JOB, [stop], length_s=MONTH_S, replications=9, seed=2)
    assert np.array_equal(alone.stopped_share, more.stopped_share[:5])


def test_planes_turn_stops_into_slower_steps():
    one, eight = made(1), made(8)
    assert {name for name, fault in one.items() if fault.effect == "stops"} == {"adapter", "link of an adapter", "leaf"}
    assert {name for name, fault in eight.items() if fault.effect == "stops"} == {"adapter"}
    # exposed communication on seven of eight planes
    assert eight["leaf"].slower == pytest.approx(1 + 0.2 * (8 / 7 - 1))
    assert eight["link of an adapter"].per_s == pytest.approx(8 * one["link of an adapter"].per_s)


def test_a_flap_is_waited_out_only_by_a_transport_that_tries_long_enough():
    assert made(1)["flap of an adapter's link"].effect == "waits"
    assert made(1, retry_s=1.0)["flap of an adapter's link"].effect == "stops"
    assert made(8, retry_s=1.0)["flap of an adapter's link"].effect == "slows"


def test_a_fabric_that_never_fails_costs_nothing():
    lost = simulate(JOB, [], length_s=MONTH_S, replications=2, seed=1)
    assert lost.share.tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="one or more"):
        simulate(JOB, [], length_s=MONTH_S, replications=0, seed=1)
