"""Racks in lock step and jobs that are not."""

import numpy as np
import pytest

from rackwright.buildout.utility import Job, as_one_job, site_power, spectrum, with_random_phases
from rackwright.errors import ProgramError
from rackwright.rack.power.waveforms import Waveform, training_step


def sine(frequency_hz: float, step_s: float = 1e-3, amplitude_w: float = 1.0) -> Waveform:
    """One second of a sine about 10 W, as means over its steps are: sampled at their middles."""
    time_s = (np.arange(round(1.0 / step_s)) + 0.5) * step_s
    power_w = 10.0 + amplitude_w * np.sin(2 * np.pi * frequency_hz * time_s)
    return Waveform(step_s, power_w, 1.0, "sine", "assumed", "")


def square(length_s: float = 60.0) -> Waveform:
    return training_step(period_s=1.0, exposed_share=0.5, high_w=100.0, low_w=40.0, rise_s=0.0, length_s=length_s)


def rms(power_w: np.ndarray) -> float:
    return float(power_w.std())


def test_locked_racks_swing_as_many_times_as_there_are():
    one = site_power([Job("one", square(), 1)], length_s=60.0)
    many = site_power([Job("many", square(), 750)], length_s=60.0)
    assert many == pytest.approx(750 * one, rel=1e-12)
    assert rms(many) == pytest.approx(750 * rms(one), rel=1e-12)


def test_independent_jobs_swing_as_the_root_of_their_number():
    """Mean squares of independent phases add; 400 draws of 16 jobs know the mean to about 1/sqrt(400) = 5 %."""
    rng = np.random.default_rng(11)
    wave = sine(2.0, step_s=0.01)
    alone = site_power([Job("one", wave, 1)], length_s=1.0).var()
    jobs = [Job(f"job {number}", wave, 1) for number in range(16)]
    squares = [site_power(with_random_phases(jobs, rng), length_s=1.0, threads=1).var() for _ in range(400)]
    assert np.sqrt(np.mean(squares)) == pytest.approx(np.sqrt(16 * alone), rel=0.08)


@pytest.mark.parametrize("frequency_hz", [2.0, 8.0, 15.0])
def test_normal_skew_is_a_gaussian_low_pass(frequency_hz):
    """Delays of deviation s leave exp(-(2 pi f s)^2 / 2) of a sine; 20,000 racks scatter by 1/sqrt(20,000) = 0.7 %.

    Cutting the draws at three deviations takes 0.3 % off the variance of the delays, within the same tolerance.
    """
    deviation_s = 0.012
    wave = sine(frequency_hz)
    still = rms(site_power([Job("still", wave, 20_000)], length_s=1.0))
    skewed = rms(site_power([Job("skewed", wave, 20_000, skew_s=deviation_s)], length_s=1.0))
    theory = np.exp(-((2 * np.pi * frequency_hz * deviation_s) ** 2) / 2)
    assert skewed / still == pytest.approx(theory, abs=0.015)


@pytest.mark.parametrize("frequency_hz", [2.0, 8.0, 15.0])
def test_even_skew_is_a_sinc(frequency_hz):
    """Delays spread evenly over a width w leave sinc(f w), exactly but for the grid of 2,000 racks."""
    width_s = 0.04
    delays_s = (np.arange(2000) + 0.5) / 2000 * width_s
    wave = sine(frequency_hz)
    still = rms(site_power([Job("still", wave, 2000)], length_s=1.0))
    skewed = rms(site_power([Job("skewed", wave, 2000, skew_s=delays_s)], length_s=1.0))
    # between steps of 1 ms a delay is weighed linearly, which costs (2 pi f 1 ms)^2 / 12 = 0.07 % at 15 Hz
    assert skewed / still == pytest.approx(abs(np.sinc(frequency_hz * width_s)), rel=1e-3)


def test_a_job_at_rest_on_the_grid_is_delayed_exactly():
    wave = square()
    late = site_power([Job("late", wave, 3, phase_s=0.25)], length_s=60.0)
    now = site_power([Job("now", wave, 3)], length_s=60.0)
    assert late == pytest.approx(np.roll(now, 25), rel=1e-12)


