"""How firm a limit is: by the document that states it, or by who wrote it into the program."""

from __future__ import annotations

from dataclasses import replace

from rackwright.program import tree
from rackwright.program.load import Program, status_of
from rackwright.tables import STANDINGS, Finding, Standing, cap


def standing_of(program: Program, path: str) -> Standing | None:
    """Standing of the value at a program path; None where the path names no single value.

    A published value has the standing that its source declares (`standard`, `draft`, `roadmap`, `estimate`), and
    binds like the user's own where the source declares none: a maker's rating. Estimates and assumptions are
    estimates.
    """
    try:
        node = program.at(path)
    except KeyError:
        return None
    if node is None:
        return None
    status = status_of(node)
    if status in ("estimate", "assumed"):
        return "estimate"
    if status != "published" or not isinstance(node, tree.Mapping):
        return "user"
    source = node.items.get("source")
    name = source.text if isinstance(source, tree.Scalar) else ""
    declared = program.sources.get(name, {}).get("standing", "user")
    return next((known for known in STANDINGS if known == declared), "user")


def with_standings(findings: tuple[Finding, ...], program: Program, stage: str) -> tuple[Finding, ...]:
    """Findings of a stage with each limit's standing looked up at the program path that it names."""
    return tuple(_with_standing(item, program) if item.rule.startswith(stage) else item for item in findings)


def _with_standing(item: Finding, program: Program) -> Finding:
    if item.standing != "user" or item.outcome == "not modelled" or "." not in item.source:
        return item
    standing = standing_of(program, item.source)
    return item if standing is None else replace(item, standing=standing, severity=cap(item.severity, standing))
