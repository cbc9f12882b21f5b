"""A fabric that another program designed, read from its InfraGraph file: what it has, and what it carries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from rackwright.errors import Problem, ProgramError
from rackwright.rack.network.clos import Fabric, folded_clos
from rackwright.rack.network.exchange.infragraph import NotAFabric, wiring_of
from rackwright.rack.network.exchange.infragraph_shape import shape_problems
from rackwright.rack.network.load.links import link_load
from rackwright.rack.network.load.traffic import uniform
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring
from rackwright.tables import Finding, finding

TIERS = ("leaves", "spines", "cores")


def given_wiring(path: Path) -> Wiring:
    """The fabric of an InfraGraph file, JSON or YAML.

    Raises
    ------
    ProgramError
        Where the file cannot be read, is not of InfraGraph's shape, or is no fabric of adapters and switches.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError) as problem:
        raise ProgramError([_problem(path, str(problem).splitlines()[0], "an InfraGraph file, JSON or YAML")]) from None
    tree = tree.get("infrastructure", tree) if isinstance(tree, dict) else tree
    problems = shape_problems(tree, path.name)
    if problems:
        raise ProgramError(problems)
    try:
        wiring = wiring_of(tree)
    except (NotAFabric, FabricProblem) as problem:
        raise ProgramError([_problem(path, str(problem), "a fabric of adapters and switches")]) from None
    except (KeyError, IndexError, ValueError) as problem:
        said = f"a part that does not fit the others ({problem})"
        raise ProgramError([_problem(path, said, "edges within the counts of instances and components")]) from None
    if not wiring.endpoints or not wiring.links:
        raise ProgramError([_problem(path, "no adapter with a link", "at least one adapter joined to a switch")])
    return wiring


def _problem(path: Path, found: str, expected: str) -> Problem:
    return Problem(file=path.name, line=0, path="", found=found, expected=expected)


def twice_used(wiring: Wiring) -> int:
    """Ports that more than one link ends on."""
    node = np.concatenate([wiring.lower, wiring.upper]).astype(np.int64)
    port = np.concatenate([wiring.lower_port, wiring.upper_port]).astype(np.int64)
    return len(node) - len(np.unique(node * (int(port.max(initial=0)) + 1) + port))


def peer(wiring: Wiring) -> Fabric:
    """One plane of ours for as many adapters, of switches of as many ports, one rail, nothing oversubscribed."""
    return folded_clos(wiring.endpoints, max(wiring.switch_ports, 2), planes=wiring.planes)


def given_rows(file: str, wiring: Wiring) -> Iterator[tuple[Any, ...]]:
    """Tier by tier: switches and links of all planes, beside our folded Clos of the same switch."""
    ours = peer(wiring)
    used = np.bincount(wiring.lower, minlength=wiring.nodes) + np.bincount(wiring.upper, minlength=wiring.nodes)
    counts = (
        (ours.leaves, ours.endpoint_links), (ours.spines, ours.leaf_spine_links), (ours.cores, ours.spine_core_links),
    )  # fmt: skip
    for tier, (name, (switches, links)) in enumerate(zip(TIERS, counts, strict=True), start=1):
        built = wiring.switches_of_tier(tier)
        if len(built) or switches:
            yield (
                file, wiring.endpoints, wiring.planes, name, len(built), switches * wiring.planes,
                len(wiring.links_of_tier(tier - 1)), links * wiring.planes, int(used[built].max(initial=0)),
                wiring.switch_ports,
            )  # fmt: skip


def given_findings(file: str, wiring: Wiring) -> Iterator[Finding]:
    """Each port meets at most one link; and what all to all gets of an adapter's rate."""
    yield finding(
        "rack.network.given_ports", file, float(twice_used(wiring)), 0.0, "", standing="standard", source="counting",
        text="ports that more than one link ends on",
    )  # fmt: skip
    ports = np.bincount(wiring.lower[wiring.lower < wiring.endpoints], minlength=wiring.endpoints)
    rate_bit_s = float(ports.max(initial=1)) * wiring.link_bit_s
    load = link_load(wiring, uniform(rate_bit_s))
    share = load.carried_share * load.delivered_share
    yield finding(
        "rack.network.given_all_to_all", file, share, 1.0 - 1e-9, "", standing="user", severity="note", at_least=True,
        source=file, text="share of its rate that an adapter of the given fabric gets when all send to all",
    )  # fmt: skip
