"""Fabrics on a small floor with media of round numbers, for the tests of cabling."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from rackwright.rack.network.cabling.cut_list import CutList, cut_list
from rackwright.rack.network.cabling.floor import FloorPlan, Placement, routes
from rackwright.rack.network.cabling.media import Cage, Medium, MediumEnd
from rackwright.rack.network.cabling.placement import RackFill, place_by_rule
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.wiring import Wiring

FIBRE_M = (1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0)


def floor(**changes: Any) -> FloorPlan:
    """A floor with round numbers: racks of 0.6 x 1.2 m, aisles of 1.2 m, trays at 3 m, no slack."""
    figures: dict[str, Any] = {
        "rows": 8, "positions": 10, "rack_pitch_m": 0.6, "rack_depth_m": 1.2, "cold_aisle_m": 1.2, "hot_aisle_m": 1.2,
        "tray_height_m": 3.0, "rack_ru": 48, "first_ru_m": 0.1, "in_rack_m": 0.0, "slack_share": 0.0, "slack_m": 0.0,
    }  # fmt: skip
    return FloorPlan(**(figures | changes))


def two_racks(plan: FloorPlan, row: tuple[int, int], position: tuple[int, int], unit: tuple[int, int]) -> Placement:
    """One device in each of two racks."""
    return Placement(
        plan, np.array(row, np.int32), np.array(position, np.int32), np.zeros(2, np.int8),
        np.arange(2, dtype=np.int32), np.array(unit, np.int32),
    )  # fmt: skip


def route_m(plan: FloorPlan, row: tuple[int, int], position: tuple[int, int], unit: tuple[int, int] = (1, 1)) -> float:
    placed = two_racks(plan, row, position, unit)
    return float(routes(placed, np.array([0]), np.array([1]), np.array([0])).metres[0])


def twin(module: str, watt: float, usd: float, connectors: int = 2) -> MediumEnd:
    return MediumEnd("osfp", 800e9, connectors, watt, usd, module)


def media() -> tuple[Medium, ...]:
    """Copper to 2 m, multimode to 50 m, single mode to 100 m, each dearer than the one before."""
    forms = ((1, 1), (1, 2), (2, 1), (4, 4), (8, 8), (2, 2))
    plug = MediumEnd("osfp", 800e9, 1, 0.1)
    return (
        Medium("dac", "dac", plug, plug, (0.5, 1.0, 1.5, 2.0), 2.0, 60.0, 20.0, diameter_m=0.01, mass_kg_m=0.3),
        Medium("sr8", "sr", twin("SR8", 15, 800), twin("SR8", 15, 800), FIBRE_M[:-1], 50.0, 20.0, 1.0, forms=forms,
               fibre="OM4", fibres=8, loss_db=1.9, diameter_m=0.003, mass_kg_m=0.01),
        Medium("dr8", "dr", twin("DR8", 17, 1000), twin("DR8", 17, 1000), FIBRE_M, 100.0, 20.0, 1.0, forms=forms,
               fibre="SMF", fibres=8, loss_db=3.0, diameter_m=0.003, mass_kg_m=0.01),
    )  # fmt: skip


def laid(wiring: Wiring, plan: FloorPlan, per_rack: int, cage: Cage, rows: tuple[Medium, ...] | None = None) -> CutList:
    fill = RackFill(per_rack, 4 if per_rack % 4 == 0 else 1, 2, 2, (2, 2, 2), 16)
    return cut_list(wiring, place_by_rule(wiring, plan, fill), (cage,) * 4, rows or media(), hub_ru=48)


@cache
def twin_ports() -> CutList:
    """64 adapters on 8 rails, leaves of 32 ports of 400 Gbit/s, two to a cage; adapters have a cage of their own."""
    wiring = clos_wiring(racks=8, per_rack=8, ports=32, link_bit_s=400e9, rails=8, block_racks=4, port_group=2)
    single = MediumEnd("osfp1", 400e9, 1, 8, 500, "SR4")
    rows = (*media(), Medium("sr4", "sr", twin("SR8", 15, 800), single, FIBRE_M[:-1], 50.0, 20.0, 1.0, family="sr8",
                             fibre="OM4", fibres=8, loss_db=1.9, diameter_m=0.003, mass_kg_m=0.01))  # fmt: skip
    plan = floor(tray_levels=2, tray_spacing_m=0.3, slack_m=0.3)
    fill = RackFill(8, 4, 2, 2, (2, 2, 2), 16)
    cages = (Cage("osfp1", 1), Cage("osfp", 2), Cage("osfp", 2), Cage("osfp", 2))
    return cut_list(wiring, place_by_rule(wiring, plan, fill), cages, rows)


@cache
def eight_planes() -> CutList:
    """128 adapters of 800 Gbit/s split over 8 planes of 100; switches of 16 ports, eight to a cage."""
    wiring = clos_wiring(racks=8, per_rack=16, ports=16, link_bit_s=100e9, planes=8, port_group=8)
    single = tuple(
        Medium(one.name, one.kind, twin(one.a.module, 17, 1000, 1), twin(one.a.module, 17, 1000, 1), one.lengths_m,
               one.most_m, 20.0, 1.0, forms=((1, 1), (8, 8)), fibre=one.fibre, fibres=16, loss_db=one.loss_db,
               box_usd=160.0, diameter_m=0.003, mass_kg_m=0.01)
        for one in media()[1:]
    )  # fmt: skip
    return laid(wiring, floor(tray_levels=8, tray_spacing_m=0.1), 16, Cage("osfp", 8), single)


def changed(wiring: Wiring, **changes: Any) -> Wiring:
    fields = {name: getattr(wiring, name) for name in Wiring.__slots__}
    return Wiring(**(fields | changes))


def single_connector() -> tuple[Medium, ...]:
    """The media with one connector a module, so that 800 Gbit/s is one link."""
    return tuple(
        Medium(one.name, one.kind, MediumEnd("osfp", 800e9, 1, one.a.power_w, one.a.price_usd),
               MediumEnd("osfp", 800e9, 1, one.b.power_w, one.b.price_usd), one.lengths_m, one.most_m, one.price_usd,
               one.price_usd_m)
        for one in media()
    )  # fmt: skip
