"""Load of each link of a fabric: exact, by closed form, along static routes, of hashed flows, in many failures."""

from rackwright.rack.network.load.bisection import bisection_by_flow, bisection_of_clos, halves
from rackwright.rack.network.load.hashed import HashedLoad, hashed_load
from rackwright.rack.network.load.links import LinkLoad, link_load
from rackwright.rack.network.load.routed import graph_of
from rackwright.rack.network.load.scenarios import Failure, ScenarioLoads, scenario_loads
from rackwright.rack.network.load.static import static_load
from rackwright.rack.network.load.symmetric import symmetric_load
from rackwright.rack.network.load.traffic import Traffic, pairs, permutation, uniform, within_rails
from rackwright.rack.network.load.valiant import valiant_load

__all__ = [
    "Failure",
    "HashedLoad",
    "LinkLoad",
    "ScenarioLoads",
    "Traffic",
    "bisection_by_flow",
    "bisection_of_clos",
    "graph_of",
    "halves",
    "hashed_load",
    "link_load",
    "pairs",
    "permutation",
    "scenario_loads",
    "static_load",
    "symmetric_load",
    "uniform",
    "valiant_load",
    "within_rails",
]
