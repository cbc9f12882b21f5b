"""A block of racks at a site through the hours of a year: from its chips to the weather, and back.

Every hour is steady. The block's heat goes through its CDUs into the site's water, and by dry coolers or towers, with
chillers behind them where needed, into the air. What the air allows sets the water; the water sets what the CDUs can
supply; the supply sets the chips. Because all heat has to leave whatever its temperature, the two halves are solved one
after the other and are still exact: plant first, loop second.

The plant is sized on the site's extreme hours at the full load, with one cell more than those need, and not on the typical
year at the mean load that it is then run through.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout.rejection.cells import Cell
from rackwright.buildout.rejection.chiller import Chiller
from rackwright.buildout.rejection.control import Bank
from rackwright.buildout.rejection.curves import AIR_COOLED, WATER_COOLED
from rackwright.buildout.rejection.ledger import HourLedger, hours
from rackwright.buildout.rejection.plant import Mode, Plant, TowerLoop
from rackwright.buildout.rejection.sizing import bank_for, dry_cell, pump_for, wet_cell, with_liquid
from rackwright.buildout.rejection.typical import value
from rackwright.physics.air import MoistAir
from rackwright.physics.coolants import Coolant, water
from rackwright.program.sections.buildout import Efficiency
from rackwright.rack.cooling.block import BlockHall, condensed_block, speed_for_plates
from rackwright.rack.cooling.checks import PRECISION_K
from rackwright.rack.cooling.condensed import CondensedState, solve_condensed
from rackwright.rack.cooling.hydraulics.network import Floats

Rejection = Literal["dry", "adiabatic", "wet", "closed"]
#: Heat of one cell at the design hour, before it is known how many there are. [W]
CELL_W = 1e6
WATER_HEAT_J_KG_K = 4186.0
#: Two chillers carry the whole heat by their rating, with this much over; a third is the spare.
CHILLER_SPARE = 1.1
#: Rise of the room coolers' water. Assumed.
ROOM_RISE_K = 6.0
#: Room coolers where a program has no `buildout.efficiency` (a rack alone with a weather file): as the defaults there.
ROOM_SUPPLY_K, ROOM_APPROACH_K, ROOM_FAN_SHARE = 298.15, 6.0, 0.03


@dataclass(frozen=True)
class BlockYear:
    """A block's year: hour by hour (8,760,) in W, K and kg/s.

    The boundary of the energies is the hall's cooling: CDU pumps, room fans, the site's pumps, chillers, fans and basin
    heaters. `it_w` is the power at the racks' inputs. Losses of the electrical path are outside, so this is a partial
    PUE of the cooling; whoever has the power ledger adds it.
    """

    it_w: Floats
    liquid: HourLedger
    room: HourLedger
    room_fan_w: Floats
    cdu_pump_w: Floats
    supply_k: Floats
    margin_k: Floats
    #: Least margin and warmest supply at full load in the hour with the warmest facility water.
    full_margin_k: float
    full_supply_k: float
    hottest: tuple[str, ...]
    speed: float
    loop: CondensedState
    cells: tuple[int, int]
    chilled: tuple[bool, bool]
    #: The liquid's plant at full load in its extreme hours, with something lost.
    lost: tuple[PlantLoss, ...] = ()

    @property
    def cooling_w(self) -> Floats:
        """Electric power of all cooling in every hour."""
        return self.liquid.electric_w + self.room.electric_w + self.room_fan_w + self.cdu_pump_w

    @property
    def partial_pue(self) -> float:
        """Energy of IT and cooling over that of IT, over the year."""
        return float(1.0 + self.cooling_w.sum() / self.it_w.sum())

    @property
    def water_m3_j(self) -> float:
        """Water taken over IT energy. [m3/J]"""
        made_up = (self.liquid.makeup_kg_s + self.room.makeup_kg_s).sum() / 998.0
        return float(made_up / self.it_w.sum())

    def hours_mechanical(self) -> int:
        """Hours in which a chiller of the liquid's plant runs, alone or behind free cooling."""
        return self.liquid.hours_in(Mode.PARTIAL) + self.liquid.hours_in(Mode.MECHANICAL)

    def hours_short(self) -> int:
        """Hours in which the liquid's plant misses its wanted water."""
        return int((~self.liquid.met).sum())

    def hours_over(self) -> int:
        """Hours in which some chip is over its case limit by more than a design at its limit is warmed by its own pumps."""
        return int((self.margin_k < -PRECISION_K).sum())