def test_adding_up_racks_of_one_delay_first_changes_nothing():
    jobs = [
        Job("one", square(), 400, skew_s=0.006, spread_share=0.03, seed=1),
        Job("two", sine(3.0), 300, skew_s=0.002, phase_s=0.1234, scale=1.1, seed=2),
    ]
    merged = site_power(jobs, length_s=300.0)
    rack_by_rack = site_power(jobs, length_s=300.0, merge=False)
    # sums of 700 terms in another order
    assert merged == pytest.approx(rack_by_rack, rel=1e-12)


def test_the_sum_is_that_of_a_plain_loop_over_racks():
    """The same definition in numpy: integrate the stairs, read them at every rack's delay, difference."""
    rng = np.random.default_rng(5)
    fine_w = rng.uniform(20.0, 100.0, 2000)
    wave = Waveform(1e-3, fine_w, 2.0, "noise", "assumed", "")
    delays_s, factors = rng.normal(0.0, 0.004, 40), rng.normal(0.0, 0.05, 40)
    job = Job("job", wave, 40, skew_s=delays_s, spread_share=factors)
    edges_s = np.arange(201) * 0.01
    grid_s = np.arange(-2000, 4001) * 1e-3
    energy_j = np.concatenate([[0.0], np.cumsum(np.tile(fine_w, 3)) * 1e-3])
    slow = np.zeros(200)
    for delay_s, factor in zip(delays_s, factors, strict=True):
        slow += (1 + factor) * np.diff(np.interp(edges_s - delay_s, grid_s, energy_j)) / 0.01
    assert site_power([job], length_s=2.0) == pytest.approx(slow, rel=1e-10)
    assert site_power([job], length_s=2.0, merge=False) == pytest.approx(slow, rel=1e-10)


def test_mean_power_is_kept_over_whole_periods():
    jobs = [Job("one", square(), 100, skew_s=0.01, phase_s=0.3)]
    power_w = site_power(jobs, length_s=120.0, steady_w=500.0)
    assert power_w.mean() == pytest.approx(100 * 70.0 + 500.0, rel=1e-9)


def test_blocks_and_threads_do_not_show():
    wave = sine(3.0, step_s=0.01)
    jobs = [Job("one", wave, 50, skew_s=0.02)]
    long = site_power(jobs, length_s=400.0, threads=2)  # 40,000 samples: three blocks
    assert long == pytest.approx(np.tile(site_power(jobs, length_s=1.0, threads=1), 400), rel=1e-12)


def test_a_waveform_on_other_steps_keeps_its_mean():
    wave = Waveform(0.003, np.tile([100.0, 40.0], 500), 3.0, "odd steps", "assumed", "")
    power_w = site_power([Job("one", wave, 10)], length_s=30.0)
    assert power_w.mean() == pytest.approx(700.0, rel=1e-9)


def test_the_worst_case_is_every_rack_in_the_job_that_swings_most():
    calm = Waveform(0.01, np.array([90.0, 100.0]), 0.02, "calm", "assumed", "")
    worst = as_one_job([Job("calm", calm, 30), Job("wild", square(), 12, skew_s=0.001)])
    assert (worst.racks, worst.waveform.what, worst.skew_s) == (42, "training step", 0.001)


def test_a_single_job_has_the_most_content_of_any_split():
    racks, split = 64, 8
    jobs = [Job(f"{number}", square(), racks // split) for number in range(split)]
    scattered = site_power(with_random_phases(jobs, np.random.default_rng(2)), length_s=60.0)
    together = site_power([as_one_job(jobs)], length_s=60.0)
    band = (0.1, 20.0)
    assert spectrum(together, 0.01).band_rms_w(*band) > 2 * spectrum(scattered, 0.01).band_rms_w(*band)


def test_jobs_that_cannot_be_are_told_at_once():
    short = Waveform(0.01, np.ones(100), None, "trace", "user", "")
    jobs = [Job("none", square(), 0), Job("skew", square(), 3, skew_s=np.zeros(4)), Job("short", short, 2)]
    with pytest.raises(ProgramError) as error:
        site_power(jobs, length_s=60.0)
    assert {(problem.file, problem.path) for problem in error.value.problems} == {
        ("none", "racks"),
        ("skew", "skew_s"),
        ("short", "waveform"),
    }
