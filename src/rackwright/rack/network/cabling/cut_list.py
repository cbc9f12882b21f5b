"""The cut list: every piece of cable that a technician pulls, with its ends, length, route and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rackwright.rack.network.cabling.choosing import Choice, Part, choose
from rackwright.rack.network.cabling.floor import Placement, Routes
from rackwright.rack.network.cabling.media import Cage, Medium

if TYPE_CHECKING:
    from rackwright.rack.network.cabling.blast import Climb
    from rackwright.rack.network.topology.wiring import Wiring

Whole = NDArray[np.int64]

#: Columns of the cut list: name, unit, meaning.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("cable", "", "id of the cable: device and port of its single end; it stays when the fabric grows"),
    ("leg", "", "leg of a breakout, from 1; other cables have one"),
    ("a_end", "", "device at the end nearer the endpoints, or the box of a shuffle"),
    ("a_port", "", "cage, and connector of its module where it has several, from 1"),
    ("b_end", "", "device at the other end"),
    ("b_port", "", "cage and connector there"),
    ("medium", "", "medium by name"),
    ("sku", "", "what is ordered: medium, form and stocked length; one for all legs of a cable"),
    ("cords", "", "cords side by side: 2 where one link fills a module of two connectors"),
    ("stocked_m", "m", "stocked length"),
    ("routed_m", "m", "length of the route with slack"),
    (
        "tray",
        "",
        "level of trays, tray of its row, position of the crossing, tray of the other row; empty within a rack",
    ),
    ("plane", "", "plane of the fabric, -1 where a piece carries several"),
    ("rail", "", "rail, -1 where there is none"),
    ("a_label", "", "floor.row.position.unit:port, to be stuck at that end"),
    ("b_label", "", "the same of the other end"),
)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Legs of the cut list as arrays (legs,); devices from `Wiring.nodes` on are boxes of shuffles.

    `head` says whether the lower end names the cable; `medium` and `length` count in `CutList.media` and in metres.
    """

    cable: Whole
    leg: Whole
    link: Whole
    lower: Whole
    upper: Whole
    lower_cage: Whole
    upper_cage: Whole
    lower_connector: Whole
    upper_connector: Whole
    head_lower: NDArray[np.bool_]
    medium: Whole
    form: Whole
    cords: Whole
    stocked_m: NDArray[np.float64]
    routes: Routes


