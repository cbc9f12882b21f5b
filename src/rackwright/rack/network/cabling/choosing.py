"""Choosing media: for every bundle of cages the family that carries it at the least cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError
from rackwright.rack.network.cabling.ends import LinkEnds, link_ends, port_problems
from rackwright.rack.network.cabling.floor import Placement, Routes
from rackwright.rack.network.cabling.legs import Assemblies, Legs, assemblies, leg_routes, legs, with_hubs
from rackwright.rack.network.cabling.media import Cage, Medium, cords, fitting, misfit

if TYPE_CHECKING:
    from rackwright.rack.network.topology.wiring import Wiring

Whole = NDArray[np.int64]
Number = NDArray[np.float64]
TIERS = 4
#: Problems told one by one.
TOLD = 20


@dataclass(frozen=True, slots=True)
class Family:
    """Media with the same modules: one for each kind of link, None where it has none.

    `connectors` by tier counts those of a module that serve links of their own; `cords` by kind of link those side by side
    that serve one link.
    """

    name: str
    of_kind: tuple[Medium | None, ...]
    connectors: tuple[int, ...]
    cords: tuple[int, ...]


@dataclass(frozen=True)
class Variant:
    """The legs and routes that modules with these connectors give."""

    wiring: Wiring
    ends: LinkEnds
    assemblies: Assemblies
    legs: Legs
    placement: Placement
    routes: Routes

    @cached_property
    def kind(self) -> Whole:
        """Kind of link of each cable."""
        return self.ends.kind[self.legs.link[self.legs.cable_begin]]

    @cached_property
    def assembly(self) -> Whole:
        """Assembly of each cable."""
        return self.legs.assembly[self.legs.cable_begin]

    @cached_property
    def cable_m(self) -> Number:
        """Routed metres of each cable: of its longest leg."""
        if not len(self.legs.cable_begin):
            return np.zeros(0)
        return np.maximum.reduceat(self.routes.metres, self.legs.cable_begin)

    @cached_property
    def legs_of_cable(self) -> Whole:
        return np.diff(np.append(self.legs.cable_begin, len(self.legs.cable)))

    @cached_property
    def cord_share(self) -> Number:
        """Share of its hub that each cable is: 1 / (m + n) for a cord of a shuffle, 0 for other cables."""
        found, box = self.assemblies, self.assemblies.hubs[self.assembly]
        return np.where(box, 1.0 / (found.ends_lower + found.ends_upper)[self.assembly], 0.0)

    def through_m(self, cable_m: Number) -> Number:
        """Metres between modules for given metres of cables: a cable's own; of a cord the longest way through its hub."""
        through_m = cable_m.copy()
        if len(self.legs.hub_assembly):
            total = len(self.assemblies.ends_lower)
            to_hub, from_hub = np.zeros(total), np.zeros(total)
            begin = self.legs.cable_begin
            into, out = self.legs.upper[begin] >= self.wiring.nodes, self.legs.lower[begin] >= self.wiring.nodes
            np.maximum.at(to_hub, self.assembly[into], cable_m[into])
            np.maximum.at(from_hub, self.assembly[out], cable_m[out])
            box = into | out
            through_m[box] = (to_hub + from_hub)[self.assembly[box]]
        return through_m


@dataclass(frozen=True, slots=True)
class Part:
    """Cables of one family and variant: which cables of the variant, and the stocked length of each. [m]"""

    family: Family
    variant: Variant
    cables: Whole
    stocked_m: Number


@dataclass(frozen=True, slots=True)
class Choice:
    """What joins every cage: parts by family, and the family of every cage that is used (-1: not used)."""

    ends: LinkEnds
    cages: tuple[Cage, ...]
    families: tuple[Family, ...]
    parts: tuple[Part, ...]
    cage_family: NDArray[np.int16]
    #: (cages,) kind of link that a used cage carries (of its first link) and whether it is that link's lower end.
    cage_kind: NDArray[np.int8]
    cage_lower: NDArray[np.bool_]


