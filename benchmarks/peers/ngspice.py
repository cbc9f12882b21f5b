"""ngspice from Debian on the same row: lines, capacitors, loads of constant power, shelves with lag and limit, stores.

Events, batteries, overloads' times and under-voltage stay out: the stretch compared must not need them.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.power.direct import DirectBuilder, solve
from rackwright.rack.power.transients import Row, Shelf, Storage

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spiced:
    """Voltages of the loads (times, loads), joules of the stores (times, stores), and the wall seconds."""

    time_s: Floats
    load_v: Floats
    storage_j: Floats
    wall_s: float


def found() -> str | None:
    """Where ngspice is."""
    return shutil.which("ngspice")


def version() -> str:
    """What it calls itself."""
    said = subprocess.run(["ngspice", "--version"], capture_output=True, text=True, check=False).stdout
    return next((line.strip("* ") for line in said.splitlines() if "ngspice-" in line), "ngspice")


def run(row: Row, power_w: Floats, step_s: float, *, most_step_s: float = 1e-5) -> Spiced:
    """The row through its powers (samples, loads), the first held for rest, at most `most_step_s` a step."""
    with TemporaryDirectory() as folder:
        deck, out = Path(folder) / "row.cir", Path(folder) / "row.raw"
        length_s = (len(power_w) - 1) * step_s
        deck.write_text("\n".join(_deck(row, power_w, step_s, length_s, most_step_s)) + "\n")
        begin = time.perf_counter()
        said = subprocess.run(["ngspice", "-b", "-r", str(out), str(deck)], capture_output=True, text=True, check=False)
        wall_s = time.perf_counter() - begin
        if not out.exists() or b"Binary:" not in out.read_bytes():
            raise RuntimeError(f"ngspice wrote nothing: {(said.stdout + said.stderr)[:900]}")
        columns = _raw(out)
    number = {name: at for at, name in enumerate(row.nodes)}
    load_v = np.stack([columns[f"v(n{number[load.node]})"] for load in row.loads], axis=1)
    joules = [columns[f"v(e{at})"] for at in range(len(row.storages))]
    return Spiced(columns["time"], load_v, np.stack(joules, axis=1) if joules else np.zeros((len(load_v), 0)), wall_s)


def _rest(row: Row, power_w: Floats) -> tuple[dict[str, float], Floats]:
    """Voltages of nodes and currents of shelves at rest under the first powers: the steady solver's."""
    build = DirectBuilder()
    load_w = {load.node: float(power) for load, power in zip(row.loads, power_w[0], strict=True)}
    for node in row.nodes:
        build.node(node, load_w=load_w.get(node, 0.0))
    for line in row.lines:
        build.line(line.name, line.first, line.second, ohm=line.ohm)
    for shelf in row.shelves:
        build.source(shelf.name, shelf.node, volt=shelf.volt, droop_ohm=shelf.droop_ohm)
    found = solve(build.network())
    return dict(zip(row.nodes, found.voltage_v[0].tolist(), strict=True)), found.source_a[0]


def _deck(row: Row, power_w: Floats, step_s: float, length_s: float, most_step_s: float) -> Iterator[str]:
    number = {name: f"n{at}" for at, name in enumerate(row.nodes)}
    rest_v, rest_a = _rest(row, power_w)
    yield "* a DC row"
    for at, line in enumerate(row.lines):
        first, second = number[line.first], number[line.second]
        if line.henry > 0:
            yield f"RL{at} {first} m{at} {line.ohm!r}"
            yield f"LL{at} m{at} {second} {line.henry!r} IC={(rest_v[line.first] - rest_v[line.second]) / line.ohm!r}"
        else:
            yield f"RL{at} {first} {second} {line.ohm!r}"
    held = [(load.node, load.farad, load.esr_ohm) for load in row.loads if load.farad > 0]
    held += [(capacitor.node, capacitor.farad, capacitor.esr_ohm) for capacitor in row.capacitors]
    for at, (node, farad, ohm) in enumerate(held):
        yield f"RC{at} {number[node]} c{at} {max(ohm, 1e-9)!r}"
        yield f"CC{at} c{at} 0 {farad!r} IC={rest_v[node]!r}"
    for at, load in enumerate(row.loads):
        yield from _piecewise(f"VP{at} p{at} 0", power_w[:, at], step_s)
        yield f"BP{at} {number[load.node]} 0 I=V(p{at})/max(V({number[load.node]}),1)"
    for at, shelf in enumerate(row.shelves):
        yield from _shelf(at, shelf, number[shelf.node], float(rest_a[at]))
    where = {load.name: at for at, load in enumerate(row.loads)}
    for at, storage in enumerate(row.storages):
        followed = [where[name] for name in (storage.follows or where)]
        yield from _store(at, storage, number[storage.node], power_w[:, followed].sum(axis=1), step_s)
    yield ".options reltol=1e-4 abstol=1e-6 vntol=1e-5 method=gear maxord=2 itl1=500"
    yield f".tran {step_s!r} {length_s!r} 0 {most_step_s!r} uic"
    for name, volt in rest_v.items():
        yield f".ic V({number[name]})={volt!r}"
    kept = [f"V({number[load.node]})" for load in row.loads] + [f"V(e{at})" for at in range(len(row.storages))]
    yield f".save {' '.join(kept)}"
    yield ".end"


