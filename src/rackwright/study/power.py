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
from rackwright.progress import SILENT, Progress
from rackwright.rack.design import RackDesign
from rackwright.rack.pieces import pieces_of
from rackwright.rack.power.bar import bar_of
from rackwright.rack.power.path import COVERED, AfterLoss, after_losses
from rackwright.rack.power.redundancy import lose, pair_losses, single_losses
from rackwright.study import power_specs as specs
from rackwright.study.utility import findings_of, line_rows, spectrum_rows, views
from rackwright.tables import Finding, TableSpec, finding, not_modelled

#: Racks drawn for the spread of set-points.
DRAWS = 200


@dataclass(frozen=True, slots=True)
class PowerQuestions:
    """What a study of the power path is asked."""

    failures: bool = False
    pairs: bool = False
    utility: bool = False
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
        if questions.failures:
            progress.step(f"{design.generation}: every single loss")
            rows[specs.POWER_LOSSES] += _loss_rows(design, worst_first(design.power.losses))
            findings += _spread(case, design, outcome.program.seed)
        if questions.pairs:
            progress.step(f"{design.generation}: every pair of losses")
            found = _pairs(case, design)
            rows[specs.POWER_PAIRS] += _loss_rows(design, worst_first(found))
            findings += _pair_findings(design, found)
    if questions.utility:
        for view in views(case, outcome.rack.designs, questions.site, questions.waveform, outcome.program.seed):
            progress.step(f"{view.site} full of {view.generation}: {len(view.power_w) * view.step_s / 60:.0f} minutes")
            rows[specs.UTILITY_LINES] += line_rows(view)
            rows[specs.UTILITY_SPECTRUM] += spectrum_rows(view)
            findings += findings_of(view)
    tables = [spec.table(found) for spec, found in rows.items()]
    kept = replace(outcome.rack, tables=(*outcome.rack.tables, *tables), findings=(*outcome.rack.findings, *findings))
    return replace(outcome, rack=kept)


def _asked(questions: PowerQuestions) -> Iterator[TableSpec]:
    if questions.failures:
        yield specs.POWER_LOSSES
    if questions.pairs:
        yield specs.POWER_PAIRS
    if questions.utility:
        yield from (specs.UTILITY_LINES, specs.UTILITY_SPECTRUM)


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