def block_year(
    made: BlockHall,
    *,
    rack_w: float,
    air_heat_w: float,
    air: MoistAir,
    extremes: MoistAir,
    rejection: Rejection,
    efficiency: Efficiency | None,
    load_share: Floats | float = 1.0,
    liquid: Coolant | None = None,
) -> BlockYear:
    """Run a block through a year.

    Parameters
    ----------
    rack_w, air_heat_w : float
        Power at a rack's input, and what of its heat goes into the room, at the design load. [W]
    air : MoistAir
        The hours, shape (hours,).
    extremes : MoistAir
        The hours that the plant is sized on: exceeded 0.4 % of the year, and once in 20 years.
    rejection : str
        "dry" coolers, dry coolers behind wetted pads ("adiabatic"), towers behind an exchanger ("wet") or with a closed
        circuit ("closed").
    load_share : float or ndarray
        Share of the design load in each hour.
    liquid : Coolant, optional
        Liquid of the site's loop; water where left out.
    """
    count = len(air.dry_bulb_k)
    load = np.broadcast_to(np.asarray(load_share, np.float64), (count,))
    racks = len(made.hall.racks)
    loop = made.loop
    speed, at_design = speed_for_plates(made)
    pumps_w = float(at_design.warm.work_w.sum())
    fan_share = efficiency.air_fan_share if efficiency else ROOM_FAN_SHARE
    full_w = racks * loop.liquid_heat_w + pumps_w
    liquid_w = racks * loop.liquid_heat_w * load + pumps_w
    # room fans' work is heat in the room
    room_full_w = racks * air_heat_w * (1 + fan_share)
    room_w = room_full_w * load
    # one flow for both halves: what the CDUs are rated for at their capacity, in proportion to the block's heat; another
    # liquid of the same volume carries less, which the CDUs see as so much less water
    water_kg_s = made.cdu.primary_rated_kg_s * full_w / made.cdu.capacity_w
    water_kg_s *= 1.0 if liquid is None else _carries(liquid, loop.facility_supply_k)
    rise_k = full_w / (WATER_HEAT_J_KG_K * water_kg_s)
    liquid_plant = plant_for(full_w, loop.facility_supply_k, rise_k, extremes, rejection, liquid)
    air_supply_k = efficiency.air_supply_k if efficiency else ROOM_SUPPLY_K
    room_wanted_k = air_supply_k - (efficiency.air_approach_k if efficiency else ROOM_APPROACH_K)
    room_plant = plant_for(max(room_full_w, 1.0), room_wanted_k, ROOM_RISE_K, extremes, rejection, liquid)
    ledger = hours(liquid_plant, liquid_w, loop.facility_supply_k, air)
    room = hours(room_plant, room_w, room_wanted_k, air)
    state = loop_hours(made, ledger.leaving_k, load, speed, water_kg_s)
    # chips run at full power in the hottest hour too, and the plant then has its whole heat
    hottest = int(np.argmax(ledger.leaving_k))
    hot_air = _hour(air, hottest)
    full = hours(liquid_plant, np.array([full_w]), loop.facility_supply_k, hot_air)
    at_full = loop_hours(made, full.leaving_k, np.ones(1), speed, water_kg_s)
    worst = np.argmin(state.margin_k, axis=1)
    law = state.hall.laws[made.rack.name]
    return BlockYear(
        it_w=racks * rack_w * load,
        liquid=ledger,
        room=room,
        room_fan_w=fan_share * racks * air_heat_w * load,
        cdu_pump_w=state.warm.work_w.sum(axis=1),
        supply_k=state.inlet_k.max(axis=1),
        margin_k=state.margin_k.min(axis=1),
        full_margin_k=float(at_full.margin_k.min()),
        full_supply_k=float(at_full.inlet_k.max()),
        hottest=tuple(law.chips[kind] for kind in state.chip[np.arange(count), worst]),
        speed=speed,
        loop=state,
        cells=(liquid_plant.bank.cells, room_plant.bank.cells),
        chilled=(liquid_plant.chiller is not None, room_plant.chiller is not None),
        lost=tuple(_plant_losses(made, liquid_plant, full_w, extremes, speed, water_kg_s)),
    )


