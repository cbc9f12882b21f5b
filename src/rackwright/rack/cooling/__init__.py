"""The liquid loop: from the rack's cold plates to the CDUs that its block shares."""

from rackwright.rack.cooling.loop import (
    Loop,
    PlateState,
    cooling_findings,
    density,
    heat_capacity,
    loop_of,
    plate_curve,
    plate_range_m3_s,
)

__all__ = [
    "Loop",
    "PlateState",
    "cooling_findings",
    "density",
    "heat_capacity",
    "loop_of",
    "plate_curve",
    "plate_range_m3_s",
]
