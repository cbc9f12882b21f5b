"""Content of a site's power by frequency, in watts rms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Segments worked on at a time.
BATCH = 64
#: A Hann window's main lobe: a band's edge is sharp to two bins, so a segment holds ten periods of the lowest edge.
PERIODS_A_SEGMENT = 10.0
#: Squares of a sine's three bins under a Hann window, over that of its own: 1/4 + 1 + 1/4.
LOBE = 1.5


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Two readings of one record, for two questions.

    `rms_w`: the squares of all bins sum to the variance of the record, to rounding (Parseval), so the root of a
    band's sum is the rms that a band-pass would measure. `line_rms_w`: a pure sine whose frequency is that of a bin
    reads its own rms there, exactly; a Hann window spreads it over three bins, so these squares must not be summed.
    `tone_rms_w`: the same of the segment in which a bin stands highest, its two neighbours added in squares over 1.5, so
    that a sine between two bins loses 1 % at most (a single bin would lose 15 %) and a burst is not thinned by the rest
    of the record.
    """

    frequencies_hz: Floats  # (bins,)
    rms_w: Floats  # (bins,)
    line_rms_w: Floats  # (bins,)
    tone_rms_w: Floats  # (bins,)

    @property
    def resolution_hz(self) -> float:
        """Distance of two bins."""
        return float(self.frequencies_hz[1] - self.frequencies_hz[0])

    def inside(self, low_hz: float, high_hz: float) -> NDArray[np.bool_]:
        """The bins of a band, its ends included to rounding."""
        slack_hz = 1e-6 * self.resolution_hz
        return (self.frequencies_hz >= low_hz - slack_hz) & (self.frequencies_hz <= high_hz + slack_hz)

    def band_rms_w(self, low_hz: float, high_hz: float) -> float:
        """Rms of everything from `low_hz` to `high_hz`."""
        return float(np.sqrt(np.sum(self.rms_w[self.inside(low_hz, high_hz)] ** 2)))


def spectrum(power_w: Floats, step_s: float, segment_s: float | None = None, *, repeats: bool = False) -> Spectrum:
    """Welch's averaged spectrum with Hann windows: mean removed, one-sided.

    `rms_w`: segments of about `segment_s` lie a quarter of their length apart from before the first to beyond the
    last sample; beyond its ends the record is mirrored, which makes no jump where it does not start as it ends, or
    repeated where `repeats` says that it is a whole number of periods. Each window is divided by the root of what all windows lay on a sample, so every sample counts fully once and the
    squares of the bins sum to the variance. `line_rms_w`: plain Hann windows inside the record only, scaled by the
    window's sum. A mirrored end turns the phase of a tone and so hands a little of it to the bins beside: 1 to 2 per
    cent of the tone's rms in an hour at 100 s a segment, always in addition. An even record shorter than `segment_s` is one segment.

    The highest frequency is half the sampling rate. Samples that are means over their step see a sine of f hertz
    times sinc(f step): 0.94 at 20 Hz and 10 ms; nothing here undoes that.

    >>> time_s = np.arange(2000) * 0.01
    >>> found = spectrum(np.sqrt(2.0) * 5.0 * np.sin(2 * np.pi * 2.0 * time_s), 0.01, segment_s=5.0)
    >>> at = int(np.argmin(abs(found.frequencies_hz - 2.0)))
    >>> round(found.line_rms_w[at], 9), round(float(np.sum(found.rms_w**2)), 9)
    (np.float64(5.0), 25.0)
    """
    wanted_s = power_w.size * step_s if segment_s is None else segment_s
    length = 4 * max(round(min(wanted_s, power_w.size * step_s) / step_s) // 4, 2)
    if power_w.size < length:
        raise ValueError(f"a spectrum needs 8 samples or more, not {power_w.size}")
    swing_w = power_w - power_w.mean()
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    frequencies_hz = np.asarray(np.fft.rfftfreq(length, step_s), dtype=np.float64)
    mean_square = _shared_mean_squares(swing_w, hann, repeats)
    line, tone = _inner_mean_squares(swing_w, hann)
    return Spectrum(frequencies_hz, np.sqrt(mean_square), np.sqrt(line), np.sqrt(tone))


def _one_sided(length: int) -> Floats:
    """Two for every bin that stands for two, one for zero and the highest."""
    factor = np.full(length // 2 + 1, 2.0)
    factor[0] = factor[-1] = 1.0
    return factor


def _inner_mean_squares(swing_w: Floats, hann: Floats) -> tuple[Floats, Floats]:
    """Of the segments inside the record: mean over them of the mean square of a sine on each bin, and the most of any
    with a bin's two neighbours added."""
    length = hann.size
    segments = max((swing_w.size - length) // (length // 2), 0) + 1
    starts = np.round(np.linspace(0, swing_w.size - length, segments)).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(swing_w, length)
    total, most = np.zeros(length // 2 + 1), np.zeros(length // 2 + 1)
    for begin in range(0, segments, BATCH):
        square = np.abs(np.fft.rfft(windows[starts[begin : begin + BATCH]] * hann)) ** 2
        total += square.sum(axis=0)
        square[:, 1:-1] = (square[:, :-2] + square[:, 1:-1] + square[:, 2:]) / LOBE
        np.maximum(most, square.max(axis=0), out=most)
    scale = _one_sided(length) / hann.sum() ** 2
    return np.asarray(total / segments * scale), np.asarray(most * scale)


def _shared_mean_squares(swing_w: Floats, hann: Floats, repeats: bool) -> Floats:
    """Mean squares of the bins that share out the variance."""
    size, length = swing_w.size, hann.size
    hops = max(round(size / (length // 4)), 1)
    middles = np.round(np.linspace(0, size, hops + 1)).astype(np.int64)
    share = np.ones(hops + 1)
    share[[0, -1]] = 0.5  # the outermost two see everything twice, mirrored or one period on
    cover = np.zeros(size)
    for middle, part in zip(middles, share, strict=True):
        np.add.at(cover, _places(np.array([middle]), length, size, repeats)[0], part * hann**2)
    total = np.zeros(length // 2 + 1)
    levelled_w = swing_w / np.sqrt(cover)
    for begin in range(0, hops + 1, BATCH):
        places = _places(middles[begin : begin + BATCH], length, size, repeats)
        segments = np.sqrt(share[begin : begin + BATCH, None]) * hann * levelled_w[places]
        total += np.sum(np.abs(np.fft.rfft(segments)) ** 2, axis=0)
    return np.asarray(total / (length * size) * _one_sided(length))


def _places(middles: NDArray[np.int64], length: int, size: int, repeats: bool) -> NDArray[np.int64]:
    """Samples beneath segments about their middles; beyond the record it repeats, or is mirrored."""
    places = middles[:, None] + np.arange(-(length // 2), length // 2)
    if repeats:
        return places % size
    places %= 2 * size
    return np.where(places < size, places, 2 * size - 1 - places)
