"""Every single failure of a hall over a day, fully solved: 178 condensed racks, and 14 racks with every plate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.table import Row
from rackwright.rack.cooling.condensed import build_condensed, condense, solve_condensed
from rackwright.rack.cooling.failures import Failures, hours, list_failures, single_failures
from rackwright.rack.cooling.hall import Cdu, Hall, Headers, Plates, RackLoop, Tray, build_hall
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.margins import margins
from rackwright.rack.cooling.mends import Design, rank_mends

#: Goal for the failures of the large hall, as many solves as 500 failures x 24 hours; an idle machine takes about 8 s.
GOAL_S, SOLVES = 60.0, 500 * 24
LITRE_MIN = 1 / 60e3
#: About propylene glycol 25 %: figures of the benchmark only.
COOLANT = Fluid(
    313.15, 30.0, np.array([1009.9, -15.5, -2.6, 0, 0, 0]), np.array([0, 3968.6 * 30, 1090.0, 0, 0, 0]),
    np.array([-6.605, -0.73, 0.15, 0, 0, 0]), 283.15, 363.15,
)  # fmt: skip
FLOWS = np.array([0.4, 0.6, 0.8, 1.0, 1.4, 2.0])
RESISTANCES = np.array([0.0389, 0.03, 0.0265, 0.0245, 0.022, 0.0204])


def _plates(chip: str, per_tray: int, heat_w: float, litre_min: float, curve_litre_min: float) -> Plates:
    """Plates of one measured curve, wider or narrower by their design flow."""
    flows = tuple((FLOWS * curve_litre_min * LITRE_MIN).tolist())
    resistances = tuple((RESISTANCES / curve_litre_min).tolist())
    return Plates(chip, per_tray, heat_w, litre_min * LITRE_MIN, 60e3, flows, resistances, limit_k=358.15)


RACK = RackLoop(
    "rack",
    (
        Tray("compute", 18, 1.1, (_plates("gpu", 4, 1400.0, 1.6, 1.4), _plates("cpu", 2, 300.0, 0.6, 0.6))),
        Tray("switch", 9, 1.1, (_plates("switch", 2, 500.0, 0.8, 0.6),)),
    ),
    2.0,
    0.05,
    0.038,
    0.05,
)
CDU = Cdu(
    "cdu", 2, 4.8e5, 2.4e5 / (2125 * LITRE_MIN / 2) ** 2, 5e4 / (2125 * LITRE_MIN) ** 2, 2e5, 36.0, 36.0, 2e6
)  # fmt: skip
GIVEN: dict[str, Any] = {"wanted_k": 313.15, "primary_k": 308.15, "primary_kg_s": 36.0}
LOADS = np.linspace(0.7, 1.0, 24)


def full_hall() -> Hall:
    """Fourteen racks and two CDUs, every plate a link."""
    return build_hall([RACK] * 14, [CDU] * 2, Headers(0.15, 0.8), vessel_pa=2.5e5)


def large_failures() -> tuple[Failures, float]:
    """All failures of 178 condensed racks over 24 hours, and how long they took."""
    law = condense(RACK, COOLANT, design_kg_s=4.4, temperatures_k=(303.15, 318.15, 333.15), loads=(0.0, 0.5, 1.0))
    hall = build_condensed([RACK] * 178, {"rack": law}, [CDU] * 27, Headers(0.4, 0.8), vessel_pa=2.5e5)
    day = hours(hall, **GIVEN, load_share=LOADS)
    list(list_failures(hall))
    # compiled and read from disk before the clock starts
    single_failures(hall, COOLANT, day, failures=list_failures(hall)[:1], solver=solve_condensed, pump_efficiency=0.6)
    start = time.perf_counter()
    found = single_failures(hall, COOLANT, day, solver=solve_condensed, pump_efficiency=0.6)
    return found, time.perf_counter() - start


def run() -> Iterator[Row]:
    """Rows of the table."""
    found, took_s = large_failures()
    each_s = took_s / found.margin_k.size
    yield Row(
        f"{len(found.failures)} failures x 24 h x 2 responses, 178 racks",
        f"{took_s:.1f} s",
        "",
        f"{1e3 * each_s:.2f} ms each",
    )
    yield Row(
        "500 failures x 24 h of 178 racks",
        f"{each_s * SOLVES:.1f} s",
        f"<= {GOAL_S:.0f} s",
        holds=each_s * SOLVES <= GOAL_S,
    )
    hall = full_hall()
    start = time.perf_counter()
    small = single_failures(hall, COOLANT, hours(hall, **GIVEN, load_share=LOADS), pump_efficiency=0.6)
    took_s = time.perf_counter() - start
    yield Row(
        f"{len(small.failures)} failures x 24 h x 2 responses, 14 racks in full",
        f"{took_s:.1f} s",
        beside=f"{1e3 * took_s / small.margin_k.size:.2f} ms each",
    )
    design = Design((RACK,) * 14, (CDU,) * 2, Headers(0.15, 0.8), 2.5e5)
    start = time.perf_counter()
    rows = rank_mends(design, COOLANT, {**GIVEN, "pump_efficiency": 0.6}, show=20)
    yield Row(f"{len(rows)} mends of 14 racks, predicted and confirmed", f"{time.perf_counter() - start:.2f} s")
    start = time.perf_counter()
    margins(hall, COOLANT, {**GIVEN, "pump_efficiency": 0.6}, draws=1000, rng=np.random.default_rng(1))
    yield Row("1000 draws of 14 racks in full", f"{time.perf_counter() - start:.1f} s")
