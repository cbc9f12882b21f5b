"""The power path of a rack, from the parts it carries to its AC input."""

from rackwright.rack.power.checks import power_findings
from rackwright.rack.power.path import AfterLoss, BusbarNode, PowerLine, PowerPath, power_path, shelves_left

__all__ = ["AfterLoss", "BusbarNode", "PowerLine", "PowerPath", "power_findings", "power_path", "shelves_left"]
