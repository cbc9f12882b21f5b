"""Temperatures of a network: heat carried by its flows, and flows at its temperatures."""

from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import Cooler, WarmSolution, solve_warm

__all__ = ["Cooler", "Fluid", "WarmSolution", "solve_warm"]
