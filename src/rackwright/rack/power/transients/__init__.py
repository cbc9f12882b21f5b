"""The DC row in time: lines, capacitors, supplies, batteries and stores from one millisecond to the next."""

from rackwright.rack.power.transients.events import (
    FeedEvent,
    LoadEvent,
    ShelfEvent,
    brown_out,
    generator_start,
    outage,
    transfer,
)
from rackwright.rack.power.transients.parts import Battery, Capacitor, Line, Load, Shelf, Storage
from rackwright.rack.power.transients.row import Row, RowBuilder
from rackwright.rack.power.transients.simulate import Happened, Ledger, Lowest, RowRun, SharedPower, simulate

__all__ = [
    "Battery",
    "Capacitor",
    "FeedEvent",
    "Happened",
    "Ledger",
    "Line",
    "Load",
    "LoadEvent",
    "Lowest",
    "Row",
    "RowBuilder",
    "RowRun",
    "SharedPower",
    "Shelf",
    "ShelfEvent",
    "Storage",
    "brown_out",
    "generator_start",
    "outage",
    "simulate",
    "transfer",
]
