"""`rackwright rack FILE power --failures --pairs`: a rack's power path, studied beyond its design point."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rackwright.outcome import Outcome
from rackwright.program.case import Case
from rackwright.program.standings import with_standings
from rackwright.progress import SILENT, Progress
from rackwright.rack.design import RackDesign
from rackwright.rack.pieces import pieces_of
from rackwright.rack.power.architectures import COLUMNS, compare
from rackwright.rack.power.architectures_parts import Basis
from rackwright.rack.power.bar import bar_of
from rackwright.rack.power.path import COVERED, AfterLoss, after_losses
from rackwright.rack.power.redundancy import lose, pair_losses, single_losses
from rackwright.study import power_specs as specs
from rackwright.study.conversions import chain_finding, chain_of, chain_rows, feed_rows, staging_rows, supply_rows
from rackwright.study.dips import dip_row, ridden, ride_finding
from rackwright.study.faults import (
    arc_findings,
    check_rows,
    earth_findings,
    earth_rows,
    fault_rows,
    faulted_bus,
    protection_checks,
    protection_findings,
)
from rackwright.study.smoothing import devices_of, smoothing, smoothing_finding, smoothing_rows
from rackwright.study.steadiness import stability_findings, stability_row, steadiness
from rackwright.study.utility import (
    SiteView,
    findings_of,
    line_rows,
    spectrum_rows,
    views,
)
from rackwright.study.waveform import RECORDING, TRAINING, Moved, event_row, moved, wave_rows
from rackwright.study.waveform import findings_of as moving_findings
from rackwright.tables import Finding, TableSpec, finding, not_modelled

#: Racks drawn for the spread of set-points.
DRAWS = 200


@dataclass(frozen=True, slots=True)
class PowerQuestions:
    """What a study of the power path is asked."""

    failures: bool = False
    pairs: bool = False
    motion: bool = False
    architectures: bool = False
    utility: bool = False
    smooth: bool = False
    #: A recorded waveform of one rack in place of the roadmap's, and one site of several.
    waveform: Path | None = None
    site: str | None = None


def study_power(outcome: Outcome, questions: PowerQuestions, *, progress: Progress = SILENT) -> Outcome:
    """The outcome with the study's tables and findings among those of the rack stage."""
    assert outcome.rack is not None
    case = outcome.program.case()
    rows: dict[TableSpec, list[tuple[Any, ...]]] = {spec: [] for spec in _asked(questions)}
    findings: list[Finding] = []
    for design in outcome.rack.designs:
        _conversions(case, design, rows, findings)
        if questions.failures:
            progress.step(f"{design.generation}: every single loss")
            rows[specs.POWER_LOSSES] += _loss_rows(design, worst_first(design.power.losses))
            findings += _spread(case, design, outcome.program.seed)
            _faults(case, design, rows, findings)
        if questions.pairs:
            progress.step(f"{design.generation}: every pair of losses")
            found = _pairs(case, design)
            rows[specs.POWER_PAIRS] += _loss_rows(design, worst_first(found))
            findings += _pair_findings(design, found)
        if questions.motion:
            _motion(case, design, questions.waveform, outcome.program.seed, rows, findings, progress)
        if questions.architectures:
            progress.step(f"{design.generation}: architectures side by side")
            rows[specs.POWER_ARCHITECTURES] += _architecture_rows(case, design)
    if questions.utility:
        for view in views(case, outcome.rack.designs, questions.site, questions.waveform, outcome.program.seed):
            progress.step(f"{view.site} full of {view.generation}: {len(view.power_w) * view.step_s / 60:.0f} minutes")
            rows[specs.UTILITY_LINES] += line_rows(view)
            rows[specs.UTILITY_SPECTRUM] += spectrum_rows(view)
            findings += findings_of(view)
            assert case.buildout is not None
            site = case.buildout.sites[view.site]
            dips = list(ridden(case, view, site))
            rows[specs.UTILITY_DIPS] += map(dip_row, dips)
            findings.append(ride_finding(case, view, site, dips))
            if questions.smooth and not view.assessment.passes:
                _smooth(case, view, rows, findings, progress)
    tables = [spec.table(found) for spec, found in rows.items()]
    told = with_standings(tuple(findings), outcome.program, "")
    kept = replace(outcome.rack, tables=(*outcome.rack.tables, *tables), findings=(*outcome.rack.findings, *told))
    return replace(outcome, rack=kept)


