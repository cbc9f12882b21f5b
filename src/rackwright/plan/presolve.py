"""Parts that do not hold the plan back are left out of its first solve, and proven afterwards, week by week.

A part may leave where nothing of it is in stock or on the way, one offer has the least price, and own making is no
cheaper. Without it each rack carries the part's price: a relaxation, since no piece can cost less. The most that the racks
of the solved plan use in a week is then held against the offer's cap in that week: a part that passes has its certificate, as
buying each piece in the week of its use is possible and nothing is cheaper (stock costs its holding, other offers and own
lines their price); a part that does not comes back, and the program is solved again.

The whole program starts from that solution with the parts' columns put in, at prices that leave no reduced cost below
zero: so it is at its optimum at once, and were a certificate wrong, the simplex would go on and the answer still be exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import highspy
import numpy as np

from rackwright.plan.compile import Floats, values_of
from rackwright.plan.levels import blend
from rackwright.plan.live import carried_basis
from rackwright.plan.model import Model, compile_model
from rackwright.plan.question import Numbers
from rackwright.plan.solve import Solver

#: Pieces over a cap that are rounding of the solver, against the cap.
ROUNDING = 1e-7
#: Parts are tried where the cap has this room over the use that the demand alone asks for, smoothed over so many weeks,
#: and only where at least this share of all parts is.
ROOM, SMOOTH_WEEKS, WORTH_SHARE = 1.3, 26, 0.25
#: Times that parts may come back before all that are left are put in.
MOST_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Certificate:
    """Why a part leaves: the offer that is bought from (a row of `offers`), its cap and what the plan uses. [pieces]"""

    family: str
    offer: int
    price_usd: float
    cap: Floats  # (T,)
    used: Floats  # (T,)

    def holds(self) -> bool:
        """Whether the cap covers the use in every week."""
        return bool(np.all(self.used <= self.cap + ROUNDING * (1.0 + self.cap)))


@dataclass(frozen=True, slots=True)
class Start:
    """Where the whole program starts: its basis, the certificates of the parts left out, and what came back."""

    basis: highspy.HighsBasis
    certificates: tuple[Certificate, ...]
    came_back: tuple[str, ...]
    rounds: int


def may_leave(n: Numbers) -> Iterator[Certificate]:
    """Parts that may leave, with nothing used yet."""
    for row, family in enumerate(n.families):
        offers = [number for number, item in enumerate(n.offers) if item.family == family]
        if n.opening_stock[row] > 0 or n.on_order[row].any() or not offers or n.holding_per_week < 0:
            continue
        price = min(n.offers[number].price_usd for number in offers)
        if any(line.name == family and n.make_usd[number] < price for number, line in enumerate(n.lines)):
            continue
        cheapest = [number for number in offers if n.offers[number].price_usd == price]
        best = max(cheapest, key=lambda number: float(np.minimum(_cap(n, number), 1e12).sum()))
        yield Certificate(family, best, price, _cap(n, best), np.zeros(len(n.weeks)))


def _roomy(n: Numbers, leaving: tuple[Certificate, ...]) -> tuple[Certificate, ...]:
    """Those whose cap seems ample: a guess that spares rounds, never a proof."""
    weeks = len(n.weeks)
    rises = np.maximum(np.diff(n.required.sum(axis=1), axis=1, prepend=n.opening_live.sum(axis=1)[:, None]), 0.0)
    window = np.ones(min(SMOOTH_WEEKS, weeks)) / min(SMOOTH_WEEKS, weeks)
    smooth = np.array([np.convolve(row, window)[:weeks] for row in rises])
    peak = (n.use @ smooth).max(axis=1, initial=0.0)
    usable = np.asarray(n.may_build.any(axis=1))
    early = np.zeros_like(usable)
    if n.build_weeks < weeks:
        early[:, : weeks - n.build_weeks] = usable[:, n.build_weeks :]
    found = []
    for item in leaving:
        row = n.families.index(item.family)
        at = early[n.use[row] > 0].any(axis=0)
        if np.all(item.cap[at] >= ROOM * peak[row]):
            found.append(item)
    return tuple(found)


def _cap(n: Numbers, offer: int) -> Floats:
    return np.where(n.offers[offer].open, n.offers[offer].cap, 0.0)


def without(n: Numbers, leaving: tuple[Certificate, ...]) -> Numbers:
    """The numbers without those parts; racks carry their price."""
    gone = {item.family for item in leaving}
    kept = np.array([family not in gone for family in n.families], dtype=bool)
    lines = np.array([item.name not in gone for item in n.lines], dtype=bool)
    rest_usd = n.rest_usd.copy()
    for item in leaving:
        rest_usd = rest_usd + n.use[n.families.index(item.family)] * item.price_usd
    return replace(
        n,
        families=tuple(family for family in n.families if family not in gone),
        offers=tuple(item for item in n.offers if item.family not in gone),
        use=n.use[kept],
        opening_stock=n.opening_stock[kept],
        on_order=n.on_order[kept],
        order_price_usd=n.order_price_usd[kept],
        piece_usd=n.piece_usd[kept],
        rest_usd=rest_usd,
        lines=tuple(item for item in n.lines if item.name not in gone),
        line_capacity=n.line_capacity[lines],
        make_usd=n.make_usd[lines],
    )


def used_by(n: Numbers, family: str, built: Floats) -> Floats:
    """Pieces used in each week by racks finished `build_weeks` later, from racks built (G, P, T)."""
    finished = n.use[n.families.index(family)] @ built.sum(axis=1)
    used = np.zeros(len(n.weeks))
    if n.build_weeks < len(n.weeks):
        used[: len(n.weeks) - n.build_weeks] = finished[n.build_weeks :]
    return used


def begin(n: Numbers, model: Model) -> Start | None:
    """A basis of the whole program (its blended start) by way of the program without the parts that may leave.

    None where few parts may leave: there is nothing to gain.

    Raises
    ------
    NoPlan
        When HiGHS finds no optimum.
    """
    leaving = _roomy(n, tuple(may_leave(n)))
    if not leaving or len(leaving) < WORTH_SHARE * len(n.families):
        return None
    came_back: list[str] = []
    for number in range(1, MOST_ROUNDS + 1):
        small = without(n, leaving)
        part = compile_model(small)
        solver = Solver(part.arrays)
        answer = solver.minimise(blend(small, part), "ipx", part.builder)
        built = values_of(part.columns("built"), answer.x)
        leaving = tuple(replace(item, used=used_by(n, item.family, built)) for item in leaving)
        short = [item.family for item in leaving if not item.holds()]
        if not short or number == MOST_ROUNDS:
            break
        came_back += short
        leaving = tuple(item for item in leaving if item.holds())
    basis = carried_basis(solver.basis(), part.builder, model.builder)
    _put_in(n, model, leaving, basis)
    return Start(basis, leaving, tuple(came_back), number)


def _put_in(n: Numbers, model: Model, leaving: tuple[Certificate, ...], basis: highspy.HighsBasis) -> None:
    """Each part is bought as it is used: the offer's column is basic in each week, or the stock where it is not open."""
    columns, rows = list(basis.col_status), list(basis.row_status)
    parts, buy, stock = model.rows("part"), model.columns("buy"), model.columns("stock")
    for item in leaving:
        family = n.families.index(item.family)
        for week in range(len(n.weeks)):
            column = int(buy[item.offer, week])
            columns[column if column >= 0 else int(stock[family, week])] = highspy.HighsBasisStatus.kBasic
            rows[int(parts[family, week])] = highspy.HighsBasisStatus.kLower
    basis.col_status, basis.row_status = columns, rows


def lowest_reduced_cost_usd(n: Numbers, model: Model, start: Start, reduced: Floats) -> float:
    """The least reduced cost of the columns of parts left out [USD]: zero or above where the certificates are right."""
    gone = {item.family for item in start.certificates}
    offers = [number for number, item in enumerate(n.offers) if item.family in gone]
    families = [number for number, family in enumerate(n.families) if family in gone]
    lines = [number for number, item in enumerate(n.lines) if item.name in gone]
    blocks = ((model.columns("buy"), offers), (model.columns("stock"), families), (model.columns("make"), lines))
    found = [values_of(index[rows], reduced).min(initial=0.0) for index, rows in blocks if rows]
    return 1e3 * min(found, default=0.0)
