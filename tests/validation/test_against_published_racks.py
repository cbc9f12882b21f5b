"""The sum of the catalogue's parts beside published rack powers."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from rackwright.program import load
from rackwright.rack import RackDesigns, design_racks

PUBLISHED = Path(__file__).parent / "published" / "racks.csv"
ROWS = list(csv.DictReader(PUBLISHED.read_text(encoding="utf-8").splitlines()))


@cache
def designs() -> RackDesigns:
    racks = {row["base"]: {"base": row["base"], "volume_from": "2026-W02"} for row in ROWS}
    case = load({"rackwright": "1", "calendar": {"start": "2026-W02", "weeks": "10"}, "rack": racks}).case()
    return design_racks(case.rack, case.catalogue)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["base"])
def test_computed_ac_power_meets_the_published(row):
    power_w = designs().of(row["base"]).power_w
    tolerance = float(row["rel_tol"])
    low, high = float(row["published_low_w"]), float(row["published_high_w"])
    assert low * (1 - tolerance) <= power_w <= high * (1 + tolerance), row["source"]


def test_gb300_has_the_eight_power_shelves_that_n_plus_n_needs():
    # 132 kW class on shelves of 33 kW: four carry it, twice
    assert designs().of("nvidia-gb300-nvl72").shelves == 8


def test_gb300_flow_meets_the_builders_example():
    # QCT: about 130 L/min for a GB200 NVL72; "about", so 10 %
    assert designs().of("nvidia-gb300-nvl72").flow_m3_s * 60e3 == pytest.approx(130.0, rel=0.10)


def test_gb300_weighs_what_is_published():
    # 1,360 kg, three figures; the catalogue's assumed masses are set to it, so this holds the sum, not the parts
    assert designs().of("nvidia-gb300-nvl72").mass_kg == pytest.approx(1360.0, rel=0.005)


def test_800_volts_carry_600_kilowatts_at_750_amperes():
    # 800 VDC value-chain report: 600 kW is 750 A at 800 V; ours is at our load and the bus voltage under load
    path = designs().of("nvidia-rubin-ultra-kyber").power
    assert path.busbar_current_a * 600e3 / path.dc_power_w == pytest.approx(750.0, rel=0.015)
