"""Checks across sections, once every value has been read: names that must exist, weeks in order, sources declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from rackwright.errors import Problem
from rackwright.figures import STATUSES
from rackwright.program import tree
from rackwright.program.case import Case
from rackwright.program.fields import VALUE_KEYS, Wrong, shown
from rackwright.program.measurements import read_measurements
from rackwright.program.schema import Root, leaves, references
from rackwright.program.sections.parts import Catalogue

SECTIONS = ("rack", "plant")
STEPS = ("l10", "l11", "leak_test", "burn_in", "l12", "pack_out")


def cross_check(
    case: Case, whole: tree.Mapping, parts: tree.Mapping, sources: Mapping[str, Mapping[str, str]]
) -> list[Problem]:
    """Every problem that needs more than one value to be seen."""
    return [
        *dangling(whole, parts),
        *_standing(whole, sources),
        *_rack_problems(case, whole),
        *_week_problems(case, whole),
        *_name_problems(case, whole),
        *_lever_problems(case, whole),
        *_start_problems(case, whole),
        *_table_problems(case, whole),
    ]


def _at(whole: tree.Node, path: str, found: str, expected: str, nearest: str | None = None) -> Problem:
    return Problem(*tree.place(whole, path), path, found, expected, nearest)


def _names(whole: tree.Mapping, parts: tree.Mapping, kind: str) -> list[str]:
    entries = whole.items.get(kind) if kind in SECTIONS else parts.items.get(kind)
    return list(entries.items) if isinstance(entries, tree.Mapping) else []


def dangling(whole: tree.Mapping, parts: tree.Mapping) -> Iterator[Problem]:
    """Every name of a rack, a plant or a part that does not exist."""
    found = [*references(Root, whole, ""), *references(Catalogue, parts, "catalogue")]
    for path, kinds, file, line, name in found:
        valid = [entry for kind in kinds for entry in _names(whole, parts, kind)]
        if name not in valid:
            where = " or ".join(
                f"catalogue.{kind}" if kind not in SECTIONS else f"the {kind} section" for kind in kinds
            )
            yield Problem(file, line, path, shown(name), f"a name in {where}", tree.nearest(name, valid))


def _standing(whole: tree.Mapping, sources: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    """A status must be one of four; a published figure must name a declared source."""
    own = whole.items.get("sources")
    known = {**sources, **(dict.fromkeys(own.items) if isinstance(own, tree.Mapping) else {})}
    for leaf in leaves(Root, whole, ""):
        node = leaf.node
        if not isinstance(node, tree.Mapping) or not node.items.keys() & VALUE_KEYS:
            continue
        status, source = node.items.get("status"), node.items.get("source")
        if isinstance(status, tree.Scalar) and status.text not in STATUSES:
            yield Problem(
                status.file, status.line, f"{leaf.path}.status", shown(status.text), f"one of {', '.join(STATUSES)}",
                tree.nearest(status.text, STATUSES),
            )  # fmt: skip
        if isinstance(status, tree.Scalar) and status.text == "published" and source is None:
            yield Problem(node.file, node.line, leaf.path, "published without a source", "source: an id under sources:")
        if isinstance(source, tree.Scalar) and isinstance(status, tree.Scalar) and status.text == "published":
            for item in source.text.split(","):
                if item.strip() not in known:
                    yield Problem(
                        source.file, source.line, f"{leaf.path}.source", shown(item), "an id declared under sources:",
                        tree.nearest(item.strip(), known),
                    )  # fmt: skip


def _rack_problems(case: Case, whole: tree.Mapping) -> Iterator[Problem]:
    for name, rack in case.rack.items():
        if rack.volume_until_week is not None and rack.volume_until_week < rack.volume_from_week:
            yield _at(whole, f"rack.{name}.volume_until", "a week before volume_from", "a week after it")
        for step, work in rack.build.items():
            path = f"rack.{name}.build.{step}"
            if step not in STEPS:
                yield _at(
                    whole,
                    path,
                    f"an unknown step, {shown(step)}",
                    f"one of {', '.join(STEPS)}",
                    tree.nearest(step, STEPS),
                )
            if work.per != "rack" and work.per not in rack.trays:
                yield _at(
                    whole, f"{path}.per", shown(work.per), f"rack, or one of its trays: {', '.join(rack.trays)}",
                    tree.nearest(work.per, ["rack", *rack.trays]),
                )  # fmt: skip
        chips = {part for tray in rack.trays.values() for part in tray.parts}
        if not any(case.catalogue.chips[part].role == "accelerator" for part in chips if part in case.catalogue.chips):
            yield _at(whole, f"rack.{name}.trays", "no accelerator", "a tray with a chip whose role is accelerator")
    for name, plant in case.plant.items():
        for step in plant.stations:
            if step not in STEPS or step == "burn_in":
                expected = f"one of {', '.join(step for step in STEPS if step != 'burn_in')}"
                yield _at(whole, f"plant.{name}.stations.{step}", shown(step), expected, tree.nearest(step, STEPS))


def _week_problems(case: Case, whole: tree.Mapping) -> Iterator[Problem]:
    for name, item in case.evaluation.items():
        if item.until_week < item.from_week:
            yield _at(whole, f"evaluation.{name}.until", "a week before from", "a week after it")
        if item.retest_week is not None and item.retest_week <= item.until_week:
            yield _at(whole, f"evaluation.{name}.retest", "a week not after until", "a later week")
    if case.roadmap is not None:
        for run, training in case.roadmap.training.items():
            if training.window[1] < training.window[0]:
                yield _at(whole, f"roadmap.training.{run}.window", "an end before the start", "[first week, last week]")
            model = training.model
            if model.flop is None and ((model.active or model.parameters) is None or model.tokens is None):
                yield _at(
                    whole, f"roadmap.training.{run}.model", "neither flop nor parameters and tokens",
                    "flop, or parameters (active for a mixture) and tokens",
                )  # fmt: skip
    if case.agreement is not None and case.agreement.option.until_week < case.agreement.option.from_week:
        yield _at(whole, "agreement.option.until", "a week before from", "a week after it")
    if case.agreement is not None and case.agreement.option.every_weeks < 1:
        yield _at(whole, "agreement.option.every", "less than a week", "a time such as 13 weeks")


def _name_problems(case: Case, whole: tree.Mapping) -> Iterator[Problem]:
    """Names that are keys of a section: evaluated generations, families, eligible generations."""
    racks = list(case.rack)
    for name in case.evaluation:
        if name not in case.rack:
            yield _at(whole, f"evaluation.{name}", shown(name), "a name in the rack section", tree.nearest(name, racks))
    if case.roadmap is not None:
        for kind, works in (("training", case.roadmap.training), ("serving", case.roadmap.serving)):
            for work, item in works.items():
                for number, generation in enumerate(item.generations or ()):
                    if generation not in case.rack:
                        yield _at(
                            whole, f"roadmap.{kind}.{work}.generations.{number}", shown(generation),
                            "a name in the rack section", tree.nearest(generation, racks),
                        )  # fmt: skip
    families = families_of(case)
    for path, name in _family_names(case):
        if name not in families:
            yield _at(whole, path, shown(name), "a family of some part in the racks", tree.nearest(name, families))
    if case.plan is not None:
        for name, expansion in case.plan.expansions.items():
            for step in expansion.places:
                if step not in STEPS:
                    yield _at(
                        whole,
                        f"plan.expansions.{name}.places.{step}",
                        shown(step),
                        f"one of {', '.join(STEPS)}",
                        tree.nearest(step, STEPS),
                    )


def _lever_problems(case: Case, whole: tree.Mapping) -> Iterator[Problem]:
    """Names and weeks of the plan's levers."""
    if case.plan is None:
        return
    plan, families = case.plan, families_of(case)
    for kind, items in (("surge", plan.levers.surge), ("expedite", plan.levers.expedite)):
        for name, item in items.items():
            path = f"plan.levers.{kind}.{name}"
            yield from _known(whole, f"{path}.supplier", item.supplier, "a supplier of the plan", list(plan.suppliers))
            parts = list(plan.suppliers[item.supplier].parts) if item.supplier in plan.suppliers else families
            yield from _known(whole, f"{path}.part", item.part, f"a part that {item.supplier} offers", parts)
    for name, other in plan.levers.alternate.items():
        path = f"plan.levers.alternate.{name}"
        yield from _known(whole, f"{path}.part", other.part, "a family of some part in the racks", families)
        if name in plan.suppliers:
            yield _at(whole, path, shown(name), "a name that no supplier of the plan has")
    for name, module in plan.levers.expansion.items():
        path = f"plan.levers.expansion.{name}"
        yield from _known(whole, f"{path}.of", module.of, "an expansion of the plan", list(plan.expansions))
        if module.of in plan.expansions:
            places = list(plan.expansions[module.of].at)
            yield from _known(whole, f"{path}.at", module.at, f"a plant that {module.of} may stand at", places)
    for kind, timed in (("surge", plan.levers.surge), ("overtime", plan.levers.overtime)):
        for name, span in timed.items():
            if span.until_week < span.from_week:
                yield _at(whole, f"plan.levers.{kind}.{name}.until", "a week before from", "a week not before it")