@dataclass(frozen=True, slots=True)
class PlantLoss:
    """The site's plant at full load in the worst of its extreme hours, with something lost."""

    name: str
    facility_k: float
    wanted_k: float
    margin_k: float


def _plant_losses(
    made: BlockHall, plant: Plant, full_w: float, extremes: MoistAir, speed: float, water_kg_s: float
) -> Iterator[PlantLoss]:
    """Nothing, one cell, two cells, one chiller: each solved anew through the loop to the chips."""
    wanted_k = made.loop.facility_supply_k
    cases: list[tuple[str, Plant]] = [("nothing", plant)]
    for lost in (1, 2):
        if plant.bank.cells > lost:
            words = f"{lost} of {plant.bank.cells} cells"
            cases.append((words, replace(plant, bank=replace(plant.bank, cells_out=lost))))
    chiller = plant.chiller
    if chiller is not None and chiller.machines > 1:
        left = replace(chiller, machines=chiller.machines - 1)
        cases.append((f"1 of {chiller.machines} chillers", replace(plant, chiller=left)))
    heat_w = np.full(len(np.atleast_1d(extremes.dry_bulb_k)), full_w)
    for name, without in cases:
        facility_k = float(hours(without, heat_w, wanted_k, extremes).leaving_k.max())
        state = loop_hours(made, np.array([facility_k]), np.ones(1), speed, water_kg_s)
        yield PlantLoss(name, facility_k, wanted_k, float(state.margin_k.min()))


def loop_hours(made: BlockHall, facility_k: Floats, load: Floats, speed: float, water_kg_s: float) -> CondensedState:
    """The block's loop in every hour: facility water as the plant gives it, shared by all CDUs, pumps at one speed."""
    hall = condensed_block(made, warmest_k=float(np.max(facility_k)) + 20.0)
    cdus, pumps = len(hall.cdus), len(hall.network.pumps)
    count = len(facility_k)
    return solve_condensed(
        hall,
        made.fluid,
        wanted_k=made.loop.supply_k,
        primary_k=np.repeat(facility_k[:, None], cdus, axis=1),
        primary_kg_s=min(water_kg_s / cdus, made.cdu.primary_rated_kg_s),
        load_share=np.repeat(load[:, None], len(hall.racks), axis=1),
        speed=np.full((count, pumps), speed),
        pump_efficiency=made.cdu.pump_efficiency,
    )


