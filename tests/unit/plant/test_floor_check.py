"""Bad lines: every problem is told, with the name of the station; whatever the line, it ends."""

from __future__ import annotations

import time

import numpy as np
import pytest

from rackwright.plant.floor.arrays import DEADLOCK
from rackwright.plant.floor.build import build_floor
from rackwright.plant.floor.check import check
from rackwright.plant.floor.events import play_events
from rackwright.plant.floor.events_kernel import play
from rackwright.plant.floor.line import (
    WEEK_S,
    Breakdown,
    Buffer,
    Calendar,
    Line,
    Phase,
    Pool,
    Route,
    Source,
    Station,
    Step,
    Times,
    constant,
    empirical,
    exponential,
    gamma,
    lognormal,
    serial,
    triangular,
)  # fmt: skip

NAN = float("nan")
WORK = exponential(60.0)


def said(line: Line) -> str:
    return "\n".join(str(problem) for problem in check(line))


@pytest.mark.parametrize(
    ("station", "told"),
    [
        (Station("x", WORK, places=0), "x: no place"),
        (Station("x", WORK, first_pass_share=1.2), "x: first-pass share of 1.2, outside 0 to 1"),
        (Station("x", WORK, first_pass_share=NAN), "x: first-pass share of nan, outside 0 to 1"),
        (Station("x", constant(NAN)), "x: time of work with a value that is not a finite number"),
        (Station("x", constant(-1.0)), "x: time of work below 0"),
        (Station("x", triangular(5.0, 1.0, 9.0)), "no triangle"),
        (Station("x", WORK, first_pass_share=0.9, retest_pass_share=0.0, on_fail="rework"), "x: the route never ends"),
        (Station("x", WORK, first_pass_share=0.9, on_fail="debug", bench="y"), "x: no bench of the name 'y'"),
        (Station("x", WORK, needs={"crew": 3}), "x: needs 3 of crew, there are 2: it would never begin"),
        (Station("x", WORK, needs={"robots": 3}), "x: no pool of the name 'robots'"),
        (Station("x", WORK, calendar="never"), "never: no open hour"),
        (Station("x", WORK, calendar="nights"), "x: no calendar of the name 'nights'"),
        (Station("x", WORK, breakdown=Breakdown(constant(0.0), WORK)), "x: time to failure of 0 s"),
        (Station("x", constant(9.0), breakdown=Breakdown(constant(5.0), WORK, work="lost")), "x: work never ends"),
        (Station("x", constant(0.0)), "x: a loop without time"),
        (Station("x", WORK, buffer=Buffer(-1)), "x: a buffer of -1"),
        (Station("x", WORK, batch=2, first_pass_share=0.9, on_fail="rework"), "x: a batch is not reworked"),
    ],
)  # fmt: skip
def test_each_problem_names_its_station(station: Station, told: str):
    line = serial(station)
    line = Line(
        line.stations,
        line.routes,
        line.sources,
        (Pool("crew", 2),),
        (Calendar("never", ()),) if station.calendar == "never" else (),
    )
    assert told in said(line)


def test_all_problems_are_told_at_once():
    line = Line(
        (Station("a", constant(NAN)), Station("b", WORK, places=0), Station("b", WORK)),
        (Route("p", (Step("a"), Step("z"))),), (Source("s", ("p", "q"), "times"),),
    )  # fmt: skip
    assert said(line).splitlines() == [
        "b: 2 stations of this name",
        "a: time of work with a value that is not a finite number",
        "b: no place",
        "p: no station of the name 'z'",
        "s: no route of the name 'q'",
        "s: no times between its parts",
    ]


def test_a_bench_that_leads_back_into_a_full_buffer_is_a_risk():
    stations = (
        Station("test", WORK, first_pass_share=0.9, on_fail="debug", bench="bench", buffer=Buffer(3)),
        Station("bench", WORK, buffer=Buffer(2)),
    )
    found = check(Line(stations, (Route("p", (Step("test"),)),), (Source("s", ("p",)),)))
    assert [(problem.where, problem.severity) for problem in found] == [("test", "risk")]


def test_a_flood_into_a_buffer_without_end_is_found():
    line = serial(Station("a", constant(0.0)), Station("b", constant(10.0)))
    assert said(line) == "a: parts without end at one instant: no time passes before b"


def random_times(rng: np.random.Generator) -> Times:
    mean_s = float(10 ** rng.uniform(-1, 4))
    cv = float(rng.uniform(0.05, 2.5))
    laws = (
        constant(mean_s), exponential(mean_s), gamma(mean_s, cv), lognormal(mean_s, cv), constant(0.0),
        triangular(0.0, mean_s, 3 * mean_s), empirical((mean_s, 2 * mean_s, 0.0)),
    )  # fmt: skip
    return laws[rng.integers(len(laws))]


