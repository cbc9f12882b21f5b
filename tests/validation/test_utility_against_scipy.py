"""The spectrum against `scipy.signal.welch`, an implementation of its own of the same estimate."""

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt, welch

from rackwright.buildout.utility import Job, site_power, spectrum
from rackwright.rack.power.waveforms import training_step


@pytest.fixture(scope="module")
def hour_w() -> np.ndarray:
    wave = training_step(
        period_s=1.7, exposed_share=0.3, high_w=130e3, low_w=60e3, jitter_share=0.02, overshoot_share=0.1,
        length_s=3600.0, step_s=2e-3,
    )  # fmt: skip
    return site_power([Job("one", wave, 7500, skew_s=0.005, spread_share=0.02)])


def test_the_lines_are_those_of_welch(hour_w):
    """Same window, same overlap, mean of the record removed: the same arithmetic to rounding."""
    found = spectrum(hour_w, 0.01, 100.0)
    _, power = welch(
        hour_w - hour_w.mean(), 100.0, window="hann", nperseg=10_000, noverlap=5_000, detrend=False, scaling="spectrum"
    )
    inside = slice(2, -1)
    assert found.line_rms_w[inside] == pytest.approx(np.sqrt(power[inside]), rel=1e-9)


def test_bands_are_those_of_welch_but_for_the_records_ends(hour_w):
    """Welch lays less weight on the first and last 100 s of 3,600 s: of a jittering tone that is worth about 1 %.

    Our mirrored ends count them fully and hand up to 2 % of the tone's rms to quiet bins beside it, in addition.
    """
    found = spectrum(hour_w, 0.01, 100.0)
    frequencies_hz, density = welch(
        hour_w - hour_w.mean(), 100.0, window="hann", nperseg=10_000, noverlap=7_500, detrend=False
    )
    for low_hz, high_hz in ((0.1, 0.5), (0.5, 2.0), (2.0, 20.0), (0.1, 20.0)):
        inside = (frequencies_hz >= low_hz - 1e-9) & (frequencies_hz <= high_hz + 1e-9)
        theirs_w = np.sqrt(np.sum(density[inside]) * frequencies_hz[1])
        ours_w = found.band_rms_w(low_hz, high_hz)
        assert ours_w == pytest.approx(theirs_w, rel=0.015, abs=0.02 * hour_w.std())
        assert ours_w > 0.99 * theirs_w


def test_a_bands_rms_is_what_a_band_pass_measures(hour_w):
    """A filter in time, no Fourier transform: its skirts of 8th order let through some per cent at the edges."""
    sections = butter(8, [0.3, 20.0], btype="bandpass", fs=100.0, output="sos")
    passed_w = sosfiltfilt(sections, hour_w - hour_w.mean())
    found = spectrum(hour_w, 0.01, 100.0)
    assert found.band_rms_w(0.3, 20.0) == pytest.approx(passed_w[1000:-1000].std(), rel=0.01)
