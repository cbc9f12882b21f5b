"""A site's power held against a utility's specification."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout.utility.flicker import PLT_COUNT, PST_S, plt, pst, relative_voltage
from rackwright.buildout.utility.ramps import above, ramps, widest_range, window_steps
from rackwright.buildout.utility.specification import (
    CONTRACTED,
    FLUCTUATION,
    MEAN,
    Assessment,
    Band,
    CouplingPoint,
    Line,
    Specification,
)
from rackwright.buildout.utility.spectrum import PERIODS_A_SEGMENT, Spectrum, spectrum
from rackwright.errors import Problem, ProgramError

Floats = NDArray[np.float64]

#: Bad samples that are named one by one.
MOST_TOLD = 20
#: Bins of the spectrum where no band says what is of interest. [Hz]
USUAL_LOW_HZ = 0.1


def assess(
    power_w: Floats,
    step_s: float,
    specification: Specification,
    point: CouplingPoint | None = None,
    *,
    contracted_w: float | None = None,
    repeats: bool = False,
) -> Assessment:
    """Hold a site's power against a specification.

    Ramps: largest rise or fall within a window, over the window. Range: highest less lowest within any window.
    Bands: rms by the two readings of `spectrum`, a segment holding ten periods of the lowest edge asked for (0.1 Hz:
    100 s, bins of 0.01 Hz). A line's `worst bin` is the rms of a sine there in the segment where it is largest; a tone that jitters spreads
    over bins, so the value belongs to its resolution, which the text names. Shares name their base. Flicker: worst Pst of ten
    minutes and Plt at the point of common coupling, with its short-circuit figures, else "not modelled".

    `holds` is None for what has no limit and for what cannot be said (a record too short, no short-circuit figure, no
    contracted power); `passes` says that nothing was found to fail, `Assessment.unchecked` what it leaves open.

    Parameters
    ----------
    power_w : ndarray, shape (samples,)
        Power of the site, means over the steps. [W]
    step_s : float
        At 10 ms content to 50 Hz is seen; flicker's weighting ends near 35 Hz. [s]

    contracted_w : float, optional
        Base of shares "of contracted power". [W]
    repeats : bool
        The record is a whole number of periods: its spectrum is then read without ends.

    Raises
    ------
    ProgramError
        For samples that are no finite numbers, no row of samples, or a step of zero.

    Examples
    --------
    >>> saw = np.concatenate([np.linspace(0.0, 1e6, 101), np.linspace(1e6, 0.0, 51)[1:]])
    >>> limits = Specification("saw", 2e4, 1e4, 1.0, None, 1.0, ())
    >>> [(line.name, round(line.value), line.holds) for line in assess(saw, 1.0, limits).lines[:2]]
    [('ramp up', 10000, True), ('ramp down', 20000, False)]
    """
    _refuse(power_w, step_s)
    found = spectrum(power_w, step_s, _segment_s(specification), repeats=repeats)
    lines = (
        *_ramp_lines(power_w, step_s, specification),
        _range_line(power_w, step_s, specification),
        *(line for band in specification.bands for line in _band_lines(power_w, found, band, contracted_w)),
        *_flicker_lines(power_w, step_s, specification, point),
    )
    limited = [line for line in lines if line.most is not None and line.holds is not None]
    binding = max(limited, key=_use, default=None)
    return Assessment(
        lines, all(line.holds is not False for line in lines), binding.name if binding else "",
        found.frequencies_hz, found.rms_w, found.line_rms_w,
    )  # fmt: skip


def _use(line: Line) -> float:
    """How much of a limit is used; one is all of it."""
    if not line.most:
        return np.inf if line.value > 0 else 0.0
    return line.value / line.most


def _refuse(power_w: Floats, step_s: float) -> None:
    problems = []
    if power_w.ndim != 1 or power_w.size < 8:
        problems.append(Problem("power", 0, "samples", f"shape {power_w.shape}", "one row of eight samples or more"))
    if not (np.isfinite(step_s) and step_s > 0):
        problems.append(Problem("power", 0, "step_s", f"{step_s} s", "a step above 0 s"))
    bad = np.argwhere(~np.isfinite(power_w)).ravel()
    problems += [
        Problem("power", 0, f"sample {at}", f"{power_w.ravel()[at]} at {at * step_s:g} s", "a finite power")
        for at in bad[:MOST_TOLD]
    ]
    if bad.size > MOST_TOLD:
        problems.append(Problem("power", 0, "samples", f"{bad.size} that are no numbers in all", "finite powers"))
    if problems:
        raise ProgramError(problems)


def _segment_s(specification: Specification) -> float:
    lowest_hz = min((band.low_hz for band in specification.bands if band.low_hz > 0), default=USUAL_LOW_HZ)
    return PERIODS_A_SEGMENT / lowest_hz


def _line(name: str, value: float, most: float | None, unit: str, text: str) -> Line:
    # rounding of sums over an hour must not fail a value that is the limit
    return Line(name, value, most, unit, None if most is None else bool(value <= most * (1 + 1e-9)), text)


def _unsaid(name: str, most: float | None, unit: str, why: str) -> Line:
    return Line(name, float("nan"), most, unit, None, f"not modelled: {why}")


def _ramp_lines(power_w: Floats, step_s: float, specification: Specification) -> Iterator[Line]:
    window_s = max(specification.ramp_window_s, step_s)
    sides = (("ramp up", specification.ramp_up_most_w_s), ("ramp down", specification.ramp_down_most_w_s))
    if window_s > (power_w.size - 1) * step_s:
        why = f"a window of {window_s:g} s is longer than the record"
        yield from (_unsaid(name, most, "W/s", why) for name, most in sides)
        return
    for (name, most), worst in zip(sides, ramps(power_w, step_s, window_s), strict=True):
        text = f"{worst.value * 60 / 1e6:.3g} MW/min over {window_s:g} s ending at {worst.at_s:.2f} s"
        yield _line(name, worst.value, most, "W/s", text)


def _range_line(power_w: Floats, step_s: float, specification: Specification) -> Line:
    corner_hz, behind, begin = specification.range_above_hz, "", 0
    if corner_hz is not None:
        # the filter settles; of a record that is over before, the rest is judged
        begin = min(window_steps(step_s, 2.0 / corner_hz), power_w.size // 2)
        power_w = above(power_w, step_s, corner_hz)[begin:]
        behind = f", behind a high-pass of {corner_hz:g} Hz, second order assumed"
    worst = widest_range(power_w, step_s, specification.range_window_s)
    text = f"{worst.value / 1e6:.4g} MW within {specification.range_window_s:g} s ending at {worst.at_s + begin * step_s:.2f} s{behind}"
    return _line("range", worst.value, specification.range_most_w, "W", text)


def _band_lines(power_w: Floats, found: Spectrum, band: Band, contracted_w: float | None) -> Iterator[Line]:
    name = f"{band.low_hz:g} to {band.high_hz:g} Hz"
    sides = (("rms", band.rms_most_w), ("worst bin", band.worst_bin_most_w), (f"share of {band.base}", band.share_most))
    units = ("W", "W", "")
    inside = found.inside(band.low_hz, band.high_hz)
    highest_hz = float(found.frequencies_hz[-1])
    if found.resolution_hz > band.low_hz > 0 or not inside.any():
        why = f"bins of {found.resolution_hz:.3g} Hz up to {highest_hz:g} Hz do not resolve the band"
        yield from (
            _unsaid(f"{name}, {what}", most, unit, why) for (what, most), unit in zip(sides, units, strict=True)
        )
        return
    cut = f"; nothing above {highest_hz:g} Hz is seen at this step" if highest_hz < band.high_hz else ""
    rms_w = found.band_rms_w(band.low_hz, band.high_hz)
    yield _line(f"{name}, rms", rms_w, band.rms_most_w, "W", f"{rms_w / 1e6:.4g} MW rms{cut}")
    at = int(np.argmax(np.where(inside, found.tone_rms_w, 0.0)))
    worst_w = float(found.tone_rms_w[at])
    text = (
        f"{worst_w / 1e6:.4g} MW rms at {found.frequencies_hz[at]:.4g} Hz in the worst {1 / found.resolution_hz:.3g} s, "
        f"{found.line_rms_w[at] / 1e6:.4g} MW over the record; bins of {found.resolution_hz:.3g} Hz{cut}"
    )
    yield _line(f"{name}, worst bin", worst_w, band.worst_bin_most_w, "W", text)
    yield _share_line(f"{name}, share of {band.base}", rms_w, power_w, band, contracted_w, cut)


def _share_line(name: str, rms_w: float, power_w: Floats, band: Band, contracted_w: float | None, cut: str) -> Line:
    if band.base == CONTRACTED and contracted_w is None:
        return _unsaid(name, band.share_most, "", "no contracted power")
    bases: dict[str, Callable[[], float]] = {
        MEAN: lambda: rms_w / float(power_w.mean()),
        CONTRACTED: lambda: rms_w / (contracted_w or np.nan),
        FLUCTUATION: lambda: rms_w**2 / float(power_w.var()) if power_w.var() > 0 else 0.0,
    }
    share = bases[band.base]()
    what = "mean square over that of all fluctuation" if band.base == FLUCTUATION else f"rms over the {band.base}"
    return _line(name, share, band.share_most, "", f"{share:.4g}, {what}{cut}")


def _flicker_lines(
    power_w: Floats, step_s: float, specification: Specification, point: CouplingPoint | None
) -> Iterator[Line]:
    sides = (("Pst", specification.pst_most), ("Plt", specification.plt_most))
    if point is None or point.short_circuit_va is None or point.x_over_r is None:
        why = "needs short-circuit power and X/R of the point of common coupling"
        yield from (_unsaid(name, most, "", why) for name, most in sides)
        return
    try:
        voltage = relative_voltage(power_w, point)
    except ValueError as error:
        yield from (
            Line(name, float("inf"), most, "", None if most is None else False, str(error)) for name, most in sides
        )
        return
    severities = pst(voltage, step_s, point.frequency_hz)
    length_s = min(PST_S, power_w.size * step_s)
    swing = f"voltage moves by {np.ptp(voltage):.2%}"
    worst = f"worst of {severities.size} records of {length_s:g} s; {swing}; swings to {0.5 / step_s:g} Hz seen"
    yield _line("Pst", float(severities.max()), specification.pst_most, "", worst)
    windows = [severities[at : at + PLT_COUNT] for at in range(max(severities.size - PLT_COUNT, 0) + 1)]
    short = "" if severities.size >= PLT_COUNT else f"; {severities.size} of {PLT_COUNT}, as if they went on"
    value = max(plt(window) for window in windows)
    yield _line("Plt", value, specification.plt_most, "", f"cube-root mean of Pst over two hours{short}")
