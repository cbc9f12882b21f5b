"""Where things stand in a rack, and what it weighs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.program.sections.parts import Battery, Catalogue, Store
from rackwright.program.sections.rack import Rack
from rackwright.rack.pieces import Piece, is_role
from rackwright.tables import Finding, finding, not_modelled

#: Slots that a drawing or a table names; a rack of thin things beyond that is counted, not listed.
MOST_SLOTS = 200


@dataclass(frozen=True, slots=True)
class Slot:
    """A shelf or tray at its place: `position_ru` is its lower edge, 0 at the frame's foot.

    `what` is "shelf", "compute tray" (with accelerators), "switch tray" (with switch chips) or "tray".
    """

    position_ru: float
    height_ru: float
    what: str
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Places, rack units, masses and the load on the floor."""

    slots: tuple[Slot, ...]
    slots_left_out: int
    height_ru: float
    frame_ru: float
    frame_mass_kg: float
    payload_kg: float
    payload_limit_kg: float
    mass_kg: float
    footprint_m2: float
    floor_load_kg_m2: float


def tray_order(rack: Rack, pieces: tuple[Piece, ...]) -> tuple[str, ...]:
    """Kinds of tray from the foot upward: trays with switch chips in the middle, half of every other kind below."""
    switching = {piece.tray for piece in pieces if is_role(piece, "switch") and piece.count}
    middle = [name for name, tray in rack.trays.items() if name in switching for _ in range(tray.count)]
    others = {name: tray.count for name, tray in rack.trays.items() if name not in switching}
    below = [name for name, count in others.items() for _ in range(math.ceil(count / 2))]
    above = [name for name, count in others.items() for _ in range(count // 2)]
    return (*below, *middle, *above)


def layout_of(
    rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...], shelves: int, batteries: int = 0, stores: int = 0
) -> Layout:
    """Shelves, batteries and stores at the foot (none when they stand in a sidecar), then the trays.

    Mass is frame, shelves in the rack, busbar, trays, their parts and components; the coolant in hoses and plates
    and the cables that no part names are left out.
    """
    frame, shelf = catalogue.frames[rack.frame], catalogue.shelves[rack.power.shelf]
    busbar = catalogue.busbars[rack.power.busbar]
    in_rack = shelves if rack.power.shelves_in == "rack" else 0
    trays_kg = math.fsum(tray.mass_kg * tray.count for tray in rack.trays.values())
    pieces_kg = math.fsum(piece.part.mass_kg * piece.count for piece in pieces)
    backed = _backed(rack, catalogue, batteries, stores) if rack.power.shelves_in == "rack" else []
    backed_kg = math.fsum(part.mass_kg * count for _, part, count in backed)
    payload_kg = trays_kg + pieces_kg + shelf.mass_kg * in_rack + backed_kg + busbar.mass_kg
    mass_kg = frame.mass_kg + payload_kg
    trays_ru = math.fsum(tray.height_ru * tray.count for tray in rack.trays.values())
    foot = [(rack.power.shelf, shelf.height_ru, in_rack)]
    foot += [(name, part.height_ru, number) for name, part, number in backed if part.height_ru]
    count = sum(number for _, _, number in foot) + sum(tray.count for tray in rack.trays.values())
    slots = tuple(_slots(rack, pieces, foot, frame.height_ru))
    return Layout(
        slots=slots,
        slots_left_out=count - len(slots),
        height_ru=trays_ru + math.fsum(height_ru * number for _, height_ru, number in foot),
        frame_ru=frame.height_ru,
        frame_mass_kg=frame.mass_kg,
        payload_kg=payload_kg,
        payload_limit_kg=frame.payload_kg,
        mass_kg=mass_kg,
        footprint_m2=frame.footprint_m2,
        floor_load_kg_m2=mass_kg / frame.footprint_m2,
    )


def _backed(rack: Rack, catalogue: Catalogue, batteries: int, stores: int) -> list[tuple[str, Battery | Store, int]]:
    """Batteries and stores of the rack, by name, with their number."""
    found: list[tuple[str, Battery | Store, int]] = []
    if rack.power.battery and batteries:
        found.append((rack.power.battery, catalogue.batteries[rack.power.battery], batteries))
    if rack.power.store and stores:
        found.append((rack.power.store, catalogue.stores[rack.power.store], stores))
    return found


def _slots(
    rack: Rack, pieces: tuple[Piece, ...], foot: list[tuple[str, float, int]], frame_ru: float
) -> Iterator[Slot]:
    """Slots from the foot, as long as they fit the frame."""
    position_ru = 0.0
    numbers: dict[str, int] = {}
    things = [("shelf", name, high) for name, high, number in foot for _ in range(min(number, MOST_SLOTS))]
    things += [(_kind(name, pieces), name, rack.trays[name].height_ru) for name in tray_order(rack, pieces)]
    for what, name, height_ru in things[:MOST_SLOTS]:
        if position_ru + height_ru > frame_ru * (1 + 1e-9):
            return
        numbers[name] = numbers.get(name, 0) + 1
        yield Slot(position_ru, height_ru, what, name, numbers[name])
        position_ru += height_ru


def _kind(tray: str, pieces: tuple[Piece, ...]) -> str:
    inside = [piece for piece in pieces if piece.tray == tray and piece.count]
    if any(is_role(piece, "accelerator") for piece in inside):
        return "compute tray"
    return "switch tray" if any(is_role(piece, "switch") for piece in inside) else "tray"


def layout_findings(generation: str, rack: Rack, layout: Layout) -> list[Finding]:
    """Does it fit its frame, can the frame carry it, can the floor?"""
    frame = f"catalogue.frames.{rack.frame}"
    return [
        finding(
            "rack.layout.height",
            generation,
            layout.height_ru,
            layout.frame_ru,
            "RU",
            standing="user",
            source=f"{frame}.height",
            text="rack units of trays and shelves against the frame's",
        ),
        finding(
            "rack.layout.payload",
            generation,
            layout.payload_kg,
            layout.payload_limit_kg,
            "kg",
            standing="user",
            source=f"{frame}.payload",
            text="mass in the frame, coolant left out, against what the frame carries",
        ),
        finding(
            "rack.layout.floor_load",
            generation,
            layout.floor_load_kg_m2,
            rack.floor_limit_kg_m2,
            "kg/m**2",
            standing="user",
            source=f"rack.{generation}.floor_limit",
            text="mass over the frame's footprint against what the hall's floor carries",
        ),
        not_modelled(
            "rack.layout.statics",
            generation,
            "point loads of the feet, centre of mass, tilting, transport and earthquakes are not computed",
        ),
    ]
