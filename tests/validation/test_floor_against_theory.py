"""The floor's engine against exact results of queueing theory, each with the interval of our replications.

Every test plays independent replications and asks that the exact value lies within four standard errors of their mean: a
right engine fails one in 16,000, and draws are fixed, so that a test that passes goes on passing.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from rackwright.plant.floor.arrays import SPENT
from rackwright.plant.floor.events import Played, play_events
from rackwright.plant.floor.line import (
    WEEK_S,
    Breakdown,
    Buffer,
    Line,
    Pool,
    Route,
    Source,
    Station,
    Step,
    Times,
    constant,
    erlang,
    exponential,
    gamma,
    lognormal,
    serial,
    triangular,
)  # fmt: skip
from rackwright.plant.floor.recursion import play_recursion, why_not
from rackwright.plant.floor.statistics import interval

REPLICATIONS = 20


def plays(line: Line, weeks: float = 60.0) -> list[Played]:
    return [play_events(line, weeks=weeks, seed=11, replication=n) for n in range(REPLICATIONS)]


def agrees(values: list[float], exact: float) -> None:
    found, error = np.mean(values), np.std(values, ddof=1) / math.sqrt(len(values))
    assert abs(found - exact) <= 4 * error, f"{found:.6g} ± {error:.2g} beside {exact:.6g}"
    # An interval so wide that it could hold anything proves nothing.
    assert error <= 0.01 * exact, f"{found:.6g} ± {error:.2g} beside {exact:.6g}"


def mean_flow_s(played: Played, skip: int = 5000) -> float:
    return float(played.flow_s[skip:].mean())


def open_line(station: Station, between: Times) -> Line:
    return serial(station, source=Source("parts", ("part",), "times", between))


def per_s(played: Played, warm_weeks: int = 2) -> float:
    """Good parts a second after the first weeks."""
    finish_s = played.finish_s
    return float((finish_s > warm_weeks * WEEK_S).sum() / (played.until_s - warm_weeks * WEEK_S))


def test_m_m_1_time_inside():
    """1 / (mu - lambda) = 1 / (1/60 - 1/75) = 300 s."""
    agrees([mean_flow_s(p) for p in plays(open_line(Station("s", exponential(60.0)), exponential(75.0)))], 300.0)


def test_m_m_1_parts_inside_share_empty():
    """The place is starved 1 - rho = 20 % of the time."""
    line = open_line(Station("s", exponential(60.0)), exponential(75.0))
    starved = [float(p.spent_s[2:60, 0, SPENT.index("starved")].sum() / (58 * WEEK_S)) for p in plays(line)]
    agrees(starved, 0.2)


@pytest.mark.parametrize("places", [2, 5, 20])
def test_m_m_c_time_inside(places: int):
    """Erlang's C formula at a load of 85 %."""
    work_s, load = 60.0 * places, 0.85 * places
    top = load**places / math.factorial(places) / (1 - load / places)
    waits = top / (sum(load**n / math.factorial(n) for n in range(places)) + top)
    exact_s = work_s + waits * work_s / places / (1 - load / places)
    line = open_line(Station("s", exponential(work_s), places), exponential(work_s / load))
    agrees([mean_flow_s(p) for p in plays(line)], exact_s)


@pytest.mark.parametrize(
    "work", [constant(60.0), erlang(60.0, 3), gamma(60.0, 1.5), lognormal(60.0, 0.8), triangular(10.0, 40.0, 130.0)]
)
def test_m_g_1_time_inside(work: Times):
    """Pollaczek-Khinchine at a load of 75 %."""
    rate = 0.75 / work.mean_s
    wait_s = rate * work.mean_s**2 * (1 + work.cv**2) / (2 * 0.25)
    agrees([mean_flow_s(p) for p in plays(open_line(Station("s", work), exponential(1 / rate)))], work.mean_s + wait_s)


