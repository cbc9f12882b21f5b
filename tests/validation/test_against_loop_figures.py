"""Coolant and pressure laws beside published operating points."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from rackwright.physics import fluids
from rackwright.program import load
from rackwright.rack.cooling import density, heat_capacity

PUBLISHED = Path(__file__).parent / "published" / "liquid_loop.csv"
ROWS = list(csv.DictReader(PUBLISHED.read_text(encoding="utf-8").splitlines()))


@cache
def pg25():
    return load({"rackwright": "1", "calendar": {"start": "2026-W02", "weeks": "1"}}).case().catalogue.fluids["pg25"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["what"])
def test_the_rise_meets_the_published_one(row):
    supply_k = float(row["supply_c"]) + 273.15
    back_k = fluids.mixed_return_k(
        supply_k,
        float(row["heat_w"]),
        float(row["flow_lpm"]) / 60e3,
        lambda k: density(pg25(), k),
        lambda k: heat_capacity(pg25(), k),
    )
    assert back_k - supply_k == pytest.approx(float(row["published_rise_k"]), abs=float(row["abs_tol_k"])), row[
        "source"
    ]


@pytest.mark.parametrize(("flow_lpm", "published_kpa"), [(160.0, 132.8), (80.0, 35.7)])
def test_the_drop_law_of_the_rack_template_gives_its_published_points(flow_lpm, published_kpa):
    # NVIDIA Omniverse GB300 rack template: 0.0048 x^2 + 0.0617 x; points rounded to a tenth
    assert fluids.pressure_drop_pa(flow_lpm / 60e3, 0.0048, 0.0617) == pytest.approx(published_kpa * 1e3, abs=60.0)
