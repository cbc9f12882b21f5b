"""The flickermeter at the standard's published test points, and the voltage that a load makes."""

import numpy as np
import pytest

from rackwright.buildout.utility import CouplingPoint
from rackwright.buildout.utility.flicker import instantaneous, plt, pst, relative_voltage

#: IEC 61000-4-15:2010 table 5: rectangular changes a minute -> relative change in per cent that reads Pst = 1, for
#: 230 V lamps at 50 Hz and 120 V lamps at 60 Hz. As carried by qwtb/qwtb qwtb/alg_flicker_sim/verify_flicker_sim.m.
RECTANGULAR = {
    50.0: {1: 2.715, 2: 2.191, 7: 1.450, 39: 0.894, 110: 0.722, 1620: 0.407, 4000: 2.343},
    60.0: {1: 3.181, 2: 2.564, 7: 1.694, 39: 1.040, 110: 0.844, 1620: 0.548, 4800: 4.837},
}
#: The same standard's table 1: sines of these hertz -> per cent that read an instantaneous flicker of one.
SINES = {
    50.0: {0.5: 2.325, 1.5: 1.067, 4.0: 0.497, 8.8: 0.250, 12.0: 0.314, 20.0: 0.704, 25.0: 1.037},
    60.0: {0.5: 2.453, 1.5: 1.126, 4.0: 0.570, 8.8: 0.321, 12.0: 0.417, 20.0: 0.977, 25.0: 1.464},
}


def rectangular(changes_a_minute: float, percent: float, step_s: float) -> np.ndarray:
    """Ten minutes of a voltage that changes up and down in turn; the first change after half an interval."""
    inner = max(round(step_s / 5e-4), 1)
    time_s = (np.arange(round(600.0 / step_s) * inner) + 0.5) * step_s / inner
    voltage = 1 + percent / 200 * np.where(np.floor(time_s * changes_a_minute / 60 + 0.5) % 2, 1.0, -1.0)
    return voltage.reshape(-1, inner).mean(axis=1)


@pytest.mark.parametrize(
    ("hertz", "changes", "percent"),
    [(hertz, changes, percent) for hertz, points in RECTANGULAR.items() for changes, percent in points.items()],
)
def test_rectangular_changes_of_the_standard_read_one(hertz, changes, percent):
    """The standard allows 5 %."""
    assert pst(rectangular(changes, percent, 5e-4), 5e-4, hertz) == pytest.approx([1.0], abs=0.05)


@pytest.mark.parametrize("changes", [1, 2, 7, 39, 110])
@pytest.mark.parametrize("hertz", [50.0, 60.0])
def test_steps_of_ten_milliseconds_still_read_one_up_to_a_hundred_changes_a_minute(hertz, changes):
    """Means over 10 ms take 1.3 % off a sine of 8.8 Hz; 5 % still holds where a training step lies."""
    assert pst(rectangular(changes, RECTANGULAR[hertz][changes], 0.01), 0.01, hertz) == pytest.approx([1.0], abs=0.05)


def test_steps_of_ten_milliseconds_read_low_where_changes_are_as_fast_as_they_are():
    """Said in the docs: 1,620 changes a minute are 13.5 Hz, of which means over 10 ms leave sinc(0.135) = 0.97,
    and a change every 37 ms is caught only to a step."""
    severity = pst(rectangular(1620, RECTANGULAR[50.0][1620], 0.01), 0.01, 50.0)[0]
    assert 0.90 < severity < 0.97


@pytest.mark.parametrize(
    ("hertz", "frequency_hz", "percent"),
    [(hertz, frequency, percent) for hertz, points in SINES.items() for frequency, percent in points.items()],
)
def test_sines_of_the_standard_are_just_seen(hertz, frequency_hz, percent):
    """The standard allows 8 % of the instantaneous flicker; the filters are the standard's own, so 2 % holds."""
    time_s = np.arange(40_000) * 1e-3
    voltage = 1 + percent / 200 * np.sin(2 * np.pi * frequency_hz * time_s)
    assert instantaneous(voltage, 1e-3, hertz)[20_000:].max() == pytest.approx(1.0, abs=0.02)


def test_severity_grows_as_the_change_does():
    one, two = (pst(rectangular(39, percent, 0.01), 0.01)[0] for percent in (0.5, 1.0))
    # the squared voltage bends by half the change: 0.25 %
    assert two == pytest.approx(2 * one, rel=5e-3)


def test_a_steady_voltage_does_not_flicker():
    assert pst(np.ones(60_000), 0.01) == pytest.approx([0.0], abs=1e-12)


def test_each_ten_minutes_count_for_themselves_and_a_short_tail_not_at_all():
    calm, loud = rectangular(39, 0.3, 0.01), rectangular(39, 0.9, 0.01)
    severities = pst(np.concatenate([calm, loud, calm[:1000]]), 0.01)
    assert severities.size == 2
    assert severities[1] == pytest.approx(3 * severities[0], rel=0.02)
    assert plt(np.array([severities[0]] * 12)) == pytest.approx(severities[0])


def test_a_small_load_moves_the_voltage_by_its_share_of_resistance():
    """To first order dv = r dp + x dq; a thousandth of the short-circuit power bends the line by less than 1 %."""
    point = CouplingPoint(138e3, 100e9, 10.0, power_factor=0.98)
    low, high = relative_voltage(np.array([100e6, 200e6]), point)
    r, x = np.array([1.0, 10.0]) / np.hypot(1.0, 10.0)
    tangent = np.sqrt(1 / 0.98**2 - 1)
    assert low - high == pytest.approx(0.001 * (r + x * tangent), rel=0.01)


def test_the_voltage_solves_the_two_bus_equation():
    """Checked with complex numbers: source = v + z conj(s) / v has the magnitude of one at every power."""
    point = CouplingPoint(138e3, 3e9, 8.0, power_factor=0.95)
    power_w = np.linspace(0.0, 600e6, 7)
    voltage = relative_voltage(power_w, point)
    voltage = voltage / voltage[0]
    impedance = complex(1.0, 8.0) / abs(complex(1.0, 8.0))
    apparent = power_w / 3e9 * complex(1.0, np.tan(np.arccos(0.95)))
    assert np.abs(voltage + impedance * apparent.conj() / voltage) == pytest.approx(np.ones(7), rel=1e-9)


def test_a_load_beyond_the_point_of_collapse_is_refused():
    with pytest.raises(ValueError, match="900 MW pass what 1000 MVA can carry"):
        relative_voltage(np.array([900e6]), CouplingPoint(138e3, 1e9, 10.0))
