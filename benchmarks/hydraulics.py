"""The hydraulic network beside the EPANET engine in C and beside pandapipes, on the same halls in one run.

Each peer solves with its own friction law at its tightest tolerance; ours uses the same law, at a relative flow change of
1e-8 and a mass closure of 1e-10. The symbolic phase, once per topology, and loading the compiled kernels are apart.
"""

from __future__ import annotations

import logging
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tests.validation.oracles.epanet_runs import tightened
from tests.validation.oracles.halls import Hall, as_inp, as_network, hall, with_losses_times

from benchmarks.table import Row
from rackwright.rack.cooling.hydraulics import Network, Solution, solve

DENSITY, GRAVITY = 998.2, 32.2 * 0.3048
VISCOSITY = DENSITY * 1.1e-5 * 0.3048**2
#: EPANET's constants are rounded: gravity as above, viscosity 1.1e-5 ft2/s, and minor losses by 0.02517, not 8 / (g pi^2).
MINOR = 0.02517 * np.pi**2 * 32.2 / 8.0
RACKS = (2, 18, 178)
#: Must, by racks: one cold solve, and how much faster than pandapipes a warm one is.
MOST_COLD_MS = {18: 5.0, 178: 45.0}
LEAST_RATIO = 100.0
SCENARIOS, STEPS = 256, 24


def run() -> Iterator[Row]:
    """Rows for every size; without a peer its ratio is left out and said so."""
    warnings.simplefilter("ignore")
    logging.getLogger("pandapipes").setLevel(logging.CRITICAL)
    for racks in RACKS:
        yield from _size(racks)


def _size(racks: int) -> Iterator[Row]:
    here = hall(racks)
    start = time.perf_counter()
    network = as_network(with_losses_times(here, MINOR), DENSITY, GRAVITY)
    built = time.perf_counter() - start
    answer = solve(network, density_kg_m3=DENSITY, viscosity_pa_s=VISCOSITY)
    cold_ms = _best_ms(lambda: solve(network, density_kg_m3=DENSITY, viscosity_pa_s=VISCOSITY, workers=1))
    warm_ms, alone_ms = _warm_ms(network, answer, None), _warm_ms(network, answer, 1)
    pipes = len(network.links)
    epanet = _epanet(here)
    pandapipes = _pandapipes(here)
    must = MOST_COLD_MS.get(racks)
    beside = f"symbolic phase and building {built * 1e3:.0f} ms"
    if epanet:
        beside += f"; EPANET in C {epanet[0]:.2f} ms: {epanet[0] / cold_ms:.1f} x; flows agree to {_apart(network, answer, epanet[2]):.0e}"
    yield Row(
        f"one cold solve, {pipes:,} pipes", f"{cold_ms:.2f} ms", f"<= {must:.0f} ms" if must else "", beside,
        must is None or cold_ms <= must,
    )  # fmt: skip
    told, ratio = [f"one thread {alone_ms:.3f} ms"], None
    if pandapipes:
        ratio = pandapipes[0] / warm_ms
        flows = solve(as_network(here, DENSITY, GRAVITY, "nikuradse"), density_kg_m3=DENSITY, viscosity_pa_s=VISCOSITY)
        told.append(
            f"pandapipes {pandapipes[0]:.1f} ms: {ratio:.0f} x; flows agree to {_apart(network, flows, pandapipes[1]):.0e}"
        )
    if epanet:
        told.append(f"EPANET's warm step {epanet[1]:.2f} ms: {epanet[1] / warm_ms:.1f} x")
    yield Row(
        f"warm solve in a batch, {pipes:,} pipes", f"{warm_ms:.3f} ms",
        f">= {LEAST_RATIO:.0f} x" if ratio else "", "; ".join(told) or "no peer installed: make validate installs them",
        ratio is None or racks == 2 or ratio >= LEAST_RATIO,
    )  # fmt: skip


def _best_ms(work: Callable[[], object], times: int = 10) -> float:
    best = np.inf
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best * 1e3


def _warm_ms(network: Network, start: Solution, workers: int | None) -> float:
    """Time a scenario of a batch: every link's drop by 5 %, the head by 10 %."""
    rng = np.random.default_rng(1)
    factor = rng.uniform(0.95, 1.05, (SCENARIOS, len(network.links)))
    heads = network.fixed_pa * rng.uniform(0.9, 1.1, (SCENARIOS, 1))

    def work() -> object:
        return solve(
            network,
            density_kg_m3=DENSITY,
            viscosity_pa_s=VISCOSITY,
            factor=factor,
            fixed_pa=heads,
            start=start,
            workers=workers,
        )

    work()
    return _best_ms(work, 3) / SCENARIOS