def _piecewise(head: str, power_w: Floats, step_s: float) -> Iterator[str]:
    """A voltage that runs straight from sample to sample; samples on a straight line are left out."""
    bends = np.flatnonzero(np.abs(np.diff(power_w, 2)) > 1e-9 * max(float(np.abs(power_w).max()), 1e-300)) + 1
    kept = [0, *bends.tolist(), len(power_w) - 1]
    yield f"{head} PWL("
    for at in kept:
        yield f"+ {at * step_s:.9g} {float(power_w[at])!r}"
    yield "+ )"


def _shelf(at: int, shelf: Shelf, node: str, rest_a: float) -> Iterator[str]:
    """Its current is a voltage on 1 farad that follows the droop line, cut at nothing and at the largest overload."""
    most_a = shelf.rated_a * max([1.0, *(share for share, _ in shelf.overloads)])
    lag = 2 * math.pi * shelf.bandwidth_hz
    wanted = f"min(max(({shelf.volt!r}-V({node}))/{shelf.droop_ohm!r},0),{most_a!r})"
    yield f"CS{at} s{at} 0 1 IC={rest_a!r}"
    yield f"BS{at} 0 s{at} I={lag!r}*({wanted}-V(s{at}))"
    yield f"BT{at} 0 {node} I=V(s{at})"


def _store(at: int, storage: Storage, node: str, followed_w: Floats, step_s: float) -> Iterator[str]:
    """Mean and joules are voltages on 1 farad; the converter is taken without lag and bank resistance."""
    full_j, least_j = (0.5 * storage.farad * volt**2 for volt in (storage.full_v, storage.least_v))
    home_j = 0.5 * (full_j + least_j) if storage.start_v is None else 0.5 * storage.farad * storage.start_v**2
    yield from _piecewise(f"VQ{at} q{at} 0", followed_w, step_s)
    yield f"CM{at} a{at} 0 1 IC={float(followed_w[0])!r}"
    yield f"BM{at} 0 a{at} I=(V(q{at})-V(a{at}))/{storage.average_s!r}"
    wanted = f"V(q{at})-V(a{at})+(V(e{at})-{home_j!r})/{storage.restore_s!r}"
    yield f"BW{at} w{at} 0 V=min(max({wanted},{-storage.most_w!r}),{storage.most_w!r})"
    yield f"BX{at} 0 {node} I=V(w{at})/max(V({node}),1)"
    keep = 1 - storage.loss_share
    yield f"CE{at} e{at} 0 1 IC={home_j!r}"
    yield f"BE{at} e{at} 0 I=(V(w{at})>0) ? V(w{at})/{keep!r} : V(w{at})*{keep!r}"
    yield f"RE{at} e{at} 0 1e15"


def _raw(path: Path) -> dict[str, Floats]:
    """The columns of a binary raw file by name."""
    head, body = path.read_bytes().split(b"Binary:\n", 1)
    lines = head.decode().splitlines()
    begin = lines.index("Variables:") + 1
    names = [line.split()[1] for line in lines[begin:] if line.strip()]
    table = np.frombuffer(body, np.float64).reshape(-1, len(names))
    return {name: table[:, at] for at, name in enumerate(names)}


def at_times(spiced: Spiced, times_s: Sequence[float] | Floats) -> Floats:
    """Joules of the stores at other times, straight between ngspice's own."""
    return np.stack([np.interp(times_s, spiced.time_s, column) for column in spiced.storage_j.T], axis=1)
