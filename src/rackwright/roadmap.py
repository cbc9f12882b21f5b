"""What the models must run, as work that each generation of rack can do.

Training: FLOP of a run (6 x active parameters x tokens) over its window; a rack delivers peak x MFU x effective time.
Serving: tokens a second at the peak of the day; a rack delivers what a roofline of memory bandwidth and compute allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.program.calendar import Calendar
from rackwright.program.sections.rack import Declared, Rack
from rackwright.program.sections.roadmap import Roadmap, ServingLoad, TrainingRun
from rackwright.progress import SILENT, Progress
from rackwright.tables import Column, Finding, StageResult, TableSpec, Trace, finding

WEEK_S = 604800.0
BYTES_PER_PARAMETER = {"bf16": 2.0, "fp8": 1.0, "fp4": 0.5}

TRAINING = TableSpec(
    "roadmap.training",
    "one row per training run and generation that can do it",
    (
        Column("run", "name in the program", type="text"),
        Column("generation", "of rack", type="text"),
        Column("flop", "operations of the whole run", "FLOP"),
        Column("rate_flop_s", "what one rack delivers on average", "FLOP/s", shown="PFLOP/s"),
        Column("rack_weeks", "racks x weeks for the run", "rack*week"),
        Column("racks", "racks live through the window", "rack"),
        Column("first", "first week", type="week"),
        Column("last", "last week", type="week"),
    ),
)
SERVING = TableSpec(
    "roadmap.serving",
    "one row per serving load and generation that can do it",
    (
        Column("load", "name in the program", type="text"),
        Column("generation", "of rack", type="text"),
        Column("tokens_per_s", "output tokens that one rack delivers", "token/s"),
        Column("batch", "requests at a time on one rack"),
        Column("binding", "what limits the rack", type="text"),
        Column("racks_first", "racks live in the first week", "rack"),
        Column("racks_last", "racks live in the last week", "rack"),
    ),
)
TABLES: tuple[TableSpec, ...] = (TRAINING, SERVING)
HEADLINES: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to be done: `need` by week in `unit`; racks live for it on g = need x racks_per_unit[g]."""

    name: str
    kind: str
    commitment: str
    generations: tuple[str, ...]
    unit: str
    need: NDArray[np.float64]
    racks_per_unit: dict[str, float]


@dataclass(frozen=True, slots=True)
class ModelNeeds(StageResult):
    """The roadmap as work."""

    works: tuple[Work, ...] = ()


@dataclass(frozen=True, slots=True)
class Throughput:
    """Output tokens a second of one rack, the requests that it holds at a time, and what limits it."""

    tokens_per_s: float
    batch: float
    binding: str


def training_flop(active: float, tokens: float) -> float:
    """Operations of a training run: 6 for each active parameter and token (2 forward, 4 backward; attention left out).

    >>> training_flop(405e9, 15.6e12)
    3.7908e+25
    """
    return 6.0 * active * tokens


def serving_throughput(
    *,
    weights_byte: float,
    cache_byte: float,
    active: float,
    input_per_output: float,
    per_token_s: float,
    memory_byte: float,
    bandwidth_byte_s: float,
    flop_s: float,
) -> Throughput:
    """Output tokens a second of one rack by a roofline, prefill included.

    A decode step of a batch reads all weights and every request's cache once, and computes 2 x active operations per
    request; it takes the longer of the two and may not exceed `per_token_s`. Weights and caches must fit the memory.
    Each output token also pays 2 x active operations for each of `input_per_output` input tokens. Left out: exchange
    between chips, attention operations, speculative decoding.

    Parameters
    ----------
    weights_byte, cache_byte : float
        All weights; cache of one request. [byte]
    active : float
        Parameters that a token touches.
    memory_byte, bandwidth_byte_s, flop_s : float
        What the rack gives to serving, its shares already taken. [byte], [byte/s], [FLOP/s]
    """
    by_memory = (memory_byte - weights_byte) / cache_byte
    by_bandwidth = (per_token_s * bandwidth_byte_s - weights_byte) / cache_byte
    by_compute = per_token_s * flop_s / (2.0 * active)
    limits = {"memory": by_memory, "latency over bandwidth": by_bandwidth, "latency over compute": by_compute}
    binding = min(limits, key=lambda name: limits[name])
    batch = limits[binding]
    if batch < 1.0:
        return Throughput(0.0, 0.0, binding)
    step_s = max((weights_byte + batch * cache_byte) / bandwidth_byte_s, 2.0 * active * batch / flop_s)
    prefill_s = input_per_output * 2.0 * active / flop_s
    return Throughput(1.0 / (step_s / batch + prefill_s), batch, binding)


def model_needs(
    roadmap: Roadmap, racks: dict[str, Rack], calendar: Calendar, *, progress: Progress = SILENT
) -> ModelNeeds:
    """Turn training runs and serving loads into work, with the racks that each generation needs for it."""
    works: list[Work] = []
    findings: list[Finding] = []
    training_rows: list[tuple[object, ...]] = []
    serving_rows: list[tuple[object, ...]] = []
    traces: list[Trace] = []
    for name, run in roadmap.training.items():
        work = _training(name, run, roadmap, racks, calendar)
        works.append(work)
        training_rows += _training_rows(name, run, work, calendar)
        traces.append(_training_trace(name, work))
    for name, load in roadmap.serving.items():
        throughputs = {
            key: _throughput(load, key, racks[key].declared, roadmap) for key in _eligible(load.generations, racks)
        }
        work = _serving(name, load, throughputs)
        works.append(work)
        findings += _first_token(name, load, racks, roadmap)
        serving_rows += _serving_rows(name, work, throughputs)
        traces.append(_serving_trace(name, work))
    tables = (TRAINING.table(training_rows), SERVING.table(serving_rows))
    return ModelNeeds(tables=tables, findings=tuple(findings), traces=tuple(traces), works=tuple(works))


