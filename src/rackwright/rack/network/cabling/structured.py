"""Structured cabling: polarity of MPO channels, insertion loss, bends, trunks between racks.

Fibre positions count from 1, as on the connector. TIA-568.3: a type A trunk joins position i to i, type B i to N + 1 - i,
type C swaps neighbours in pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rackwright.figures import Status, weakest

if TYPE_CHECKING:
    from rackwright.rack.network.cabling.cut_list import CutList
    from rackwright.rack.network.cabling.media import Medium

Method = Literal["A", "B", "C"]


def passed(method: Method, fibres: int) -> NDArray[np.int64]:
    """Position at the far end of each fibre, for one trunk or cord.

    >>> passed("B", 12).tolist(), passed("C", 4).tolist()
    ([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], [2, 1, 4, 3])
    """
    if fibres < 2 or fibres % 2:
        raise ValueError(f"{fibres} fibres: an MPO row has an even number")
    position = np.arange(1, fibres + 1)
    if method == "A":
        return position
    if method == "B":
        return fibres + 1 - position
    return position + np.where(position % 2 == 1, 1, -1)


def channel(methods: Sequence[Method], fibres: int) -> NDArray[np.int64]:
    """Far position of each fibre through cords and trunks one after another."""
    position = np.arange(1, fibres + 1)
    for method in methods:
        position = passed(method, fibres)[position - 1]
    return position


def parallel_works(methods: Sequence[Method], fibres: int, lanes: int) -> bool:
    """Whether every transmitter of parallel optics meets the receiver of its own lane.

    Transmitters sit at positions 1 to `lanes`, receivers from the other side: lane k at `fibres` + 1 - k (4 lanes on 12
    fibres, 8 on 16). So the channel must reverse: an odd number of type B among A's, and no C left over.

    >>> parallel_works(["A", "A", "B"], 12, 4), parallel_works(["B", "A", "B"], 12, 4)
    (True, False)
    """
    lane = np.arange(1, lanes + 1)
    return bool((channel(methods, fibres)[:lanes] == fibres + 1 - lane).all())


def missing_cord(methods: Sequence[Method], fibres: int, lanes: int) -> Method | None:
    """The last cord, A or B, that makes the channel work; None where neither does."""
    cords: tuple[Method, Method] = ("A", "B")
    return next((cord for cord in cords if parallel_works((*methods, cord), fibres, lanes)), None)


@dataclass(frozen=True, slots=True)
class FibreFigures:
    """Losses of a kind of fibre and its connectors, and its bends.

    `bend_diameters` is the least bend radius over the cable's outer diameter, at rest.
    """

    fibre: str
    loss_db_m: float
    connector_db: float
    bend_diameters: float
    status: Status
    source: str


def loss_db(metres: NDArray[np.float64], connections: int, figures: FibreFigures) -> NDArray[np.float64]:
    """Insertion loss of channels with `connections` mated pairs between the modules' own (which the budget leaves out).

    80 m of 3.0 dB/km with two pairs of 0.35 dB: 0.24 + 0.70 = 0.94 dB.
    """
    return metres * figures.loss_db_m + connections * figures.connector_db


def loss_table(cuts: CutList, fibres: Sequence[FibreFigures], panel_pairs: int) -> pl.DataFrame:
    """The worst channel of each fibre medium beside what its modules allow; margin below zero does not work.

    `panel_pairs` mated pairs are in every channel between racks (2 with a panel at each end of a trunk); a shuffle's box
    adds two.
    """
    figures, rows, pieces = {one.fibre: one for one in fibres}, [], cuts.pieces
    through_m, boxed = _through(cuts)
    for at, medium in enumerate(cuts.media):
        own = figures.get(medium.fibre)
        of_medium = np.flatnonzero(pieces.medium == at)
        if own is None or medium.loss_db is None or not len(of_medium):
            continue
        outside = pieces.routes.level[of_medium] >= 0
        losses = loss_db(through_m[of_medium], 0, own)
        losses += own.connector_db * (panel_pairs * outside + 2 * boxed[of_medium])
        worst = int(losses.argmax())
        rows.append((medium.name, float(through_m[of_medium][worst]), float(losses[worst]), medium.loss_db,
                     weakest([own.status, medium.loss_status])))  # fmt: skip
    return pl.DataFrame(
        rows, schema=["medium", "worst_m", "worst_db", "allowed_db", "status"], orient="row"
    ).with_columns(margin_db=pl.col("allowed_db") - pl.col("worst_db"))  # fmt: skip


def _through(cuts: CutList) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Stocked metres from module to module of each row's channel, and whether it goes through a box."""
    found = []
    for part in cuts.choice.parts:
        stocked_m = np.zeros(len(part.variant.legs.cable_begin))
        stocked_m[part.cables] = part.stocked_m
        found.append(part.variant.through_m(stocked_m)[part.cables])
    boxed = (cuts.pieces.lower >= cuts.wiring.nodes) | (cuts.pieces.upper >= cuts.wiring.nodes)
    return np.concatenate(found)[cuts.pieces.cable], boxed


def least_bend_m(diameter_m: float, figures: FibreFigures) -> float:
    """Least radius that a cable may be bent to. [m]

    >>> round(least_bend_m(0.003, FibreFigures("SMF", 4e-4, 0.35, 10.0, "assumed", "")), 3)
    0.03
    """
    return diameter_m * figures.bend_diameters


def too_tight(media: Sequence[Medium], fibres: Sequence[FibreFigures], corner_m: float) -> list[tuple[str, float]]:
    """Media that a corner of radius `corner_m` bends too far, each with the radius that would do. [m]"""
    figures = {one.fibre: one for one in fibres}
    needs = [
        (medium.name, least_bend_m(medium.diameter_m, figures[medium.fibre]))
        for medium in media
        if medium.fibre in figures
    ]
    return [(name, radius_m) for name, radius_m in needs if radius_m > corner_m]


def trunks(cuts: CutList, fibres_a_trunk: int) -> pl.DataFrame:
    """MPO trunks between racks instead of single cords: one row for each pair of racks and level of trays.

    Cords of fibre media that leave their rack are gathered; a trunk has `fibres_a_trunk` fibres, and no trunk carries two
    levels, so planes stay apart. Columns: racks (by name), level, cords, fibres, trunks, fibres left over in them.
    """
    pieces, placement = cuts.pieces, cuts.placement
    fibres = np.array([medium.fibres if not medium.attached else 0 for medium in cuts.media])[pieces.medium]
    fibres = fibres * pieces.cords
    out = np.flatnonzero((pieces.routes.level >= 0) & (fibres > 0) & (pieces.leg == 0))
    names = pl.Series(placement.rack_names())
    racks = (placement.device_rack[pieces.lower[out]], placement.device_rack[pieces.upper[out]])
    low, high = np.minimum(*racks), np.maximum(*racks)
    table = pl.DataFrame({"low": low, "high": high, "level": pieces.routes.level[out], "fibres": fibres[out],
                          "cords": pieces.cords[out]})  # fmt: skip
    table = table.group_by("low", "high", "level").agg(cords=pl.col("cords").sum(), fibres=pl.col("fibres").sum())
    table = table.sort("low", "high", "level").with_columns(
        rack_a=names.gather(table.sort("low", "high", "level")["low"]),
        rack_b=names.gather(table.sort("low", "high", "level")["high"]),
        trunks=-(-pl.col("fibres") // fibres_a_trunk),
    )
    return table.select(
        "rack_a", "rack_b", "level", "cords", "fibres", "trunks",
        left_over=pl.col("trunks") * fibres_a_trunk - pl.col("fibres"),
    )  # fmt: skip
