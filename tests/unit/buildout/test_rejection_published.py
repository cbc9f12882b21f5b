"""Typical cells beside the published medians that they are made from."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from rackwright.buildout.rejection import Bank, dry_cell, wet_cell
from rackwright.physics.air import moist_air

TABLE = Path(__file__).parents[2] / "validation" / "published" / "rejection_typical.csv"
ROWS = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
DESIGN = moist_air([308.15], relative_humidity_share=0.35)
HEAT_W = np.array([1e6])


def leaving_k(cell):
    return float(Bank(cell, 1).full_leaving_k(HEAT_W, np.array([cell.water_kg_s]), np.ones(1), DESIGN)[0])


@cache
def computed():
    dry, open_wet, closed = dry_cell(1e6, DESIGN), wet_cell(1e6, DESIGN), wet_cell(1e6, DESIGN, closed=True)
    density = open_wet.fan.sheet_density_kg_m3
    water = open_wet.water(np.ones(1), HEAT_W, np.array([open_wet.water_kg_s]), np.ones(1), DESIGN)
    return {
        "dry_approach": leaving_k(dry) - DESIGN.dry_bulb_k[0],
        "open_approach": leaving_k(open_wet) - DESIGN.wet_bulb_k[0],
        "closed_approach": leaving_k(closed) - DESIGN.wet_bulb_k[0],
        "wet_electric": float(open_wet.fan.running_w(1.0, DESIGN.dry_air_kg_m3)[0]) / 1e6,
        "dry_half_air": 0.5**dry.air_exponent,
        "half_fan": float(dry.fan.running_w(0.5, density)) / dry.fan.power_w,
        "evaporation": float(water.evaporation_kg_s[0]) * 3600.0 / 1000.0,
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["what"])
def test_a_typical_cell_meets_the_published_figure(row):
    assert computed()[row["ours"]] == pytest.approx(float(row["published"]), abs=float(row["abs_tol"])), row["source"]
