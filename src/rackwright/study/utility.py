"""What the utility sees: a site's power in the rhythm of its training, held against the limits of its connection."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rackwright.buildout.smoothing import Devices, Price, Prices, Sizing, Trial, cheapest_mix, said
from rackwright.buildout.utility import (
    CURVES,
    Assessment,
    CouplingPoint,
    Dip,
    Job,
    Supply,
    assess,
    ride_through,
    site_power,
    specification_of,
)
from rackwright.buildout.utility.specification import Specification
from rackwright.errors import Problem, ProgramError
from rackwright.program.case import Case
from rackwright.program.names import nearest
from rackwright.program.sections.buildout import Site
from rackwright.program.sections.rack import Rack
from rackwright.program.sections.roadmap import TrainingRun
from rackwright.progress import Progress
from rackwright.rack.design import RackDesign
from rackwright.rack.power.waveforms import Waveform, read_waveform, training_step
from rackwright.rack.power.waveforms.pieces import means_of_stairs
from rackwright.tables import Finding, finding, not_modelled

#: Length and step of the record that a site is held against its specification with.
LENGTH_S, STEP_S = 3600.0, 0.01
#: Fine step of a rack's own waveform.
FINE_S = 0.001
#: Places of the spectrum that a table keeps: enough to draw it.
MOST_BINS = 400


@dataclass(frozen=True, slots=True)
class SiteView:
    """One site full of one generation: its power, the limits, and how it fares."""

    site: str
    generation: str
    racks: int
    jobs: int
    contracted_w: float
    power_w: np.ndarray[Any, np.dtype[np.float64]]
    step_s: float
    specification: Specification
    assessment: Assessment
    waveform: Waveform
    #: Load of each shelf at the design load, over its rating.
    load_share: float

    @property
    def moves(self) -> bool:
        """Whether anything says how the power moves in time: a training run, or a recording."""
        return self.waveform.what != NO_RUN


def waveform_of(
    case: Case, design: RackDesign, file: Path | None, *, length_s: float = LENGTH_S, step_s: float = FINE_S, seed: int
) -> Waveform:
    """AC power of one rack against time: a recording, else the step of the largest run that the generation trains.

    The roadmap says the step's time, the exposed part and the checkpoints; the rack says its power while it computes,
    waits and stands still. All powers keep the efficiency of the design point.
    """
    if file is not None:
        return recorded(file, step_s, length_s)
    rack, run = case.rack[design.generation], run_of(case, design.generation)
    motion, high_w = rack.power.motion, design.power_w
    if run is None:
        return Waveform(step_s, np.full(round(length_s / step_s), high_w), length_s, NO_RUN, "estimate", "")
    name, found = run
    step = found.step
    return training_step(
        period_s=step.time_s,
        exposed_share=step.exposed_share,
        high_w=high_w,
        low_w=high_w * motion.waiting_share,
        rise_s=motion.rise_s,
        overshoot_share=motion.overshoot_share,
        overshoot_s=motion.overshoot_s,
        checkpoint_every_s=step.checkpoint_every_s or None,
        checkpoint_s=step.checkpoint_s,
        idle_w=high_w * motion.idle_share,
        jitter_share=motion.jitter_share,
        seed=seed,
        length_s=length_s,
        step_s=step_s,
        what=f"training step of {name} on {design.generation}",
        standing="assumed",
        source="roadmap and rack sections of the program",
    )


#: What a waveform is called where nothing says how the power moves; lines that want the grid's short-circuit power.
NO_RUN, FLICKER = "no training run", ("Pst", "Plt")
#: Rows of a recording may be so far apart: what the utility limits reaches to 20 Hz, and two samples make a period.
COARSEST_S = 0.025


def recorded(file: Path, step_s: float, most_s: float) -> Waveform:
    """A recording on the study's step, its energy kept, from its start for `most_s` at most."""
    wave = read_waveform(file)
    if wave.step_s > COARSEST_S * (1 + 1e-6):
        expected = f"rows {1e3 * COARSEST_S:g} ms apart or less: content up to 20 Hz is asked for"
        raise ProgramError([Problem(str(file), 0, "time", f"rows {wave.step_s:g} s apart", expected)])
    samples = int(min(wave.length_s, most_s) / step_s + 1e-9)
    if samples < 2:
        expected = f"{2 * step_s:g} s or more"
        raise ProgramError([Problem(str(file), 0, "time", f"a recording of {wave.length_s:g} s", expected)])
    power_w = means_of_stairs(wave.power_w, wave.step_s, np.arange(samples + 1, dtype=np.float64) * step_s)
    return replace(wave, power_w=power_w, step_s=step_s)


