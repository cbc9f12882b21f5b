"""Everything in a rack, flattened once: which part, how many, on which path of the program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.program.fields import Section
from rackwright.program.sections.parts import Catalogue, Chip, Component
from rackwright.program.sections.rack import Rack


@dataclass(frozen=True, slots=True)
class Piece:
    """One kind of part in one kind of tray (`tray` is "" for things in the rack outside its trays)."""

    tray: str
    name: str
    kind: str
    part: Chip | Component
    per_tray: int
    trays: int

    @property
    def count(self) -> int:
        """Pieces in a rack."""
        return self.per_tray * self.trays

    @property
    def path(self) -> str:
        """Where it stands in the rack: `trays.compute.b300`, `components.manifold`."""
        return f"trays.{self.tray}.{self.name}" if self.tray else f"components.{self.name}"

    @property
    def count_path(self) -> str:
        """The program path of its count, below `rack.<generation>.`."""
        return f"trays.{self.tray}.parts.{self.name}" if self.tray else f"components.{self.name}"

    @property
    def catalogue_path(self) -> str:
        return f"catalogue.{self.kind}.{self.name}"


def pieces_of(rack: Rack, catalogue: Catalogue) -> tuple[Piece, ...]:
    """The rack's pieces: trays' parts in the program's order, then the components outside the trays."""
    return tuple(_pieces(rack, catalogue))


def _pieces(rack: Rack, catalogue: Catalogue) -> Iterator[Piece]:
    for tray_name, tray in rack.trays.items():
        for name, per_tray in tray.parts.items():
            kind, part = part_named(catalogue, name)
            yield Piece(tray_name, name, kind, part, per_tray, tray.count)
    for name, count in rack.components.items():
        kind, part = part_named(catalogue, name)
        yield Piece("", name, kind, part, count, 1)


def part_named(catalogue: Catalogue, name: str) -> tuple[str, Chip | Component]:
    """A chip of that name, else a component."""
    if name in catalogue.chips:
        return "chips", catalogue.chips[name]
    return "components", catalogue.components[name]


def accelerators_of(pieces: tuple[Piece, ...]) -> int:
    """Accelerators in a rack."""
    return sum(piece.count for piece in pieces if is_role(piece, "accelerator"))


def adapters_of(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The scale-out adapters: parts of role `nic` in trays that hold accelerators."""
    compute = {piece.tray for piece in pieces if is_role(piece, "accelerator") and piece.count}
    return tuple(piece for piece in pieces if piece.tray in compute and is_role(piece, "nic") and piece.count)


def is_role(piece: Piece, role: str) -> bool:
    return isinstance(piece.part, Chip) and piece.part.role == role


def written(section: Section, path: str, *attributes: str) -> tuple[str, ...]:
    """Program paths of those attributes that the file, a base or the defaults give (not code's own zeros).

    >>> from rackwright.program.sections.parts import Component
    >>> written(Component.model_construct(power_w=1.0), "catalogue.components.fan", "power_w", "mass_kg")
    ('catalogue.components.fan.power',)
    """
    fields = type(section).model_fields
    return tuple(
        f"{path}.{fields[attribute].alias or attribute}"
        for attribute in attributes
        if attribute in section.model_fields_set
    )
