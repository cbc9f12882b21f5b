"""Coolant properties beside CoolProp, over every temperature and concentration that a loop may have.

Each test prints its worst error (`pytest -s`). Tolerances are some ten times the fits' own errors, and far inside what
a loop needs: 0.1 per cent of density and heat capacity (a tenth of a flow meter's error), 1 per cent of viscosity and
conductivity (a fifth of what correlations for friction and film coefficients are good for).
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from rackwright.physics import coolants

coolprop = pytest.importorskip(
    "CoolProp.CoolProp", reason="CoolProp is not installed: pip install 'rackwright[validate]'"
)

PRESSURE_PA = 3e5
SHARES = np.linspace(0.0, 0.6, 25)
FREEZING = Path(__file__).parent / "published" / "coolants_freezing.csv"
#: Name, CoolProp's letter, method of `Coolant`.
PROPERTIES = (
    ("density", "D", "density_kg_m3"),
    ("heat capacity", "C", "heat_capacity_j_kg_k"),
    ("viscosity", "V", "viscosity_pa_s"),
    ("conductivity", "L", "conductivity_w_m_k"),
)
WATER_REL_TOL = {"density": 2e-5, "heat capacity": 2e-4, "viscosity": 1e-3, "conductivity": 2e-4}
GLYCOL_REL_TOL = 1e-6


def oracle(letter: str, at_k, fluid: str):
    return np.array([coolprop.PropsSI(letter, "T", one, "P", PRESSURE_PA, fluid) for one in at_k])


def worst(coolant, method: str, letter: str, fluid: str, points: int) -> float:
    at_k = np.linspace(coolant.least_k, coolant.most_k, points)
    return float(np.max(np.abs(getattr(coolant, method)(at_k) / oracle(letter, at_k, fluid) - 1.0)))


@pytest.mark.parametrize(("name", "letter", "method"), PROPERTIES)
def test_water_meets_coolprop_from_1_to_100_degc(name, letter, method):
    error = worst(coolants.water(), method, letter, "Water", 500)
    print(f"water {name}: worst relative error {error:.1e}")
    assert error < WATER_REL_TOL[name]


@pytest.mark.parametrize(("name", "letter", "method"), PROPERTIES)
def test_glycol_meets_coolprop_at_every_share_from_freezing_to_100_degc(name, letter, method):
    # the form of the polynomial is the correlation's own, so only the rounding to eight figures is left
    errors = {
        share: worst(coolants.propylene_glycol(share), method, letter, f"INCOMP::MPG[{share:.6f}]", 50)
        for share in SHARES
    }
    share = max(errors, key=lambda one: errors[one])
    print(f"propylene glycol {name}: worst relative error {errors[share]:.1e}, at {share:.3f} by mass")
    assert errors[share] < GLYCOL_REL_TOL


def test_energy_of_glycol_differs_as_coolprops_does():
    """CoolProp integrates the same heat capacity and adds a term in proportion to pressure (2e-4 of it at 3 bar)."""
    errors = []
    for share in SHARES:
        coolant, fluid = coolants.propylene_glycol(share), f"INCOMP::MPG[{share:.6f}]"
        ends = [coolant.least_k, coolant.most_k]
        at_3, at_6 = (
            [coolprop.PropsSI("U", "T", one, "P", pressure_pa, fluid) for one in ends] for pressure_pa in (3e5, 6e5)
        )
        wanted = 2.0 * (at_3[1] - at_3[0]) - (at_6[1] - at_6[0])  # the line through both, at no pressure
        errors.append(abs(np.diff(coolant.energy_j_kg(ends))[0] / wanted - 1.0))
    print(f"energy from freezing to 100 degC: worst relative error {max(errors):.1e}")
    assert max(errors) < GLYCOL_REL_TOL


def test_glycol_freezes_where_coolprop_says():
    errors = [
        abs(
            coolants.freezing_of_propylene_glycol_k(share)
            - coolprop.PropsSI("T_FREEZE", "T", 300.0, "P", PRESSURE_PA, f"INCOMP::MPG[{share:.6f}]")
        )
        for share in SHARES
    ]
    print(f"freezing point: worst error {max(errors):.1e} K")
    assert max(errors) < 1e-4


def test_water_boils_where_coolprop_says_from_2_kpa_to_20_mpa():
    # two equations of the same institution; 0.01 K is far below any finding's margin
    pressures = np.geomspace(2e3, 2e7, 200)
    wanted = np.array([coolprop.PropsSI("T", "P", one, "Q", 0, "Water") for one in pressures])
    error = float(np.max(np.abs(coolants.water_boiling_k(pressures) - wanted)))
    print(f"boiling point: worst error {error:.1e} K")
    assert error < 0.01


@pytest.mark.parametrize(
    "row",
    list(csv.DictReader(FREEZING.read_text(encoding="utf-8").splitlines())),
    ids=lambda row: row["volume_percent"],
)
def test_glycol_freezes_near_the_handbooks_point(row):
    """Handbook rows are by volume at 15.6 degC; mixing is taken without the 1 per cent by which the volume shrinks."""
    volume_share = float(row["volume_percent"]) / 100.0
    glycol_kg_m3 = 1040.0  # pure propylene glycol at 15.6 degC, 1.04 of water's density
    mass_share = volume_share * glycol_kg_m3 / (volume_share * glycol_kg_m3 + (1.0 - volume_share) * 999.0)
    got_c = coolants.freezing_of_propylene_glycol_k(mass_share) - 273.15
    print(f"{row['volume_percent']} % by volume: {got_c:.1f} degC, handbook {row['published_c']}")
    assert got_c == pytest.approx(float(row["published_c"]), abs=float(row["abs_tol_k"])), row["source"]