def _known(whole: tree.Mapping, path: str, found: str, expected: str, names: list[str]) -> Iterator[Problem]:
    if found not in names:
        yield _at(whole, path, shown(found), expected, tree.nearest(found, names))


def families_of(case: Case) -> list[str]:
    """Every part family that the catalogue knows."""
    catalogue = case.catalogue
    kinds = (catalogue.chips, catalogue.components, catalogue.switches, catalogue.optics, catalogue.shelves,
             catalogue.busbars, catalogue.batteries, catalogue.stores, catalogue.cdus, catalogue.frames)  # fmt: skip
    return sorted({part.family for kind in kinds for part in kind.values() if part.family})


def _family_names(case: Case) -> Iterator[tuple[str, str]]:
    if case.plan is None:
        return
    for name in case.plan.start.stock:
        yield f"plan.start.stock.{name}", name
    for name in case.plan.start.on_order:
        yield f"plan.start.on_order.{name}", name
    for name in case.plan.make:
        yield f"plan.make.{name}", name
    for supplier, offers in case.plan.suppliers.items():
        for name in offers.parts:
            yield f"plan.suppliers.{supplier}.parts.{name}", name


def _start_problems(case: Case, whole: tree.Mapping) -> Iterator[Problem]:
    if case.plan is not None:
        for name in case.plan.start.finished:
            if name not in case.rack:
                yield _at(
                    whole,
                    f"plan.start.finished.{name}",
                    shown(name),
                    "a name in the rack section",
                    tree.nearest(name, case.rack),
                )


def _table_problems(case: Case, whole: tree.Mapping) -> Iterator[Problem]:
    for name, item in case.evaluation.items():
        if item.measured is not None:
            try:
                read_measurements(Path(item.measured))
            except Wrong as wrong:
                yield _at(whole, f"evaluation.{name}.measured", wrong.found, wrong.expected)