def run_of(case: Case, generation: str) -> tuple[str, TrainingRun] | None:
    """The training run with the most operations that a generation may run."""
    runs: Mapping[str, TrainingRun] = case.roadmap.training if case.roadmap else {}
    found = [(name, run) for name, run in runs.items() if run.generations is None or generation in run.generations]

    def work(item: tuple[str, TrainingRun]) -> float:
        model = item[1].model
        return model.flop or 6.0 * (model.active or model.parameters or 0.0) * (model.tokens or 0.0)

    return max(found, key=work, default=None)


def views(
    case: Case, designs: tuple[RackDesign, ...], chosen: str | None, file: Path | None, seed: int
) -> Iterator[SiteView]:
    """Every site that has power, full of each generation."""
    for name, site in _sites(case, chosen).items():
        for design in designs:
            found = _view(case, name, site, design, file, seed)
            if found is not None:
                yield found


def _sites(case: Case, chosen: str | None) -> Mapping[str, Site]:
    sites = case.buildout.sites if case.buildout else {}
    if chosen is not None and chosen not in sites:
        expected = f"a site: {', '.join(sites) or 'there is none'}"
        raise ProgramError([Problem("--site", 0, "", chosen, expected, nearest(chosen, sites))])
    if not sites:
        raise ProgramError([Problem("the program", 0, "buildout.sites", "nothing", "sites with a grid under buildout")])
    return sites if chosen is None else {chosen: sites[chosen]}


def _view(case: Case, name: str, site: Site, design: RackDesign, file: Path | None, seed: int) -> SiteView | None:
    energised_w = float(np.asarray(site.energised_w)[-1])
    contracted_w = site.grid.contracted_w or energised_w
    # what a rack takes of the site at its design hour, its share of fabric, cooling and losses in it
    site_w = (design.power_w + design.shared_power_w) * site.allotted(design.generation)
    racks = int(contracted_w / site_w) if site_w else 0
    if racks < 1:
        return None
    wave = waveform_of(case, design, file, seed=seed)
    electrical = case.buildout.efficiency.electrical_share if case.buildout else 1.0
    rack: Rack = case.rack[design.generation]
    sizes = _jobs(site, racks)
    repeats = wave.period_s is not None
    length_s = LENGTH_S if repeats else min(LENGTH_S, len(wave.power_w) * wave.step_s)
    rng = np.random.default_rng(seed)
    jobs = [
        Job(
            name=job,
            waveform=wave,
            racks=count,
            skew_s=rack.power.motion.skew_s,
            # between jobs phases are independent; the one job's phase is nobody's business
            phase_s=float(rng.uniform(0, wave.length_s)) if len(sizes) > 1 and repeats else 0.0,
            scale=1.0 / electrical,
            seed=seed + at,
        )
        for at, (job, count) in enumerate(sizes.items())
    ]
    steady_w = racks * (site_w - design.power_w / electrical)
    power_w = site_power(jobs, length_s=length_s, step_s=STEP_S, steady_w=max(steady_w, 0.0))
    grid = site.grid
    utility = case.catalogue.utilities[grid.utility]
    limits = specification_of(utility, contracted_w, name=grid.utility, source=f"catalogue.utilities.{grid.utility}")
    point = CouplingPoint(grid.voltage_v, grid.short_circuit_va, grid.x_over_r, grid.power_factor, grid.frequency_hz)
    found = assess(power_w, STEP_S, limits, point, contracted_w=contracted_w)
    load_share = design.power.load_share
    return SiteView(
        name, design.generation, racks, len(sizes), contracted_w, power_w, STEP_S, limits, found, wave, load_share
    )


def _jobs(site: Site, racks: int) -> dict[str, int]:
    """The stated jobs as far as racks last, what is left as one more; one job of all where nobody states any."""
    left, found = racks, {}
    for name, count in site.grid.jobs.items():
        take = min(count, left)
        if take:
            found[name] = take
        left -= take
    if left:
        found["the rest" if found else "one job"] = left
    return found


