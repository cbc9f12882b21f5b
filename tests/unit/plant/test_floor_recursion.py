"""The recursion gives the departures of the event loop, and says where it would not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rackwright.plant.floor.events import Played, play_events
from rackwright.plant.floor.line import (
    Breakdown,
    Buffer,
    Line,
    Phase,
    Pool,
    Route,
    Source,
    Station,
    Step,
    constant,
    exponential,
    gamma,
    lognormal,
    serial,
    triangular,
)  # fmt: skip
from rackwright.plant.floor.recursion import play_recursion, why_not

BROKEN = Breakdown(exponential(3000.0), gamma(300.0, 0.5))
APART = Source("parts", ("part",), "times", exponential(80.0))
SERIES = Source("parts", ("part",), "series", at_s=tuple(float(t) for t in range(0, 100_000, 70)))
LINES = {
    "twenty stations that fail": serial(
        *(Station(f"s{k}", exponential(60.0), breakdown=BROKEN, buffer=Buffer(5)) for k in range(20))
    ),
    "no buffer at all": serial(*(Station(f"s{k}", gamma(60.0, 0.5), buffer=Buffer(0)) for k in range(6))),
    "several places before buffers without end": serial(
        Station("a", lognormal(180.0, 0.5), places=3, breakdown=BROKEN),
        Station("b", exponential(50.0)),
        Station("c", triangular(20.0, 40.0, 120.0), buffer=Buffer(2)),
        Station("d", exponential(400.0), places=8, buffer=Buffer(1)),
        Station("e", exponential(50.0), breakdown=BROKEN),
        source=APART,
    ),
    "places behind a place without a buffer": serial(
        Station("a", exponential(30.0)), Station("b", exponential(100.0), places=4, buffer=Buffer(0)), source=APART
    ),
    "rework and phases": serial(
        Station("a", (Phase("x", exponential(20.0)), Phase("y", constant(30.0))), first_pass_share=0.7, on_fail="rework",
                rework=exponential(15.0), retest_share=0.5, retest_pass_share=0.9, breakdown=BROKEN),
        Station("b", exponential(60.0), buffer=Buffer(3)),
    ),
    "parts that come by themselves": serial(
        Station("a", exponential(60.0), buffer=Buffer(1)), Station("b", exponential(60.0), buffer=Buffer(1)), source=SERIES
    ),
}  # fmt: skip


def by_item(played: Played) -> np.ndarray:
    return np.sort(played.left, order="item")


@pytest.mark.parametrize("name", LINES)
def test_recursion_and_event_loop_agree_on_every_departure(name: str):
    """1e-12 relative: the two add the same numbers in another order, a handful of roundings of 1e-16 apart."""
    line = LINES[name]
    assert why_not(line) is None
    ours, events = play_recursion(line, weeks=8, seed=4), play_events(line, weeks=8, seed=4)
    assert len(ours.left) == len(events.left) > 1000
    one, other = by_item(ours), by_item(events)
    assert np.array_equal(one["item"], other["item"])
    assert one["finish_s"] == pytest.approx(other["finish_s"], rel=1e-12)
    assert one["release_s"] == pytest.approx(other["release_s"], rel=1e-12)


@pytest.mark.parametrize("name", LINES)
def test_both_tell_the_same_use_of_time(name: str):
    """Work of parts begun before the end is spread evenly over the week's border by the recursion: 0.1 % of a week."""
    line = LINES[name]
    ours, events = play_recursion(line, weeks=8, seed=4), play_events(line, weeks=8, seed=4)
    assert ours.spent_s.sum(axis=2)[:8] == pytest.approx(events.spent_s.sum(axis=2)[:8], rel=1e-9)
    # A repair of a few hundred seconds may fall on either side of a border; places x 604,800 s are a week.
    assert ours.spent_s[:8] == pytest.approx(events.spent_s[:8], abs=3000.0)
    assert ours.spent_s.sum(axis=0) == pytest.approx(events.spent_s.sum(axis=0), abs=1500.0)
    assert ours.inside_s == pytest.approx(events.inside_s, rel=1e-9, abs=1e-3)
    assert ours.inside == events.inside
    assert ours.came == events.came


def test_the_recursion_says_where_it_would_not_be_exact():
    def reason(**options: Any) -> str | None:
        return why_not(serial(replace(Station("a", exponential(60.0)), **options), Station("b", exponential(60.0))))

    assert reason() is None
    assert "pools" in str(reason(needs={"crew": 1}))
    assert "leave their place" in str(reason(first_pass_share=0.9))
    assert "breakdowns" in str(reason(breakdown=Breakdown(exponential(1.0), exponential(1.0), clock="time")))
    blocked = serial(Station("a", exponential(60.0), places=2), Station("b", exponential(60.0), buffer=Buffer(1)))
    assert "can be blocked" in str(why_not(blocked))
    twice = Line(
        (Station("a", exponential(1.0)),),
        (Route("p", (Step("a"), Step("a"))),),
        (Source("p", ("p",)),),
        (Pool("x", 1),),
    )
    assert "twice" in str(why_not(twice))
