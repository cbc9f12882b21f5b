"""The power path of a rack, from the parts it carries to its AC input."""

from rackwright.rack.power.path import (
    BusbarNode,
    PowerLine,
    PowerPath,
    power_findings,
    power_path,
    shelves_left,
)

__all__ = ["BusbarNode", "PowerLine", "PowerPath", "power_findings", "power_path", "shelves_left"]
