"""Waveforms: energies by hand, edges where they belong, recordings whose energy is kept, errors that name the row."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.errors import ProgramError
from rackwright.rack.power.waveforms import Waveform, read_waveform, step_of_roadmap, training_step
from rackwright.rack.power.waveforms.pieces import means_of_stairs

#: Sums of 60,000 samples of 1e5 round to about 1e-11 of themselves.
ROUNDING = 1e-10


@given(
    exposed=st.floats(0.05, 0.9),
    rise_s=st.floats(0.0, 0.02),
    overshoot=st.floats(0.0, 0.5),
    step_ms=st.sampled_from([1.0, 2.5, 10.0, 40.0]),
)
@settings(max_examples=60, deadline=None)
def test_the_energy_of_a_step_is_that_of_its_parts_whatever_the_sampling(exposed, rise_s, overshoot, step_ms):
    high_w, low_w, overshoot_s, steps = 130e3, 50e3, 0.05, 10
    wave = training_step(
        period_s=2.0, exposed_share=exposed, high_w=high_w, low_w=low_w, rise_s=rise_s, overshoot_share=overshoot,
        overshoot_s=overshoot_s, length_s=2.0 * steps, step_s=step_ms * 1e-3,
    )  # fmt: skip
    top_w = high_w * (1 + overshoot)
    compute_s = 2.0 * (1 - exposed)
    over_s = overshoot_s if overshoot else 0.0
    # a rise and a fall run from level to level, so each costs or lends half a triangle
    one_j = rise_s * (low_w + top_w) / 2 + over_s * top_w + (compute_s - rise_s - over_s) * high_w
    one_j += rise_s * (high_w + low_w) / 2 + (2.0 * exposed - rise_s) * low_w
    # the record begins at the low level and ends there, so whole steps only
    assert wave.energy_j == pytest.approx(steps * one_j, rel=ROUNDING)


def test_overshoot_lasts_its_fifty_milliseconds_and_reaches_its_share():
    wave = training_step(
        period_s=1.0, exposed_share=0.3, high_w=1000.0, low_w=400.0, rise_s=0.0, overshoot_share=0.1, length_s=3.0
    )
    assert wave.power_w.max() == pytest.approx(1100.0)
    assert np.count_nonzero(wave.power_w > 1050.0) == 3 * 50


def test_checkpoints_rest_at_idle_and_push_the_steps_back():
    wave = training_step(
        period_s=2.0, exposed_share=0.5, high_w=100.0, low_w=40.0, rise_s=0.0, checkpoint_every_s=4.0, checkpoint_s=3.0,
        idle_w=10.0, length_s=14.0, step_s=0.5,
    )  # fmt: skip
    step = [100.0, 100.0, 40.0, 40.0]
    assert wave.power_w == pytest.approx([*step, *step, *[10.0] * 6, *step, *step, *[10.0] * 6], rel=1e-9)


def test_a_job_starts_and_stops_in_straight_ramps_from_idle():
    wave = training_step(
        period_s=1.0, exposed_share=0.0, high_w=100.0, low_w=100.0, idle_w=20.0, start_s=1.0, start_ramp_s=2.0,
        stop_s=6.0, stop_ramp_s=1.0, length_s=8.0, step_s=0.5,
    )  # fmt: skip
    ramp = [30.0, 50.0, 70.0, 90.0]
    assert wave.power_w == pytest.approx([20.0, 20.0, *ramp, *[100.0] * 6, 80.0, 40.0, 20.0, 20.0])
    assert wave.period_s is None


def test_without_exposed_communication_power_never_falls():
    wave = training_step(period_s=1.0, exposed_share=0.0, high_w=100.0, low_w=40.0, length_s=5.0)
    assert wave.power_w == pytest.approx(np.full(5000, 100.0))


def test_jitter_stays_within_its_share_and_keeps_its_seed():
    args = {"period_s": 1.0, "exposed_share": 0.5, "high_w": 1.0, "low_w": 0.0, "rise_s": 0.0, "length_s": 400.0}
    wave, again = (training_step(**args, jitter_share=0.02, seed=7) for _ in range(2))
    assert np.array_equal(wave.power_w, again.power_w)
    rises_s = np.flatnonzero(np.diff(wave.power_w > 0.5) & (wave.power_w[1:] > 0.5)) * wave.step_s
    lengths_s = np.diff(rises_s)
    # edges are seen to one step of 1 ms on either side
    assert lengths_s.min() >= 0.98 - 2e-3
    assert lengths_s.max() <= 1.02 + 2e-3
    # uniform draws of half width 0.02 scatter by 0.02 / sqrt(3); 400 of them tell that to 5 %
    assert lengths_s.std() == pytest.approx(0.02 / np.sqrt(3), rel=0.1)


def test_the_roadmaps_step_has_its_mean_power():
    wave = step_of_roadmap(step_time_s=2.0, exposed_share=0.2, compute_w=130e3, communication_w=60e3, length_s=20.0)
    # equal rise and fall of 10 ms take and give the same
    assert wave.power_w.mean() == pytest.approx(0.8 * 130e3 + 0.2 * 60e3, rel=1e-9)
    assert wave.standing == "estimate"


def test_everything_that_cannot_be_is_said_at_once():
    with pytest.raises(ProgramError) as error:
        training_step(period_s=0.0, exposed_share=1.5, high_w=float("nan"), low_w=1.0, rise_s=-1.0)
    assert {problem.path for problem in error.value.problems} >= {"period_s", "exposed_share", "high_w", "rise_s"}
    with pytest.raises(ProgramError, match=r"at most the 0\.02 s of exposed communication"):
        training_step(period_s=1.0, exposed_share=0.02, high_w=2.0, low_w=1.0, fall_s=0.05)


def test_a_waveform_refuses_samples_that_are_no_numbers_and_names_each():
    with pytest.raises(ProgramError, match=r"power_w\[1\]") as error:
        Waveform(0.1, np.array([1.0, np.nan, np.inf]), None, "trace", "user", "")
    assert len(error.value.problems) == 2


@given(st.integers(2, 200), st.floats(0.05, 3.0), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_stairs_read_on_other_steps_keep_their_energy(count, ratio, random):
    power_w = np.array([random.uniform(0, 1e5) for _ in range(count)])
    steps = max(round(count / ratio), 1)
    edges_s = np.linspace(0.0, count * 0.1, steps + 1)
    means_w = means_of_stairs(power_w, 0.1, edges_s)
    assert np.sum(means_w * np.diff(edges_s)) == pytest.approx(power_w.sum() * 0.1, rel=1e-12)


def _csv(folder: Path, text: str) -> Path:
    path = folder / "trace.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_uneven_recording_keeps_its_energy(tmp_path):
    rng = np.random.default_rng(3)
    time_ms = np.cumsum(rng.uniform(5.0, 40.0, 500))
    power_kw = rng.uniform(20.0, 130.0, 500)
    rows = "\n".join(f"{t!r},{p!r}" for t, p in zip(time_ms.tolist(), power_kw.tolist(), strict=True))
    wave = read_waveform(_csv(tmp_path, f"time [ms], power [kW]\n{rows}\n"))
    trapezoid_j = np.sum(np.diff(time_ms) * (power_kw[1:] + power_kw[:-1]) / 2)  # ms times kW is J
    assert wave.energy_j == pytest.approx(trapezoid_j, rel=1e-11)
    assert wave.standing == "user"


def test_csv_and_parquet_tell_the_same(tmp_path):
    frame = pl.DataFrame({"rack": ["a"] * 4, "power [MW]": [1.0, 2.0, 2.0, 1.0], "time [s]": [0.0, 1.0, 2.0, 3.0]})
    frame.write_csv(tmp_path / "trace.csv")
    frame.write_parquet(tmp_path / "trace.parquet")
    one, two = read_waveform(tmp_path / "trace.csv"), read_waveform(tmp_path / "trace.parquet")
    assert np.array_equal(one.power_w, two.power_w)
    assert one.power_w == pytest.approx([1.5e6, 2.0e6, 1.5e6])


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("time [s], power [kW]\n0,1\n1,nan\n2,1\n", 3, "'nan'"),
        ("time [s], power [kW]\n0,1\n1,much\n2,1\n", 3, "'much'"),
        ("time [s], power [kW]\n0,1\n1\n2,1\n", 3, "''"),
        ("time [s], power [kW]\n0,1\n2,1\n1,1\n3,1\n", 4, "1 s after 2 s"),
        ("time [s], power [kW]\n0,1\n1,1\n1,1\n3,1\n", 4, "1 s after 1 s"),
        ("time [s], power [kW]\n0,1\n1,1\n2,1\n\n50,1\n51,1\n", 6, "a gap of 48 s from 2 s"),
        ("time [s], power [V]\n0,1\n1,1\n", 1, "'power [V]'"),
        ("time, power [kW]\n0,1\n1,1\n", 1, "'time'"),
        ("when [s], power [kW]\n0,1\n1,1\n", 1, "columns when [s],  power [kW]"),
        ("", 1, "an empty file"),
        ("time [s], power [kW]\n0,1\n", 0, "1 rows"),
    ],
)
def test_a_bad_recording_is_one_error_that_names_file_and_line(tmp_path, text, line, found):
    with pytest.raises(ProgramError) as error:
        read_waveform(_csv(tmp_path, text))
    [problem] = error.value.problems
    assert problem.file.endswith("trace.csv")
    assert problem.line == line
    assert problem.found == found


def test_all_bad_rows_are_told_at_once_in_parquet_too(tmp_path):
    frame = pl.DataFrame({"time [s]": [0.0, 1.0, 2.0], "power [W]": [None, 1.0, float("nan")]})
    frame.write_parquet(tmp_path / "trace.parquet")
    with pytest.raises(ProgramError) as error:
        read_waveform(tmp_path / "trace.parquet")
    assert [(problem.line, problem.found) for problem in error.value.problems] == [(1, "'None'"), (3, "'nan'")]


def test_gaps_words_and_power_below_zero_are_told_together(tmp_path):
    rows = [f"{t},1" for t in range(20)] + ["20,word", "21,-4", "60,1"]
    with pytest.raises(ProgramError) as error:
        read_waveform(_csv(tmp_path, "\n".join(["time [s],power [kW]", *rows])))
    assert [problem.found for problem in error.value.problems] == ["'word'", "'-4'", "a gap of 41 s from 19 s"]


@pytest.mark.parametrize("name", ["trace.csv", "trace.parquet"])
def test_a_file_that_is_none_is_one_problem(tmp_path, name):
    with pytest.raises(ProgramError, match="No such file"):
        read_waveform(tmp_path / name)
    (tmp_path / name).write_bytes(b"\x9f\x92\x96")
    with pytest.raises(ProgramError, match=r"no (text|Parquet) file"):
        read_waveform(tmp_path / name)
