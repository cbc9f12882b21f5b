"""Findings of a block's solved loop: flow, temperature and pressure of every branch against its budget."""

from __future__ import annotations

from collections.abc import Iterator

from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack
from rackwright.rack.cooling.branches import BlockLoop, Branch
from rackwright.rack.cooling.loop import plate_range_m3_s
from rackwright.tables import Finding, finding, not_modelled

#: Heat that may be missing from a balance, as a share: rounding of sums over thousands of links stays far below.
CLOSURE_SHARE = 1e-9
#: Pressure of the room.
ROOM_PA = 101_325.0
#: Share of its flow that a plate may lack: the precision of the pumps' speed.
SERVED = 1e-4
#: What pumps and friction warm the coolant on its way to a plate, and the precision of a margin that rests on it. [K]
WARMED_K, PRECISION_K = 2e-3, 2e-2


def block_findings(generation: str, rack: Rack, catalogue: Catalogue, block: BlockLoop | None) -> list[Finding]:
    """Every check of the block's loop; one "not modelled" where it has none."""
    if block is None:
        text = "the loop of the block is not solved: no plates, no flow, the CDU's head and shut-off not stated, or its approach impossible at its rated flows"
        return [not_modelled("rack.cooling.block", generation, text, f"rack.{generation}.cooling.cdu")]
    return [
        *_flow_findings(generation, rack, block),
        *(item for branch in block.branches for item in _branch_findings(generation, rack, catalogue, branch)),
        *_pressure_findings(generation, rack, catalogue, block),
        *_lost_findings(generation, rack, block),
    ]


def _flow_findings(generation: str, rack: Rack, block: BlockLoop) -> Iterator[Finding]:
    yield finding(
        "rack.cooling.block_flow",
        generation,
        block.rack_least_m3_s,
        block.wanted_m3_s * (1 - SERVED),
        "m**3/s",
        standing="user",
        at_least=True,
        source=f"catalogue.cdus.{rack.cooling.cdu}.head",
        text=f"flow of the worst rack of the block, pumps at {min(block.speed, 1.0):.0%} of full speed",
    )
    yield finding(
        "rack.cooling.balance",
        generation,
        block.closure_share,
        CLOSURE_SHARE,
        "",
        standing="user",
        source=f"rack.{generation}.cooling",
        text="heat that the block's balance misses: chips and pumps against exchangers",
    )
    if not block.room_for_plates:
        yield finding(
            "rack.cooling.room_for_plates",
            generation,
            0.0,
            1.0,
            "",
            standing="user",
            at_least=True,
            severity="warning",
            source=f"rack.{generation}.cooling.piping.coupling",
            text="couplings, manifolds and hoses alone take the rack's stated drop; nothing is left for its plates",
        )
    for line in block.lines:
        yield finding(
            "rack.cooling.velocity",
            f"{generation}.{line.what}",
            line.velocity_m_s,
            rack.cooling.piping.velocity_most_m_s,
            "m/s",
            standing="estimate",
            severity="warning",
            source=f"rack.{generation}.cooling.piping.velocity_most",
            text=f"highest velocity in a {line.what} of {line.diameter_m * 1e3:.0f} mm",
        )


def _branch_findings(generation: str, rack: Rack, catalogue: Catalogue, branch: Branch) -> Iterator[Finding]:
    subject = f"{generation}.{branch.tray}.{branch.chip}"
    chip = catalogue.chips[branch.chip]
    plate, stated_k = chip.plate, chip.case_limit_k
    by_junction = stated_k is None or (branch.limit_k is not None and branch.limit_k < stated_k)
    key = "junction_limit" if by_junction and chip.junction_limit_k is not None else "case_limit"
    least = plate_range_m3_s(catalogue.plates[plate])[0] if plate is not None else 0.0
    yield finding(
        "rack.cooling.branch_flow",
        subject,
        branch.least_m3_s,
        least * (1 - SERVED),
        "m**3/s",
        standing="user",
        severity="warning",
        at_least=True,
        source=f"catalogue.plates.{plate}",
        text=f"least flow that a plate gets in the block (rack {branch.rack}) against what was measured or recommended",
    )
    if branch.limit_k is None:
        text = "no highest case temperature is stated"
        yield not_modelled("rack.cooling.branch_case", subject, text, f"catalogue.chips.{branch.chip}.{key}")
        return
    if branch.case_k is None:
        yield Finding(
            "rack.cooling.branch_case", subject, "failed", None, branch.limit_k, "K", None, "error", "estimate",
            f"catalogue.chips.{branch.chip}.{key}", "a plate of the block has heat and no flow",
        )  # fmt: skip
        return
    yield finding(
        "rack.cooling.branch_case",
        subject,
        _within(branch.case_k, branch.limit_k, SERVED * (branch.case_k - branch.inlet_k) + WARMED_K),
        branch.limit_k,
        "K",
        standing="estimate",
        source=f"catalogue.chips.{branch.chip}.{key}",
        text=f"hottest case in the block, in rack {branch.rack}, at the flow that its plate gets there",
    )


def _pressure_findings(generation: str, rack: Rack, catalogue: Catalogue, block: BlockLoop) -> Iterator[Finding]:
    name = rack.cooling.piping.coupling
    coupling = catalogue.couplings[name]
    if coupling.pressure_most_pa:
        yield finding(
            "rack.cooling.dead_head",
            generation,
            # ratings are over the room's pressure
            block.dead_head_pa - ROOM_PA,
            coupling.pressure_most_pa,
            "Pa",
            standing="estimate",
            source=f"catalogue.couplings.{name}.pressure_most",
            text="vessel's pressure and the pumps' at no flow, all racks shut, over the room's, against the couplings' rating",
        )
    if coupling.temperature_most_k is not None:
        yield finding(
            "rack.cooling.coupling_temperature",
            generation,
            block.return_k,
            coupling.temperature_most_k,
            "K",
            standing="estimate",
            source=f"catalogue.couplings.{name}.temperature_most",
            text="warmest return of a rack against the couplings' rating",
        )


def _lost_findings(generation: str, rack: Rack, block: BlockLoop) -> Iterator[Finding]:
    source = f"rack.{generation}.cooling.redundancy"
    if block.lost_flow_m3_s is None:
        text = "the block has one CDU: without it there is no flow"
        yield not_modelled("rack.cooling.cdu_lost", generation, text, source)
        return
    if block.lost_margin_k is None:
        yield Finding(
            "rack.cooling.cdu_lost", generation, "failed", None, 0.0, "delta_K", None, "error", "user", source,
            "with one CDU lost some plate has no flow",
        )  # fmt: skip
        return
    yield finding(
        "rack.cooling.cdu_lost",
        generation,
        -_within(-block.lost_margin_k, 0.0, PRECISION_K),
        0.0,
        "delta_K",
        standing="user",
        at_least=True,
        severity="error" if rack.cooling.redundancy != "N" else "warning",
        source=source,
        text="margin of the hottest chip with one CDU lost and the others' pumps at full speed",
    )


def _within(value: float, limit: float, precision: float) -> float:
    """The value, or the limit itself where it is over by no more than the precision of its calculation."""
    return limit if limit < value <= limit + precision else value
