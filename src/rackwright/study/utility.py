"""What the utility sees: a site's power in the rhythm of its training, held against the limits of its connection."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout.smoothing import Devices, Mix, smooth
from rackwright.buildout.utility import (
    Assessment,
    CouplingPoint,
    Job,
    as_one_job,
    assess,
    site_power,
    specification_of,
    with_random_phases,
)
from rackwright.buildout.utility.specification import Line, Specification
from rackwright.errors import Problem, ProgramError
from rackwright.program.case import Case
from rackwright.program.names import nearest
from rackwright.program.sections.buildout import Site
from rackwright.program.sections.rack import Rack
from rackwright.program.sections.roadmap import TrainingRun
from rackwright.rack.design import RackDesign
from rackwright.rack.power.waveforms import Waveform, read_waveform, training_step
from rackwright.rack.power.waveforms.pieces import means_of_stairs
from rackwright.tables import Finding, finding, not_modelled

Floats = NDArray[np.float64]

#: Length and step of the record that a site is held against its specification with.
LENGTH_S, STEP_S = 3600.0, 0.01
#: Fine step of a rack's own waveform.
FINE_S = 0.001
#: Draws of the phases between jobs that are tried; the worst is held against the limits.
DRAWS = 4
#: A job's start and stop: length of the record, and where in it they are.
EVENT_S, START_S, STOP_S = 1200.0, 300.0, 900.0
#: Places of the spectrum that a table keeps: enough to draw it.
MOST_BINS = 400


@dataclass(frozen=True, slots=True)
class SiteView:
    """One site full of one generation: its power, the limits, and how it fares."""

    site: str
    design: RackDesign
    racks: int
    jobs: int
    contracted_w: float
    power_w: Floats
    step_s: float
    specification: Specification
    assessment: Assessment
    waveform: Waveform
    #: What of the site does not move with the racks.
    steady_w: float
    #: Where several jobs run: how many draws of their phases were tried, of which this is the worst; and all racks in one.
    draws: int
    as_one: Assessment | None
    #: The largest job started and stopped beside the others; None for recordings, which say nothing of it.
    event_w: Floats | None
    event_lines: tuple[Line, ...]

    @property
    def generation(self) -> str:
        """Whose racks they are."""
        return self.design.generation

    @property
    def moves(self) -> bool:
        """Whether anything says how the power moves in time: a training run, or a recording."""
        return self.waveform.what != NO_RUN


def waveform_of(
    case: Case,
    design: RackDesign,
    file: Path | None,
    *,
    length_s: float = LENGTH_S,
    step_s: float = FINE_S,
    seed: int,
    event: bool = False,
) -> Waveform:
    """AC power of one rack against time: a recording, else the step of the largest run that the generation trains.

    The roadmap says the step's time, the exposed part and the checkpoints; the rack says its power while it computes,
    waits and stands still. All powers keep the efficiency of the design point. With `event` the job starts at `START_S`
    and stops at `STOP_S`. The racks' own stores are not in it: see `behind_stores`.
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
        start_s=START_S if event else 0.0,
        start_ramp_s=motion.start_s if event else 0.0,
        stop_s=STOP_S if event else None,
        stop_ramp_s=motion.stop_s if event else 0.0,
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


def store_s(rack: Rack, design: RackDesign) -> float:
    """Time over which a rack's stores take their mean: as slow as half of their joules allow for its widest step.

    After a step of P a store that follows a first-order mean of time T gives P T in all; the widest step is from
    standing still to the top of the overshoot.
    """
    motion = rack.power.motion
    widest_w = design.dc_power_w * (1.0 + motion.overshoot_share - motion.idle_share)
    return max(design.power.backup.store_j / 2 / max(widest_w, 1.0), 1e-3)


def behind_stores(case: Case, design: RackDesign, wave: Waveform) -> Waveform:
    """The waveform at a rack's input with its own stores at work; see `store_s` for how slowly."""
    rack = case.rack[design.generation]
    if not rack.power.store or not rack.power.stores or wave.what == NO_RUN:
        return wave
    store, count = case.catalogue.stores[rack.power.store], rack.power.stores
    # at the input a watt of the bus weighs as much more as the supplies lose
    scale = design.power_w / design.dc_power_w
    devices = Devices(high_w=design.power_w, accelerators=1, store_efficiency=store.efficiency_share)
    mix = Mix(
        store_gain=1.0,
        store_tau_s=store_s(rack, design),
        store_j=store.energy_j * count * scale,
        store_w=store.output_w * count * scale,
    )
    return replace(wave, power_w=smooth(wave.power_w, wave.step_s, [mix], devices)[0].power_w)


