"""What a solved block says, as plain numbers: kept with the design, read by checks, tables and pictures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Branch:
    """One kind of plate over all trays and racks of the block: least and most flow, and its hottest chip."""

    tray: str
    chip: str
    per_rack: int
    wanted_m3_s: float
    least_m3_s: float
    most_m3_s: float
    coupling_pa: float
    plates_pa: float
    inlet_k: float
    #: None where the plate has heat and no flow.
    case_k: float | None
    limit_k: float | None
    rack: int
    #: The flow lies below the plate's measured points.
    beyond: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Hoses, manifolds or headers: their size, highest velocity, and drop of supply and return together."""

    what: str
    diameter_m: float
    velocity_m_s: float
    drop_pa: float


@dataclass(frozen=True, slots=True)
class BlockLoop:
    """The block's loop as solved."""

    racks: int
    cdus: int
    #: Of full speed; above one where even full speed is not enough, then solved at one.
    speed: float
    enough: bool
    wanted_m3_s: float
    rack_least_m3_s: float
    rack_most_m3_s: float
    header_pa: float
    supply_k: float
    return_k: float
    pump_w: float
    heat_w: float
    #: What the heat balance misses, as a share of all heat.
    closure_share: float
    #: Whether the rack's stated drop leaves room for plates beside couplings, manifolds and hoses.
    room_for_plates: bool
    dead_head_pa: float
    branches: tuple[Branch, ...]
    lines: tuple[Line, ...]
    #: With one CDU lost and the others at full speed: None where there is only one.
    lost_margin_k: float | None
    lost_flow_m3_s: float | None
    lost_supply_k: float | None
