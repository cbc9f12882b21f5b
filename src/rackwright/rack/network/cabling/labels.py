"""Names on the cut list: devices, ports, labels at both ends, trays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rackwright.rack.network.cabling.floor import Placement, Routes
from rackwright.rack.network.cabling.media import Medium

if TYPE_CHECKING:
    from rackwright.rack.network.cabling.cut_list import CutList

Whole = NDArray[np.int64]


def frame(cuts: CutList) -> pl.DataFrame:
    """The cut list with every name and label written out."""
    pieces, wiring = cuts.pieces, cuts.wiring
    names, prefixes = device_names(cuts), label_prefixes(cuts.placement, wiring.nodes)
    side = {}
    for letter, device, cage, connector in (
        ("a", pieces.lower, pieces.lower_cage, pieces.lower_connector),
        ("b", pieces.upper, pieces.upper_cage, pieces.upper_connector),
    ):
        ports, port = _ports(cuts, device, cage, connector)
        side[f"{letter}_end"] = names.gather(device)
        side[f"{letter}_port"] = ports.gather(port)
        side[f"{letter}_prefix"] = prefixes.gather(device)
    plane = np.concatenate((wiring.plane, np.full(len(names) - wiring.nodes, -1, dtype=np.int16)))
    table = pl.DataFrame(
        {
            **side,
            "head": pieces.head_lower,
            "leg": (pieces.leg + 1).astype(np.int32),
            "medium": pl.Series([medium.name for medium in cuts.media]).gather(pieces.medium),
            "sku": _skus(cuts),
            "cords": pieces.cords.astype(np.int32),
            "stocked_m": pieces.stocked_m,
            "routed_m": np.round(pieces.routes.metres, 3),
            "tray": _trays(pieces.routes),
            "plane": np.maximum(plane[pieces.lower], plane[pieces.upper]),
            "rail": wiring.rail[wiring.lower[pieces.link]],
        }
    )
    table = table.with_columns(
        cable=pl.when("head").then(pl.concat_str("a_end", pl.lit(":"), "a_port")).otherwise(
            pl.concat_str("b_end", pl.lit(":"), "b_port")
        ),
        a_label=pl.concat_str("a_prefix", "a_port"),
        b_label=pl.concat_str("b_prefix", "b_port"),
    )  # fmt: skip
    from rackwright.rack.network.cabling.cut_list import COLUMNS

    return table.select([name for name, _, _ in COLUMNS])


def device_names(cuts: CutList) -> pl.Series:
    """Names of devices, boxes of shuffles named by the cable end that they serve first."""
    wiring, pieces = cuts.wiring, cuts.pieces
    names = wiring.labels(range(wiring.nodes))
    boxes = len(cuts.placement.device_rack) - wiring.nodes
    if boxes:
        into = np.flatnonzero((pieces.upper >= wiring.nodes) & (pieces.upper_cage == 0))
        own = [""] * boxes
        for leg in into.tolist():
            cage = int(pieces.lower_cage[leg]) + 1
            own[int(pieces.upper[leg]) - wiring.nodes] = (
                f"box-{names[int(pieces.lower[leg])]}-{_cage_in_device(cuts, cage - 1)}-{pieces.lower_connector[leg] + 1}"
            )
        names += own
    return pl.Series(names, dtype=pl.String)


def _cage_in_device(cuts: CutList, cage: int) -> int:
    ends = cuts.choice.ends
    if cage < ends.first_switch_cage:
        return cage % ends.per_endpoint + 1
    return (cage - ends.first_switch_cage) % ends.per_switch + 1


def label_prefixes(placement: Placement, nodes: int) -> pl.Series:
    """Labels of devices up to the port: floor.row.position.unit, as `F1.R03.P12.U21:`; a box adds its number in its rack."""
    units = max(2, len(str(placement.floor.rack_ru)))
    racks = pl.Series(placement.rack_names()).gather(placement.device_rack)
    unit = pl.Series(placement.device_ru).cast(pl.String).str.zfill(units)
    table = pl.DataFrame({"rack": racks, "unit": unit, "box": _box_marks(placement, nodes)})
    return table.select(pl.concat_str("rack", pl.lit(".U"), "unit", pl.lit(":"), "box")).to_series()


def _box_marks(placement: Placement, nodes: int) -> pl.Series:
    rack = placement.device_rack[nodes:]
    order = np.argsort(rack, kind="stable")
    first = np.searchsorted(rack[order], rack[order])
    number = np.empty(len(rack), dtype=np.int64)
    number[order] = np.arange(len(rack)) - first + 1
    return pl.Series([""] * nodes + [f"B{one:03d}-" for one in number.tolist()], dtype=pl.String)


def cage_names(cuts: CutList, cages: Whole) -> tuple[Whole, pl.Series]:
    """Device of each cage (the first of those that share it) and the cage's name on the labels."""
    wiring, ends = cuts.wiring, cuts.choice.ends
    device = np.where(
        cages < ends.first_switch_cage,
        cages // ends.per_endpoint * cuts.choice.cages[0].devices,
        wiring.endpoints + (cages - ends.first_switch_cage) // ends.per_switch,
    )
    number = cages - _first_cages(cuts)[device] + 1
    return device, pl.Series(number).cast(pl.String).str.zfill(_width(cuts))


