"""A year of hours through the largest hall in chunks, its memory; and what compiling and loading the kernels takes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.halls import DENSITY_KG_M3, VISCOSITY_PA_S, Hall, as_network, hall
from benchmarks.table import Row
from rackwright.rack.cooling.hydraulics import Network, solve

HOURS, CHUNK = 8760, 64
MB = 1e6


def varied(here: Hall, network: Network, count: int, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """So many scenarios: the drop of each rack's trays by 5 %, the heads by 10 % (pumps: speed by 5 %)."""
    rack = np.full(len(network.links), -1)
    for pipe in here.pipes:
        if pipe.name.startswith("tray"):
            rack[network.link_number[pipe.name]] = int(pipe.name.removeprefix("tray").split(".")[0])
    racks = rng.uniform(0.95, 1.05, (count, here.racks))
    given = {"factor": np.where(rack >= 0, racks[:, rack], 1.0)}
    if here.pumps:
        return given | {"speed": network.pump_speed * rng.uniform(0.95, 1.05, (count, 1))}
    return given | {"fixed_pa": network.fixed_pa * rng.uniform(0.9, 1.1, (count, 1))}


def stream(racks: int) -> dict[str, float]:
    """Solve a year in chunks and keep the year's least tray flow; memory before and after, in bytes, and seconds."""
    water: dict[str, Any] = {"density_kg_m3": DENSITY_KG_M3, "viscosity_pa_s": VISCOSITY_PA_S}
    solve(as_network(hall(2)), **water)
    before = peak_bytes()
    here = hall(racks)
    network = as_network(here)
    first = solve(network, **water)
    built = peak_bytes()
    trays = [network.link_number[pipe.name] for pipe in here.pipes if pipe.name.startswith("tray")]
    rng = np.random.default_rng(3)
    least, start = np.inf, time.perf_counter()
    for at in range(0, HOURS, CHUNK):
        given: dict[str, Any] = varied(here, network, min(CHUNK, HOURS - at), rng)
        answer = solve(network, start=first, **water, **given)
        least = min(least, float(answer.flow_kg_s[:, trays].min()))
    took_s, busy_s = time.perf_counter() - start, time.process_time()
    return {"before": before, "built": built, "after": peak_bytes(), "took_s": took_s, "busy_s": busy_s, "least": least}


def peak_bytes() -> float:
    """The most memory that this process has held. Linux also counts a parent's in `ru_maxrss`, but not in VmHWM."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = [line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM")]
        return float(lines[0].split()[1]) * 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


#: Growth allowed to a year of the largest hall, streamed.
MOST_MB = 300.0


def memory_row(here: Hall) -> Row:
    """The year in a process of its own."""
    found = _child(f"stream({here.racks})")
    growth = (found["after"] - found["before"]) / MB
    beside = (
        f"in chunks of {CHUNK}; network and first solve {(found['built'] - found['before']) / MB:.0f} MB of it; imports and "
        f"kernels {found['before'] / MB:.0f} MB; {found['took_s']:.1f} s, least tray {found['least']:.4f} kg/s"
    )
    what = f"{len(here.pipes):,} pipes x {HOURS:,} h: memory over the imports"
    return Row(what, f"{growth:.0f} MB", f"<= {MOST_MB:.0f} MB", beside, growth <= MOST_MB)


def first_solve(racks: int) -> dict[str, float]:
    """Seconds until a small network's first answer in this process, and of its second."""
    network = as_network(hall(racks))
    times = []
    for _ in range(2):
        start = time.perf_counter()
        solve(network, density_kg_m3=DENSITY_KG_M3, viscosity_pa_s=VISCOSITY_PA_S)
        times.append(time.perf_counter() - start)
    return {"first_s": times[0], "second_s": times[1]}


def compile_rows() -> Iterator[Row]:
    """Compiling in an empty folder, then loading from it in a new process."""
    with TemporaryDirectory() as folder:
        own = {"NUMBA_CACHE_DIR": folder}
        for what in ("compiling the kernels, once per state of the sources", "loading the kernels, once per process"):
            found = _child("first_solve(2)", own)
            yield Row(what, f"{found['first_s'] - found['second_s']:.2f} s")


def _child(call: str, variables: dict[str, str] | None = None) -> dict[str, float]:
    """What a function of this module returns in a fresh process."""
    text = f"import json; from benchmarks.peers.streaming import *; print(json.dumps({call}))"
    done = subprocess.run(
        [sys.executable, "-c", text],
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{call} ended with {done.returncode}:\n{done.stderr}")
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


__all__ = ["compile_rows", "first_solve", "memory_row", "stream", "varied"]
