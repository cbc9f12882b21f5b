"""Halls of condensed racks beside the same halls in full, link by link: the full network is the oracle.

Racks differ in kind, load and inlet temperature (every CDU has its own set-point). With properties fixed a rack is a
curve of its flow alone, kept as a spline over 160 points: 1e-6 of the flow. With properties by temperature the law is a
polynomial through four temperatures and three loads: 1e-4.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from rackwright.rack.cooling.condensed import CondensedState, RackLaw, build_condensed, condense, solve_condensed
from rackwright.rack.cooling.hall import Cdu, Headers, Plates, RackLoop, Tray, build_hall
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.state import HallState, solve_hall

LITRE_MIN = 1 / 60e3
#: A quarter of propylene glycol, near enough: its viscosity falls from 2.4 to 0.9 mPa s between 20 and 60 degC.
COOLANT = Fluid(
    313.15, 30.0, np.array([1009.9, -15.9, -2.2, 0, 0, 0]), np.array([0, 3968.0 * 30, 590.0, 0, 0, 0]),
    np.array([-6.606, -0.74, 0.16, -0.03, 0, 0]), 283.15, 363.15,
)  # fmt: skip
SHARES = np.array([0.4, 0.6, 0.8, 1.0, 1.4, 2.0])
RESISTANCES = np.array([0.0389, 0.03, 0.0265, 0.0245, 0.0220, 0.0204])


def plates(chip: str, per_tray: int, heat_w: float, litre_min: float, limit_k: float) -> Plates:
    flows = tuple(float(share) * litre_min * LITRE_MIN for share in SHARES)
    return Plates(
        chip,
        per_tray,
        heat_w,
        litre_min * LITRE_MIN,
        60e3,
        flows,
        tuple((RESISTANCES / litre_min).tolist()),
        limit_k=limit_k,
    )


LARGE = RackLoop(
    "large",
    (
        Tray("compute", 18, 1.1, (plates("gpu", 4, 1400.0, 1.6, 358.15), plates("cpu", 2, 300.0, 0.6, 358.15))),
        Tray("switch", 9, 1.1, (plates("nvswitch", 2, 500.0, 0.8, 368.15),)),
    ),
    2.0, 0.05, 0.038, 0.05,
)  # fmt: skip
SMALL = RackLoop(
    "small", (Tray("compute", 8, 1.1, (plates("gpu", 8, 1000.0, 1.2, 353.15),), other_w=400.0),), 3.0, 0.038, 0.032, 0.1
)
DESIGN_KG_S = {"large": 2.6, "small": 1.4}
CDU = Cdu("cdu", 2, 4.8e5, 2.4e5 / (2125 * LITRE_MIN / 2) ** 2, 5e4 / (2125 * LITRE_MIN) ** 2, 2e5, 36.0, 36.0, 2e6)


@cache
def laws(fixed_k: float | None) -> dict[str, RackLaw]:
    return {
        rack.name: condense(
            rack, COOLANT, design_kg_s=DESIGN_KG_S[rack.name], temperatures_k=(303.15, 311.15, 319.15, 327.15),
            loads=(0.0, 0.55, 1.1), fixed_properties_k=fixed_k,
        )
        for rack in (LARGE, SMALL)
    }  # fmt: skip


def both(count: int, *, fixed_k: float | None, seed: int = 7) -> tuple[HallState, CondensedState]:
    """Three scenarios of a mixed hall in full and condensed: as designed, uneven, and one pump short."""
    rng = np.random.default_rng(seed)
    racks = [LARGE if number % 3 else SMALL for number in range(count)]
    cdus = [CDU] * max(2, count // 7)
    headers = Headers(0.2 if count > 20 else 0.15, 0.8)
    full = build_hall(racks, cdus, headers, vessel_pa=2.5e5)
    small = build_condensed(racks, laws(fixed_k), cdus, headers, vessel_pa=2.5e5)
    load = np.ones((3, count))
    load[1:] = rng.uniform(0.0, 1.05, (2, count))
    speed = rng.uniform(0.75, 1.0, (3, 2 * len(cdus)))
    speed[2, 0] = 0.0
    how: dict[str, Any] = {
        "load_share": load, "speed": speed, "wanted_k": np.tile(312.15 + 3 * rng.uniform(-1, 1, len(cdus)), (3, 1)),
        "primary_k": 303.15, "primary_kg_s": 36.0, "pump_efficiency": 0.6, "fixed_properties_k": fixed_k,
    }  # fmt: skip
    return solve_hall(full, COOLANT, **how), solve_condensed(small, COOLANT, **how)


@pytest.mark.parametrize("count", [14, 40])
def test_at_fixed_properties_racks_flow_as_in_full_to_a_millionth(count: int) -> None:
    full, condensed = both(count, fixed_k=313.15)
    assert condensed.rack_kg_s == pytest.approx(full.rack_kg_s, rel=1e-6)


@pytest.mark.parametrize("count", [14, 40])
def test_with_properties_by_temperature_racks_flow_as_in_full_to_a_ten_thousandth(count: int) -> None:
    full, condensed = both(count, fixed_k=None)
    # the racks do differ in what their law is read at
    assert np.ptp(condensed.inlet_k[1]) > 0.5
    assert np.ptp(full.rack_kg_s[1]) > 0.2
    assert condensed.rack_kg_s == pytest.approx(full.rack_kg_s, rel=1e-4)


@pytest.mark.parametrize("count", [14, 40])
def test_inlets_margins_and_pumps_are_those_of_the_full_hall(count: int) -> None:
    """Flows to 1e-4 leave inlets to 1e-3 K; rises are read straight between points 4 % apart: 0.02 K of some 40 K."""
    full, condensed = both(count, fixed_k=None)
    rack = np.array([spot.rack for spot in full.hall.spots])
    node = full.hall.network.node_number
    for number in range(count):
        inlet_k = full.warm.node_k[:, node[f"supply {number + 1}"]]
        assert condensed.inlet_k[:, number] == pytest.approx(inlet_k, abs=2e-3)
        assert condensed.margin_k[:, number] == pytest.approx(full.margin_k[:, rack == number].min(1), abs=0.02)
    assert condensed.warm.work_w.sum(1) == pytest.approx(full.warm.work_w.sum(1), rel=1e-4)
    assert condensed.warm.duty_w == pytest.approx(full.warm.duty_w, rel=1e-3)


def test_one_kind_alone_and_one_rack_shut_are_the_same_in_both() -> None:
    racks = [replace(LARGE)] * 5
    full = build_hall(racks, [CDU] * 2, Headers(0.15, 0.8, ring=False), vessel_pa=2.5e5)
    small = build_condensed(racks, laws(None), [CDU] * 2, Headers(0.15, 0.8, ring=False), vessel_pa=2.5e5)
    how: dict[str, Any] = {
        "wanted_k": 313.15,
        "primary_k": 303.15,
        "primary_kg_s": 36.0,
        "load_share": [[1, 1, 0, 1, 0.5]],
    }
    opened = {}
    for name, network, links in (
        ("full", full.network, ["rack 3/supply hose", "rack 3/return hose"]),
        ("small", small.network, ["rack 3"]),
    ):
        opened[name] = np.array([[link not in links for link in network.links]])
    one = solve_hall(full, COOLANT, **how, opened=opened["full"])
    other = solve_condensed(small, COOLANT, **how, opened=opened["small"])
    assert one.rack_kg_s[0, 2] == other.rack_kg_s[0, 2] == 0.0
    left = [0, 1, 3, 4]
    assert other.rack_kg_s[:, left] == pytest.approx(one.rack_kg_s[:, left], rel=1e-4)
