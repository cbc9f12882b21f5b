"""Serial lines by the recursion of departure times: where it is exact, and how a line is cut into pieces for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.plant.floor import arrays as a
from rackwright.plant.floor.draws import LawTable, source_tag, stream_key
from rackwright.plant.floor.events import Played
from rackwright.plant.floor.line import WEEK_S, Line, Phase, Station, Times, constant

Floats = NDArray[np.float64]
#: Parts worked through before looking whether the time is over.
PARTS_AT_A_GO = 1 << 16


def why_not(line: Line) -> str | None:
    """Why the recursion would not be exact on this line; None where it is.

    It is exact for one route of one source that is never short or comes by itself, over stations that each part sees once,
    with rework in the place, breakdowns that run with the work and keep it, buffers of any size, and several places where
    the buffer behind has no end. Pools, calendars, batches, kits, benches and scrap need the event loop.
    """
    if len(line.routes) != 1 or len(line.sources) != 1 or line.routes[0].into:
        return "several routes or sources"
    if line.sources[0].most_inside is not None:
        return "a bound on the parts inside"
    steps = line.routes[0].steps
    if len({step.station for step in steps}) < len(steps):
        return "a station twice on the route"
    stations = [line.station(step.station) for step in steps]
    for step, station, after in zip(steps, stations, [*stations[1:], None], strict=True):
        reason = _station_why_not(station, first_pass=step.first_pass_share)
        if reason is None and station.places > 1 and after is not None and after.buffer.capacity is not None:
            reason = "several places that can be blocked"
        if reason is not None:
            return f"{station.name}: {reason}"
    return None


def _station_why_not(station: Station, first_pass: float | None) -> str | None:
    broken = station.breakdown
    if any(phase.needs or phase.power_w for phase in station.phases) or station.calendar or station.batch > 1:
        return "pools, power, hours or batches"
    if broken is not None and (broken.clock == "time" or broken.work == "lost" or broken.crew):
        return "breakdowns by the clock, with lost work or with a crew"
    share = station.first_pass_share if first_pass is None else first_pass
    if share < 1 and (station.on_fail != "rework" or station.found == "during" or station.most_tries):
        return "parts that leave their place when they fail"
    if isinstance(station.rework, Phase):
        return "rework with needs of its own"
    return None


@dataclass
class _Piece:
    """Stations up to one before a buffer without end."""

    first: int
    steps: NDArray[np.void]
    slots: NDArray[np.void]
    ring: Floats


def play_recursion(
    line: Line, *, weeks: float, seed: int = 0, replication: int = 0, most_parts: int | None = None
) -> Played:
    """What `play_events` finds, from the same draws, on a line where `why_not` is None.

    With `most_parts` so many parts go through and the weeks are not looked at.
    """
    from rackwright.plant.floor.recursion_kernel import begin, close

    until_s = np.inf if most_parts is not None else weeks * WEEK_S
    laws = LawTable()
    source = line.sources[0]
    between = laws.number(source.between) if source.between else -1
    pieces = _pieces(line, laws, seed, replication)
    rows, values = laws.arrays()
    spent_s = np.zeros((int(np.ceil(weeks)) + 1, len(line.routes[0].steps), 6))
    for piece in pieces:
        begin(piece.steps, piece.slots, rows, values.ctypes.data)
    coming = _Coming(line, rows, values, between, stream_key(seed, replication, source.name))
    item, release_s, leave_s = _first(line, pieces[0], coming, rows, values, until_s, most_parts, spent_s)
    on_the_way: list[Floats] = []
    for piece in pieces[1:]:
        item, release_s, leave_s = _sorted(item, release_s, leave_s)
        count = int(np.searchsorted(leave_s, until_s, side="right"))
        on_the_way.append(release_s[count:])
        item, release_s, leave_s = item[:count], release_s[:count], leave_s[:count]
        leave_s = _through(line, piece, item, leave_s, rows, values, until_s, spent_s)
    item, release_s, leave_s = _sorted(item, release_s, leave_s)
    for piece in pieces:
        close(
            piece.steps, piece.slots, until_s if until_s < np.inf else leave_s.max(initial=0.0), _spent(piece, spent_s)
        )
    late_s = np.concatenate([np.zeros(0), *on_the_way])
    release_s, leave_s = np.append(release_s, late_s), np.append(leave_s, np.full(len(late_s), np.inf))
    return _told(line, pieces, item, release_s, leave_s, spent_s, until_s)


@dataclass
class _Coming:
    """When parts come to the line."""

    line: Line
    rows: NDArray[np.void]
    values: Floats
    between: int
    key: int
    last_s: float = 0.0

    def at_s(self, items: NDArray[np.int64]) -> Floats:
        """The times of the next parts; what a series does not have comes never."""
        from rackwright.plant.floor.draws_kernel import fill

        source = self.line.sources[0]
        if source.kind == "series":
            given = np.array(source.at_s[items[0] : items[0] + len(items)])
            return np.maximum.accumulate(np.concatenate([given, np.full(len(items) - len(given), np.inf)]))
        gaps_s = np.empty(len(items))
        if source.kind == "always":
            return gaps_s
        fill(
            self.rows[self.between],
            self.values.ctypes.data,
            self.key,
            items,
            source_tag(source.name),
            0,
            a.BETWEEN,
            gaps_s,
        )
        # One after the other, as the event loop adds them: the same times to the last bit.
        times_s: Floats = np.add.accumulate(np.concatenate([[self.last_s], gaps_s]))[1:]
        self.last_s = float(times_s[-1])
        return times_s


def _first(
    line: Line, piece: _Piece, coming: _Coming, rows: NDArray[np.void], values: Floats, until_s: float,
    most_parts: int | None, spent_s: NDArray[np.float64],
) -> tuple[NDArray[np.int64], Floats, Floats]:  # fmt: skip
    """Parts into the line until the time is over."""
    from rackwright.plant.floor.recursion_kernel import advance

    tag, always = source_tag(line.sources[0].name), line.sources[0].kind == "always"
    releases, leaves, first, spent = [], [], 0, _spent(piece, spent_s)
    while True:
        size = PARTS_AT_A_GO if most_parts is None else min(PARTS_AT_A_GO, most_parts - first)
        items = np.arange(first, first + size)
        release_s, leave_s = np.empty(size), np.empty(size)
        done = advance(
            piece.steps, piece.slots, rows, values.ctypes.data, piece.ring, items, tag, coming.at_s(items), always, first,
            _finite(until_s), release_s, leave_s, spent,
        )  # fmt: skip
        releases.append(release_s[:done])
        leaves.append(leave_s[:done])
        first += done
        if done < size or first == most_parts:
            return np.arange(first), np.concatenate(releases), np.concatenate(leaves)


def _spent(piece: _Piece, spent_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """The piece's own columns."""
    return spent_s[:, piece.first : piece.first + len(piece.steps)]


