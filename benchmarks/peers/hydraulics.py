"""The hydraulic kernel beside EPANET's engine in C and beside pandapipes: the same halls, in turns, in one run.

Ours takes each peer's own friction law and stops at a relative change of flows of 1e-8 and nodes balanced to 1e-10 of the
sum of flows; the peers stop at the same change of the largest flow. Work on one thread is judged by processor time, so
that a busy machine does not count against anyone; wall time stands beside where it is longer. Loading and compiling the
kernels and the symbolic phase, once per topology, are apart.
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.halls import (
    DENSITY_KG_M3,
    EPANET_GRAVITY_M_S2,
    EPANET_SHUT_KG_S,
    VISCOSITY_PA_S,
    Hall,
    as_network,
    hall,
    hour_share,
)
from benchmarks.peers import epanet, streaming
from benchmarks.peers.clock import Taken, least, once, taken
from benchmarks.peers.pandapipes import LEAST_PANDAPIPES, PandapipesHall
from benchmarks.table import Row
from rackwright.rack.cooling.hydraulics import Network, Solution, solve

RACKS = (2, 18, 178)
SCENARIOS = 512
TOLERANCE, MASS_TOLERANCE = 1e-8, 1e-10
#: One cold solve by racks: what must be, and the goal.
MOST_COLD_MS = {18: (5.0, 1.0), 178: (45.0, 10.0)}
#: How many times faster than a warm step of EPANET, and than pandapipes (must, goal).
EPANET_RATIO, PANDAPIPES_RATIO = 2.0, (100.0, 150.0)
#: Largest difference of a flow from a peer's, as a share of the largest flow, at which answers are the same.
ALIKE = 1e-6


@dataclass(frozen=True)
class Case:
    """A hall as our network by one friction law, its answer, and our solves of it."""

    here: Hall
    network: Network
    answer: Solution

    @property
    def flows_kg_s(self) -> NDArray[np.float64]:
        return np.asarray(self.pipes_of(self.answer)[0])

    def pipes_of(self, solution: Solution) -> NDArray[np.float64]:
        """Flows of the hall's pipes, (scenarios, pipes)."""
        columns = [self.network.link_number[pipe.name] for pipe in self.here.pipes]
        return np.asarray(solution.flow_kg_s[:, columns])

    def solve(self, **given: Any) -> Solution:
        return solve(
            self.network,
            density_kg_m3=DENSITY_KG_M3,
            viscosity_pa_s=VISCOSITY_PA_S,
            gravity_m_s2=EPANET_GRAVITY_M_S2,
            flow_tolerance=TOLERANCE,
            mass_tolerance=MASS_TOLERANCE,
            **given,
        )

    def cold(self) -> Solution:
        return self.solve(workers=1)

    def at_share(self, share: float) -> Solution:
        """The answer at a share of the head, or of the pumps' speed."""
        if self.here.pumps:
            return self.solve(speed=self.network.pump_speed * share)
        return self.solve(fixed_pa=self.network.fixed_pa * share)

    def scenarios(self) -> dict[str, Any]:
        """Each rack's trays by 5 %, the head by 10 % or the pumps' speed by 5 %; the same at every call."""
        return streaming.varied(self.here, self.network, SCENARIOS, np.random.default_rng(1))

    def batch(self) -> Callable[[int], Solution]:
        """Solves of all scenarios on so many threads."""
        given = self.scenarios()
        return lambda workers: self.solve(start=self.answer, workers=workers, **given)


def case(here: Hall, law: str) -> Case:
    """A hall, solved once."""
    network = as_network(here, law)
    first = Case(here, network, solve(network, density_kg_m3=DENSITY_KG_M3, viscosity_pa_s=VISCOSITY_PA_S))
    return Case(here, network, first.cold())


def run() -> Iterator[Row]:
    """Rows for every size, without and with pumps; a peer that is not installed is left out and said so."""
    warnings.simplefilter("ignore")
    yield from streaming.compile_rows()
    for pumps in (False, True):
        for racks in RACKS:
            here = hall(racks, pumps=pumps)
            name = f"{len(here.pipes):,} pipes{f', {len(here.pumps)} pumps' if pumps else ''}"
            yield from _beside_epanet(here, name)
            if not pumps:
                yield from _beside_pandapipes(here, name)
    yield streaming.memory_row(hall(RACKS[-1]))


