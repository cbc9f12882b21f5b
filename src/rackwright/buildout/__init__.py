"""The buildout stage: when the gigawatts are live, and for how much."""

from rackwright.buildout.facility import Facility
from rackwright.buildout.specs import HEADLINES, TABLES
from rackwright.buildout.stage import BuildoutResult, build_out

__all__ = ["HEADLINES", "TABLES", "BuildoutResult", "Facility", "build_out"]
