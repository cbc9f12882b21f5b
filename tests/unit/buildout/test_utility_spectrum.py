"""Content by frequency, ramps and ranges: Fourier series, Parseval, sawtooths."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.buildout.utility.ramps import above, ramps, widest_range
from rackwright.buildout.utility.spectrum import spectrum


@given(size=st.integers(8, 3000), segment_s=st.floats(0.1, 40.0), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_the_squares_of_all_bins_sum_to_the_variance_whatever_the_lengths(size, segment_s, seed):
    power_w = np.random.default_rng(seed).normal(5e6, 1e6, size)
    found = spectrum(power_w, 0.01, segment_s)
    assert np.sum(found.rms_w**2) == pytest.approx(power_w.var(), rel=1e-12)


@pytest.mark.parametrize("frequency_hz", [0.1, 0.5, 2.0, 17.3])
def test_a_sine_on_a_bin_reads_its_own_rms(frequency_hz):
    time_s = np.arange(60_000) * 0.01
    power_w = 7e8 + np.sqrt(2.0) * 3e6 * np.sin(2 * np.pi * frequency_hz * time_s + 0.7)
    found = spectrum(power_w, 0.01, 100.0)
    at = int(np.argmin(np.abs(found.frequencies_hz - frequency_hz)))
    # 7e8 rounds to 1e-7 in its sixteenth place, 3e-14 of the sine; averages of 10,000 terms lose three digits more
    assert found.line_rms_w[at] == pytest.approx(3e6, rel=1e-9)
    assert int(np.argmax(found.line_rms_w)) == at
    # a Hann window's main lobe is two bins to either side. At a mirrored end the sine's phase may turn: about one of
    # 24 segments, worth two per cent of the square and one of the rms, and six times less in an hour
    assert found.band_rms_w(frequency_hz - 0.02, frequency_hz + 0.02) == pytest.approx(3e6, rel=0.01)


def test_a_square_wave_has_its_fourier_series():
    """Amplitude 4/pi/n of odd multiples, nothing at even ones; rms is that over the root of two."""
    step_s, frequency_hz = 1e-3, 0.5
    time_s = (np.arange(100_000) + 0.5) * step_s
    found = spectrum(5e5 + 1e5 * np.sign(np.sin(2 * np.pi * frequency_hz * time_s)), step_s, 20.0)
    for harmonic in range(1, 20):
        at = int(np.argmin(np.abs(found.frequencies_hz - harmonic * frequency_hz)))
        series_w = 1e5 * 4 / np.pi / harmonic / np.sqrt(2.0) if harmonic % 2 else 0.0
        # sampled edges alias: the n-th line is off by (pi n f step)^2 / 6, 1.5e-4 at the nineteenth
        assert found.line_rms_w[at] == pytest.approx(series_w, rel=3e-4, abs=1.0)
    assert found.band_rms_w(0.0, 500.0) == pytest.approx(1e5, rel=1e-12)


def test_white_noise_lies_evenly_over_the_bands():
    power_w = np.random.default_rng(1).normal(0.0, 1e6, 360_000)
    found = spectrum(power_w, 0.01, 100.0)
    # 20 of 50 Hz; 144,000 numbers scatter by 1 / sqrt(2 * 144,000) = 0.2 %
    assert found.band_rms_w(0.1, 20.0) == pytest.approx(1e6 * np.sqrt(19.9 / 50.0), rel=6e-3)


def test_a_record_that_does_not_end_as_it_began_gives_nothing_to_the_fast_bands():
    """A ramp of a gigawatt over an hour has no content above 0.1 Hz, though a repeated hour would jump."""
    found = spectrum(np.linspace(0.0, 1e9, 360_000), 0.01, 100.0)
    # a cyclic reading would show a jump of 1 GW an hour: 12 MW rms above 0.1 Hz
    assert found.band_rms_w(0.1, 20.0) < 0.1e6


def test_the_ramps_of_a_sawtooth_are_its_slopes():
    saw_w = np.tile(np.concatenate([np.arange(0.0, 80.0), np.arange(80.0, 0.0, -4.0)]), 5) * 1e6
    up, down = ramps(saw_w, 0.5, 5.0)
    assert up.value == pytest.approx(2e6)
    assert down.value == pytest.approx(8e6)
    # a fall of 10 s within 15 s is the whole tooth, over the window
    _, down = ramps(saw_w, 0.5, 15.0)
    assert down.value == pytest.approx(80e6 / 15.0)
    assert up.at_s == 5.0


def test_a_ramp_sees_a_swing_whose_period_divides_the_window():
    square_w = np.tile(np.repeat([1e9, 4e8], [100, 100]), 60)  # 2 s, sampled at 10 ms
    up, down = ramps(square_w, 0.01, 60.0)
    assert up.value == down.value == pytest.approx(6e8 / 60.0)


@pytest.mark.parametrize(("frequency_hz", "least"), [(0.505, 0.985), (0.4975, 0.985), (0.5, 0.999)])
def test_a_sine_between_two_bins_loses_less_than_two_hundredths(frequency_hz, least):
    time_s = np.arange(60_000) * 0.01
    found = spectrum(np.sqrt(2.0) * 1e6 * np.sin(2 * np.pi * frequency_hz * time_s), 0.01, 100.0)
    assert least * 1e6 < found.tone_rms_w.max() < 1.01e6


def test_a_burst_is_read_at_its_own_strength_in_the_worst_segment():
    time_s = np.arange(360_000) * 0.01
    burst_w = np.where(time_s % 3600 < 300, np.sqrt(2.0) * 1e6 * np.sin(2 * np.pi * time_s), 0.0)
    found = spectrum(burst_w, 0.01, 100.0)
    assert found.tone_rms_w.max() == pytest.approx(1e6, rel=1e-3)
    assert found.line_rms_w.max() < 0.4e6


def test_behind_a_high_pass_a_slow_drift_is_gone_and_a_jump_is_not():
    time_s = np.arange(60_000) * 0.01
    drift_w = 1e6 * np.cos(2 * np.pi * time_s / 300.0)
    # second order: gain (f / f_c)^2 = (1/300 / 0.1)^2 far below the corner
    assert np.ptp(above(drift_w, 0.01, 0.1)) == pytest.approx(2e6 / 900.0, rel=0.02)
    assert np.ptp(above(np.repeat([0.0, 1e6], 30_000), 0.01, 0.1)) == pytest.approx(1.207e6, rel=0.01)


def test_behind_a_high_pass_a_record_has_settled_after_two_periods_of_the_corner():
    square_w = np.tile(np.repeat([1.2e9, 4e8], [60, 40]), 600)
    left_w = above(square_w, 0.01, 0.1)
    assert widest_range(left_w[2000:4000], 0.01, 5.0).value == pytest.approx(
        widest_range(left_w[30_000:], 0.01, 5.0).value, rel=0.02
    )


def test_steady_power_has_no_ramp_and_no_range():
    up, down = ramps(np.full(100, 5.0), 1.0, 10.0)
    assert (up.value, down.value, widest_range(np.full(100, 5.0), 1.0, 10.0).value) == (0.0, 0.0, 0.0)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=60), st.integers(1, 80))
@settings(max_examples=100, deadline=None)
def test_the_range_is_that_of_the_worst_window(values, window):
    power_w = np.array(values)
    count = min(window + 1, power_w.size)
    slow = max(np.ptp(power_w[at : at + count]) for at in range(power_w.size - count + 1))
    assert widest_range(power_w, 1.0, float(window)).value == pytest.approx(slow, abs=1e-12)


def test_a_record_of_whole_periods_is_read_without_ends():
    """Sines of 0.5 and 3 Hz over 60 s, segments of 20 s: each band holds its own sine to rounding."""
    time_s = np.arange(6000) * 0.01
    tones_w = [a * np.sqrt(2.0) * np.sin(2 * np.pi * f * time_s + 1.0) for f, a in ((0.5, 3e6), (3.0, 4e4))]
    found = spectrum(sum(tones_w), 0.01, 20.0, repeats=True)
    assert found.band_rms_w(0.3, 0.7) == pytest.approx(3e6, rel=1e-9)
    assert found.band_rms_w(2.0, 20.0) == pytest.approx(4e4, rel=1e-6)
    mirrored = spectrum(sum(tones_w), 0.01, 20.0)
    assert mirrored.band_rms_w(2.0, 20.0) > 4e4