def _beside_epanet(here: Hall, name: str) -> Iterator[Row]:
    (building,) = taken(lambda: as_network(here, "epanet"), goes=3)
    yield Row(f"{name}: building and symbolic phase", _told(building))
    ours = case(here, "epanet")
    batch = ours.batch()
    if not _there("wntr"):
        (cold,) = taken(ours.cold)
        yield _cold_row(name, here, cold, None, "EPANET is not installed: make validate installs it")
        yield Row(f"{name}: warm, 1 of {SCENARIOS} in a batch", _told(_batches(batch, 1)))
        return
    largest = float(np.abs(ours.flows_kg_s).max())
    # what leaks through a shut standby of EPANET's is no flow of ours
    bound = max(ALIKE, EPANET_SHUT_KG_S / largest) if here.pumps else ALIKE
    with (
        epanet.opened(here, largest, flow_tolerance=TOLERANCE) as engine,
        epanet.opened(here, largest, flow_tolerance=0.0) as loose,
    ):
        cold, theirs, plain = taken(ours.cold, lambda: epanet.solve_cold(engine), lambda: epanet.solve_cold(loose))
        epanet.solve_cold(engine)
        apart = _apart(ours.flows_kg_s, epanet.flows_kg_s(engine, here))
        beside = f"EPANET {_ratio(theirs, cold)}, by ACCURACY alone {_ratio(plain, cold)}; {_alike(apart, bound)}"
        yield _cold_row(name, here, cold, theirs, beside, alike=apart < bound)
        warm, step, plain = _warm_in_turns(batch, engine, loose)
        last = ours.pipes_of(ours.at_share(hour_share(here, epanet.STEPS - 1)))[0]
        apart = _apart(last, epanet.flows_kg_s(engine, here))
    yield Row(
        f"{name}: warm, 1 of {SCENARIOS} in a batch, one thread", _told(warm), f">= {EPANET_RATIO:g} x EPANET",
        f"EPANET's hour {_ratio(step, warm)}, by ACCURACY alone {_ratio(plain, warm)}; {_alike(apart, bound)}",
        holds=step.processor_s >= EPANET_RATIO * warm.processor_s and apart < bound,
    )  # fmt: skip
    both = _batches(batch, 2)
    load = os.getloadavg()[0]
    yield Row(
        f"{name}: the same on two threads", f"{both.wall_s * 1e3:.4g} ms", beside=f"wall; machine's load {load:.1f}"
    )


def _cold_row(name: str, here: Hall, cold: Taken, theirs: Taken | None, beside: str, *, alike: bool = True) -> Row:
    """The goal is met where ours is also ahead of EPANET."""
    must, goal = MOST_COLD_MS.get(here.racks, (np.inf, np.inf))
    wanted = f"<= {must:g} ms" if must < np.inf else ""
    cold_ms = cold.processor_s * 1e3
    met = theirs is not None and cold_ms <= goal and cold.processor_s < theirs.processor_s
    told = f"goal {goal:g} ms and ahead of EPANET {'met' if met else 'not met'}; " if wanted and theirs else ""
    return Row(f"{name}: one cold solve", _told(cold), wanted, told + beside, cold_ms <= must and alike)


def _warm_in_turns(batch: Callable[[int], Solution], engine: Any, loose: Any) -> tuple[Taken, Taken, Taken]:
    """Ours a scenario, EPANET's mean hour stopped alike, and stopped by ACCURACY alone; the least of several turns."""
    ours, theirs, plain = [], [], []
    batch(1)
    for _ in range(4):
        ours.append(once(lambda: batch(1)).per(SCENARIOS))
        plain.append(epanet.warm_step(loose))
        theirs.append(epanet.warm_step(engine))
    return least(ours), least(theirs), least(plain)


def _batches(batch: Callable[[int], Solution], workers: int) -> Taken:
    (found,) = taken(lambda: batch(workers), goes=4)
    return found.per(SCENARIOS)


