"""Write the synthetic measurements of the sample racks of examples/us-racks.yaml.

Nobody has published readings of sample racks, so these are made: a quiet load over three days, the loop's energy
balance, the plates' curve, small seeded noise, and the faults named in `FAULTS`. Run it again and the same files
come out:

    python examples/evaluation/make_measurements.py
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

SEED = 20251120
HERE = Path(__file__).parent
EVERY_H = 3
COLUMNS = ("rack", "time", "channel", "value", "unit", "uncertainty")

#: What is wrong with which rack; every other rack is as it should be.
FAULTS = {
    "vera-rubin": {"vr-6": "noisy power sensor"},
    "helios": {"he-3": "restricted branch", "he-5": "slow links"},
    "kyber": {"ky-2": "stopped early"},
}


@dataclass(frozen=True)
class Generation:
    """The sample racks as they stood on the test floor."""

    key: str
    prefix: str
    racks: int
    start: datetime
    hours: int
    power_kw: float
    liquid_kw: float
    supply_c: float
    flow_l_min: float
    #: Case over supply temperature of the hottest plate at full load and full flow.
    case_rise_k: float
    throughput_pflop_s: float


GENERATIONS = (
    Generation("vera-rubin", "vr", 8, datetime(2026, 6, 15, 6), 72, 183.0, 178.0, 44.2, 181.0, 24.0, 1182.0),
    Generation("helios", "he", 8, datetime(2026, 6, 1, 6), 72, 214.5, 188.0, 39.3, 199.0, 24.0, 1379.0),
    Generation("kyber", "ky", 2, datetime(2027, 6, 7, 6), 72, 612.0, 596.0, 44.2, 607.0, 24.0, 4728.0),
)

#: Standard uncertainty of a reading, absolute or as a share of the value, by channel.
UNITS = {"power": "kW", "supply": "degC", "return": "degC", "flow": "L/min", "case": "degC", "throughput": "PFLOP/s"}
SHARE = {"power": 0.005, "flow": 0.01, "throughput": 0.005}
ABSOLUTE = {"supply": 0.1, "return": 0.1, "case": 0.5}
#: kW that 1 L/min of PG25 carries per kelvin, at about 50 degC.
KW_PER_L_MIN_K = 1004.4 * 3992.4 / 60e6


def readings(generation: Generation, fault: str, load: float) -> dict[str, float]:
    """True values of all channels of one rack at a load of 0 to 1, with its fault."""
    flow = generation.flow_l_min
    case_rise = generation.case_rise_k
    throughput = generation.throughput_pflop_s
    if fault == "restricted branch":  # a tenth of the flow is missing, all of it on one tray
        flow *= 0.90
        case_rise *= 2.1
    if fault == "slow links":
        throughput *= 0.91
    return {
        "power": generation.power_kw * load,
        "supply": generation.supply_c,
        "return": generation.supply_c + generation.liquid_kw * load / (flow * KW_PER_L_MIN_K),
        "flow": flow,
        "case": generation.supply_c + case_rise * load,
        "throughput": throughput * load,
    }


def uncertainty(channel: str, value: float, fault: str) -> float:
    """Standard uncertainty of one reading, in its unit."""
    if channel == "power" and fault == "noisy power sensor":
        return 0.05 * value
    return SHARE[channel] * value if channel in SHARE else ABSOLUTE[channel]


def rows(generation: Generation) -> list[tuple[str, str, str, str, str, str]]:
    """All rows of one generation's file, in order of rack and time."""
    rng = np.random.default_rng([SEED, *generation.key.encode()])
    found = []
    for number in range(1, generation.racks + 1):
        rack = f"{generation.prefix}-{number}"
        fault = FAULTS[generation.key].get(rack, "")
        hours = 6 if fault == "stopped early" else generation.hours
        for hour in range(0, hours, EVERY_H):
            load = float(rng.uniform(0.985, 1.0))
            time = (generation.start + timedelta(hours=hour)).isoformat(timespec="minutes")
            for channel, value in readings(generation, fault, load).items():
                spread = uncertainty(channel, value, fault)
                read = value + 0.5 * spread * float(np.clip(rng.standard_normal(), -2, 2))
                found.append((rack, time, channel, f"{read:.4g}", UNITS[channel], f"{spread:.2g}"))
    return found


def main() -> None:
    """Write one CSV per generation beside this script."""
    for generation in GENERATIONS:
        with (HERE / f"{generation.key}.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows(generation))


if __name__ == "__main__":
    main()