def _asked(questions: PowerQuestions) -> Iterator[TableSpec]:
    yield from (specs.POWER_SUPPLIES, specs.POWER_STAGING, specs.POWER_CHAIN, specs.POWER_FEEDS)
    if questions.failures:
        yield from (specs.POWER_LOSSES, specs.POWER_FAULTS, specs.POWER_PROTECTION, specs.POWER_EARTH)
    if questions.pairs:
        yield specs.POWER_PAIRS
    if questions.motion:
        yield from (specs.POWER_EVENTS, specs.POWER_STABILITY, specs.POWER_WAVE)
    if questions.architectures:
        yield specs.POWER_ARCHITECTURES
    if questions.utility:
        yield from (specs.UTILITY_LINES, specs.UTILITY_DIPS, specs.UTILITY_SPECTRUM)
    if questions.smooth:
        yield specs.UTILITY_SMOOTHING


Rows = dict[TableSpec, list[tuple[Any, ...]]]


def _conversions(case: Case, design: RackDesign, rows: Rows, findings: list[Finding]) -> None:
    """Supplies' curves and staging, the chain to the chip, the feeds by phase."""
    rows[specs.POWER_SUPPLIES] += supply_rows(case, design)
    rows[specs.POWER_STAGING] += staging_rows(case, design)
    rows[specs.POWER_FEEDS] += feed_rows(case, design)
    chain = chain_of(case, design)
    if chain is not None:
        rows[specs.POWER_CHAIN] += chain_rows(design.generation, chain)
        findings.append(chain_finding(design.generation, chain))


def _faults(case: Case, design: RackDesign, rows: Rows, findings: list[Finding]) -> None:
    """Short circuits, what cuts them off, and faults to earth."""
    bus = faulted_bus(case, design)
    if bus is None:
        return
    rows[specs.POWER_FAULTS] += fault_rows(design.generation, bus)
    checks = protection_checks(case, design, bus)
    rows[specs.POWER_PROTECTION] += check_rows(design.generation, checks)
    rows[specs.POWER_EARTH] += earth_rows(case, design, bus)
    findings += protection_findings(design.generation, checks)
    findings += earth_findings(case, design, bus)
    findings += arc_findings(design, bus)


def _motion(
    case: Case,
    design: RackDesign,
    file: Path | None,
    seed: int,
    rows: Rows,
    findings: list[Finding],
    progress: Progress,
) -> None:
    """Events on the bus, its stability, and the training record."""
    rack = case.rack[design.generation]
    for item in moved(case, design, file, seed, progress):
        rows[specs.POWER_EVENTS].append(event_row(item))
        findings += moving_findings(item, rack)
        if isinstance(item, Moved) and item.event in (TRAINING, RECORDING):
            rows[specs.POWER_WAVE] += wave_rows(item)
    progress.step(f"{design.generation}: stability")
    steady = steadiness(case, design)
    if steady is not None:
        rows[specs.POWER_STABILITY].append(stability_row(steady))
        findings += stability_findings(steady)


def _smooth(case: Case, view: SiteView, rows: Rows, findings: list[Finding], progress: Progress) -> None:
    assert case.buildout is not None
    sizing = smoothing(case, view, case.buildout.sites[view.site], progress)
    devices = devices_of(case, view)
    rows[specs.UTILITY_SMOOTHING] += smoothing_rows(view, sizing, devices)
    findings.append(smoothing_finding(view, sizing, devices))


def _architecture_rows(case: Case, design: RackDesign) -> Iterator[tuple[Any, ...]]:
    """Racks of a block fed in every way; trays of the 800 V class take 800 V."""
    rack = case.rack[design.generation]
    if not design.power.load_w:
        return
    basis = Basis(
        rack_w=design.power.load_w,
        racks=max(rack.block.racks, 1),
        redundancy=rack.power.redundancy,
        ride_through_s=rack.power.ride_through_s,
        line_v=rack.power.feed_v,
        power_factor=rack.power.power_factor,
        trays_at_800_v=rack.power.architecture == "800vdc",
    )
    for item in compare(basis):
        facts = [getattr(item, name).value for name, _ in COLUMNS]
        by = dict(zip((name for name, _ in COLUMNS), facts, strict=True))
        yield (
            design.generation,
            item.name,
            *(by[name] for name in ("efficiency", "loss_w", "copper_kg", "rack_units", "floor_positions", "cost_usd")),
            *(by[name] for name in ("mv_a", "lv_a", "rack_feed_a", "bar_foot_a", "mid_a", "ride_through_s")),
            item.outcome,
            item.efficiency.status,
            ", ".join(item.unpriced),
        )


