"""What a plant of heat rejection is made of: cells, pumps, the towers' own water, chillers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from rackwright.buildout.rejection.chiller import Chiller
from rackwright.buildout.rejection.control import Bank
from rackwright.buildout.rejection.fans import Pump

Economiser = Literal["integrated", "alone", "none"]


class Mode(IntEnum):
    """Who cools in an hour."""

    IDLE = 0
    FREE = 1
    PARTIAL = 2
    MECHANICAL = 3


@dataclass(frozen=True, slots=True)
class TowerLoop:
    """The towers' own water: its pump, and the exchanger between it and the loop.

    `exchanger_effectiveness` is of the smaller stream; with equal flows it is rise / (rise + approach).
    `condenser_wanted_k` is what the fans hold where the tower serves condensers only.
    """

    pump: Pump
    exchanger_effectiveness: float
    condenser_wanted_k: float = 291.15

    def __post_init__(self) -> None:
        if not 0 < self.exchanger_effectiveness <= 1:
            raise ValueError("exchanger_effectiveness must be above 0 and at most 1")


@dataclass(frozen=True, slots=True)
class Plant:
    """Cells, pumps and chillers of a site. `design_heat_w` is the load at which pumps that follow it run full.

    `tower` None: the loop's own liquid runs through the cells. `economiser` says what the cells may do beside a
    chiller: `integrated` (together with it), `alone` (either or), `none` (serve its condensers only).
    """

    bank: Bank
    loop: Pump
    design_heat_w: float
    tower: TowerLoop | None = None
    chiller: Chiller | None = None
    economiser: Economiser = "integrated"
    cp_j_kg_k: float = 4186.0

    def __post_init__(self) -> None:
        if self.design_heat_w <= 0:
            raise ValueError("design_heat_w must be above zero")
        if self.tower is None and self.bank.cell.cp_j_kg_k != self.cp_j_kg_k:
            raise ValueError("without towers' own water, cells and loop hold one liquid: give both one cp_j_kg_k")
        condenser = "air" if self.tower is None else "water"
        if self.chiller is not None and self.chiller.curves.condenser != condenser:
            raise ValueError(f"this chiller's condenser is cooled by {self.chiller.curves.condenser}, not {condenser}")
        if self.chiller is None and self.economiser == "none":
            raise ValueError("a plant without economiser needs a chiller")
