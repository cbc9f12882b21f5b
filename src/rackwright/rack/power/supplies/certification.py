"""Certifications of supplies: the least efficiency at some loads. Bounds to compare with, never a device's curve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rackwright.rack.power.supplies.curves import PolynomialLoss, SplineLoss


@dataclass(frozen=True, slots=True)
class Certification:
    """The least efficiency at shares of the rated output."""

    name: str
    load_shares: tuple[float, ...]
    least: tuple[float, ...]
    standing: str = "accepted standard"
    source: str = ""


_TOMS = "80 PLUS efficiency table, Tom's Hardware"
#: Known rows, so that a program that names one as a device's curve is told. 80 PLUS as printed in the press.
CERTIFICATIONS: tuple[Certification, ...] = (
    Certification(
        "80 PLUS Titanium 230 V internal redundant", (0.1, 0.2, 0.5, 1.0), (0.90, 0.94, 0.96, 0.91), source=_TOMS
    ),
    Certification("80 PLUS Titanium 115 V", (0.1, 0.2, 0.5, 1.0), (0.90, 0.92, 0.94, 0.90), source=_TOMS),
    Certification("80 PLUS Titanium 230 V EU", (0.1, 0.2, 0.5, 1.0), (0.90, 0.94, 0.96, 0.94), source=_TOMS),
    Certification("80 PLUS Platinum 230 V internal redundant", (0.2, 0.5, 1.0), (0.90, 0.94, 0.91), source=_TOMS),
    Certification("80 PLUS Gold 230 V internal redundant", (0.2, 0.5, 1.0), (0.88, 0.92, 0.88), source=_TOMS),
    Certification(
        "80 PLUS Ruby data center",
        (0.05, 0.1, 0.2, 0.5, 1.0),
        (0.90, 0.91, 0.95, 0.965, 0.92),
        source="80 PLUS Ruby, TechSpot",
    ),
)


@dataclass(frozen=True, slots=True)
class BoundRow:
    """One load point of a certification beside a curve."""

    load_share: float
    least: float
    efficiency: float
    holds: bool

    @property
    def margin_points(self) -> float:
        """Efficiency above the least, in percentage points."""
        return 100 * (self.efficiency - self.least)


def bound_check(curve: PolynomialLoss | SplineLoss, certification: Certification) -> tuple[BoundRow, ...]:
    """A curve against every point of a certification.

    >>> from rackwright.rack.power.supplies.curves import PolynomialLoss
    >>> good = PolynomialLoss(3000.0, 12.0, 0.008, 5e-6)
    >>> all(row.holds for row in bound_check(good, CERTIFICATIONS[0]))
    True
    """
    rows = []
    for share, least in zip(certification.load_shares, certification.least, strict=True):
        efficiency = float(curve.efficiency(share * curve.rated_w))
        rows.append(BoundRow(share, least, efficiency, efficiency >= least))
    return tuple(rows)


def certified_as(
    load_shares: Iterable[float], efficiencies: Iterable[float], known: Iterable[Certification] = CERTIFICATIONS
) -> Certification | None:
    """The certification of which these points, three or more, are a part; None where there is none.

    >>> certified_as((0.2, 0.5, 1.0), (0.88, 0.92, 0.88)).name
    '80 PLUS Gold 230 V internal redundant'
    >>> certified_as((0.2, 0.5, 1.0), (0.881, 0.925, 0.885)) is None
    True
    """
    points = {(round(x, 6), round(e, 6)) for x, e in zip(load_shares, efficiencies, strict=True)}
    if len(points) < 3:
        return None
    for row in known:
        if points <= {(round(x, 6), round(e, 6)) for x, e in zip(row.load_shares, row.least, strict=True)}:
            return row
    return None
