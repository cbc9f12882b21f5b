"""Pressures and flows of a network of pipes, pumps and valves."""

from rackwright.rack.cooling.hydraulics.build import NetworkBuilder
from rackwright.rack.cooling.hydraulics.network import Network
from rackwright.rack.cooling.hydraulics.solve import Solution, solve

__all__ = ["Network", "NetworkBuilder", "Solution", "solve"]
