"""GPU-hours that a job loses to its network: what a fault does to it, and how often."""

from rackwright.rack.network.outages.faults import Effect, Fault, FaultRates, fabric_faults
from rackwright.rack.network.outages.job import Job, Lost, expected_share, simulate

__all__ = ["Effect", "Fault", "FaultRates", "Job", "Lost", "expected_share", "fabric_faults", "simulate"]
