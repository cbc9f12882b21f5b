"""The plant stage beside published line figures: takt, racks and watts under test (Little's law), labour of trays."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from rackwright.plant import plant_capacities
from rackwright.program.calendar import Calendar, monday
from rackwright.program.fields import Reading
from rackwright.program.sections.plant import Plant
from rackwright.program.sections.rack import Rack, StepWork, Tray

PUBLISHED = Path(__file__).parent / "published" / "plant.csv"
ROWS = list(csv.DictReader(PUBLISHED.read_text(encoding="utf-8").splitlines()))
CALENDAR = Calendar(monday("2026-W02"), 1)


@dataclass(frozen=True)
class Rated:
    """Stands for a design: this stage reads its power alone."""

    power_w: float

    def of(self, generation: str) -> Rated:
        return self


def capacities(*, tray_minutes=0.0, hours=168.0, soak_h=0.0, rack_kw=0.0, first_pass=1.0, places=1000):
    """A plant with one step of a minute a rack at one place, and burn-in as given."""
    plant = Plant.model_validate(
        {
            "shifts": {"per_day": "1", "hours": f"{hours / 7} h", "days": "7", "effective": "1", "per_person": "7"},
            "stations": {
                "l11": {"places": "1", "first_pass": "1", "rework": "0"},
                "l10": {"places": "1", "first_pass": "1", "rework": "0"},
            },
            "burn_in": {
                "places": str(places),
                "soak": f"{soak_h} h",
                "power": "1 GW",
                "load": "1",
                "first_pass": str(first_pass),
            },
            "crew": "100000",
            "wage": "0 USD/h",
        },
        context=Reading(calendar=CALENDAR),
    )
    rack = Rack.model_construct(
        build={
            "l11": StepWork.model_construct(time_s=60.0, per="rack", crew=0.0),
            "l10": StepWork.model_construct(time_s=60.0 * tray_minutes, per="compute", crew=1.0),
        },
        trays={"compute": Tray.model_construct(count=18)},
        volume_from_week=0,
        volume_until_week=None,
    )
    return plant_capacities({"line": plant}, {"rack": rack}, Rated(rack_kw * 1e3), CALENDAR)


def table(result, name):
    return next(item for item in result.tables if item.name == name).rows()


def computed(row):
    if row["unit"] == "min":  # one place, a minute a rack: as many minutes as the rate would need at one place
        minutes = table(capacities(hours=float(row["hours_per_week"])), "plant.resources")
        at_a_minute = next(item["racks_per_week"] for item in minutes if item["resource"] == "l11")
        return at_a_minute / float(row["racks_per_week"])
    if row["unit"] == "h":
        each = 120.0 if "cabled " in row["what"] else 5.0
        return capacities(tray_minutes=each).labour_s["line"]["rack"] / 3600.0
    soak_h, rack_kw, first_pass = float(row["soak_h"]), float(row["rack_kw"]), float(row["first_pass"])
    result = capacities(soak_h=soak_h, rack_kw=rack_kw, first_pass=first_pass)
    (line,) = [item for item in table(result, "plant.mw") if item["mix"] == "start"]
    scale = float(row["racks_per_week"]) / result.headlines[0].value  # Little's law is linear in the rate
    return scale * (line["power_w"] / 1e6 if row["unit"] == "MW" else line["racks_under_power"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["what"])
def test_a_line_meets_the_published_figure(row):
    assert computed(row) == pytest.approx(float(row["published"]), rel=float(row["rel_tol"])), row["source"]