def _width(cuts: CutList) -> int:
    """Digits of a cage's number."""
    pieces, first = cuts.pieces, _first_cages(cuts)
    most = max(int((cage - first[device]).max(initial=0)) for cage, device in
               ((pieces.lower_cage, pieces.lower), (pieces.upper_cage, pieces.upper)))  # fmt: skip
    return max(2, len(str(most + 1)))


def _ports(cuts: CutList, device: Whole, cage: Whole, connector: Whole) -> tuple[pl.Series, Whole]:
    """Names of ports, and the number of each row's name.

    Cages count from 1 in a switch, and in a tray over all its adapters, which share a rack unit; cords in a box.
    """
    number, width = cage - _first_cages(cuts)[device], _width(cuts)
    most = int(connector.max(initial=0)) + 1
    modules = max((max(family.connectors) for family in cuts.choice.families), default=1)
    names = [
        f"{one + 1:0{width}d}" + (f"/{each + 1}" if modules > 1 else "")
        for one in range(int(number.max(initial=0)) + 1)
        for each in range(most)
    ]
    return pl.Series(names, dtype=pl.String), number * most + connector


def _first_cages(cuts: CutList) -> Whole:
    """First cage of the switch, or of the rack unit that an adapter is in, for every device; 0 for boxes."""
    wiring, placement, ends = cuts.wiring, cuts.placement, cuts.choice.ends
    first = np.zeros(len(placement.device_rack), dtype=np.int64)
    count = wiring.endpoints
    own = np.arange(count) // cuts.choice.cages[0].devices * ends.per_endpoint
    unit = placement.device_rack[:count].astype(np.int64) * (placement.floor.rack_ru + 1) + placement.device_ru[:count]
    least = np.full(int(unit.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, unit, own)
    first[:count] = least[unit]
    first[count : wiring.nodes] = ends.first_switch_cage + np.arange(wiring.switches) * ends.per_switch
    return first


def sku(medium: Medium, form: tuple[int, int], stocked_m: float) -> str:
    """What is ordered: `sr8-2x400-30m`, a breakout `dac-800-1x2-1.5m`."""
    split = "" if form == (1, 1) else f"-{min(form)}x{max(form)}"
    return f"{medium.name}{split}-{stocked_m:g}m"


def _skus(cuts: CutList) -> pl.Series:
    pieces = cuts.pieces
    lengths = sorted({length for medium in cuts.media for length in medium.lengths_m})
    length = np.searchsorted(lengths, pieces.stocked_m)
    code = (pieces.medium * len(cuts.forms) + pieces.form) * len(lengths) + length
    used = np.flatnonzero(np.bincount(code, minlength=1))
    names = np.empty(len(cuts.media) * len(cuts.forms) * len(lengths), dtype=object)
    for one in used.tolist():
        rest, at = divmod(one, len(lengths))
        medium, form = divmod(rest, len(cuts.forms))
        names[one] = sku(cuts.media[medium], cuts.forms[form], lengths[at])
    return pl.Series(names.tolist(), dtype=pl.String).gather(code)


def _trays(routes: Routes) -> pl.Series:
    """Trays of routes in words: `L0 R03`, `L1 R03 X12 R07`; rows and positions from 1."""
    rows, places = int(max(routes.row_a.max(initial=0), routes.row_b.max(initial=0))) + 1, routes.crossing + 2
    across = int(places.max(initial=0)) + 1
    code = ((routes.level + 1).astype(np.int64) * rows + routes.row_a) * rows + routes.row_b
    code = np.where(routes.level < 0, 0, code * across + places)
    used, at = np.unique(code, return_inverse=True)
    return pl.Series([_tray(int(one), rows, across) for one in used], dtype=pl.String).gather(at)


def _tray(code: int, rows: int, across: int) -> str:
    if code == 0:
        return ""
    rest, place = divmod(code, across)
    rest, row_b = divmod(rest, rows)
    level, row_a = divmod(rest, rows)
    if place == 1:
        return f"L{level - 1} R{row_a + 1:02d}"
    return f"L{level - 1} R{row_a + 1:02d} X{place - 1:02d} R{row_b + 1:02d}"
