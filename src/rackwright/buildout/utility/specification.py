"""What a utility asks of a site's power, and what the site was found to do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MEAN, CONTRACTED, FLUCTUATION = "mean power", "contracted power", "all fluctuation"
#: What a share of a band may refer to.
BASES = (MEAN, CONTRACTED, FLUCTUATION)


@dataclass(frozen=True, slots=True)
class Band:
    """Limits on the content between two frequencies; None is no limit.

    `share_most` refers to `base`: the band's rms over the "mean power" or the "contracted power", or the band's mean
    square over that of "all fluctuation" (energy, as in arXiv 2508.14318).
    """

    low_hz: float
    high_hz: float
    rms_most_w: float | None = None
    worst_bin_most_w: float | None = None
    share_most: float | None = None
    base: str = MEAN

    def __post_init__(self) -> None:
        if not 0 <= self.low_hz < self.high_hz:
            raise ValueError(f"band from {self.low_hz} to {self.high_hz} Hz: the upper end must lie above the lower")
        if self.base not in BASES:
            raise ValueError(f"base of a share is {self.base!r}: expected one of {', '.join(BASES)}")


@dataclass(frozen=True, slots=True)
class Specification:
    """A utility's limits; None is no limit.

    Ramps are the largest change within `ramp_window_s`, over it; the range is highest less lowest within any
    `range_window_s`, of what is left above `range_above_hz` where a limit is set behind such a filter. `standing`: "accepted standard", "draft", "roadmap", "estimate", "assumed" or "user".
    """

    name: str
    ramp_up_most_w_s: float | None
    ramp_down_most_w_s: float | None
    ramp_window_s: float
    range_most_w: float | None
    range_window_s: float
    bands: tuple[Band, ...]
    pst_most: float | None = None
    plt_most: float | None = None
    standing: str = "user"
    source: str = ""
    range_above_hz: float | None = None


@dataclass(frozen=True, slots=True)
class CouplingPoint:
    """Where the site meets the grid; without `short_circuit_va` and `x_over_r` flicker is "not modelled".

    `frequency_hz` chooses the flickermeter's lamp: 230 V at 50 Hz, 120 V at 60 Hz.
    """

    voltage_v: float
    short_circuit_va: float | None
    x_over_r: float | None
    power_factor: float = 1.0
    frequency_hz: float = 60.0


@dataclass(frozen=True, slots=True)
class Line:
    """One thing checked: `holds` is None where nothing limits it or it is not modelled; `text` says which and why."""

    name: str
    value: float
    most: float | None
    unit: str
    holds: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A site's power beside a specification.

    `binding` names the limit that is missed by most, or is nearest to being missed ("" where nothing limits).
    `rms_w` is the spectrum whose squares sum to the variance; `line_rms_w` reads the rms of a pure sine on a bin.
    """

    lines: tuple[Line, ...]
    passes: bool
    binding: str
    frequencies_hz: Floats
    rms_w: Floats
    line_rms_w: Floats

    @property
    def unchecked(self) -> tuple[Line, ...]:
        """Limits that nobody could hold the site against: what is not modelled."""
        return tuple(line for line in self.lines if line.most is not None and line.holds is None)