def line_rows(view: SiteView) -> Iterator[tuple[Any, ...]]:
    """One row for each line of the specification that says something."""
    for line in view.assessment.lines:
        if line.most is None and not math.isfinite(line.value) and line.name not in FLICKER:
            continue
        value = line.value if math.isfinite(line.value) else None
        unlimited = line.most is None and math.isfinite(line.value)
        outcome = {True: "passed", False: "failed", None: "no limit" if unlimited else "not modelled"}[line.holds]
        if not view.moves:
            outcome = "not modelled"
        yield (
            view.site,
            view.generation,
            view.racks,
            view.jobs,
            view.specification.name,
            line.name,
            value,
            line.most,
            line.unit,
            outcome,
            line.text,
        )


def findings_of(view: SiteView) -> Iterator[Finding]:
    """The specification's lines as findings; what is not modelled is said."""
    where = f"{view.site} full of {view.generation}"
    source = view.specification.source
    if not view.moves:
        text = "no training run names this generation and no recording is given: its power in time is not known"
        yield not_modelled("rack.power.utility", where, text, "roadmap.training")
        return
    yield finding(
        "rack.power.utility.peak",
        where,
        float(view.power_w.max()),
        view.contracted_w,
        "W",
        standing="user",
        severity="warning",
        source=f"buildout.sites.{view.site}.grid.contracted",
        text="highest power of the record against the contracted power; racks fill it at their design power, without overshoot",
    )
    for line in view.assessment.lines:
        rule = f"rack.power.utility.{_rule(line.name)}"
        if line.most is None:
            if line.name in FLICKER and not math.isfinite(line.value):
                yield not_modelled(rule, where, line.text, f"buildout.sites.{view.site}.grid")
            continue
        if line.holds is None or not math.isfinite(line.value):
            yield not_modelled(rule, where, line.text, source)
            continue
        standing = _STANDING.get(view.specification.standing, "user")
        yield finding(
            rule, where, line.value, line.most, line.unit, standing=standing, source=source,
            text=f"{view.specification.name}, {line.name}: {line.text}",
        )  # fmt: skip


def _rule(name: str) -> str:
    """`ramp_up`, `range`, `pst`; of a band `band_rms`, `band_worst_bin` or `band_share`.

    >>> _rule("0.1 to 20 Hz, share of all fluctuation"), _rule("ramp up"), _rule("Pst")
    ('band_share', 'ramp_up', 'pst')
    """
    if "," not in name:
        return "_".join(name.lower().split())
    said = name.split(", ", 1)[1]
    return "band_share" if said.startswith("share") else "band_" + "_".join(said.split())


_STANDING: dict[str, Any] = {
    "accepted standard": "standard",
    "draft": "draft",
    "roadmap": "roadmap",
    "estimate": "estimate",
    "assumed": "estimate",
    "user": "user",
}


def spectrum_rows(view: SiteView) -> Iterator[tuple[Any, ...]]:
    """The spectrum in at most some hundred places: each the strongest line of its stretch."""
    frequency, rms = view.assessment.frequencies_hz, view.assessment.line_rms_w
    inside = (frequency > 0) & (frequency <= 50.0)
    frequency, rms = frequency[inside], rms[inside]
    if not len(frequency):
        return
    edges = np.geomspace(frequency[0], frequency[-1] * (1 + 1e-9), MOST_BINS + 1)
    place = np.searchsorted(edges, frequency, side="right") - 1
    for at in np.unique(place):
        of = np.flatnonzero(place == at)
        best = of[int(np.argmax(rms[of]))]
        yield view.site, view.generation, float(frequency[best]), float(rms[best])


#: Dips that are tried, one by one: voltage left and seconds; from the corners of the ride-through curves.
DIPS = ((0.85, 0.5), (0.7, 0.5), (0.5, 0.2), (0.0, 0.15))
#: Second of the record at which a dip begins, and length of record that is looked at.
DIP_AT_S, DIP_S = 30.0, 120.0