def worst_first(losses: tuple[AfterLoss, ...]) -> list[AfterLoss]:
    """What carries nothing first, then by what is asked of the supplies that are left, then by voltage."""
    return sorted(losses, key=lambda loss: (loss.carried, -loss.asked_share, loss.lowest_v))


def _spread(case: Case, design: RackDesign, seed: int) -> Iterator[Finding]:
    """Racks whose supplies differ in their set-points, after every loss that the redundancy covers."""
    rack = case.rack[design.generation]
    shelf = case.catalogue.shelves[rack.power.shelf]
    rule, path = "rack.power.sharing", f"catalogue.shelves.{rack.power.shelf}.set_point"
    if not shelf.set_point_share:
        yield not_modelled(rule, design.generation, "no spread of the supplies' set-points is stated", path)
        return
    if not design.power.shelves:
        return
    bar = bar_of(rack, case.catalogue, pieces_of(rack, case.catalogue), design.power.shelves, limited=True)
    kinds = ("none", *COVERED[design.power.redundancy])
    rng = np.random.default_rng(seed)
    volts = shelf.output_v * (1 + shelf.set_point_share * rng.uniform(-1, 1, (DRAWS, len(bar.network.sources))))
    states = lose(bar, tuple(loss for loss in single_losses(bar) if loss.kind in kinds), source_v=volts)
    dark = int((~states.carried).any(axis=1).sum())
    most = float(states.supply_share[:, 0].max())
    yield finding(
        rule,
        design.generation,
        float(dark),
        0.0,
        "",
        standing="user",
        source=f"rack.{design.generation}.power.redundancy",
        text=f"racks of {DRAWS} with set-points spread by {shelf.set_point_share:.2%} that some covered loss leaves dark; "
        f"with nothing lost the most loaded supply of all gives {most:.0%} of its rating",
    )


def _pairs(case: Case, design: RackDesign) -> tuple[AfterLoss, ...]:
    rack = case.rack[design.generation]
    if not design.power.shelves:
        return ()
    bar = bar_of(rack, case.catalogue, pieces_of(rack, case.catalogue), design.power.shelves, limited=True)
    return after_losses(rack, bar, lose(bar, pair_losses(bar)))


def _pair_findings(design: RackDesign, found: tuple[AfterLoss, ...]) -> Iterator[Finding]:
    if found:
        dark = sum(not loss.carried for loss in found)
        yield finding(
            "rack.power.pairs",
            design.generation,
            float(dark),
            0.0,
            "",
            standing="user",
            severity="note",
            source=f"rack.{design.generation}.power.redundancy",
            text=f"pairs of losses, of {len(found):,}, after which the supplies left do not carry the rack",
        )


def _loss_rows(design: RackDesign, losses: list[AfterLoss]) -> Iterator[tuple[Any, ...]]:
    """A row for each, those of one kind that come to the same together: each was solved, none needs reading twice."""
    alike: dict[tuple[Any, ...], list[AfterLoss]] = {}
    for loss in losses:
        figures = (loss.asked_share, loss.lowest_v, loss.supply_share, loss.shelf_a, loss.bar_a, loss.tap_a)
        alike.setdefault((loss.kind, loss.carried, *(f"{value:.6g}" for value in figures)), []).append(loss)
    for found in alike.values():
        yield _loss_row(design, found[0], len(found))


def _loss_row(design: RackDesign, loss: AfterLoss, alike: int) -> tuple[Any, ...]:
    solved = loss.lowest_v > 0
    return (
        design.generation,
        loss.name,
        alike,
        loss.kind,
        "yes" if loss.covered else "",
        "yes" if loss.carried else "no",
        loss.asked_share if math.isfinite(loss.asked_share) else None,
        *(
            (loss.lowest_v, loss.supply_share, loss.shelf_a, loss.bar_a, loss.tap_a, loss.cord_a)
            if solved
            else [None] * 6
        ),
    )
