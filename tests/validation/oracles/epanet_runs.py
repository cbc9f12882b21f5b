"""EPANET 2.2 run step by step through wntr's toolkit, in double precision and SI units.

wntr's simulator reads EPANET's binary file, which holds float32 (24 bits, 6e-8 relative: on a head of 300 m that is 2e-5 m). The
toolkit's EN_getnodevalue and EN_getlinkvalue give the solver's own doubles, so they are used here.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ELEVATION, DEMAND, HEAD = 0, 9, 10  # EN_ codes of the toolkit
FLOW, STATUS, SETTING = 8, 11, 12
NODES, LINKS = 0, 2

# the least ACCURACY that EPANET takes is 1e-5; FLOWCHANGE (in flow units) and HEADERROR (in length units) tighten it further
TIGHT = "ACCURACY 0.00001\nTRIALS 500\nFLOWCHANGE {flow_change:g}\nHEADERROR {head_error:g}\nUNBALANCED STOP\n"
LOOSE = ("ACCURACY", "TRIALS", "UNBALANCED", "FLOWCHANGE", "HEADERROR")


@dataclass(frozen=True)
class Run:
    """EPANET's own state at every hydraulic step, in the file's units: arrays (steps, nodes) or (steps, links)."""

    nodes: tuple[str, ...]
    links: tuple[str, ...]
    time_s: Floats
    demand: Floats
    head: Floats
    flow: Floats
    status: Floats
    setting: Floats
    warnings: tuple[str, ...]

    def node(self, names: tuple[str, ...]) -> NDArray[np.intp]:
        """Columns of nodes by name."""
        at = {name: place for place, name in enumerate(self.nodes)}
        return np.array([at[name] for name in names], dtype=np.intp)

    def link(self, names: tuple[str, ...]) -> NDArray[np.intp]:
        """Columns of links by name."""
        at = {name: place for place, name in enumerate(self.links)}
        return np.array([at[name] for name in names], dtype=np.intp)


def tightened(text: str, *, duration: str = "", flow_change: float = 1e-6, head_error: float = 1e-6) -> str:
    """The file with the tightest tolerances that EPANET takes, and another duration where asked."""
    kept = [line for line in text.splitlines() if not line.strip().upper().startswith((*LOOSE, "[END]"))]
    times = f"[TIMES]\nDURATION {duration}\n" if duration else ""
    return "\n".join(
        [*kept, "[OPTIONS]", TIGHT.format(flow_change=flow_change, head_error=head_error), times, "[END]", ""]
    )


def run(text: str, folder: Path, *, every_s: float = 1.0) -> Run:
    """Run a file to its end and keep the hydraulic steps at whole multiples of `every_s`."""
    import wntr.epanet.toolkit as toolkit

    logging.getLogger(toolkit.__name__).setLevel(logging.CRITICAL)
    (folder / "net.inp").write_text(text, encoding="latin-1")
    engine = toolkit.ENepanet()
    engine.ENopen(*(str(folder / name) for name in ("net.inp", "net.rpt", "net.bin")))
    node_count, link_count = engine.ENgetcount(NODES), engine.ENgetcount(LINKS)
    nodes = tuple(engine.ENgetnodeid(place) for place in range(1, node_count + 1))
    links = _link_names(engine, text, link_count)
    rows: list[tuple[float, list[list[float]]]] = []
    engine.ENopenH()
    engine.ENinitH(0)
    while True:
        time_s = float(engine.ENrunH())
        if time_s % every_s == 0.0:
            rows.append((time_s, _values(engine, node_count, link_count)))
        if engine.ENnextH() <= 0:
            break
    warnings = tuple(engine.errcodelist)
    engine.ENcloseH()
    engine.ENclose()
    columns = [np.array([values[place] for _, values in rows]) for place in range(5)]
    return Run(nodes, links, np.array([time_s for time_s, _ in rows]), *columns, warnings)


def _values(engine, node_count: int, link_count: int) -> list[list[float]]:
    at_nodes = [[engine.ENgetnodevalue(place, code) for place in range(1, node_count + 1)] for code in (DEMAND, HEAD)]
    return at_nodes + [
        [engine.ENgetlinkvalue(place, code) for place in range(1, link_count + 1)] for code in (FLOW, STATUS, SETTING)
    ]


def _link_names(engine, text: str, count: int) -> tuple[str, ...]:
    """wntr wraps no EN_getlinkid, so ask for the number of every name that the file gives a link."""
    names: dict[int, str] = {}
    section = ""
    for line in text.splitlines():
        said = line.split(";", 1)[0].strip()
        if said.startswith("["):
            section = said.strip("[]").upper()
        elif said and section in {"PIPES", "PUMPS", "VALVES"}:
            name = re.split(r"\s+", said)[0]
            names[engine.ENgetlinkindex(name)] = name
    return tuple(names[place] for place in range(1, count + 1))