def _view(case: Case, name: str, site: Site, design: RackDesign, file: Path | None, seed: int) -> SiteView | None:
    energised_w = float(np.asarray(site.energised_w)[-1])
    contracted_w = site.grid.contracted_w or energised_w
    # what a rack takes of the site at its design hour, its share of fabric, cooling and losses in it
    site_w = (design.power_w + design.shared_power_w) * site.allotted(design.generation)
    racks = int(contracted_w / site_w) if site_w else 0
    if racks < 1:
        return None
    sizes = _jobs(site, racks)
    waves = [
        behind_stores(case, design, waveform_of(case, design, file, seed=seed + at))
        for at in range(len(sizes) if file is None else 1)
    ] * (1 if file is None else len(sizes))
    wave = waves[0]
    electrical = case.buildout.efficiency.electrical_share if case.buildout else 1.0
    length_s = LENGTH_S if wave.period_s is not None else min(LENGTH_S, len(wave.power_w) * wave.step_s)
    skew_s = case.rack[design.generation].power.motion.skew_s
    jobs = [
        Job(job, waves[at], count, skew_s=skew_s, scale=1.0 / electrical, seed=seed + at)
        for at, (job, count) in enumerate(sizes.items())
    ]
    steady_w = max(racks * (site_w - design.power_w / electrical), 0.0)
    limits, point = _limits(case, site, contracted_w)

    def judged(running: Sequence[Job], length_s: float = length_s) -> tuple[Floats, Assessment]:
        power_w = site_power(running, length_s=length_s, step_s=STEP_S, steady_w=steady_w)
        return power_w, assess(power_w, STEP_S, limits, point, contracted_w=contracted_w)

    several = len(jobs) > 1 and wave.period_s is not None
    rng = np.random.default_rng(seed)
    draws = [judged(with_random_phases(jobs, rng)) for _ in range(DRAWS)] if several else [judged(jobs)]
    power_w, found = max(draws, key=lambda draw: _most_used(draw[1]))
    as_one = judged([as_one_job(jobs)])[1] if several else None
    event_w: Floats | None = None
    lines: tuple[Line, ...] = ()
    if wave.what != NO_RUN and file is None:
        event_w = _event_w(case, design, jobs, steady_w, seed)
        plain = replace(limits, bands=(), pst_most=None, plt_most=None)
        lines = tuple(
            replace(line, name=_AT[line.name]) for line in assess(event_w, STEP_S, plain).lines if line.name in _AT
        )
    return SiteView(
        name, design, racks, len(sizes), contracted_w, power_w, STEP_S, limits, found, wave, steady_w, len(draws), as_one,
        event_w, lines,
    )  # fmt: skip


#: Lines of a record in which a job starts and stops.
_AT = {"ramp up": "ramp up at a start", "ramp down": "ramp down at a stop"}


def _limits(case: Case, site: Site, contracted_w: float) -> tuple[Specification, CouplingPoint]:
    grid = site.grid
    utility = case.catalogue.utilities[grid.utility]
    limits = specification_of(utility, contracted_w, name=grid.utility, source=f"catalogue.utilities.{grid.utility}")
    return limits, CouplingPoint(
        grid.voltage_v, grid.short_circuit_va, grid.x_over_r, grid.power_factor, grid.frequency_hz
    )


def _most_used(found: Assessment) -> float:
    """How much of its limit the worst line uses; without limits the widest swing decides."""
    used = [line.value / line.most for line in found.lines if line.most and math.isfinite(line.value)]
    return max(used, default=next((line.value for line in found.lines if line.name == "range"), 0.0))


def _event_w(case: Case, design: RackDesign, jobs: Sequence[Job], steady_w: float, seed: int) -> Floats:
    """The largest job starts and stops, the others go on."""
    largest = max(jobs, key=lambda job: job.racks)
    wave = waveform_of(case, design, None, length_s=EVENT_S, seed=seed, event=True)
    starting = replace(largest, waveform=behind_stores(case, design, wave))
    running = [starting if job is largest else job for job in jobs]
    return site_power(running, length_s=EVENT_S, step_s=STEP_S, steady_w=steady_w)


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
    jobs = f"{view.jobs} jobs, worst of {view.draws} draws of their phases" if view.draws > 1 else ""
    for of, lines in (
        (jobs or "training", view.assessment.lines),
        ("all racks in one job", view.as_one.lines if view.as_one else ()),
        ("the largest job starts and stops", view.event_lines),
    ):
        for line in lines:
            if line.most is None and not math.isfinite(line.value) and line.name not in FLICKER:
                continue
            value = line.value if math.isfinite(line.value) else None
            unlimited = line.most is None and math.isfinite(line.value)
            outcome = {True: "passed", False: "failed", None: "no limit" if unlimited else "not modelled"}[line.holds]
            yield (
                view.site,
                view.generation,
                view.racks,
                view.jobs,
                of,
                view.specification.name,
                line.name,
                value,
                line.most,
                line.unit,
                outcome if view.moves else "not modelled",
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
    if view.event_w is None:
        text = "a recording does not say how a job starts and stops: ramps are those of its training"
        yield not_modelled("rack.power.utility.ramp_down_at_a_stop", where, text, source)
    for line in (*view.assessment.lines, *view.event_lines):
        rule = f"rack.power.utility.{_rule(line.name)}"
        if line.most is None:
            if line.name in FLICKER and not math.isfinite(line.value):
                yield not_modelled(rule, where, line.text, f"buildout.sites.{view.site}.grid")
            continue
        if line.holds is None or not math.isfinite(line.value):
            yield not_modelled(rule, where, line.text, source)
            continue
        standing = STANDINGS.get(view.specification.standing, "user")
        yield finding(
            rule, where, line.value, line.most, line.unit, standing=standing, source=source,
            text=f"{view.specification.name}, {line.name}: {line.text}{_one_job(view, line)}",
        )  # fmt: skip


def _one_job(view: SiteView, line: Line) -> str:
    """What the same line comes to with every rack in one job."""
    if view.as_one is None:
        return ""
    worst = next((one for one in view.as_one.lines if one.name == line.name and math.isfinite(one.value)), None)
    return f"; worst of {view.draws} draws of the jobs' phases; all racks in one job: {worst.text}" if worst else ""


def _rule(name: str) -> str:
    """`ramp_up`, `range`, `pst`; of a band `band_rms`, `band_worst_bin` or `band_share`.

    >>> _rule("0.1 to 20 Hz, share of all fluctuation"), _rule("ramp up"), _rule("Pst")
    ('band_share', 'ramp_up', 'pst')
    """
    if "," not in name:
        return "_".join(name.lower().split())
    said = name.split(", ", 1)[1]
    return "band_share" if said.startswith("share") else "band_" + "_".join(said.split())


STANDINGS: dict[str, Any] = {
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