def choose(
    wiring: Wiring,
    placement: Placement,
    cages: tuple[Cage, ...],
    media: Sequence[Medium],
    *,
    hub_ru: int = 1,
    watt_usd: float = 0.0,
) -> Choice:
    """The cheapest media that reach and fit, modules included; `watt_usd` is what a watt of module power costs over time.

    Cages whose connectors hang together (a bundle) take one family. Every shortcoming is told at once.

    Raises
    ------
    ProgramError
        Ports that do not exist or meet two links, cages that nothing joins, links longer than every reach.
    """
    problems = port_problems(wiring, cages)
    if problems:
        raise ProgramError(problems)
    ends = link_ends(wiring, cages)
    families = _families(wiring, ends, cages, media)
    bundle, count = _bundles(ends)
    variants = {one: _variant(wiring, ends, placement, cages, one, hub_ru) for one in {f.connectors for f in families}}
    cage_kind, cage_lower = _first_link(ends)
    used = np.flatnonzero(cage_kind >= 0)
    of_cage = np.full(ends.cages, -1)
    of_cage[ends.lower_cage], of_cage[ends.upper_cage] = bundle, bundle
    cost = np.empty((len(families), count))
    for at, family in enumerate(families):
        variant = variants[family.connectors]
        of_cable = bundle[variant.legs.link[variant.legs.cable_begin]]
        modules = _module_usd(family, cage_kind[used], cage_lower[used], watt_usd)
        cost[at] = np.bincount(of_cable, _cable_usd(family, variant), minlength=count)
        cost[at] += np.bincount(of_cage[used], modules, minlength=count)
    best = cost.argmin(axis=0)
    lost = np.flatnonzero(~np.isfinite(cost.min(axis=0)))
    if len(lost):
        raise ProgramError(_unjoined(wiring, ends, bundle, lost, families, variants))
    parts = []
    for at, family in enumerate(families):
        variant = variants[family.connectors]
        chosen = np.flatnonzero(best[bundle[variant.legs.link[variant.legs.cable_begin]]] == at)
        if len(chosen):
            parts.append(Part(family, variant, chosen, _stocked_m(family, variant, chosen)))
    cage_family = np.full(ends.cages, -1, dtype=np.int16)
    cage_family[used] = best[of_cage[used]]
    return Choice(ends, cages, tuple(families), tuple(parts), cage_family, cage_kind, cage_lower)


def _families(wiring: Wiring, ends: LinkEnds, cages: tuple[Cage, ...], media: Sequence[Medium]) -> list[Family]:
    """Families that serve at least one kind of link; cages that nothing joins are told."""
    of_kind = [fitting(media, cages[low], cages[up], wiring.link_bit_s) for low, up in ends.kinds]
    problems = [
        Problem(
            file=wiring.name, line=0, path=f"links from tier {low} to tier {up}",
            found=misfit(media, cages[low], cages[up], wiring.link_bit_s), expected="a medium that joins these cages",
        )
        for (low, up), fits in zip(ends.kinds, of_kind, strict=True)
        if not fits
    ]  # fmt: skip
    if problems:
        raise ProgramError(problems)
    names = dict.fromkeys(medium.family or medium.name for fits in of_kind for medium in fits)
    found = []
    for name in names:
        rows = tuple(
            next((medium for medium in fits if (medium.family or medium.name) == name), None) for fits in of_kind
        )
        side_by_side = tuple(
            1 if medium is None else cords(medium.a, cages[low])
            for (low, _), medium in zip(ends.kinds, rows, strict=True)
        )
        found.append(Family(name, rows, _connectors(name, ends, rows, cages), side_by_side))
    return found


def _connectors(name: str, ends: LinkEnds, rows: tuple[Medium | None, ...], cages: tuple[Cage, ...]) -> tuple[int, ...]:
    """Connectors of a family's module by tier that serve links of their own; 1 where it has none."""
    found: dict[int, int] = {}
    for (low, up), medium in zip(ends.kinds, rows, strict=True):
        if medium is None:
            continue
        for tier, end in ((low, medium.a), (up, medium.b)):
            own = min(end.connectors, cages[tier].links)
            if found.setdefault(tier, own) != own:
                raise ValueError(f"family {name}: modules of tier {tier} have {found[tier]} and {own} connectors")
    return tuple(found.get(tier, 1) for tier in range(TIERS))


def _bundles(ends: LinkEnds) -> tuple[Whole, int]:
    """Bundle of each link: the cages that hang together; and how many there are."""
    from rackwright.rack.network.cabling.bundles_kernel import components

    bundle = components(ends.lower_cage, ends.upper_cage, ends.cages)
    return bundle, int(bundle.max(initial=-1)) + 1


def _first_link(ends: LinkEnds) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    kind, lower = np.full(ends.cages, -1, dtype=np.int8), np.zeros(ends.cages, dtype=bool)
    kind[ends.upper_cage] = ends.kind
    kind[ends.lower_cage] = ends.kind
    lower[ends.lower_cage] = True
    return kind, lower


def _variant(
    wiring: Wiring,
    ends: LinkEnds,
    placement: Placement,
    cages: tuple[Cage, ...],
    connectors: tuple[int, ...],
    hub_ru: int,
) -> Variant:
    found = assemblies(wiring, ends, cages, connectors)
    pieces = legs(wiring, ends, found)
    placed = with_hubs(placement, pieces, hub_ru)
    return Variant(wiring, ends, found, pieces, placed, leg_routes(wiring, placed, pieces))


