"""A job's time under faults: work, checkpoints, restarts; simulated event by event, beside the closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.outages.faults import Fault

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Job:
    """A job that writes a checkpoint of `checkpoint_s` after every `every_s` of work, and restarts in `restart_s`."""

    name: str
    gpus: int
    every_s: float
    checkpoint_s: float
    restart_s: float


@dataclass(frozen=True, slots=True)
class Lost:
    """What faults cost a job, beside its checkpoints: (replications,) shares of its wall-clock time."""

    stopped_share: Floats
    waited_share: Floats
    slowed_share: Floats
    stops: Floats

    @property
    def share(self) -> Floats:
        """All of it: (replications,)."""
        return self.stopped_share + self.waited_share + self.slowed_share

    def interval(self) -> tuple[float, float, float]:
        """Mean of the share and the ends of its 95 % interval over the replications (Student)."""
        from scipy.stats import t

        share = self.share
        mean, count = float(share.mean()), len(share)
        if count < 2:
            return mean, math.nan, math.nan
        half = float(t.ppf(0.975, count - 1)) * float(share.std(ddof=1)) / math.sqrt(count)
        return mean, mean - half, mean + half


def expected_share(job: Job, stops_per_s: float) -> float:
    """Share of time lost to stops by Daly's exact form for exponential stops; restarts may fail too. Checkpoints are not in it.

    A stretch of work and checkpoint of length L takes (1 / rate + restart) (exp(rate L) - 1) on the mean, stops counted
    that hit a restart (J. T. Daly, Future Generation Computer Systems 22 (2006) 303).

    >>> job = Job("a", 1024, 600.0, 10.0, 300.0)
    >>> expected_share(job, 0.0), round(expected_share(job, 1 / 36000.0), 4)  # about (300 + 305) / 36,000
    (0.0, 0.0167)
    """
    if stops_per_s <= 0.0:
        return 0.0
    stretch_s = job.every_s + job.checkpoint_s
    took_s = math.exp(stops_per_s * job.restart_s) / stops_per_s * math.expm1(stops_per_s * stretch_s)
    return 1.0 - stretch_s / took_s


def simulate(job: Job, faults: Sequence[Fault], *, length_s: float, replications: int, seed: int) -> Lost:
    """Play a job through its faults.

    Each kind of fault has its own stream, keyed by seed, job, kind and replication: a kind more moves no other. A stop
    takes the work since the last checkpoint and a restart, during which another stop begins the restart anew. Waits
    stop the clock of the work for their length, faults that slow do so until they are repaired, the slowest of those
    open at a time. Waits and slow times are reckoned apart from stops: at usual rates both are small.

    Raises
    ------
    ValueError
        For no replication, or a time that is not above zero.
    """
    if replications < 1 or not length_s > 0:
        raise ValueError(f"{replications} replications of {length_s:g} s: expected one or more of a time above 0 s")
    found = np.zeros((4, replications))
    for number in range(replications):
        stops: list[Floats] = []
        for fault in faults:
            at_s = _times(job, fault, number, length_s, seed)
            if fault.effect == "stops":
                stops.append(at_s)
            elif fault.effect == "waits":
                found[1, number] += len(at_s) * fault.open_s / length_s
        when_s = np.sort(np.concatenate(stops)) if stops else np.empty(0)
        found[0, number] = _stopped_s(job, when_s, length_s) / length_s
        found[2, number] = _slowed_s(job, faults, number, length_s, seed) / length_s
        found[3, number] = len(when_s)
    return Lost(found[0], found[1], found[2], found[3])


def _times(job: Job, fault: Fault, replication: int, length_s: float, seed: int) -> Floats:
    """Moments at which a kind of fault happens, of a Poisson process."""
    word = f"{seed}/{job.name}/{fault.what}/{replication}".encode()
    rng = np.random.Generator(np.random.Philox(key=int.from_bytes(sha256(word).digest()[:16], "little")))
    return np.sort(rng.uniform(0.0, length_s, rng.poisson(fault.per_s * length_s)))


def _stopped_s(job: Job, when_s: Floats, length_s: float) -> float:
    """Time lost to stops: work since the last checkpoint, and restarts."""
    stretch_s, lost_s, begun_s, up_s = job.every_s + job.checkpoint_s, 0.0, 0.0, 0.0
    for at_s in when_s.tolist():
        if at_s < up_s:  # during a restart, which begins anew
            lost_s += at_s + job.restart_s - up_s
        else:
            # since the last restart whole stretches are kept
            lost_s += (at_s - begun_s) % stretch_s + job.restart_s
        up_s = begun_s = at_s + job.restart_s
    return lost_s - max(up_s - length_s, 0.0)


def _slowed_s(job: Job, faults: Sequence[Fault], replication: int, length_s: float, seed: int) -> float:
    """Work that is not done while faults slow the job: of those open at a time the slowest counts."""
    slow = sorted(
        (fault for fault in faults if fault.effect == "slows" and fault.slower > 1.0), key=lambda f: -f.slower
    )
    start_s, end_s, lost_s, before_s = np.empty(0), np.empty(0), 0.0, 0.0
    for fault in slow:
        at_s = _times(job, fault, replication, length_s, seed)
        start_s, end_s = np.concatenate([start_s, at_s]), np.concatenate([end_s, at_s + fault.open_s])
        # the worst kinds first: a later kind counts only where none worse is open
        open_s = _covered_s(start_s, np.minimum(end_s, length_s))
        lost_s += (1.0 - 1.0 / fault.slower) * (open_s - before_s)
        before_s = open_s
    return lost_s


def _covered_s(start_s: Floats, end_s: Floats) -> float:
    """Length that intervals cover together."""
    if not len(start_s):
        return 0.0
    order = np.argsort(start_s, kind="stable")
    start_s, furthest_s = start_s[order], np.maximum.accumulate(end_s[order])
    gap_s = np.maximum(start_s[1:] - furthest_s[:-1], 0.0)
    return float(furthest_s[-1] - start_s[0] - gap_s.sum())
