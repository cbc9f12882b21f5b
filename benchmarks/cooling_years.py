"""The cooling engine on the work of a design office: a year hour by hour, every single failure.

These have no peer that does the same work: pandapipes has no exchangers, EPANET is isothermal. Their goals are ours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.table import Row
from rackwright.buildout.hours import plant_for
from rackwright.buildout.rejection.ledger import hours as plant_hours
from rackwright.buildout.years import Extremes, WeatherYear, extremes, synthetic
from rackwright.physics.coolants import propylene_glycol
from rackwright.program.sections.parts import Climate
from rackwright.rack.cooling.condensed import CondensedHall, build_condensed, condense, solve_condensed
from rackwright.rack.cooling.failures import hours as conditions_of
from rackwright.rack.cooling.failures import list_failures, single_failures
from rackwright.rack.cooling.hall import Cdu, Headers, Plates, RackLoop, Tray
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import solve_warm
from rackwright.rack.cooling.hydraulics import NetworkBuilder
from rackwright.rack.cooling.piping import fluid_of

L_MIN = 1 / 60e3
SUPPLY_K, FACILITY_K = 313.15, 308.15
RACKS, CDUS = 178, 16
#: Seconds allowed for each piece of work.
MOST_S = {"year of 1,010 pipes": 10.0, "year of the hall": 10.0, "failures": 60.0}


def run() -> Iterator[Row]:
    """The rows."""
    fluid = fluid_of(propylene_glycol(0.25))
    yield _pipes_year(fluid)
    hall = _hall(fluid)
    yield _hall_year(hall, fluid)
    yield _failures(hall, fluid)


def _row(what: str, key: str, seconds: float, beside: str) -> Row:
    return Row(what, f"{seconds:.1f} s", f"<= {MOST_S[key]:.0f} s", beside, seconds <= MOST_S[key])


def ladder(racks: int) -> NetworkBuilder:
    """The promised network: 18 tray branches, two manifolds and two hoses a rack, both headers closed into rings."""
    build = NetworkBuilder()
    build.fixed("S", pressure_pa=25.0 * 9.80665 * 1010.0)
    build.fixed("T", pressure_pa=0.0)
    smooth = {"roughness_m": 1.5e-6}
    for rack in range(racks):
        for name in (f"s{rack}", f"t{rack}", *(f"{side}{rack}.{port}" for side in "ab" for port in range(18))):
            build.junction(name)
    for rack in range(racks):
        onward = (rack + 1) % racks
        for side in "st":
            build.pipe(f"h{side}{rack}", f"{side}{rack}", f"{side}{onward}", length_m=1.0, diameter_m=0.2, **smooth)
        build.pipe(f"in {rack}", f"s{rack}", f"a{rack}.0", length_m=2.0, diameter_m=0.05, **smooth)
        build.pipe(f"out {rack}", f"b{rack}.0", f"t{rack}", length_m=2.0, diameter_m=0.05, **smooth)
        for port in range(17):
            bar = {"length_m": 0.05, "diameter_m": 0.038, **smooth}
            build.pipe(f"ma{rack}.{port}", f"a{rack}.{port}", f"a{rack}.{port + 1}", **bar)
            build.pipe(f"mb{rack}.{port}", f"b{rack}.{port + 1}", f"b{rack}.{port}", **bar)
        for port in range(18):
            tray = {"length_m": 1.0, "diameter_m": 0.01, "minor_k": 60.0 + 10.0 * port / 17, **smooth}
            build.pipe(f"tray {rack}.{port}", f"a{rack}.{port}", f"b{rack}.{port}", **tray)
    build.pipe("supply", "S", "s0", length_m=5.0, diameter_m=0.2, **smooth)
    build.pipe("return", "t0", "T", length_m=5.0, diameter_m=0.2, **smooth)
    return build


def _year_of_air() -> tuple[WeatherYear, Extremes]:
    climate = Climate.model_construct(
        name="Sterling, Virginia", hot_1pct_k=305.75, cold_99pct_k=265.15, wet_bulb_k=298.55, wet_bulb_mean_k=282.65,
        elevation_m=88.0, hot_04pct_k=None, hot_20yr_k=None, wet_20yr_k=None, hdd18=2439.0, cdd10=2092.0,
    )  # fmt: skip
    return synthetic(climate), extremes(climate)


def _pipes_year(fluid: Fluid) -> Row:
    """1,010 pipes, 8,760 hours: flows, temperatures, and the heat rejection that sets the supply."""
    network = ladder(18).network()
    trays = np.array([name.startswith("tray ") for name in network.links])
    heat_w = np.where(trays, 6.5e3, 0.0)
    year, hot = _year_of_air()
    solve_warm(network, fluid, source_w=heat_w, outside_k=SUPPLY_K)
    start = time.perf_counter()
    load = 0.75 + 0.25 * np.cos(2 * np.pi * np.arange(8760) / 24)
    plant = plant_for(float(heat_w.sum()), FACILITY_K, 10.0, hot.air, "dry")
    ledger = plant_hours(plant, load * heat_w.sum(), FACILITY_K, year.air)
    supply_k = np.maximum(ledger.leaving_k + 5.0, SUPPLY_K)
    solved = solve_warm(network, fluid, source_w=load[:, None] * heat_w, outside_k=supply_k[:, None])
    took = time.perf_counter() - start
    missed = solved.closure_share.max()
    return _row(
        "8,760 hours with heat and heat rejection, 1,010 pipes",
        "year of 1,010 pipes",
        took,
        f"balance within {missed:.0e}",
    )


def _rack() -> RackLoop:
    points = np.array([0.4, 0.6, 0.8, 1.0, 1.4, 2.0]) * L_MIN
    resistance = np.array([0.0389, 0.0300, 0.0265, 0.0245, 0.0220, 0.0204])
    gpu = Plates("gpu", 4, 1400.0, 1.6 * L_MIN, 60e3, tuple(1.4 * points), tuple(resistance / 1.4), limit_k=358.15)
    cpu = Plates("cpu", 2, 300.0, 0.6 * L_MIN, 60e3, tuple(0.6 * points), tuple(resistance / 0.6), limit_k=358.15)
    return RackLoop("rack", (Tray("compute", 18, 1.1, (gpu, cpu)),), 2.0, 0.05, 0.038, 0.05)


def _hall(fluid: Fluid) -> CondensedHall:
    rack = _rack()
    law = condense(
        rack, fluid, design_kg_s=2.3, temperatures_k=(303.15, 311.15, 319.15, 327.15), loads=(0.25, 0.65, 1.05)
    )
    flow = 2125 * L_MIN
    cdu = Cdu("cdu", 2, 4.8e5, 2.4e5 / (flow / 2) ** 2, 5e4 / flow**2, 3.8e5, 36.0, 36.0, 2e6)
    return build_condensed([rack] * RACKS, {"rack": law}, [cdu] * CDUS, Headers(0.3, 0.8), vessel_pa=2.5e5)


def _hall_year(hall: CondensedHall, fluid: Fluid) -> Row:
    year, hot = _year_of_air()
    heat_w = float(hall.heat_w.sum())
    solve_condensed(hall, fluid, wanted_k=SUPPLY_K, primary_k=FACILITY_K, primary_kg_s=36.0)
    start = time.perf_counter()
    load = 0.75 + 0.25 * np.cos(2 * np.pi * np.arange(8760) / 24)
    plant = plant_for(heat_w, FACILITY_K, 10.0, hot.air, "dry")
    ledger = plant_hours(plant, load * heat_w, FACILITY_K, year.air)
    state = solve_condensed(
        hall, fluid, wanted_k=SUPPLY_K, primary_k=np.repeat(ledger.leaving_k[:, None], CDUS, axis=1), primary_kg_s=36.0,
        load_share=np.repeat(load[:, None], RACKS, axis=1),
    )  # fmt: skip
    took = time.perf_counter() - start
    beside = f"least margin {state.margin_k.min():.1f} K, balance within {state.warm.closure_share.max():.0e}"
    return _row("178-rack hall, a year, condensed, heat and rejection", "year of the hall", took, beside)


def _failures(hall: CondensedHall, fluid: Fluid) -> Row:
    day = np.arange(24)
    conditions = conditions_of(
        hall,
        wanted_k=SUPPLY_K,
        primary_k=FACILITY_K - 3.0 + 3.0 * np.sin(2 * np.pi * day / 24),
        primary_kg_s=36.0,
        load_share=0.8 + 0.2 * np.cos(2 * np.pi * day / 24),
    )
    start = time.perf_counter()
    named = list_failures(hall)
    found = single_failures(hall, fluid, conditions, failures=named, responses=("as is",), solver=solve_condensed)
    took = time.perf_counter() - start
    worst = found.worst_first()[0]
    what = f"every single failure ({len(named)}) x 24 hours, 178-rack hall"
    return _row(what, "failures", took, f"worst: {worst.name}")


def main() -> None:
    """Print the rows."""
    for row in run():
        missed = "" if row.holds else "  MISSED"
        print(f"{row.what:<58} {row.measured:>14} {row.goal:>12}  {row.beside}{missed}", flush=True)


if __name__ == "__main__":
    main()
