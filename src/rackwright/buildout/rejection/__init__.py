"""Heat rejection of a site, hour by hour: dry coolers, towers, chillers behind them, water and power."""

from rackwright.buildout.rejection.cells import DryCell, Pads, WetCell
from rackwright.buildout.rejection.chiller import Biquadratic, Chiller, ChillerCurves
from rackwright.buildout.rejection.control import Bank
from rackwright.buildout.rejection.curves import AIR_COOLED, WATER_COOLED
from rackwright.buildout.rejection.fans import Fan, Pump
from rackwright.buildout.rejection.ledger import HourLedger, hours
from rackwright.buildout.rejection.plant import Mode, Plant, TowerLoop
from rackwright.buildout.rejection.sizing import bank_for, calibrated, dry_cell, pump_for, wet_cell
from rackwright.buildout.rejection.typical import ROWS, TYPICAL

__all__ = [
    "AIR_COOLED",
    "ROWS",
    "TYPICAL",
    "WATER_COOLED",
    "Bank",
    "Biquadratic",
    "Chiller",
    "ChillerCurves",
    "DryCell",
    "Fan",
    "HourLedger",
    "Mode",
    "Pads",
    "Plant",
    "Pump",
    "TowerLoop",
    "WetCell",
    "bank_for",
    "calibrated",
    "dry_cell",
    "hours",
    "pump_for",
    "wet_cell",
]