def _eligible(chosen: tuple[str, ...] | None, racks: dict[str, Rack]) -> tuple[str, ...]:
    return chosen if chosen is not None else tuple(racks)


def _flop(run: TrainingRun) -> float:
    model = run.model
    if model.flop is not None:
        return model.flop
    active = model.active if model.active is not None else model.parameters
    return training_flop(active or 0.0, model.tokens or 0.0)


def _training(name: str, run: TrainingRun, roadmap: Roadmap, racks: dict[str, Rack], calendar: Calendar) -> Work:
    first, last = run.window
    rate = _flop(run) / ((last - first + 1) * WEEK_S)
    weeks = np.arange(calendar.weeks)
    need = np.where((weeks >= first) & (weeks <= last), rate, 0.0)
    mfu = run.mfu_share or roadmap.mfu_share
    per_unit = {
        key: 1.0 / (peak * mfu * roadmap.effective_time_share)
        for key in _eligible(run.generations, racks)
        if (peak := racks[key].declared.peak.get(run.model.precision, 0.0)) > 0
    }
    return Work(f"training.{name}", "training", run.commitment, tuple(per_unit), "FLOP/s", need, per_unit)


def _training_rows(name: str, run: TrainingRun, work: Work, calendar: Calendar) -> Iterator[tuple[object, ...]]:
    flop, (first, last) = _flop(run), run.window
    for generation, per_unit in work.racks_per_unit.items():
        weeks = flop * per_unit / WEEK_S
        yield (
            name,
            generation,
            flop,
            1.0 / per_unit,
            weeks,
            weeks / (last - first + 1),
            calendar.text(first),
            calendar.text(last),
        )


def _training_trace(name: str, work: Work) -> Trace:
    inputs = (f"roadmap.training.{name}.*", "roadmap.mfu", "roadmap.effective_time")
    peaks = tuple(f"rack.{key}.declared.peak.*" for key in work.generations)
    formula = "racks live = FLOP of the run / (window x peak x MFU x effective time)"
    return Trace(f"roadmap.{work.name}.racks", None, "rack", formula, (*inputs, *peaks))


def _throughput(load: ServingLoad, generation: str, declared: Declared, roadmap: Roadmap) -> Throughput:
    if generation in load.throughput:
        return Throughput(load.throughput[generation], 0.0, "given")
    peak = declared.peak.get(load.model.precision, 0.0)
    if peak <= 0:
        return Throughput(0.0, 0.0, f"no {load.model.precision}")
    model, shares = load.model, roadmap.efficiency
    return serving_throughput(
        weights_byte=model.parameters * BYTES_PER_PARAMETER[model.precision],
        cache_byte=model.cache_per_token_byte * model.context,
        active=model.active,
        input_per_output=load.input_per_output,
        per_token_s=load.latency.per_token_s,
        memory_byte=declared.memory_byte * shares.memory_share,
        bandwidth_byte_s=declared.memory_bandwidth_byte_s * shares.bandwidth_share,
        flop_s=peak * shares.compute_share,
    )


def _serving(name: str, load: ServingLoad, throughputs: dict[str, Throughput]) -> Work:
    per_unit = {key: 1.0 / item.tokens_per_s for key, item in throughputs.items() if item.tokens_per_s > 0}
    need = load.tokens_per_day * load.peak_over_mean
    return Work(f"serving.{name}", "serving", load.commitment, tuple(per_unit), "token/s", need, per_unit)


def _serving_rows(name: str, work: Work, throughputs: dict[str, Throughput]) -> Iterator[tuple[object, ...]]:
    for generation, item in throughputs.items():
        per_unit = work.racks_per_unit.get(generation)
        racks = (work.need[0] * per_unit, work.need[-1] * per_unit) if per_unit else (None, None)
        yield (name, generation, item.tokens_per_s, item.batch, item.binding, *racks)


def _serving_trace(name: str, work: Work) -> Trace:
    declared = tuple(f"rack.{key}.declared.*" for key in work.generations)
    formula = "racks live = peak tokens/s / tokens/s of one rack (roofline or given)"
    return Trace(
        f"roadmap.{work.name}.racks",
        None,
        "rack",
        formula,
        (f"roadmap.serving.{name}.*", "roadmap.efficiency.*", *declared),
    )


def _first_token(name: str, load: ServingLoad, racks: dict[str, Rack], roadmap: Roadmap) -> Iterator[Finding]:
    """Time to compute the whole context once on one idle rack, against the wait for the first token."""
    for generation in _eligible(load.generations, racks):
        peak = racks[generation].declared.peak.get(load.model.precision, 0.0)
        if peak > 0:
            seconds = 2.0 * load.model.active * load.model.context / (peak * roadmap.efficiency.compute_share)
            yield finding(
                "roadmap.serving.first_token",
                f"{generation} {name}",
                seconds,
                load.latency.first_token_s,
                "s",
                standing="user",
                source=f"roadmap.serving.{name}.latency.first_token",
                text="a lower bound: prefill of the whole context on one idle rack; waiting and transfer left out",
                severity="note",
            )
