"""What carries a rack when its input is lost, and what smooths its power: how many, and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rackwright.program.sections.parts import Battery, Catalogue
from rackwright.program.sections.rack import Rack


@dataclass(frozen=True, slots=True)
class Backup:
    """Battery shelves and stores of a rack."""

    battery: str | None
    batteries: int
    #: How long the batteries carry the rack's DC power; None without batteries.
    carried_s: float | None
    #: The same with one of them lost.
    after_loss_s: float | None
    wanted_s: float
    charge_w: float
    store: str | None
    stores: int
    store_j: float
    store_w: float


def seconds_of(battery: Battery, output_w: float) -> float:
    """How long one shelf gives a power; 0 beyond its highest row.

    Between rows the energy is read linearly. Below the first row the energy stays that of the first row: less power
    takes no less out of a battery than its maker measured.

    >>> from rackwright.program.sections.parts import BackupPoint
    >>> rows = tuple(BackupPoint.model_construct(output_w=w, time_s=s) for w, s in ((24e3, 240.0), (33e3, 90.0)))
    >>> battery = Battery.model_construct(backup=rows)
    >>> seconds_of(battery, 33e3), seconds_of(battery, 12e3), seconds_of(battery, 40e3)
    (90.0, 480.0, 0.0)
    """
    powers = np.array([point.output_w for point in battery.backup])
    energies = np.array([point.output_w * point.time_s for point in battery.backup])
    if output_w <= 0:
        return math.inf
    if output_w > powers[-1] * (1 + 1e-9):
        return 0.0
    return float(np.interp(output_w, powers, energies)) / output_w


def batteries_needed(battery: Battery, power_w: float, wanted_s: float) -> int:
    """Fewest shelves that share a power equally and carry it for `wanted_s`.

    >>> from rackwright.program.sections.parts import BackupPoint
    >>> rows = (BackupPoint.model_construct(output_w=33e3, time_s=90.0),)
    >>> battery = Battery.model_construct(backup=rows)
    >>> batteries_needed(battery, 130e3, 90.0), batteries_needed(battery, 130e3, 180.0)
    (4, 8)
    """
    if power_w <= 0:
        return 0
    most_w = battery.backup[-1].output_w
    count = math.ceil(power_w / most_w * (1 - 1e-9))
    most_j = max(point.output_w * point.time_s for point in battery.backup)
    if most_j <= 0:
        return count
    # beyond this many even the largest energy of each is enough
    last = max(count, math.ceil(power_w * wanted_s / min(p.output_w * p.time_s for p in battery.backup if p.time_s)))
    low, high = count, max(last, count)
    while low < high:
        middle = (low + high) // 2
        if seconds_of(battery, power_w / middle) >= wanted_s * (1 - 1e-9):
            high = middle
        else:
            low = middle + 1
    return low


def backup_of(rack: Rack, catalogue: Catalogue, dc_power_w: float) -> Backup:
    """The rack's batteries, as many as its ride-through asks for, and its stores."""
    power = rack.power
    battery = catalogue.batteries[power.battery] if power.battery else None
    store = catalogue.stores[power.store] if power.store else None
    count = batteries_needed(battery, dc_power_w, power.ride_through_s) + power.battery_spares if battery else 0
    return Backup(
        battery=power.battery,
        batteries=count,
        carried_s=seconds_of(battery, dc_power_w / count) if battery and count else None,
        after_loss_s=(seconds_of(battery, dc_power_w / (count - 1)) if count > 1 else 0.0) if battery else None,
        wanted_s=power.ride_through_s,
        charge_w=battery.charge_w * count if battery else 0.0,
        store=power.store,
        stores=power.stores if store else 0,
        store_j=store.energy_j * power.stores if store else 0.0,
        store_w=store.output_w * power.stores if store else 0.0,
    )
