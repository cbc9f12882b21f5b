"""Power of one load against time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError

Floats = NDArray[np.float64]

#: Bad samples that are named one by one; a broken recording has millions.
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Waveform:
    """Power of one load against time, evenly sampled, continued periodically only where `period_s` says so.

    A sample is the mean over its step, so `sum(power_w) * step_s` is the energy. `standing` is one of "published",
    "estimate", "assumed", "user". Samples that are no finite numbers, or a step of zero, are refused: all of them in
    one error that names the waveform.

    >>> wave = Waveform(0.01, np.array([1e3, 2e3]), None, "two samples", "user", "by hand")
    >>> wave.energy_j, wave.length_s
    (30.0, 0.02)
    """

    step_s: float
    power_w: Floats  # (samples,)
    period_s: float | None  # length of one training step where known
    what: str
    standing: str
    source: str

    def __post_init__(self) -> None:
        problems = [*_step_problems(self), *_sample_problems(self)]
        if problems:
            raise ProgramError(problems)

    @property
    def energy_j(self) -> float:
        """Energy of the whole record."""
        return float(self.power_w.sum() * self.step_s)

    @property
    def length_s(self) -> float:
        """Length of the record."""
        return float(self.power_w.size * self.step_s)


def _step_problems(wave: Waveform) -> list[Problem]:
    found = []
    if not (np.isfinite(wave.step_s) and wave.step_s > 0):
        found.append(Problem(wave.what, 0, "step_s", f"{wave.step_s} s", "a step above 0 s"))
    if wave.period_s is not None and not (np.isfinite(wave.period_s) and wave.period_s > 0):
        found.append(Problem(wave.what, 0, "period_s", f"{wave.period_s} s", "a period above 0 s, or none"))
    return found


def _sample_problems(wave: Waveform) -> list[Problem]:
    if wave.power_w.ndim != 1 or wave.power_w.size == 0:
        return [Problem(wave.what, 0, "power_w", f"an array of shape {wave.power_w.shape}", "one row of samples")]
    bad = np.flatnonzero(~np.isfinite(wave.power_w))
    told = [
        Problem(wave.what, 0, f"power_w[{sample}]", f"{wave.power_w[sample]}", "a finite power")
        for sample in bad[:MOST_TOLD]
    ]
    if bad.size > MOST_TOLD:
        told.append(Problem(wave.what, 0, "power_w", f"{bad.size} bad samples in all", "finite powers"))
    return told
