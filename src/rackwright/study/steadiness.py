"""Whether a rack's bus rings, from what the program states of its parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rackwright.program.case import Case
from rackwright.rack.design import RackDesign
from rackwright.rack.pieces import pieces_of
from rackwright.rack.power.bar import Bar, bar_of
from rackwright.rack.power.stability import ImpedanceMargin, StabilityResult, impedance_margins, largest_load, stability
from rackwright.rack.power.stability_bar import SupplyDynamics, bar_circuit
from rackwright.rack.power.stability_circuit import InputFilter
from rackwright.tables import Finding, finding


@dataclass(frozen=True, slots=True)
class Steadiness:
    """One rack's bus."""

    generation: str
    result: StabilityResult
    worst: ImpedanceMargin
    #: Factor on all loads at which it turns unstable; None where the search ended without.
    load_factor: float | None
    ends: str


def moving_bar(case: Case, design: RackDesign) -> tuple[Bar, np.ndarray[Any, np.dtype[np.float64]], SupplyDynamics]:
    """A rack's bar, the inductance of each of its lines, and its supplies' outputs."""
    rack, catalogue = case.rack[design.generation], case.catalogue
    bar = bar_of(rack, catalogue, pieces_of(rack, catalogue), design.power.shelves, limited=True)
    motion, shelf = rack.power.motion, bar.shelf
    henry = np.zeros(len(bar.network.lines))
    if len(bar.segments):
        henry[bar.segments] = motion.inductance_h_m * float(bar.distance_m[0])
    farad = 2 * shelf.psu_w * motion.output_hold_s / shelf.output_v**2
    return bar, henry, SupplyDynamics(farad, motion.esr_s / farad, motion.bandwidth_hz)


def steadiness(case: Case, design: RackDesign) -> Steadiness | None:
    """Eigenvalues and Middlebrook's margins of the bus at the design load; None without shelves."""
    if not design.power.shelves:
        return None
    bar, henry, supply = moving_bar(case, design)
    motion = case.rack[design.generation].power.motion
    load_w = float(bar.loads_w.max())
    farad = 2 * load_w * motion.input_hold_s / bar.shelf.output_v**2
    tray = InputFilter(
        farad=farad, esr_ohm=motion.esr_s / farad, henry=motion.filter_s * bar.shelf.output_v**2 / load_w, ohm=1e-4
    )
    circuit = bar_circuit(bar.network, line_henry=henry, supply=supply, tray_filter=tray)
    worst = min(impedance_margins(circuit), key=lambda margin: margin.gain_margin_db)
    limit = largest_load(circuit, most_factor=100.0)
    total_w = float(bar.loads_w.sum())
    factor = limit.value / total_w if limit.value is not None and limit.reached != "beyond the search" else None
    return Steadiness(design.generation, stability(circuit), worst, factor, limit.reached)


def stability_row(item: Steadiness) -> tuple[Any, ...]:
    """One rack as a row of the table."""
    mode, worst = item.result.least_damped, item.worst
    return (
        item.generation,
        "yes" if item.result.stable else "no",
        mode.frequency_hz,
        mode.damping,
        mode.element,
        worst.load.removeprefix("load at "),
        worst.gain_margin_db,
        worst.gain_hz,
        worst.phase_margin_deg,
        item.load_factor,
        item.ends,
    )


#: Margins that designs usually keep to an impedance criterion; no accepted standard of these buses states any.
USUAL_GAIN_DB, USUAL_PHASE_DEG = 6.0, 30.0


def stability_findings(item: Steadiness) -> Iterator[Finding]:
    """Stable or not; Middlebrook's criterion is sufficient only, so a miss of the usual margins is a note.

    Capacitances, loops and filters are assumed where nobody states them, so every answer stands as an estimate.
    """
    mode, worst = item.result.least_damped, item.worst
    source = f"rack.{item.generation}.power.motion"
    yield finding(
        "rack.power.stability",
        item.generation,
        mode.damping,
        0.0,
        "",
        standing="estimate",
        at_least=True,
        source=source,
        text=f"damping of the least damped mode, {mode.frequency_hz:,.0f} Hz, in {mode.element}; capacitances and loops "
        "are assumed where nobody states them",
    )
    yield finding(
        "rack.power.middlebrook",
        item.generation,
        worst.gain_margin_db,
        USUAL_GAIN_DB,
        "",
        standing="estimate",
        severity="note",
        at_least=True,
        source=source,
        text=f"gain margin in dB of {worst.load}, the closest, against the usual 6 dB: above zero it proves stability, "
        "below it proves nothing",
    )
    if worst.phase_margin_deg is not None:
        yield finding(
            "rack.power.middlebrook_phase",
            item.generation,
            worst.phase_margin_deg,
            USUAL_PHASE_DEG,
            "",
            standing="estimate",
            severity="note",
            at_least=True,
            source=source,
            text=f"phase margin in degrees of {worst.load} where the impedances meet, against the usual 30",
        )
