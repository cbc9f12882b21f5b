"""The waveform of a training step: compute at high power, exposed communication at low power, gaps and ramps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError
from rackwright.rack.power.waveforms.pieces import means_of_pieces
from rackwright.rack.power.waveforms.waveform import Waveform

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Step:
    """What every step of the job is made of."""

    period_s: float
    exposed_share: float
    high_w: float
    low_w: float
    rise_s: float
    fall_s: float
    top_w: float
    overshoot_s: float
    checkpoint_every_s: float | None
    checkpoint_s: float
    idle_w: float
    jitter_share: float


def training_step(
    *,
    period_s: float,
    exposed_share: float,
    high_w: float,
    low_w: float,
    rise_s: float = 0.01,
    overshoot_share: float = 0.0,
    overshoot_s: float = 0.05,
    checkpoint_every_s: float | None = None,
    checkpoint_s: float = 0.0,
    idle_w: float | None = None,
    jitter_share: float = 0.0,
    seed: int = 0,
    length_s: float = 60.0,
    step_s: float = 1e-3,
    fall_s: float | None = None,
    start_s: float = 0.0,
    start_ramp_s: float = 0.0,
    stop_s: float | None = None,
    stop_ramp_s: float = 0.0,
    what: str = "training step",
    standing: str = "assumed",
    source: str = "",
) -> Waveform:
    """Power of a training job from its parts, as means over even steps.

    A step computes at `high_w` for `1 - exposed_share` of the period and communicates at `low_w` for the rest. Edges
    are straight over `rise_s` (up) and `fall_s` (down, else as up) and belong to the phase that they open. The first
    `overshoot_s` of a compute phase run at `high_w * (1 + overshoot_share)`; 50 ms is the window in which NVIDIA's
    peak electrical design power may pass the rated power (arXiv 2508.14318). Each step is longer or shorter by a
    uniform draw of at most `jitter_share` of the period. After every `checkpoint_every_s` of training the power rests
    at `idle_w` (else `low_w`) for `checkpoint_s`. Before `start_s` and after `stop_s` the job is idle; its power above
    idle comes and goes in straight ramps of `start_ramp_s` and `stop_ramp_s`.

    Each sample is the exact mean of the line over its step, so energy does not depend on `step_s`. `period_s` of the
    result is set where neither start nor stop cuts the train of steps.

    Raises
    ------
    ProgramError
        With every value that cannot be.

    Examples
    --------
    >>> wave = training_step(period_s=2.0, exposed_share=0.25, high_w=100e3, low_w=40e3, rise_s=0.0, length_s=4.0)
    >>> round(wave.energy_j / 4.0)  # 0.75 * 100 kW + 0.25 * 40 kW
    85000
    """
    step = _Step(
        period_s, exposed_share, high_w, low_w, rise_s, rise_s if fall_s is None else fall_s,
        high_w * (1 + overshoot_share), overshoot_s if overshoot_share else 0.0,
        checkpoint_every_s, checkpoint_s, low_w if idle_w is None else idle_w, jitter_share,
    )  # fmt: skip
    times = {"length_s": length_s, "step_s": step_s, "start_s": start_s, "start_ramp_s": start_ramp_s}
    times |= {"stop_ramp_s": stop_ramp_s, "stop_s": length_s if stop_s is None else stop_s}
    problems = _problems(step, times, what)
    if problems:
        raise ProgramError(problems)
    samples = max(round(length_s / step_s), 1)
    edges_s: Floats = np.arange(samples + 1, dtype=np.float64) * step_s
    power_w = means_of_pieces(*_corners(step, samples * step_s, np.random.default_rng(seed)), edges_s)
    cut = start_s > 0 or start_ramp_s > 0 or stop_s is not None
    if cut:
        share = _presence(edges_s, start_s, start_ramp_s, times["stop_s"], stop_ramp_s)
        power_w = step.idle_w + (power_w - step.idle_w) * share
    return Waveform(step_s, power_w, None if cut else period_s, what, standing, source)


def step_of_roadmap(
    *,
    step_time_s: float,
    exposed_share: float,
    compute_w: float,
    communication_w: float,
    what: str = "training step of the roadmap",
    standing: str = "estimate",
    source: str = "",
    length_s: float = 60.0,
    step_s: float = 1e-3,
    jitter_share: float = 0.0,
    seed: int = 0,
) -> Waveform:
    """The default waveform of a rack: a step time and the share of it that communication leaves exposed.

    Edges of 10 ms and no overshoot; communication that hides behind compute changes no power here. The standing is
    that of the weakest of its four numbers, "estimate" where nobody said.

    >>> wave = step_of_roadmap(step_time_s=2.0, exposed_share=0.2, compute_w=130e3, communication_w=60e3, length_s=2.0)
    >>> round(wave.power_w.max()), round(wave.power_w.min())
    (130000, 60000)
    """
    return training_step(
        period_s=step_time_s, exposed_share=exposed_share, high_w=compute_w, low_w=communication_w, length_s=length_s,
        step_s=step_s, jitter_share=jitter_share, seed=seed, what=what, standing=standing, source=source,
    )  # fmt: skip


def _corners(step: _Step, length_s: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Corners of the line, from 0 s to beyond the length; all steps at once."""
    at_s, jitter = _starts(step, length_s, rng)
    period_s = step.period_s * jitter
    compute_s = period_s * (1 - step.exposed_share)
    gap_s = np.diff(at_s, append=at_s[-1] + period_s[-1]) - period_s
    end_s = at_s + period_s
    level_w = np.full(at_s.size, step.low_w if step.exposed_share > 0 else step.high_w)
    gap = gap_s > 0
    rest_w = np.where(gap, step.idle_w, level_w)
    before_w = np.concatenate([[level_w[0]], rest_w[:-1]])
    rise_s = np.where(before_w == step.high_w, 0.0, step.rise_s)
    top_end_s = at_s + rise_s + step.overshoot_s
    fall_s = step.fall_s if step.exposed_share > 0 else 0.0
    corner_s = [at_s, at_s + rise_s, top_end_s, top_end_s, at_s + compute_s, at_s + compute_s + fall_s, end_s]
    top_w = np.full(at_s.size, step.top_w if step.overshoot_s > 0 else step.high_w)
    high_w = np.full(at_s.size, step.high_w)
    corner_w = [before_w, top_w, top_w, high_w, high_w, level_w, level_w]
    rest_fall_s = np.minimum(step.fall_s, gap_s)
    corner_s += [end_s + np.where(gap, rest_fall_s, 0.0), end_s + gap_s]
    corner_w += [rest_w, rest_w]
    return np.stack(corner_s, axis=1).ravel(), np.stack(corner_w, axis=1).ravel()


