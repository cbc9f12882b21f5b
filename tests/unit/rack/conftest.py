"""A rack whose numbers a reader can do in the head."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from rackwright.program.calendar import Calendar, monday
from rackwright.program.fields import Reading
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack
from rackwright.rack import RackDesigns, design_racks

READING = Reading(calendar=Calendar(monday("2026-W02"), 52))

PARTS: dict[str, Any] = {
    "chips": {
        "gpu": {
            "role": "accelerator",
            "plate": "plate",
            "case_limit": "80 degC",
            "power": "1 kW",
            "liquid": "1.0",
            "mass": "1 kg",
            "cost": "1000 USD",
            "family": "gpu",
        },
        "nic": {"role": "nic", "rate": "400 Gbit/s", "power": "50 W", "mass": "0 kg", "cost": "100 USD"},
        "ssd": {"role": "storage", "power": "25 W", "cost": "10 USD"},
    },
    "components": {"manifold": {"mass": "10 kg", "cost": "50 USD"}},
    "plates": {
        "plate": {
            "curve": [
                {"flow": "1 L/min", "resistance": "0.04 K/W"},
                {"flow": "2 L/min", "resistance": "0.02 K/W"},
            ]
        }
    },
    "switches": {
        "box": {
            "ports": "8",
            "rate": "400 Gbit/s",
            "ports_most": "16",
            "power": "100 W",
            "cost": "500 USD",
            "family": "switch",
        }
    },
    "optics": {"module": {"rate": "400 Gbit/s", "power": "5 W", "cost": "20 USD"}},
    "shelves": {
        "shelf": {
            "psu": "500 W",
            "psu_count": "2",
            "height": "1 RU",
            "output": "50 V",
            "connector": "100 A",
            "mass": "5 kg",
            "cost": "200 USD",
            "efficiency": [{"load": "0.5", "efficiency": "0.98"}, {"load": "1.0", "efficiency": "0.96"}],
        }
    },
    "busbars": {
        "bar": {
            "length": "0 m",
            "section": "1000 mm2",
            "rating": "200 A",
            "mass": "2 kg",
            "cost": "30 USD",
            "temperature": "20 degC",
        }
    },
    "couplings": {"plug": {"kv": "1 m3/h", "pressure_most": "16 bar", "temperature_most": "100 degC"}},
    "cdus": {
        "unit": {
            "capacity": "10 kW",
            "approach": "5 K",
            "flow_most": "10 L/min",
            "head": "100 kPa",
            "power": "200 W",
            "cost": "4000 USD",
            "family": "cdu",
        }
    },
    "fluids": {
        "water": {
            "freezing": "0 degC",
            "rows": [
                {
                    "temperature": "10 degC",
                    "density": "1000 kg/m3",
                    "heat_capacity": "4000 J/kg/K",
                    "viscosity": "1 mPa*s",
                },
                {
                    "temperature": "90 degC",
                    "density": "1000 kg/m3",
                    "heat_capacity": "4000 J/kg/K",
                    "viscosity": "1 mPa*s",
                },
            ],
        }
    },
    "frames": {
        "frame": {"height": "10 RU", "payload": "100 kg", "footprint": "1 m2", "mass": "40 kg", "cost": "300 USD"}
    },
}

RACK: dict[str, Any] = {
    "volume_from": "2026-W10",
    "design_load": "1.0",
    "declared": {
        "peak": {"fp8": "1 PFLOP/s"},
        "memory": "1 TB",
        "memory_bandwidth": "1 TB/s",
        "scale_out": "400 Gbit/s",
        "power": "5 kW",
    },
    "frame": "frame",
    "trays": {
        "compute": {
            "count": "2",
            "height": "2 RU",
            "mass": "3 kg",
            "cost": "40 USD",
            "other_power": "50 W",
            "parts": {"gpu": "2", "nic": "2", "ssd": "2"},
        }
    },
    "components": {"manifold": "2"},
    "power": {
        "architecture": "hpr-50v",
        "shelf": "shelf",
        "redundancy": "N",
        "feed": "400 V",
        "feeds": "2",
        "power_factor": "1.0",
        "cord": "10 A",
        "cords_per_shelf": "1",
        "continuous": "80 %",
        "busbar": "bar",
        "tray_least": "46 V",
        "motion": {
            "waiting": "40 %",
            "idle": "20 %",
            "rise": "10 ms",
            "overshoot": "10 %",
            "overshoot_time": "50 ms",
            "jitter": "2 %",
            "skew": "5 ms",
            "input_hold": "0.5 ms",
            "output_hold": "0.5 ms",
            "esr": "20 us",
            "bandwidth": "1 kHz",
            "hold_up": "20 ms",
            "inductance": "0.15 uH/m",
            "filter": "0.2 us",
            "stagger": "50 ms",
            "return_after": "1 s",
            "walk_in": "10 s",
            "start": "10 s",
            "stop": "0.1 s",
        },
    },
    "network": {
        "rails": "1",
        "hop": "800 ns",
        "fec": "100 ns",
        "frame": "4200 B",
        "pause": "600 ns",
        "faults": {
            "adapter": "0.003 /year",
            "link": "0.007 /year",
            "switch": "0.02 /year",
            "flap": "0.07 /year",
            "repair": "4 h",
            "flap_time": "5 s",
            "retry": "10 s",
            "restart": "10 min",
        },
        "planes": "1",
        "switch": "box",
        "optic": "module",
        "oversubscription": "1.0",
        "floor": {
            "positions": "10",
            "rack_pitch": "0.6 m",
            "rack_depth": "1.2 m",
            "cold_aisle": "1.2 m",
            "hot_aisle": "1.2 m",
            "tray_height": "3 m",
            "tray_levels": "1",
            "tray_spacing": "0.3 m",
            "in_rack": "1 m",
            "slack": "5 %",
            "slack_each_end": "0.3 m",
            "switches_per_rack": "8",
        },
    },
    "cooling": {
        "coolant": "water",
        "supply": "40 degC",
        "return_limit": "60 degC",
        "flow": "auto",
        "cdu": "unit",
        "redundancy": "N",
        "drop_quadratic": "1.0",
        "drop_linear": "0",
        "piping": {
            "coupling": "plug",
            "hose_length": "2 m",
            "port_pitch": "50 mm",
            "header_pitch": "0.8 m",
            "plates_in_series": "1",
            "velocity_most": "2 m/s",
            "vessel": "2 bar",
        },
        "seconds": {
            "package": "0.1 J/K/W",
            "plate": "0.2 J/K/W",
            "coolant": "25 mL/kW",
            "interface": "20 %",
            "coast_down": "1 s",
            "throttled": "30 %",
        },
        "control": {
            "holds": "flow",
            "least_speed": "15 %",
            "rangeability": "50",
            "authority_least": "50 %",
            "load_least": "20 %",
            "gain_most": "3",
        },
    },
    "block": {"racks": "2"},
    "floor_limit": "100 kg/m2",
    "build": {},
}

Build = Callable[..., RackDesigns]


def changed(tree: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with values replaced at dotted paths; None removes."""
    tree = copy.deepcopy(tree)
    for path, value in changes.items():
        *way, last = path.split(".")
        node = tree
        for key in way:
            node = node[key]
        if value is None:
            node.pop(last, None)
        else:
            node[last] = value
    return tree


@pytest.fixture
def build() -> Build:
    """Designs of the one rack `small`, with changes: `rack` and `parts` are mappings of dotted paths."""

    def make(
        rack: dict[str, Any] | None = None,
        parts: dict[str, Any] | None = None,
        cluster: dict[str, int] | None = None,
        name: str = "small",
    ) -> RackDesigns:
        catalogue = Catalogue.model_validate(changed(PARTS, parts or {}), context=READING)
        section = Rack.model_validate(changed(RACK, rack or {}), context=READING)
        return design_racks({name: section}, catalogue, cluster)

    return make
