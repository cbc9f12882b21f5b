"""What to order and what to do: totals by SKU, and the plant's tasks by rack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from rackwright.rack.network.cabling.labels import sku

if TYPE_CHECKING:
    from rackwright.rack.network.cabling.cut_list import CutList

#: Kinds of racks, by number.
RACK_KINDS = ("compute", "leaf", "spine", "core")


def cable_totals(cuts: CutList) -> pl.DataFrame:
    """Cables by SKU: count, stocked metres in all, cost [USD], standing of reach and of price.

    A breakout counts once, cords side by side one by one.
    """
    pieces = cuts.pieces
    first = pieces.leg == 0
    cords = pieces.cords[first]
    legs = np.bincount(pieces.cable)[pieces.cable[first]] * cords
    table = pl.DataFrame(
        {"medium": pieces.medium[first], "form": pieces.form[first], "stocked_m": pieces.stocked_m[first], "legs": legs,
         "cords": cords}
    )  # fmt: skip
    table = table.group_by("medium", "form", "stocked_m").agg(cables=pl.col("cords").sum(), legs=pl.col("legs").sum())
    rows = []
    for medium, form, stocked_m, cables, legs_in_all in table.sort("medium", "form", "stocked_m").iter_rows():
        own = cuts.media[medium]
        usd = own.price_usd * cables + own.price_usd_m * stocked_m * legs_in_all
        name = sku(own, cuts.forms[form], stocked_m)
        rows.append(
            (name, own.name, cables, stocked_m, stocked_m * legs_in_all, usd, own.status, own.price_status, own.source)
        )
    schema = ["sku", "medium", "cables", "stocked_m", "metres", "cost_usd", "status", "price_status", "source"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def module_totals(cuts: CutList) -> pl.DataFrame:
    """Modules by name and tier of the device: count, power [W], cost [USD]. One to a cage, however many connectors.

    Plugs of attached cables have power but no name of their own; they are told by their medium's name.
    """
    choice, wiring = cuts.choice, cuts.wiring
    used = np.flatnonzero(choice.cage_kind >= 0)
    family, kind = choice.cage_family[used].astype(np.int64), choice.cage_kind[used].astype(np.int64)
    lower = choice.cage_lower[used]
    tier = np.array(choice.ends.kinds)[kind, np.where(lower, 0, 1)]
    code = ((family * 64 + kind) * 2 + lower) * 8 + tier
    rows = []
    for one, count in zip(*(part.tolist() for part in np.unique(code, return_counts=True)), strict=True):
        rest, at_tier = divmod(one, 8)
        rest, is_lower = divmod(rest, 2)
        of_family, of_kind = divmod(rest, 64)
        medium = choice.families[of_family].of_kind[of_kind]
        if medium is None:
            raise AssertionError(f"{wiring.name}: a cage without a medium")
        end = medium.a if is_lower else medium.b
        name = end.module or f"plug of {medium.name}"
        standing = (medium.status, end.price_status, medium.source)
        rows.append((name, at_tier, count, count * end.power_w, count * end.price_usd, *standing))
    schema = ["module", "tier", "count", "power_w", "cost_usd", "status", "price_status", "source"]
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.group_by("module", "tier", "status", "price_status", "source", maintain_order=True).agg(
        pl.col("count").sum(), pl.col("power_w").sum(), pl.col("cost_usd").sum()
    )  # fmt: skip


def box_total(cuts: CutList) -> int:
    """Boxes of shuffles that are used."""
    pieces, nodes = cuts.pieces, cuts.wiring.nodes
    return len(np.unique(pieces.upper[pieces.upper >= nodes]))


def rack_tasks(cuts: CutList) -> pl.DataFrame:
    """Tasks of each rack: what a plant does when the rack is built, and what is left for the floor.

    `..._inside`: both ends of the piece are in the rack. `mates` are connectors pushed in (ends), `routes` pieces laid (an
    outside piece counts where its a-end is), `labels` flags stuck on (one at each end), `modules` set into cages.
    """
    pieces, placement = cuts.pieces, cuts.placement
    rack_a, rack_b = placement.device_rack[pieces.lower], placement.device_rack[pieces.upper]
    inside, racks = rack_a == rack_b, placement.racks
    head = pieces.leg == 0
    shared_a, shared_b = pieces.head_lower & ~head, ~pieces.head_lower & ~head

    def count(rack: np.ndarray, marks: np.ndarray) -> np.ndarray:
        return np.rint(np.bincount(rack[marks], pieces.cords[marks], minlength=racks)).astype(np.int64)

    ends = {
        name: count(rack_a, marks & ~shared_a) + count(rack_b, marks & ~shared_b)
        for name, marks in (("inside", inside), ("outside", ~inside))
    }
    return pl.DataFrame(
        {
            "rack": placement.rack_names(),
            "kind": [RACK_KINDS[kind] for kind in placement.rack_kind.tolist()],
            "modules": _modules(cuts),
            "mates_inside": ends["inside"],
            "mates_outside": ends["outside"],
            "routes_inside": count(rack_a, inside),
            "routes_outside": count(rack_a, ~inside),
            "labels": ends["inside"] + ends["outside"],
        }
    )


def _modules(cuts: CutList) -> np.ndarray:
    """Modules set into the cages of each rack; plugs of attached cables are mates, not modules."""
    choice, wiring, ends = cuts.choice, cuts.wiring, cuts.choice.ends
    has = np.array(
        [[medium is not None and not medium.attached for medium in family.of_kind] for family in choice.families]
    )
    used = np.flatnonzero(choice.cage_kind >= 0)
    used = used[has[choice.cage_family[used], choice.cage_kind[used]]]
    shared = choice.cages[0].devices
    device = np.where(
        used < ends.first_switch_cage,
        used // ends.per_endpoint * shared,
        wiring.endpoints + (used - ends.first_switch_cage) // ends.per_switch,
    )
    return np.bincount(cuts.placement.device_rack[device], minlength=cuts.placement.racks)
