"""AI-rack programs as code: one text file in; racks proven by physics, a weekly plan, gigawatts and money out.

import rackwright
program = rackwright.load("examples/tiny.yaml")
outcome = rackwright.run(program)
outcome.headlines["plan.late_rack_weeks"].value
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rackwright.errors import NoPlan, Problem, ProgramError, RackwrightError
    from rackwright.outcome import Outcome
    from rackwright.pipeline import run
    from rackwright.program import Case, Program, load

__version__ = "0.1.0"

_HOMES = {
    "Case": "rackwright.program",
    "NoPlan": "rackwright.errors",
    "Outcome": "rackwright.outcome",
    "Problem": "rackwright.errors",
    "Program": "rackwright.program",
    "ProgramError": "rackwright.errors",
    "RackwrightError": "rackwright.errors",
    "load": "rackwright.program",
    "run": "rackwright.pipeline",
}
__all__ = ["Case", "NoPlan", "Outcome", "Problem", "Program", "ProgramError", "RackwrightError", "load", "run"]


def __getattr__(name: str) -> Any:
    """The public names, imported when first used so that `--help` stays quick."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'rackwright' has no attribute {name!r}")