def test_m_g_1_with_breakdowns():
    """Failures at rate x while working, work kept: the time in the place has mean S (1 + x R) and second moment
    E[S²] (1 + x R)² + S x E[R²] (Avi-Itzhak & Naor 1963, model with failures while busy only)."""
    work, repair, up_s = gamma(60.0, 0.5), lognormal(300.0, 0.7), 3000.0
    slower = 1 + repair.mean_s / up_s
    mean_s = work.mean_s * slower
    second = work.mean_s**2 * (1 + work.cv**2) * slower**2 + work.mean_s / up_s * repair.mean_s**2 * (1 + repair.cv**2)
    rate = 0.7 / mean_s
    exact_s = mean_s + rate * second / (2 * (1 - 0.7))
    line = open_line(Station("s", work, breakdown=Breakdown(exponential(up_s), repair)), exponential(1 / rate))
    agrees([mean_flow_s(p) for p in plays(line)], exact_s)


def test_a_place_that_fails_by_the_clock_works_its_availability():
    """Never short: up 4,000 s of every 4,500."""
    broken = Breakdown(gamma(4000.0, 0.5), lognormal(500.0, 1.2), clock="time")
    line = serial(Station("s", exponential(60.0), breakdown=broken))
    agrees([per_s(p) for p in plays(line)], 4000.0 / 4500.0 / 60.0)


def test_lost_work_takes_as_long_as_theory_says():
    """Constant work w, exponential failures at rate x, all lost at each: the time at work is (e^(x w) - 1) / x."""
    work_s, up_s, repair_s = 600.0, 1500.0, 200.0
    failures = math.exp(work_s / up_s) - 1
    line = serial(
        Station("s", constant(work_s), breakdown=Breakdown(exponential(up_s), exponential(repair_s), work="lost"))
    )
    agrees([per_s(p) for p in plays(line)], 1 / (failures * (up_s + repair_s)))


@pytest.mark.parametrize("mechanics", [1, 2])
def test_machines_wait_for_their_mechanics(mechanics: int):
    """Six places never short, failures at rate x each, repairs at rate y by few: the finite-source queue M/M/c//6."""
    places, up_s, repair_s = 6, 2000.0, 700.0
    weight = [1.0]
    for down in range(1, places + 1):
        weight.append(weight[-1] * (places - down + 1) / up_s * repair_s / min(down, mechanics))
    up = sum(w * (places - n) for n, w in enumerate(weight)) / sum(weight)
    broken = Breakdown(exponential(up_s), exponential(repair_s), crew={"mechanic": 1})
    line = Line((Station("s", exponential(60.0), places, breakdown=broken),), (Route("p", (Step("s"),)),),
                (Source("parts", ("p",)),), (Pool("mechanic", mechanics),))  # fmt: skip
    agrees([per_s(p) for p in plays(line)], up / 60.0)


@pytest.mark.parametrize(
    ("first_s", "second_s", "room"), [(60.0, 60.0, 0), (60.0, 60.0, 3), (50.0, 70.0, 2), (70.0, 40.0, 5)]
)
def test_two_stations_with_a_bounded_buffer(first_s: float, second_s: float, room: int):
    """Parts past the first station and not yet out are a birth-death chain of 0 to room + 2 (the one that is blocked counts)."""
    ratio = second_s / first_s
    states = [ratio**n for n in range(room + 3)]
    exact = (1 - states[0] / sum(states)) / second_s
    line = serial(Station("a", exponential(first_s)), Station("b", exponential(second_s), buffer=Buffer(room)))
    agrees([per_s(p) for p in plays(line)], exact)


def test_three_stations_without_buffers():
    """Hunt (1956): three exponential stations in a row without room between pass 22/39 of what one would."""
    line = serial(*(Station(name, exponential(60.0), buffer=Buffer(0)) for name in "abc"))
    agrees([per_s(p) for p in plays(line)], 22 / 39 / 60.0)


def test_a_closed_network():
    """Mean value analysis of seven parts going round four stations."""
    work_s = [50.0, 70.0, 20.0, 60.0]
    queue = [0.0] * 4
    for parts in range(1, 8):
        inside_s = [w * (1 + q) for w, q in zip(work_s, queue, strict=True)]
        rate = parts / sum(inside_s)
        queue = [rate * t for t in inside_s]
    stations = tuple(Station(f"s{k}", exponential(w)) for k, w in enumerate(work_s))
    line = Line(
        stations, (Route("p", tuple(Step(s.name) for s in stations)),), (Source("parts", ("p",), most_inside=7),)
    )
    agrees([per_s(p) for p in plays(line)], rate)


