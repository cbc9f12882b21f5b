"""EPANET 2.2's hydraulic engine in C, called through wntr's toolkit one step at a time; its steps write no file."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.halls import DENSITY_KG_M3, EPANET_LITRES, Hall, as_inp
from benchmarks.peers.clock import Taken, once

#: The toolkit's code for a link's flow, and for first flows set anew with no results file.
FLOW, FROM_NOTHING = 8, 10
#: Hours of the series.
STEPS = 24


@contextmanager
def opened(here: Hall, largest_kg_s: float, *, flow_tolerance: float) -> Iterator[Any]:
    """The engine with a hall read and its equations ordered; a day whose head or pump speed varies.

    ACCURACY stands at the least that EPANET takes, 1e-5 of the sum of flows; FLOWCHANGE stops where ours does, at
    `flow_tolerance` of the largest flow (0: by ACCURACY alone).
    """
    import wntr.epanet.toolkit as toolkit

    logging.getLogger(toolkit.__name__).setLevel(logging.CRITICAL)
    change_litre_s = flow_tolerance * largest_kg_s / DENSITY_KG_M3 * 1e3
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("net.inp", "net.rpt", "net.bin")]
        paths[0].write_text(as_inp(here, flow_change_litre_s=change_litre_s, steps=STEPS), encoding="latin-1")
        engine = toolkit.ENepanet()
        engine.ENopen(*map(str, paths))
        engine.ENopenH()
        try:
            yield engine
        finally:
            engine.ENcloseH()
            engine.ENclose()


def solve_cold(engine: Any) -> None:
    """First flows set anew, and one steady state: the first hour."""
    engine.ENinitH(FROM_NOTHING)
    engine.ENrunH()


def warm_step(engine: Any) -> Taken:
    """Mean over the hours after the first, each started from the hour before; the engine is left at the last hour."""
    solve_cold(engine)
    steps = []
    while engine.ENnextH() > 0:
        steps.append(once(engine.ENrunH))
    return Taken(sum(step.wall_s for step in steps), sum(step.processor_s for step in steps)).per(len(steps))


def flows_kg_s(engine: Any, here: Hall) -> NDArray[np.float64]:
    """Flows of the hall's pipes, in the double precision in which the engine holds them."""
    litres = [engine.ENgetlinkvalue(engine.ENgetlinkindex(pipe.name), FLOW) for pipe in here.pipes]
    return np.array(litres) / EPANET_LITRES / 1e3 * DENSITY_KG_M3