def random_station(rng: np.random.Generator, name: str, others: list[str]) -> Station:
    """Anything that may be declared, benches and bounded buffers in rings among it."""

    def needs() -> dict[str, float]:
        return {pool: float(rng.integers(1, 4)) for pool in ("crew", "power") if rng.random() < 0.3}

    phases = tuple(Phase(f"phase {n}", random_times(rng), needs(), 1e3) for n in range(rng.integers(1, 4)))
    batch = int(rng.integers(1, 4)) if rng.random() < 0.2 else 1
    broken = None
    if rng.random() < 0.4:
        broken = Breakdown(
            exponential(float(10 ** rng.uniform(2, 5))), random_times(rng), clock=("operation", "time")[rng.integers(2)],
            work=("kept", "lost")[rng.integers(2)], crew={"crew": 1.0} if rng.random() < 0.3 else {},
        )  # fmt: skip
    fails = ("rework", "debug", "scrap")[rng.integers(3)] if batch == 1 else ("debug", "scrap")[rng.integers(2)]
    return Station(
        name, phases, int(rng.integers(1, 6)), Buffer(None if rng.random() < 0.3 else int(rng.integers(0, 4))), broken,
        float(rng.uniform(0.3, 1.0)) if rng.random() < 0.5 else 1.0, on_fail=fails if others else "scrap",
        bench=others[rng.integers(len(others))] if others and fails == "debug" else None,
        rework=random_times(rng), found="during" if len(phases) == 1 and batch == 1 and rng.random() < 0.3 else "end",
        soak=("restart", "resume")[rng.integers(2)], most_tries=int(rng.integers(1, 5)) if rng.random() < 0.3 else None,
        reserve=("phase", "peak")[rng.integers(2)], keeps_pools=bool(rng.random() < 0.2), priority=int(rng.integers(0, 3)),
        setup=random_times(rng) if rng.random() < 0.2 else None, batch=batch,
        calendar=("day", None, None)[rng.integers(3)],
    )  # fmt: skip


def random_line(seed: int) -> Line:
    rng = np.random.default_rng(seed)
    benches = [
        Station(f"bench {n}", random_times(rng), int(rng.integers(1, 3)), Buffer(int(rng.integers(0, 3))))
        for n in range(2)
    ]
    names = [station.name for station in benches]
    stations = [random_station(rng, f"station {n}", names) for n in range(rng.integers(1, 9))]
    own = [station.name for station in stations]
    routes = tuple(
        Route(f"route {n}", tuple(Step(own[k]) for k in (0, *rng.integers(0, len(own), rng.integers(0, 6)))))
        for n in range(2)
    )
    tray = Route("tray", (Step(names[0]),), into=own[0], per=int(rng.integers(1, 4)), room=4)
    kits = rng.random() < 0.2
    kind = ("always", "times", "closed")[rng.integers(3)]
    source = Source(
        "parts", ("route 0", "route 1"), "times" if kind == "times" else "always",
        exponential(100.0) if kind == "times" else None, shares=(0.3, 0.7), campaign=int(rng.integers(1, 4)),
        most_inside=int(rng.integers(1, 30)) if kind == "closed" else None,
    )  # fmt: skip
    day = Calendar("day", ((3600.0, 8 * 3600.0), (9 * 3600.0, 17 * 3600.0)), 86400.0)
    return Line(
        (*stations, *benches), (*routes, tray) if kits else routes, (source, Source("trays", ("tray",))) if kits else (source,),
        (Pool("crew", 3, ("day", None)[rng.integers(2)]), Pool("power", 4)), (day,),
    )  # fmt: skip


def test_three_hundred_random_lines_end():
    """Each sound one ends within 2 s of processor time and its parts and place-seconds add up; the others are refused."""
    play_events(serial(Station("s", WORK)), weeks=0.01)
    played = 0
    for seed in range(300):
        line = random_line(seed)
        if any(problem.severity == "error" for problem in check(line)):
            continue
        begun = time.process_time()
        run = play_events(line, weeks=4, seed=seed, most_events=1_000_000)
        assert time.process_time() - begun < 2.0, seed
        assert run.ended in ("done", "too many events", "no time passes", "deadlock")
        if len(line.sources) == 1:
            assert len(run.left) + run.inside == run.came, seed
        if run.ended == "done":
            places = np.array([station.places for station in line.stations])
            assert run.spent_s.sum(axis=(0, 2)) == pytest.approx(places * 4 * 604800.0, rel=1e-9), seed
        if run.ended == "deadlock":
            assert run.standing, seed
        played += 1
    assert played > 150


def test_what_is_found_in_standstill_never_moves_again():
    """Played on to the end, every place that was named still holds the part that it held."""
    found = 0
    for seed in range(150):
        line = random_line(seed)
        if any(problem.severity == "error" for problem in check(line)):
            continue
        floor = build_floor(line, weeks=1, seed=seed, out=100_000)
        if play(floor.table[0], WEEK_S, 200_000, 10**9) != DEADLOCK:
            continue
        stuck = np.flatnonzero(floor["stuck"])
        held = floor["place"]["part"][stuck].copy()
        items = floor["part"]["item"][held].copy()
        floor.table[0]["risky"] = 0
        play(floor.table[0], WEEK_S, 400_000, 10**9)
        assert np.array_equal(floor["place"]["part"][stuck], held), seed
        assert np.array_equal(floor["part"]["item"][held], items), seed
        found += 1
    assert found > 20