def test_a_bench_is_visited_as_often_as_a_test_fails():
    """Open Jackson network: the test sees 1/p visits a part, the bench (1 - p)/p; both are M/M/1 with those rates."""
    passes, rate, test_s, bench_s = 0.8, 1 / 100.0, 60.0, 200.0
    to_test, to_bench = rate / passes, rate * (1 - passes) / passes
    inside = sum(load / (1 - load) for load in (to_test * test_s, to_bench * bench_s))
    test = Station("test", exponential(test_s), first_pass_share=passes, on_fail="debug", bench="bench")
    line = Line((test, Station("bench", exponential(bench_s))), (Route("p", (Step("test"),)),),
                (Source("parts", ("p",), "times", exponential(1 / rate)),))  # fmt: skip
    agrees([mean_flow_s(p, 2000) for p in plays(line)], inside / rate)


def test_operators_are_servers():
    """Ten places, three operators: M/M/3."""
    work_s, load = 180.0, 2.4
    top = load**3 / 6 / (1 - load / 3)
    waits = top / (1 + load + load**2 / 2 + top)
    exact_s = work_s + waits * work_s / 3 / (1 - load / 3)
    line = Line((Station("s", exponential(work_s), 60, needs={"operator": 1}),), (Route("p", (Step("s"),)),),
                (Source("parts", ("p",), "times", exponential(work_s / load)),), (Pool("operator", 3),))  # fmt: skip
    agrees([mean_flow_s(p) for p in plays(line)], exact_s)


@pytest.mark.slow
def test_recursion_and_event_loop_agree_over_a_million_parts():
    """Each departure to 1e-12 relative on common draws."""
    broken = Breakdown(exponential(3000.0), gamma(300.0, 0.5))
    stations = (*(Station(f"s{k}", exponential(10.0), 1, Buffer(4), broken) for k in range(5)),
                Station("test", lognormal(60.0, 0.3), 8), Station("pack", gamma(9.0, 0.6), 1))  # fmt: skip
    line = serial(*stations)
    assert why_not(line) is None
    ours, events = play_recursion(line, weeks=40, seed=3), play_events(line, weeks=40, seed=3)
    assert len(ours.left) == len(events.left) > 1_000_000
    one, other = np.sort(ours.left, order="item"), np.sort(events.left, order="item")
    assert np.array_equal(one["item"], other["item"])
    assert np.abs(one["finish_s"] / other["finish_s"] - 1).max() <= 1e-12


@pytest.mark.slow
def test_the_interval_covers_the_truth_of_m_m_1_as_often_as_it_says():
    """1,000 macro-replications of 20 runs of 6 weeks (the first left out) at a load of 80 %: 92 to 97 % hold 3,000 s."""
    line = open_line(Station("s", exponential(600.0)), exponential(750.0))
    holds = []
    for macro in range(1000):
        runs = [play_recursion(line, weeks=6, seed=macro, replication=n) for n in range(20)]
        found = interval([float(p.flow_s[p.finish_s > WEEK_S].mean()) for p in runs])
        holds.append(found.low <= 3000.0 <= found.high)
    assert 0.92 <= np.mean(holds) <= 0.97


@pytest.mark.slow
def test_the_interval_covers_the_truth_of_five_stations_as_often_as_it_says():
    """Parts a week of five stations with buffers of two; the truth from 4,000 runs of other draws."""
    line = serial(*(Station(f"s{k}", exponential(600.0), buffer=Buffer(2)) for k in range(5)))

    def weekly(seed: int, count: int) -> np.ndarray:
        runs = (play_recursion(line, weeks=5, seed=seed, replication=n) for n in range(count))
        return np.array([(p.finish_s > WEEK_S).sum() / 4 for p in runs])

    truth = weekly(10**6, 4000).mean()
    found = [interval(weekly(macro, 10)) for macro in range(1000)]
    assert 0.92 <= np.mean([each.low <= truth <= each.high for each in found]) <= 0.97
