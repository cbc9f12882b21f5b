"""The utility's view of a site: the power of its jobs against time, and the limits that a utility sets on it."""

from __future__ import annotations

from rackwright.buildout.utility.assess import assess
from rackwright.buildout.utility.dips import Dip, RideCurve, RideThrough, Supply, Verdict, ride_through
from rackwright.buildout.utility.jobs import Job, as_one_job, site_power, with_random_phases
from rackwright.buildout.utility.presets import CURVES, specification_of
from rackwright.buildout.utility.specification import Assessment, Band, CouplingPoint, Line, Specification
from rackwright.buildout.utility.spectrum import Spectrum, spectrum

__all__ = [
    "CURVES",
    "Assessment",
    "Band",
    "CouplingPoint",
    "Dip",
    "Job",
    "Line",
    "RideCurve",
    "RideThrough",
    "Specification",
    "Spectrum",
    "Supply",
    "Verdict",
    "as_one_job",
    "assess",
    "ride_through",
    "site_power",
    "specification_of",
    "spectrum",
    "with_random_phases",
]
