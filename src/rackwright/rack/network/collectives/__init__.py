"""How long collectives take: alpha-beta models of a machine of scale-up domains, calibrated on published rows."""

from rackwright.rack.network.collectives.calibration import SYSTEMS, Calibration, Measured, System, calibrate, nearest
from rackwright.rack.network.collectives.exposure import Parallel, exposed
from rackwright.rack.network.collectives.headroom import headroom_byte
from rackwright.rack.network.collectives.step import SEND, Spread, Use, group_machine, use_s, uses
from rackwright.rack.network.collectives.times import (
    ALGORITHMS,
    COLLECTIVES,
    Machine,
    Wire,
    algorithms_of,
    busbw_factor,
    time_s,
    wire_of,
)

__all__ = [
    "ALGORITHMS",
    "COLLECTIVES",
    "SEND",
    "SYSTEMS",
    "Calibration",
    "Machine",
    "Measured",
    "Parallel",
    "Spread",
    "System",
    "Use",
    "Wire",
    "algorithms_of",
    "busbw_factor",
    "calibrate",
    "exposed",
    "group_machine",
    "headroom_byte",
    "nearest",
    "time_s",
    "use_s",
    "uses",
    "wire_of",
]