def _apart(network: Network, answer: Solution, peer: dict[str, float]) -> float:
    """Largest relative difference of a tray's flow from the peer's."""
    ours = dict(zip(network.links, answer.flow_kg_s[0], strict=True))
    return max(abs(ours[name] / value - 1.0) for name, value in peer.items() if name.startswith("tray"))


def _epanet(here: Hall) -> tuple[float, float, dict[str, float]] | None:
    """Cold solve and warm step of the engine, and its flows in kg/s; None where wntr is not installed."""
    try:
        import wntr.epanet.toolkit as toolkit
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        text = tightened(as_inp(here), duration=f"{STEPS}:00")
        pattern = " ".join(f"{1 + 0.1 * np.sin(step):.6f}" for step in range(STEPS))
        text = text.replace("[END]", f"[PATTERNS]\nP {pattern}\n[END]").replace(
            f"feed {here.supply_head_m!r}", f"feed {here.supply_head_m!r} P"
        )
        (Path(folder) / "net.inp").write_text(text, encoding="latin-1")
        engine = toolkit.ENepanet()
        engine.ENopen(*(str(Path(folder) / name) for name in ("net.inp", "net.rpt", "net.bin")))
        engine.ENopenH()
        cold = _best_ms(lambda: (engine.ENinitH(10), engine.ENrunH()))
        engine.ENinitH(10)
        engine.ENrunH()
        flows = {branch.name: engine.ENgetlinkvalue(engine.ENgetlinkindex(branch.name), 8) for branch in here.branches}
        warm = []
        while engine.ENnextH() > 0:
            start = time.perf_counter()
            engine.ENrunH()
            warm.append(time.perf_counter() - start)
        engine.ENcloseH()
        engine.ENclose()
    litres = {name: value * DENSITY * 0.3048**3 / 28.317 for name, value in flows.items()}
    return cold, float(np.median(warm)) * 1e3 if warm else np.nan, litres


def _pandapipes(here: Hall) -> tuple[float, dict[str, float]] | None:
    """A warm solve, and its flows in kg/s; None where pandapipes is not installed."""
    try:
        import pandapipes
    except ImportError:
        return None
    water = pandapipes.create_constant_fluid(
        "own",
        "liquid",
        density=DENSITY,
        viscosity=VISCOSITY,
        heat_capacity=4180.0,
        molar_mass=18.0,
        compressibility=1.0,
    )
    net: Any = pandapipes.create_empty_network(fluid=water)
    node = {name: pandapipes.create_junction(net, pn_bar=5.0, tfluid_k=300.0) for name in [*here.nodes, "feed", "back"]}
    pandapipes.create_ext_grid(net, node["feed"], p_bar=5.0 + here.supply_head_m * DENSITY * GRAVITY / 1e5, t_k=300.0)
    pandapipes.create_ext_grid(net, node["back"], p_bar=5.0, t_k=300.0)
    pandapipes.create_pipes_from_parameters(
        net,
        [node[branch.first] for branch in here.branches],
        [node[branch.second] for branch in here.branches],
        [branch.length_m / 1e3 for branch in here.branches],
        [branch.diameter_m * 1e3 for branch in here.branches],
        k_mm=here.roughness_m * 1e3,
        loss_coefficient=[branch.minor_k for branch in here.branches],
    )
    options = {"tol_p": 1e-7, "tol_m": 1e-7, "max_iter_hyd": 200, "friction_model": "nikuradse", "use_numba": True}
    pandapipes.pipeflow(net, **options)
    took = _best_ms(lambda: pandapipes.pipeflow(net, init="results", **options), 5)
    flows = dict(zip((branch.name for branch in here.branches), net.res_pipe["mdot_from_kg_per_s"], strict=True))
    return took, {name: float(value) for name, value in flows.items()}


if __name__ == "__main__":
    for row in run():
        print(
            f"{row.what:<52} {row.measured:>12} {row.goal:>10}  {row.beside}{'' if row.holds else '  MISSED'}",
            flush=True,
        )
