"""Replications, their intervals, the warm-up, and who does not change them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rackwright.plant.floor.check import LineError
from rackwright.plant.floor.line import Buffer, Line, Pool, Route, Source, Station, Step, constant, exponential, serial
from rackwright.plant.floor.run import compare, simulate
from rackwright.plant.floor.statistics import interval, paired, quantile_interval, warm_up

QUEUE = serial(Station("test", exponential(600.0)), source=Source("racks", ("part",), "times", exponential(750.0)))


class Backwards:
    """Plays the last job first."""

    def map(self, function: Callable[[Any], Any], jobs: Iterable[Any], /) -> Iterable[Any]:
        return reversed([function(job) for job in reversed(list(jobs))])


def test_the_result_does_not_depend_on_workers_or_their_order():
    one = simulate(QUEUE, weeks=4, replications=6, executor=Backwards())
    with ThreadPoolExecutor(3) as threads:
        other = simulate(QUEUE, weeks=4, replications=6, executor=threads)
    assert (
        one.per_week().tolist()
        == other.per_week().tolist()
        == simulate(QUEUE, weeks=4, replications=6).per_week().tolist()
    )
    assert len(set(one.per_week())) > 1


def test_a_longer_run_begins_with_the_shorter():
    short, long = simulate(QUEUE, weeks=3, replications=4), simulate(QUEUE, weeks=6, replications=8)
    assert [r.good[:3].tolist() for r in long.replications[:4]] == [r.good.tolist() for r in short.replications]


def test_student_s_interval_of_three_values():
    """Mean 2, s = 1, t(0.975, 2) = 4.3027 (any table of Student's t)."""
    assert interval([1.0, 2.0, 3.0]).half == pytest.approx(4.3027 / 3**0.5, rel=1e-4)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """2,000 samples of 10 normal numbers: 95 %, three sigma of a binomial are 1.5 points."""
    rng = np.random.default_rng(2)
    holds = [abs(interval(row).mean) <= interval(row).half for row in rng.normal(size=(2000, 10))]
    assert np.mean(holds) == pytest.approx(0.95, abs=0.015)


def test_pairs_tell_what_single_runs_do_not():
    """The two differ by 1 within a common scatter of 100."""
    common = np.random.default_rng(3).normal(0.0, 100.0, 20)
    other = common + 1.0 + np.random.default_rng(4).normal(0.0, 0.1, 20)
    assert paired(common, other).tells
    assert not interval(np.concatenate([common, other])).tells


def test_a_quantile_needs_59_runs_to_bound_a_twentieth():
    """0.95^59 = 0.0485 < 0.05 <= 0.95^58: the largest of 59 runs bounds the 95th percentile with 95 % (Wilks 1941)."""
    assert 0.95**59 < 0.05 <= 0.95**58
    low, _, high = quantile_interval(np.arange(10.0), 0.95)
    assert high == np.inf
    assert low >= 0.0


def test_the_warm_up_is_found_where_a_ramp_ends():
    """The ramp is 7 weeks long; noise may make a few quiet weeks more look better, never fewer."""
    rng = np.random.default_rng(5)
    weekly = np.concatenate([np.linspace(0.0, 100.0, 8), np.full(42, 100.0)]) + rng.normal(0.0, 2.0, 50)
    assert 6 <= warm_up(weekly) <= 15


def test_a_run_that_never_settles_has_no_warm_up():
    assert warm_up(np.linspace(0.0, 100.0, 50)) is None


def test_a_ramp_has_no_steady_state():
    line = serial(Station("s", constant(60.0)), source=Source("racks", ("part",), "series", at_s=(0.0, 1.0)))
    with pytest.raises(LineError, match="racks: a series of parts has no steady state"):
        simulate(line, weeks=1, kind="steady")


def test_nothing_is_played_with_problems():
    with pytest.raises(LineError, match="b: no place"):
        simulate(serial(Station("a", exponential(1.0)), Station("b", exponential(1.0), places=0)), weeks=1)


def test_replications_are_added_until_the_interval_is_narrow_enough():
    run = simulate(QUEUE, weeks=2, replications=3, precision_share=0.01, most_replications=400)
    found = run.parts_per_week()
    assert found.half <= 0.01 * found.mean
    assert 3 < len(run.replications) < 400


def test_a_place_more_is_worth_what_theory_says():
    """Never short: one place of 10 min makes 1,008 a week, so a second makes 1,008 more."""
    line = serial(Station("test", exponential(600.0)))
    more = compare(line, serial(replace(line.stations[0], places=2)), weeks=10, replications=10)
    assert more.tells
    assert abs(more.mean - 1008.0) <= 2 * more.half


def test_an_operator_that_is_never_short_is_worth_nothing():
    def line(people: int) -> Line:
        stations = (Station("test", exponential(600.0), needs={"crew": 1}),)
        return Line(stations, (Route("p", (Step("test"),)),), (Source("s", ("p",)),), (Pool("crew", people),))

    more = compare(line(1), line(2), weeks=4, replications=5)
    assert (more.mean, more.half, more.tells) == (0.0, 0.0, False)


def test_little_s_law_ties_the_three_means():
    """Parts inside = rate x time inside; the ends of 100 weeks weigh 1e-3."""
    line = serial(Station("a", exponential(500.0)), Station("b", exponential(600.0), buffer=Buffer(4)),
                  source=Source("racks", ("part",), "times", exponential(750.0)))  # fmt: skip
    run = simulate(line, weeks=100, replications=4)
    assert run.inside().mean * 604800.0 == pytest.approx(run.parts_per_week().mean * run.flow_s().mean, rel=2e-3)


def test_the_use_of_time_adds_up_to_all_of_it():
    run = simulate(QUEUE, weeks=4, replications=3)
    assert sum(share.mean for share in run.use()["test"].values()) == pytest.approx(1.0)


def test_a_standstill_is_a_finding_that_names_who_waits():
    test = Station("test", constant(10.0), first_pass_share=0.1, retest_pass_share=0.1, on_fail="debug", bench="bench",
                   buffer=Buffer(0))  # fmt: skip
    line = Line(
        (test, Station("bench", constant(10.0), buffer=Buffer(0))),
        (Route("p", (Step("test"),)),),
        (Source("s", ("p",)),),
    )
    run = simulate(line, weeks=1, replications=1)
    assert "test place 1 waits for room at bench; bench place 1 waits for room at test" in run.findings[0]