def _starts(step: _Step, length_s: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """When each step starts and how long it is beside the period; checkpoints push the later ones back."""
    count = int(np.ceil(length_s / (step.period_s * (1 - step.jitter_share)))) + 1
    jitter = 1 + step.jitter_share * rng.uniform(-1.0, 1.0, count)
    trained_s = np.concatenate([[0.0], np.cumsum(step.period_s * jitter)[:-1]])
    if step.checkpoint_every_s is None:
        return trained_s, jitter
    # a rounding error of a sum of periods must not push a checkpoint one step on
    passed = np.floor(trained_s / step.checkpoint_every_s + 1e-9)
    return trained_s + passed * step.checkpoint_s, jitter


def _presence(edges_s: Floats, start_s: float, start_ramp_s: float, stop_s: float, stop_ramp_s: float) -> Floats:
    """Share of the job that is there, as means over the steps."""
    on = means_of_pieces(np.array([start_s, start_s, start_s + start_ramp_s]), np.array([0.0, 0.0, 1.0]), edges_s)
    off = means_of_pieces(np.array([stop_s, stop_s, stop_s + stop_ramp_s]), np.array([1.0, 1.0, 0.0]), edges_s)
    return np.asarray(np.minimum(on, off), dtype=np.float64)


def _problems(step: _Step, times: dict[str, float], what: str) -> list[Problem]:
    """Everything that cannot be, at once."""
    found: list[Problem] = []

    def say(path: str, value: object, expected: str) -> None:
        found.append(Problem(what, 0, path, str(value), expected))

    numbers = {name: getattr(step, name) for name in step.__slots__ if name != "top_w"} | times
    for name, value in numbers.items():
        if value is not None and not np.isfinite(value):
            say(name, value, "a finite number")
        elif value is not None and name.endswith("_s") and value < 0:
            say(name, value, "a time of 0 s or more")
    for name in ("period_s", "length_s", "step_s", "checkpoint_every_s"):
        if numbers[name] == 0:
            say(name, "0 s", "a time above 0 s")
    for name in ("exposed_share", "jitter_share"):
        if not 0 <= numbers[name] < 1:
            say(name, numbers[name], "a share from 0 to below 1")
    if found:
        return found
    shortest_s = step.period_s * (1 - step.jitter_share)
    compute_s = shortest_s * (1 - step.exposed_share)
    if step.rise_s + step.overshoot_s > compute_s:
        say("rise_s", f"{step.rise_s + step.overshoot_s:g} s with overshoot", f"at most the {compute_s:g} s of compute")
    if step.exposed_share and step.fall_s > shortest_s - compute_s:
        say("fall_s", f"{step.fall_s:g} s", f"at most the {shortest_s - compute_s:g} s of exposed communication")
    return found
