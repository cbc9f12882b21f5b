"""Fabrics port by port: folded Clos, direct topologies, scale-up domains; the choice among them and their growth."""

from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.direct import (
    circuit_wiring,
    dragonfly_plus_wiring,
    dragonfly_wiring,
    torus_wiring,
)
from rackwright.rack.network.topology.domains import DOMAINS, Domain, domain_wiring, ualink_domain
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring

__all__ = [
    "DOMAINS",
    "Domain",
    "FabricProblem",
    "Wiring",
    "circuit_wiring",
    "clos_wiring",
    "domain_wiring",
    "dragonfly_plus_wiring",
    "dragonfly_wiring",
    "torus_wiring",
    "ualink_domain",
]