def plant_for(
    heat_w: float,
    wanted_k: float,
    rise_k: float,
    extremes: MoistAir,
    rejection: Rejection,
    liquid: Coolant | None = None,
) -> Plant:
    """Cells, pumps and, where the air alone cannot do it, chillers that hold `wanted_k` in the extreme hours.

    Cells are typical ones; the fewest that do it, and one more. Where no number does, or where less than the least
    approach is left to the air, as many as carry the heat at their median approach, one more, and chillers for all of
    the heat. Where the loop's own liquid runs through the cells it is `liquid`; towers behind an exchanger have water.
    """
    open_towers = rejection == "wet"
    fluid = water() if liquid is None else liquid
    heat_j_kg_k = float(fluid.heat_capacity_j_kg_k(wanted_k)) if liquid is not None else WATER_HEAT_J_KG_K
    flow_kg_s = heat_w / (heat_j_kg_k * rise_k)
    cell_w = heat_w / max(2, math.ceil(heat_w / CELL_W))
    # dry coolers answer to the two hours of the highest dry bulb, towers to the two of the highest wet bulb
    own = _hours(extremes, {"dry": slice(0, 2), "adiabatic": slice(0, 4)}.get(rejection, slice(2, 4)))
    first = _hour(own, 0)
    cell: Cell
    if rejection in ("wet", "closed"):
        cell = wet_cell(cell_w, first, closed=rejection == "closed")
    else:
        cell = dry_cell(cell_w, first, pads=rejection == "adiabatic")
    if liquid is not None and not open_towers:
        cell = with_liquid(cell, liquid, wanted_k)
    density = float(fluid.density_kg_m3(wanted_k))
    loop = pump_for(flow_kg_s, value("pump_head_pa") * _friction(fluid, wanted_k), density)
    exchanger = value("exchanger_effectiveness")
    # towers stand behind an exchanger, so their own water must be colder by its approach
    bank_wanted_k = wanted_k - (rise_k / exchanger - rise_k if open_towers else 0.0)
    tower_kg_s = heat_w / (WATER_HEAT_J_KG_K * rise_k)
    least_k = value("wet_least_approach_k" if rejection in ("wet", "closed") else "dry_least_approach_k")
    bank = bank_for(
        cell, heat_w, tower_kg_s if open_towers else flow_kg_s, bank_wanted_k, own, least_approach_k=least_k
    )
    tower = TowerLoop(pump_for(tower_kg_s, value("pump_head_pa")), exchanger) if open_towers else None
    if bank is not None:
        return Plant(bank, loop, heat_w, tower=tower, cp_j_kg_k=heat_j_kg_k)
    bank = Bank(cell, math.ceil(heat_w / cell_w) + 1)
    curves = WATER_COOLED if open_towers else AIR_COOLED
    chiller = Chiller(curves, capacity_w=CHILLER_SPARE * heat_w / 2, machines=3, beyond="carnot")
    return Plant(bank, loop, heat_w, tower=tower, chiller=chiller, cp_j_kg_k=heat_j_kg_k)


def _carries(liquid: Coolant, at_k: float) -> float:
    """Heat that a volume carries per kelvin, over that of water."""
    plain = water()
    own = float(liquid.density_kg_m3(at_k)) * float(liquid.heat_capacity_j_kg_k(at_k))
    return own / (float(plain.density_kg_m3(at_k)) * float(plain.heat_capacity_j_kg_k(at_k)))


def _friction(liquid: Coolant, at_k: float) -> float:
    """Drop of the same volume over that of water: density, and viscosity to the quarter (Blasius).

    >>> _friction(water(), 303.15)
    1.0
    """
    plain = water()
    density = float(liquid.density_kg_m3(at_k)) / float(plain.density_kg_m3(at_k))
    thickness = float(liquid.viscosity_pa_s(at_k)) / float(plain.viscosity_pa_s(at_k))
    return float(density**0.75 * thickness**0.25)


def _hours(air: MoistAir, part: slice) -> MoistAir:
    return MoistAir(*(np.atleast_1d(getattr(air, name))[part] for name in MoistAir.__slots__))


def _hour(air: MoistAir, number: int) -> MoistAir:
    return MoistAir(*(np.atleast_1d(getattr(air, name))[number : number + 1] for name in MoistAir.__slots__))


def month_of(hours_of_year: int = 8760) -> NDArray[np.int32]:
    """Month, 1 to 12, of every hour; 8,784 hours are a leap year.

    >>> len(month_of(8784)), int(month_of(8784)[24 * 59])  # the 60th day of a leap year is in February
    (8784, 2)
    """
    february = 29 if hours_of_year > 8760 else 28
    days: Sequence[int] = (31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    months = np.repeat(np.arange(1, 13, dtype=np.int32), [24 * d for d in days])
    return months[:hours_of_year]