def _cable_usd(family: Family, variant: Variant) -> Number:
    """Price of each cable in this family; infinite where the form is not made, or nothing reaches. [USD]"""
    price = np.full(len(variant.kind), np.inf)
    for kind, medium in enumerate(family.of_kind):
        if medium is None:
            continue
        of_kind = np.flatnonzero(variant.kind == kind)
        stocked_m = medium.stocked(variant.cable_m)
        metres = stocked_m[of_kind]
        usd = (medium.price_usd + medium.price_usd_m * metres * variant.legs_of_cable[of_kind]) * family.cords[kind]
        usd += medium.box_usd * variant.cord_share[of_kind]
        reached = variant.through_m(stocked_m)[of_kind] <= medium.most_m * (1 + 1e-9)
        price[of_kind] = np.where(reached & _made(medium, variant, variant.assembly[of_kind]), usd, np.inf)
    return price


def _made(medium: Medium, variant: Variant, assembly: Whole) -> NDArray[np.bool_]:
    """Whether the medium comes in each assembly's form.

    A shuffle that does not fill its connectors (three adapters left for a cage of four) takes the box of the full form,
    with the cords of the missing ends left out; the whole box is paid.
    """
    found = variant.assemblies
    lower, upper = found.ends_lower[assembly], found.ends_upper[assembly]
    full_lower, full_upper = found.full_lower[assembly], found.full_upper[assembly]
    part = found.hubs[assembly]
    made = np.zeros(len(assembly), dtype=bool)
    for a, b in medium.forms:
        made |= (lower == a) & (upper == b)
        made |= part & (full_lower == a) & (full_upper == b)
    return made & (found.lanes[assembly] > 0)


def _module_usd(family: Family, kind: NDArray[np.int8], lower: NDArray[np.bool_], watt_usd: float) -> Number:
    """Price of the module in each used cage, its power included. [USD]"""
    usd = np.zeros((len(family.of_kind), 2))
    for at, medium in enumerate(family.of_kind):
        if medium is not None:
            usd[at] = [end.price_usd + end.power_w * watt_usd for end in (medium.b, medium.a)]
    return usd[kind, lower.astype(np.int64)]


def _stocked_m(family: Family, variant: Variant, cables: Whole) -> Number:
    stocked_m = np.empty(len(cables))
    for kind, medium in enumerate(family.of_kind):
        of_kind = variant.kind[cables] == kind
        if medium is not None and of_kind.any():
            stocked_m[of_kind] = medium.stocked(variant.cable_m[cables[of_kind]])
    return stocked_m


def _unjoined(
    wiring: Wiring,
    ends: LinkEnds,
    bundle: Whole,
    lost: Whole,
    families: Sequence[Family],
    variants: dict[tuple[int, ...], Variant],
) -> list[Problem]:
    """Why bundles have no medium: the link, its metres, the longest medium, or the form that nobody makes."""
    found = []
    variant = next(iter(variants.values()))
    of_leg = bundle[variant.legs.link]
    for one in lost[:TOLD].tolist():
        of_one = np.flatnonzero(of_leg == one)
        guilty = of_one[~_joinable(families, variants, variant, of_one)]
        of_one = guilty if len(guilty) else of_one
        leg = int(of_one[variant.routes.metres[of_one].argmax()])
        found.append(_unjoined_link(wiring, ends, variant, leg, families, len(lost)))
    return found


def _joinable(
    families: Sequence[Family], variants: dict[tuple[int, ...], Variant], variant: Variant, legs: Whole
) -> NDArray[np.bool_]:
    """Whether some family of `variant` makes the leg's form and reaches; the others have other connectors."""
    joined = np.zeros(len(legs), dtype=bool)
    cable = variant.legs.cable[legs]
    for family in families:
        if variants[family.connectors] is variant:
            joined |= np.isfinite(_cable_usd(family, variant))[cable]
    return joined


def _unjoined_link(
    wiring: Wiring, ends: LinkEnds, variant: Variant, leg: int, families: Sequence[Family], lost: int
) -> Problem:
    link = int(variant.legs.link[leg])
    metres = float(variant.through_m(variant.cable_m)[variant.legs.cable[leg]])
    assembly, kind = int(variant.legs.assembly[leg]), int(ends.kind[link])
    low, up = wiring.labels(np.array([wiring.lower[link], wiring.upper[link]]))
    where = f"{low} port {wiring.lower_port[link]} to {up} port {wiring.upper_port[link]}"
    fits = [family.of_kind[kind] for family in families]
    longest = max((medium for medium in fits if medium is not None), key=lambda medium: medium.longest_m)
    if metres > longest.longest_m:
        said = f"{metres:.1f} m"
        wanted = f"{longest.longest_m:g} m at most: the longest medium that fits is {longest.name}"
    else:
        form = (int(variant.assemblies.ends_lower[assembly]), int(variant.assemblies.ends_upper[assembly]))
        made = sorted({one for medium in fits if medium is not None for one in medium.forms})
        said = f"{metres:.1f} m, {form[0]} + {form[1]} connectors that hang together"
        wanted = "an assembly of " + ", ".join(f"{a} + {b}" for a, b in made) + f" within {longest.longest_m:g} m"
    nearest = f"{lost - TOLD} more such bundles" if lost > TOLD else None
    return Problem(file=wiring.name, line=0, path=where, found=said, expected=wanted, nearest=nearest)
