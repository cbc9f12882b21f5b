"""A site against its specification: limits met to the watt, words for what is not modelled, one error for bad samples."""

import numpy as np
import pytest

from rackwright.buildout.utility import (
    Band,
    CouplingPoint,
    Specification,
    assess,
    specification_of,
)
from rackwright.errors import ProgramError
from rackwright.program import load

UTILITIES = load({"rackwright": 1, "calendar": {"start": "2026-W02", "weeks": 4}}).case().catalogue.utilities
STEP_S = 0.01
NONE = Specification("no limits", None, None, 1.0, None, 1.0, ())


def specification(name: str, contracted_w: float) -> Specification:
    return specification_of(UTILITIES[name], contracted_w)


def limits(*bands, **changes) -> Specification:
    values = {"ramp_up": None, "ramp_down": None, "range": None, "window_s": 1.0, "pst": None, "plt": None} | changes
    return Specification(
        "limits", values["ramp_up"], values["ramp_down"], values["window_s"], values["range"], 5.0, bands,
        values["pst"], values["plt"],
    )  # fmt: skip


def sine(frequency_hz: float, rms_w: float, length_s: float = 600.0) -> np.ndarray:
    time_s = np.arange(round(length_s / STEP_S)) * STEP_S
    return 500e6 + np.sqrt(2.0) * rms_w * np.sin(2 * np.pi * frequency_hz * time_s)


def line(found, name):
    [one] = [line for line in found.lines if line.name == name]
    return one


def test_a_ramp_of_a_megawatt_a_second_passes_at_its_limit_and_fails_below():
    power_w = np.concatenate([np.full(1000, 100e6), 100e6 + 1e6 * STEP_S * np.arange(3000), np.full(1000, 130e6)])
    assert assess(power_w, STEP_S, limits(ramp_up=1e6)).passes
    found = assess(power_w, STEP_S, limits(ramp_up=0.99e6, range=20e6))
    assert not found.passes
    assert found.binding == "ramp up"
    assert line(found, "ramp up").value == pytest.approx(1e6)
    assert "60 MW/min" in line(found, "ramp up").text
    assert line(found, "ramp down").holds is None
    assert line(found, "range").value == pytest.approx(5e6)


def test_the_binding_limit_is_the_one_used_most():
    found = assess(sine(1.0, 4e6), STEP_S, limits(Band(0.1, 20.0, rms_most_w=5e6), range=100e6))
    assert found.passes
    assert found.binding == "0.1 to 20 Hz, rms"  # 4 of 5 MW, beside 11.3 of 100 MW


def test_a_band_counts_what_is_inside_it():
    power_w = sine(0.05, 30e6) + sine(1.0, 4e6) + sine(3.0, 3e6) - 1e9
    band = Band(0.1, 20.0, worst_bin_most_w=4.1e6, rms_most_w=4.9e6)
    found = assess(power_w, STEP_S, limits(band))
    # 3-4-5; the hour's slow swing stays out but for a mirrored end
    assert line(found, "0.1 to 20 Hz, rms").value == pytest.approx(5e6, rel=0.02)
    assert line(found, "0.1 to 20 Hz, worst bin").value == pytest.approx(4e6, rel=1e-3)
    assert "at 1 Hz" in line(found, "0.1 to 20 Hz, worst bin").text
    assert found.binding == "0.1 to 20 Hz, rms"


@pytest.mark.parametrize(
    ("base", "share"), [("mean power", 5e6 / 500e6), ("contracted power", 5e6 / 800e6), ("all fluctuation", 1.0)]
)
def test_a_share_names_its_base(base, share):
    found = assess(sine(1.0, 5e6), STEP_S, limits(Band(0.1, 20.0, share_most=0.5, base=base)), contracted_w=800e6)
    one = line(found, f"0.1 to 20 Hz, share of {base}")
    assert one.value == pytest.approx(share, rel=0.01)
    assert base in one.text


def test_twenty_per_cent_of_the_energy_is_no_twenty_per_cent_of_the_rms():
    """Two sines, one inside with half the rms of the one outside: a fifth of the energy."""
    found = assess(sine(1.0, 10e6) + sine(30.0, 20e6), STEP_S, specification("stabilisation-paper", 1e9))
    assert found.lines[-3].value == pytest.approx(0.2, rel=0.02)


def test_a_share_of_a_contract_that_nobody_told_is_not_modelled():
    found = assess(sine(1.0, 5e6), STEP_S, limits(Band(0.1, 20.0, share_most=0.1, base="contracted power")))
    assert found.passes
    assert [one.text for one in found.unchecked] == ["not modelled: no contracted power"]


