"""What is read off a solved hall, in full or condensed: the least margin, where it is, and who is over the limit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.cooling.condensed import CondensedState
from rackwright.rack.cooling.hall import Hall
from rackwright.rack.cooling.hydraulics.network import Floats, Ints
from rackwright.rack.cooling.state import HallState


@dataclass(frozen=True, slots=True)
class Hottest:
    """A chip by its kind, rack (numbered from 0) and tray; `tray` is empty for a condensed rack."""

    chip: str
    rack: int
    tray: str
    case_k: float
    margin_k: float


@dataclass(frozen=True)
class Reading:
    """Margins and cases (scenarios, places), a place being a spot of a hall or a whole condensed rack.

    `chip` (scenarios or 1, places) numbers `chips`; `count` is how many chips a place stands for, 0 where that is not
    known.
    """

    margin_k: Floats
    case_k: Floats
    rack: Ints
    chip: Ints
    chips: tuple[str, ...]
    trays: tuple[str, ...]
    count: Ints
    rack_kg_s: Floats
    short: NDArray[np.bool_]

    @cached_property
    def least_margin_k(self) -> Floats:
        """Margin of the hottest chip, per scenario."""
        return np.asarray(self.margin_k.min(axis=1))

    @property
    def all_chips(self) -> int | None:
        """Chips of the hall; None for condensed racks."""
        return int(self.count.sum()) if self.count.all() else None

    def of_rows(self, rows: NDArray[np.intp]) -> Reading:
        """Chosen scenarios."""
        chip = self.chip if self.chip.shape[0] == 1 else self.chip[rows]
        return replace(
            self, margin_k=self.margin_k[rows], case_k=self.case_k[rows], chip=chip, rack_kg_s=self.rack_kg_s[rows],
            short=self.short[rows],
        )  # fmt: skip

    def without(self, racks: tuple[int, ...]) -> Reading:
        """The same with some racks' chips left out of account."""
        if not racks:
            return self
        return replace(self, margin_k=np.where(np.isin(self.rack, racks), np.inf, self.margin_k))

    def hottest(self, scenario: int) -> Hottest:
        """The chip with the least margin."""
        at = int(np.argmin(self.margin_k[scenario]))
        chip = self.chips[int(self.chip[scenario if self.chip.shape[0] > 1 else 0, at])]
        return Hottest(
            chip,
            int(self.rack[at]),
            self.trays[at],
            float(self.case_k[scenario, at]),
            float(self.margin_k[scenario, at]),
        )

    def racks_over(self, scenario: int) -> int:
        """Racks with a chip over its limit."""
        return len(np.unique(self.rack[self.margin_k[scenario] < 0]))

    def chips_over(self, scenario: int) -> int | None:
        """Chips over their limit; None for condensed racks."""
        return int(self.count[self.margin_k[scenario] < 0].sum()) if self.count.all() else None


def chips_per_spot(hall: Hall) -> Ints:
    """How many chips of a tray a spot stands for: its parallel paths, less what the last place of a series lacks."""
    return np.array([min(s.plates.paths, s.plates.per_tray - s.place * s.plates.paths) for s in hall.spots], np.int32)


def read_state(state: HallState | CondensedState) -> Reading:
    """The reading of a solved hall; set-points count as missed where any exchanger falls short."""
    short = np.asarray(state.warm.short.any(axis=1))
    if isinstance(state, CondensedState):
        return _read_condensed(state, short)
    spots = state.hall.spots
    chips = tuple(dict.fromkeys(spot.chip for spot in spots))
    return Reading(
        margin_k=state.margin_k,
        case_k=state.case_k,
        rack=np.array([spot.rack for spot in spots], np.int32),
        chip=np.array([[chips.index(spot.chip) for spot in spots]], np.int32),
        chips=chips,
        trays=tuple(spot.tray for spot in spots),
        count=chips_per_spot(state.hall),
        rack_kg_s=state.rack_kg_s,
        short=short,
    )


def _read_condensed(state: CondensedState, short: NDArray[np.bool_]) -> Reading:
    """Chip numbers run through all kinds of rack, one after the other."""
    laws = state.hall.laws
    first = np.cumsum([0, *(len(law.chips) for law in laws.values())])
    begin = dict(zip(laws, first.tolist(), strict=False))
    offset = np.array([begin[rack.name] for rack in state.hall.racks], np.int32)
    racks = len(state.hall.racks)
    return Reading(
        margin_k=state.margin_k,
        case_k=state.case_k,
        rack=np.arange(racks, dtype=np.int32),
        chip=state.chip + offset,
        chips=tuple(chip for law in laws.values() for chip in law.chips),
        trays=("",) * racks,
        count=np.zeros(racks, np.int32),
        rack_kg_s=state.rack_kg_s,
        short=short,
    )