def _beside_pandapipes(here: Hall, name: str) -> Iterator[Row]:
    if not _there("pandapipes") or _numbers(version("pandapipes")) < _numbers(LEAST_PANDAPIPES):
        yield Row(f"{name}: beside pandapipes", "", beside=f"pandapipes {LEAST_PANDAPIPES} or newer is not installed")
        return
    ours = case(here, "nikuradse")
    batch = ours.batch()
    batch(1)
    steady = PandapipesHall(here, TOLERANCE * float(np.abs(ours.flows_kg_s).max()))
    series, tightest = PandapipesHall(here, steady.tolerance_kg_s), PandapipesHall(here)
    shares = np.random.default_rng(2).uniform(0.9, 1.1, 100)
    at = iter(shares)
    steady.solve()
    series.solve_warm(1.0)
    tightest.solve()
    apart = max(_apart(ours.flows_kg_s, steady.flows_kg_s()), _last_apart(ours, batch(1), here))
    all_ours, *theirs = taken(
        lambda: batch(1), steady.solve, lambda: series.solve_warm(float(next(at))), tightest.solve, goes=6, at_most_s=15.0
    )  # fmt: skip
    warm = all_ours.per(SCENARIOS)
    series.solve_warm(1.05)
    apart_warm = _apart(ours.pipes_of(ours.at_share(1.05))[0], series.flows_kg_s())
    yield _pandapipes_row(
        f"{name}: warm in a batch beside pandapipes",
        warm,
        theirs[0],
        apart,
        f"at {theirs[2].processor_s * 1e3:.4g} ms at its tightest",
    )
    yield _pandapipes_row(
        f"{name}: the same, pandapipes kept warm",
        warm,
        theirs[1],
        apart_warm,
        "its transient mode, which nets without heat may use; heads alone vary",
        bound=False,
    )


def _last_apart(ours: Case, answers: Solution, here: Hall) -> float:
    """The last scenario of our batch beside pandapipes on a hall with that scenario's pipes and heads."""
    given = ours.scenarios()
    columns = [ours.network.link_number[pipe.name] for pipe in here.pipes]
    varied = PandapipesHall(here, factor=given["factor"][-1, columns])
    varied.solve(float(given["fixed_pa"][-1].max() / ours.network.fixed_pa.max()))
    return _apart(ours.pipes_of(answers)[-1], varied.flows_kg_s())


def _pandapipes_row(what: str, warm: Taken, theirs: Taken, apart: float, note: str, *, bound: bool = True) -> Row:
    ratio = theirs.processor_s / warm.processor_s
    must, goal = PANDAPIPES_RATIO
    beside = f"{_told(theirs)} to our {_told(warm)}; {note}"
    if not bound:
        return Row(what, f"{ratio:.0f} x", "", f"{beside}; {_alike(apart)}", apart < ALIKE)
    beside += f"; goal {goal:g} x {'met' if ratio >= goal else 'not met'}"
    return Row(what, f"{ratio:.0f} x", f">= {must:g} x", f"{beside}; {_alike(apart)}", ratio >= must and apart < ALIKE)


def _there(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])


def _apart(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Largest difference of a flow, as a share of the largest flow; links that are shut in both count as equal."""
    flowing = np.maximum(np.abs(ours), np.abs(theirs)) > EPANET_SHUT_KG_S
    return float(np.abs(ours - theirs)[flowing].max() / np.abs(theirs).max())


def _alike(apart: float, bound: float = ALIKE) -> str:
    return f"flows {'agree' if apart < bound else 'DIFFER'} to {apart:.0e}"


def _ratio(theirs: Taken, ours: Taken) -> str:
    return f"{theirs.processor_s * 1e3:.4g} ms: {theirs.processor_s / ours.processor_s:.2f} x"


def _told(time: Taken) -> str:
    """Processor time, and wall time where it is longer by a tenth."""
    waits = f" ({time.wall_s * 1e3:.3g} wall)" if time.wall_s > 1.1 * time.processor_s else ""
    return f"{time.processor_s * 1e3:.4g} ms{waits}"


if __name__ == "__main__":
    for row in run():
        print(
            f"{row.what:<66} {row.measured:>24} {row.goal:>14}  {row.beside}{'' if row.holds else '  MISSED'}",
            flush=True,
        )