def dip_rows(case: Case, view: SiteView, site: Site) -> Iterator[tuple[Any, ...]]:
    """Each dip by itself; supplies hold up for their time at full load, longer at their own share of it."""
    rack = case.rack[view.generation]
    supply = Supply("shelves", hold_up_s=rack.power.motion.hold_up_s / max(view.load_share, 0.05))
    # a short recording goes on from its start
    power_w = np.resize(view.power_w, round(DIP_S / view.step_s))
    curve = CURVES[site.grid.ride] if site.grid.ride else None
    every = round(1.0 / view.step_s)
    for residual, seconds in DIPS:
        found = ride_through(power_w, view.step_s, [Dip(DIP_AT_S, residual, seconds)], [supply], curve)
        verdict = found.verdicts[0]
        after = found.grid_w[round((DIP_AT_S + seconds) / view.step_s) :]
        # the way back alone: what the grid sees over what the racks ask for
        share = after / np.maximum(power_w[-len(after) :], 1.0)
        rise = (share[every:] - share[:-every]).max(initial=0.0) * float(power_w.mean())
        outcome = "told only" if verdict.holds is None else "passed" if verdict.holds else "failed"
        yield (
            view.site,
            view.generation,
            residual,
            seconds,
            verdict.dropped_w,
            verdict.back_s if math.isfinite(verdict.back_s) else None,
            float(max(rise, 0.0)),
            curve.name if curve else "",
            outcome,
            verdict.text,
        )


#: Seconds about the first checkpoint that the mix is sized on, and their step.
SIZED_S, SIZED_STEP_S = 60.0, 0.02


def smoothing(case: Case, view: SiteView, site: Site, progress: Progress) -> Sizing:
    """The cheapest mix for a site, sized on a minute about its first checkpoint and held against its hour."""
    every = round(SIZED_STEP_S / view.step_s)
    whole_w = view.power_w[: len(view.power_w) // every * every].reshape(-1, every).mean(axis=1)
    many = round(SIZED_S / SIZED_STEP_S)
    wide = min(50, len(whole_w))
    low = int(np.argmin(np.convolve(whole_w, np.ones(wide) / wide, mode="valid"))) + wide // 2
    begin = min(max(low - many // 2, 0), max(len(whole_w) - many, 0))
    rack = case.rack[view.generation]
    high_w = float(np.percentile(whole_w, 90))
    price = case.catalogue.states[site.state].electricity_usd_per_j
    usual = Prices()
    prices = replace(usual, energy_usd_j=Price(price, "published", f"catalogue.states.{site.state}.electricity"))
    point = CouplingPoint(
        site.grid.voltage_v,
        site.grid.short_circuit_va,
        site.grid.x_over_r,
        site.grid.power_factor,
        site.grid.frequency_hz,
    )
    gpus = view.racks * sum(tray.count * count for tray in rack.trays.values() for name, count in tray.parts.items()
                            if name in case.catalogue.chips and case.catalogue.chips[name].role == "accelerator")  # fmt: skip
    return cheapest_mix(
        whole_w[begin : begin + many],
        SIZED_STEP_S,
        view.specification,
        Devices(high_w=high_w, accelerators=max(gpus, 1)),
        prices,
        point=point,
        contracted_w=view.contracted_w,
        full_w=whole_w,
        progress=progress,
    )


def smoothing_rows(view: SiteView, sizing: Sizing, gpus: int) -> Iterator[tuple[Any, ...]]:
    """The best mix, the same on the full hour, and each device alone."""
    trials: list[tuple[str, Trial]] = []
    if sizing.best is not None:
        trials.append(("best on its minute", sizing.best))
    if sizing.full is not None:
        trials.append(
            (
                f"on the whole record, {sizing.rounds} rounds larger" if sizing.rounds > 0 else "on the whole record",
                sizing.full,
            )
        )
    trials += [(f"{name} alone", trial) for name, trial in sizing.alone.items()]
    devices = Devices(high_w=1.0, accelerators=max(gpus, 1))
    for name, trial in trials:
        mix = trial.mix
        yield (
            view.site,
            view.generation,
            name,
            "yes" if trial.passes else "no",
            said(mix, devices),
            trial.cost.total_usd,
            trial.binding,
            trial.use if math.isfinite(trial.use) else None,
            mix.floor_share,
            mix.store_j / max(gpus, 1) if mix.store_gain else 0.0,
            mix.bess_w if mix.bess_gain else 0.0,
            mix.bess_j if mix.bess_gain else 0.0,
        )


def smoothing_finding(view: SiteView, sizing: Sizing) -> Finding:
    """Whether something cures the site, and what binds."""
    where = f"{view.site} full of {view.generation}"
    best = sizing.full or sizing.best
    passes = sizing.before.passes or (best is not None and best.passes)
    return finding(
        "rack.power.smoothing",
        where,
        0.0 if passes else 1.0,
        0.0,
        "",
        standing=_STANDING.get(view.specification.standing, "user"),
        source=view.specification.source,
        text=f"sites that no mix tried by the search (floor, joules and battery, alone and together) cures; {sizing.said}",
    )
