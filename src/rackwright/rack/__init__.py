"""The rack stage: what one rack of each generation is, and whether physics allows it."""

from rackwright.rack.bill import BillLine
from rackwright.rack.design import RackDesign, RackDesigns, design_racks
from rackwright.rack.diagrams import drawings_of
from rackwright.rack.elevation import elevation_svg
from rackwright.rack.specs import HEADLINES, TABLES

__all__ = [
    "HEADLINES",
    "TABLES",
    "BillLine",
    "RackDesign",
    "RackDesigns",
    "design_racks",
    "drawings_of",
    "elevation_svg",
]