@dataclass(frozen=True)
class CutList:
    """A fabric's cables on a floor. `placement` has the boxes of shuffles as devices after those of the wiring."""

    wiring: Wiring
    placement: Placement
    choice: Choice
    media: tuple[Medium, ...]
    forms: tuple[tuple[int, int], ...]
    pieces: Pieces

    @property
    def cables(self) -> int:
        """Cables (a breakout counts once, a shuffle's cords one by one)."""
        return int((self.pieces.leg == 0).sum())

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The whole list, one row a leg; see `COLUMNS`."""
        from rackwright.rack.network.cabling.labels import frame

        return frame(self)

    @cached_property
    def rows_of_links(self) -> tuple[Whole, Whole]:
        """Row of the list at the lower and the upper end of each link; see `through.rows_of_links`."""
        from rackwright.rack.network.cabling.through import rows_of_links

        return rows_of_links(self)

    @cached_property
    def climb(self) -> Climb:
        """The way up of the fabric, for losses; see `blast.Climb`."""
        from rackwright.rack.network.cabling.blast import climb_of

        return climb_of(self.wiring)

    def write(self, path: Path) -> None:
        """As Parquet or CSV, by the ending of `path`."""
        if path.suffix == ".parquet":
            self.frame.write_parquet(path)
        elif path.suffix == ".csv":
            self.frame.write_csv(path)
        else:
            raise ValueError(f"{path.name}: a cut list is written as .parquet or .csv")


def cut_list(
    wiring: Wiring,
    placement: Placement,
    cages: tuple[Cage, ...],
    media: Sequence[Medium],
    *,
    hub_ru: int = 1,
    watt_usd: float = 0.0,
) -> CutList:
    """Every cable of the fabric with its route, medium and stocked length; see `choose` for the rules and problems.

    `cages` are those of endpoints, leaves, spines and cores; `hub_ru` is the unit at which boxes of shuffles hang.
    """
    choice = choose(wiring, placement, cages, media, hub_ru=hub_ru, watt_usd=watt_usd)
    rows = list(dict.fromkeys(medium for part in choice.parts for medium in part.family.of_kind if medium is not None))
    forms: dict[tuple[int, int], int] = {}
    found: list[Pieces] = []
    rack, unit = [placement.device_rack], [placement.device_ru]
    boxes, cables = {}, 0
    for part in choice.parts:
        variant = part.variant
        if id(variant) not in boxes:
            boxes[id(variant)] = sum(len(one) for one in rack) - wiring.nodes
            rack.append(variant.placement.device_rack[wiring.nodes :])
            unit.append(variant.placement.device_ru[wiring.nodes :])
        found.append(_pieces(part, cages, rows, forms, boxes[id(variant)], cables))
        cables += len(part.cables)
    placed = Placement(
        placement.floor, placement.rack_row, placement.rack_position, placement.rack_kind,
        np.concatenate(rack), np.concatenate(unit),
    )  # fmt: skip
    return CutList(wiring, placed, choice, tuple(rows), tuple(forms), _joined(found))


def _pieces(
    part: Part, cages: tuple[Cage, ...], media: list[Medium], forms: dict[tuple[int, int], int], box: int, before: int
) -> Pieces:
    """The legs of one part; its boxes begin `box` further on, its cables are numbered from `before`."""
    variant, family = part.variant, part.family
    wiring, legs = variant.wiring, variant.legs
    number = np.full(len(legs.cable_begin), -1)
    number[part.cables] = np.arange(len(part.cables))
    leg = np.flatnonzero(number[legs.cable] >= 0) if len(part.cables) < len(number) else np.arange(len(legs.cable))
    cable = legs.cable[leg]
    rows = np.array([-1 if medium is None else media.index(medium) for medium in family.of_kind])
    lower, upper = legs.lower[leg], legs.upper[leg]
    most = max(family.connectors)
    lower_box, upper_box = lower >= wiring.nodes, upper >= wiring.nodes
    lower_end, upper_end = legs.lower_end[leg], legs.upper_end[leg]
    low, up = variant.assemblies.ends_lower[legs.assembly[leg]], variant.assemblies.ends_upper[legs.assembly[leg]]
    cord = lower_box | upper_box
    low, up = np.where(cord, 1, low), np.where(cord, 1, up)
    base = 1 << 20
    kinds, form = np.unique(low * base + up, return_inverse=True)
    of_form = np.array([forms.setdefault((int(one) // base, int(one) % base), len(forms)) for one in kinds])
    routes = variant.routes
    return Pieces(
        cable=before + number[cable],
        leg=leg - legs.cable_begin[cable],
        link=legs.link[leg],
        lower=lower + np.where(lower_box, box, 0),
        upper=upper + np.where(upper_box, box, 0),
        lower_cage=np.where(lower_box, lower_end, lower_end // most),
        upper_cage=np.where(upper_box, upper_end, upper_end // most),
        lower_connector=np.where(lower_box, 0, lower_end % most),
        upper_connector=np.where(upper_box, 0, upper_end % most),
        head_lower=np.where(cord, upper_box, low == 1),
        medium=rows[variant.kind[cable]],
        form=of_form[form],
        cords=np.array(family.cords)[variant.kind[cable]],
        stocked_m=part.stocked_m[number[cable]],
        routes=Routes(*(getattr(routes, field)[leg] for field in Routes.__slots__)),
    )


def _joined(parts: list[Pieces]) -> Pieces:
    """Pieces one after another."""
    if len(parts) == 1:
        return parts[0]
    fields = [field for field in Pieces.__slots__ if field != "routes"]
    columns = {field: np.concatenate([getattr(part, field) for part in parts]) for field in fields}
    routes = Routes(*(np.concatenate([getattr(part.routes, field) for part in parts]) for field in Routes.__slots__))
    return Pieces(**columns, routes=routes)