def _finite(until_s: float) -> float:
    """A series that has ended comes at infinity: beyond any time."""
    return min(until_s, 1e300)


def _through(
    line: Line, piece: _Piece, item: NDArray[np.int64], come_s: Floats, rows: NDArray[np.void], values: Floats,
    until_s: float, spent_s: NDArray[np.float64],
) -> Floats:  # fmt: skip
    from rackwright.plant.floor.recursion_kernel import advance

    release_s, leave_s = np.empty(len(item)), np.empty(len(item))
    advance(
        piece.steps, piece.slots, rows, values.ctypes.data, piece.ring, item, source_tag(line.sources[0].name), come_s, False, 0,
        _finite(until_s), release_s, leave_s, _spent(piece, spent_s),
    )  # fmt: skip
    return leave_s


def _sorted(item: NDArray[np.int64], release_s: Floats, leave_s: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    """In order of leaving."""
    if np.any(np.diff(leave_s) < 0):
        order = np.argsort(leave_s, kind="stable")
        item, release_s, leave_s = item[order], release_s[order], leave_s[order]
    return item, release_s, leave_s


def _pieces(line: Line, laws: LawTable, seed: int, replication: int) -> list[_Piece]:
    steps = line.routes[0].steps
    stations = [line.station(step.station) for step in steps]
    starts = [k for k, station in enumerate(stations) if k == 0 or station.buffer.capacity is None]
    pieces = []
    for first, end in zip(starts, [*starts[1:], len(steps)], strict=True):
        own = [(stations[k], steps[k].work, steps[k].first_pass_share) for k in range(first, end)]
        pieces.append(_piece(first, own, laws, seed, replication))
    return pieces


def _piece(
    first: int, own: list[tuple[Station, Times | None, float | None]], laws: LawTable, seed: int, replication: int
) -> _Piece:
    from rackwright.plant.floor.recursion_kernel import SLOT, STEP

    rows, places, ring = np.zeros(len(own), STEP), 0, 0
    for k, (station, work, passes) in enumerate(own):
        row, broken = rows[k], station.breakdown
        row["key"], row["places"], row["first"] = stream_key(seed, replication, station.name), station.places, places
        places += station.places
        row["room"] = -1 if k == 0 or station.buffer.capacity is None else station.buffer.capacity
        if row["room"] > 0:
            size = 1 << int(row["room"]).bit_length()
            row["ring"], row["mask"] = ring, size - 1
            ring += size
        times = [phase.work for phase in station.phases] if work is None else [work]
        row["law"], row["laws"] = laws.row(times), len(times)
        row["up"] = laws.number(broken.up) if broken else -1
        row["repair"] = laws.number(broken.repair) if broken else -1
        rework = station.rework if isinstance(station.rework, Times) else constant(0.0)
        row["rework"], row["retest"] = laws.number(rework), station.retest_share
        row["first_pass"] = station.first_pass_share if passes is None else passes
        later = station.retest_pass_share
        row["later_pass"] = row["first_pass"] if later is None else later
    return _Piece(first, rows, np.zeros(places, SLOT), np.zeros(max(ring, 1)))


def _told(
    line: Line, pieces: list[_Piece], item: NDArray[np.int64], release_s: Floats, leave_s: Floats,
    spent_s: NDArray[np.float64], until_s: float,
) -> Played:  # fmt: skip
    """The same record of a run that the event loop leaves."""
    came = len(release_s)
    gone = int(np.searchsorted(leave_s, until_s, side="right"))
    end_s = until_s if until_s < np.inf else float(leave_s.max(initial=0.0))
    left = np.zeros(gone, a.LEFT)
    left["finish_s"], left["release_s"], left["item"], left["good"] = leave_s[:gone], release_s[:gone], item[:gone], 1
    steps = np.concatenate([piece.steps for piece in pieces])
    names = [station.name for station in line.stations]
    order = [names.index(step.station) for step in line.routes[0].steps]
    spent = np.zeros((len(spent_s), len(names), 6))
    spent[:, order] = spent_s
    failed, reworked = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    failed[order], reworked[order] = steps["failed"], steps["reworked"]
    return Played(
        left=left, spent_s=spent, inside_s=_inside_s(release_s, leave_s, end_s, len(spent_s)), load_j=np.zeros(1),
        trace=np.zeros(0, a.SEEN), setups=np.zeros(len(names), np.int64), failures=failed, tries_failed=reworked,
        setup_s=np.zeros(len(names)), ended="done" if until_s < np.inf else "enough", until_s=end_s, events=0, came=came,
        inside=came - gone, standing=(), busiest=names[0],
    )  # fmt: skip


def _inside_s(release_s: Floats, leave_s: Floats, end_s: float, weeks: int) -> Floats:
    """Part-seconds inside by week: most parts leave in the week in which they came, the others are cut at its ends."""
    leave_s = np.minimum(leave_s, end_s)
    first, last = (release_s / WEEK_S).astype(int), (leave_s / WEEK_S).astype(int)
    over = np.flatnonzero(last > first)
    times_s = leave_s - release_s
    times_s[over] = (first[over] + 1) * WEEK_S - release_s[over]
    inside_s: Floats = np.bincount(np.minimum(first, weeks - 1), times_s, weeks).astype(float)
    for n in over:
        for week in range(first[n] + 1, min(last[n], weeks - 1) + 1):
            inside_s[week] += min((week + 1) * WEEK_S, leave_s[n]) - week * WEEK_S
    return inside_s
