"""The DC network at rest: constant-power loads on lines with drooping sources, for one scenario or a million."""

from rackwright.rack.power.direct.limits import LoadLimit, collapse_factor, load_limits
from rackwright.rack.power.direct.network import DirectBuilder, DirectNetwork
from rackwright.rack.power.direct.solve import DirectSolution, DirectSummary, solve, solve_summary

__all__ = [
    "DirectBuilder",
    "DirectNetwork",
    "DirectSolution",
    "DirectSummary",
    "LoadLimit",
    "collapse_factor",
    "load_limits",
    "solve",
    "solve_summary",
]
