"""How long collectives take: alpha-beta models of a machine of scale-up domains, calibrated on published rows."""

from rackwright.rack.network.collectives.calibration import SYSTEMS, Calibration, Measured, System, calibrate, nearest
from rackwright.rack.network.collectives.exposure import Parallel, exposed
from rackwright.rack.network.collectives.headroom import headroom_byte
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
    "SYSTEMS",
    "Calibration",
    "Machine",
    "Measured",
    "Parallel",
    "System",
    "Wire",
    "algorithms_of",
    "busbw_factor",
    "calibrate",
    "exposed",
    "headroom_byte",
    "nearest",
    "time_s",
    "wire_of",
]
