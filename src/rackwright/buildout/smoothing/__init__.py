"""The cheapest mix of power floor, joules in the racks and battery at the connection that a utility lets pass."""

from __future__ import annotations

from rackwright.buildout.smoothing.devices import Devices, Mix, Smoothed, smooth
from rackwright.buildout.smoothing.prices import Cost, Price, Prices, cost_of, said
from rackwright.buildout.smoothing.search import Grid, Sizing, Trial, cheapest_mix

__all__ = [
    "Cost",
    "Devices",
    "Grid",
    "Mix",
    "Price",
    "Prices",
    "Sizing",
    "Smoothed",
    "Trial",
    "cheapest_mix",
    "cost_of",
    "said",
    "smooth",
]