def test_flicker_is_not_modelled_without_short_circuit_figures():
    for point in (None, CouplingPoint(345e3, None, None), CouplingPoint(345e3, 10e9, None)):
        found = assess(sine(1.0, 5e6), STEP_S, limits(pst=1.0, plt=0.8), point)
        assert [one.name for one in found.unchecked] == ["Pst", "Plt"]
        assert all(one.text.startswith("not modelled") for one in found.unchecked)


def test_flicker_fails_at_a_weak_point_and_passes_at_a_strong_one():
    for short_circuit_va, passes in ((3e9, False), (60e9, True)):
        point = CouplingPoint(345e3, short_circuit_va, 10.0, power_factor=0.98)
        found = assess(sine(8.8, 10e6), STEP_S, limits(pst=1.0), point)
        assert found.passes is passes
    assert "1 of 12, as if they went on" in line(found, "Plt").text


def test_a_point_that_cannot_carry_the_site_fails_its_flicker_in_words():
    found = assess(sine(1.0, 5e6), STEP_S, limits(pst=1.0), CouplingPoint(138e3, 600e6, 10.0))
    assert line(found, "Pst").holds is False
    assert "pass what 600 MVA can carry" in line(found, "Pst").text


def test_what_the_record_cannot_tell_is_not_modelled():
    found = assess(sine(1.0, 5e6, length_s=5.0), STEP_S, limits(Band(0.1, 20.0, rms_most_w=1e6), window_s=60.0))
    assert line(found, "0.1 to 20 Hz, rms").holds is None
    assert "a window of 60 s is longer than the record" in line(found, "ramp up").text
    wide = assess(sine(1.0, 5e6), STEP_S, limits(Band(5.0, 55.0, rms_most_w=1e6)))
    assert "nothing above 50 Hz is seen" in line(wide, "5 to 55 Hz, rms").text


def test_steady_power_passes_every_named_specification():
    for name in UTILITIES:
        chosen = specification(name, 1e9)
        assert chosen.name
        assert chosen.standing in {"accepted standard", "draft", "roadmap", "estimate", "assumed", "user"}
        found = assess(np.full(60_000, 8e8), 0.02, chosen)
        assert found.passes, name
        assert not found.unchecked, name


@pytest.mark.parametrize(
    ("name", "site_mw", "up_mw_min", "down_mw_min", "range_mw", "band_mw"),
    [
        ("ercot-power-variation", 1000, None, None, 10.0, ()),
        ("ercot-nprr-1191", 1000, 8.0, 20.0, None, ()),
        ("ercot-nprr-1191", 100, 2.0, 5.0, None, ()),
        ("caiso-straw", 1000, 20.0, 20.0, None, ()),
        ("ieso-3", 2000, 20.0, 20.0, 5.0, (2.5 / np.sqrt(2.0),)),
        ("ieso-3", 400, 20.0, 20.0, 5.0, (1.0 / np.sqrt(2.0),)),
        ("southern", 1000, 20.0, 20.0, 10.0, ()),
        ("atc", 1000, 30.0, 30.0, 25.0, ()),
        ("lipa", 1000, None, None, None, (10.0, 3.5)),
        ("aeso", 1000, 10.0, 10.0, None, ()),
        ("site-150-mw", 150, 10.0, 10.0, None, ()),
    ],
)
def test_named_specifications_say_what_their_sources_say(name, site_mw, up_mw_min, down_mw_min, range_mw, band_mw):
    found = specification(name, site_mw * 1e6)
    ramps = found.ramp_up_most_w_s, found.ramp_down_most_w_s
    assert [ramp and pytest.approx(ramp * 60 / 1e6) for ramp in ramps] == [up_mw_min, down_mw_min]
    assert (found.range_most_w and found.range_most_w / 1e6) == range_mw
    told = [band.rms_most_w or band.worst_bin_most_w for band in found.bands]
    assert told == pytest.approx([megawatts * 1e6 for megawatts in band_mw])


def test_a_limit_of_zero_is_kept_by_zero_only():
    assert assess(np.full(1000, 5.0), STEP_S, limits(range=0.0)).passes
    found = assess(sine(1.0, 1.0), STEP_S, limits(range=0.0, ramp_up=1e9))
    assert found.binding == "range"


def test_samples_that_are_no_numbers_are_one_error():
    power_w = np.full(100, 1e6)
    power_w[[3, 50]] = np.nan, np.inf
    with pytest.raises(ProgramError, match=r"sample 3\n    found     nan at 0\.03 s") as error:
        assess(power_w, STEP_S, NONE)
    assert len(error.value.problems) == 2
    with pytest.raises(ProgramError, match="eight samples"):
        assess(np.ones(3), STEP_S, NONE)
    with pytest.raises(ProgramError, match="a step above 0 s"):
        assess(np.ones(30), 0.0, NONE)


def test_bands_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="upper end"):
        Band(20.0, 0.1)
    with pytest.raises(ValueError, match="base of a share"):
        Band(0.1, 20.0, base="something")
