"""The fabric: from the accelerator's port to the cable that a technician pulls.

`scale_out` sizes a cluster's fabric by count and checks what a rack declares of it.
"""

from rackwright.rack.network.scale_out import ScaleOut, network_findings, scale_out

__all__ = ["ScaleOut", "network_findings", "scale_out"]
