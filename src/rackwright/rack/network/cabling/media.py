"""Media: what joins two cages. The cheapest that fits both, carries the rate and reaches.

A medium is a pair of ends and what lies between them: a copper or active cable with its plugs, or two modules and fibre.
Where two connectors share a cage they share its module, so a medium is chosen for a whole bundle (the cages that hang
together), never for one connector alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rackwright.figures import Status

Kind = Literal["dac", "acc", "aec", "aoc", "sr", "dr", "fr", "cpo"]

#: Kinds whose plugs are one piece with the cable: one cable fills the cage at each end.
ATTACHED: tuple[Kind, ...] = ("dac", "acc", "aec", "aoc")
#: Ends (a, b) of an assembly: cable, breakout of n, shuffle of m + n.
Form = tuple[int, int]


@dataclass(frozen=True, slots=True)
class MediumEnd:
    """What sits in the cage at one end.

    `connectors` counts the fibre connectors of the module (1 for an attached plug), `rate_bit_s` what the cage carries
    in all; power and price are those of the module `module`, price 0 where the plug belongs to the cable.
    [bit/s], [W], [USD]
    """

    cage: str
    rate_bit_s: float
    connectors: int = 1
    power_w: float = 0.0
    price_usd: float = 0.0
    module: str = ""
    price_status: Status = "assumed"


@dataclass(frozen=True, slots=True)
class Medium:
    """A medium that can be bought: its two ends, its stocked lengths and its reach.

    `lengths_m` are stocked, sorted; none of them is longer than `most_m`. A cable costs `price_usd` + `price_usd_m` x
    length; a breakout of n legs pays its length n times, a shuffle its box `box_usd`. `forms` are the assemblies it comes as; (1, 1) is the plain
    cable. Media of one `family` have the same module at the same cage: a cage whose connectors go to unlike cages takes
    one family. `loss_db` is the insertion loss that its modules allow from end to end (None for copper). `status` is the
    standing of rate and reach; prices and losses have their own.
    """

    name: str
    kind: Kind
    a: MediumEnd
    b: MediumEnd
    lengths_m: tuple[float, ...]
    most_m: float
    price_usd: float
    price_usd_m: float
    family: str = ""
    fibre: str = ""
    forms: tuple[Form, ...] = ((1, 1),)
    box_usd: float = 0.0
    fibres: int = 0
    loss_db: float | None = None
    diameter_m: float = 0.0
    mass_kg_m: float = 0.0
    status: Status = "assumed"
    price_status: Status = "assumed"
    loss_status: Status = "assumed"
    source: str = ""

    def __post_init__(self) -> None:
        if not self.lengths_m or list(self.lengths_m) != sorted(set(self.lengths_m)):
            raise ValueError(f"{self.name}: stocked lengths {self.lengths_m} must be there, rising, each once")
        if self.lengths_m[-1] > self.most_m:
            raise ValueError(f"{self.name}: {self.lengths_m[-1]} m is stocked, its reach is {self.most_m} m")

    @property
    def attached(self) -> bool:
        return self.kind in ATTACHED

    @property
    def longest_m(self) -> float:
        return self.lengths_m[-1]

    def turned(self) -> Medium:
        """The same medium pulled the other way round."""
        return replace(self, a=self.b, b=self.a, forms=tuple((b, a) for a, b in self.forms))

    def stocked(self, routed_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """The least stocked length that is no shorter than the route; infinite where there is none. [m]

        >>> copper = Medium("c", "dac", MediumEnd("osfp", 8e11), MediumEnd("osfp", 8e11), (0.5, 1.0, 2.0), 2.0, 60, 20)
        >>> copper.stocked(np.array([0.3, 1.2, 2.0, 2.01])).tolist()
        [0.5, 2.0, 2.0, inf]
        """
        lengths_m = np.append(self.lengths_m, math.inf)
        return lengths_m[np.searchsorted(self.lengths_m, routed_m - 1e-9)]


@dataclass(frozen=True, slots=True)
class Cage:
    """The cages of a kind of device.

    `links` links of the fabric pass one cage; `devices` adapters share it (two on a twin-port card of an HGX board);
    `most_ports` is the breakout limit of the device: ports at the link's rate that it can have at most.
    """

    kind: str
    links: int = 1
    devices: int = 1
    most_ports: int | None = None

    def __post_init__(self) -> None:
        if self.links < 1 or self.devices < 1 or self.links % self.devices:
            raise ValueError(f"{self.kind}: {self.links} links of a cage do not split over {self.devices} devices")


def fitting(media: Sequence[Medium], lower: Cage, upper: Cage, link_bit_s: float) -> list[Medium]:
    """Media that fit both cages and carry the rate, each turned so that its end a is the lower one."""
    found: list[Medium] = []
    for medium in media:
        turned = medium.turned()
        for one in (medium,) if turned == medium else (medium, turned):
            fits = _fits(one.a, lower, link_bit_s) and _fits(one.b, upper, link_bit_s)
            if fits and cords(one.a, lower) == cords(one.b, upper):
                found.append(one)
    return found


def cords(end: MediumEnd, cage: Cage) -> int:
    """Cords side by side that one link takes: 2 where a link of 800 Gbit/s fills a module of two connectors.

    >>> cords(MediumEnd("osfp", 800e9, 2), Cage("osfp", 1)), cords(MediumEnd("osfp", 800e9, 2), Cage("osfp", 2))
    (2, 1)
    """
    return max(end.connectors // cage.links, 1)


def _fits(end: MediumEnd, cage: Cage, link_bit_s: float) -> bool:
    carries = cage.links * link_bit_s <= end.rate_bit_s * (1 + 1e-9)
    splits = cage.links % end.connectors == 0 or end.connectors % cage.links == 0
    return end.cage == cage.kind and carries and splits


def misfit(media: Sequence[Medium], lower: Cage, upper: Cage, link_bit_s: float) -> str:
    """Why nothing joins the two cages, and what comes nearest."""
    rate = f"{link_bit_s / 1e9:g} Gbit/s a link"
    names = sorted({end.cage for medium in media for end in (medium.a, medium.b)})
    both = {(end.cage, other.cage) for m in media for end, other in ((m.a, m.b), (m.b, m.a))}
    for cage in (lower, upper):
        if cage.kind not in names:
            return f"no medium has an end for a cage of kind {cage.kind!r}; there are {', '.join(names)}"
    if (lower.kind, upper.kind) not in both:
        partners = sorted({other for own, other in both if own == lower.kind})
        return f"no medium joins {lower.kind!r} to {upper.kind!r}; {lower.kind!r} is joined to {', '.join(partners)}"
    most = max(
        min(a.rate_bit_s / lower.links, b.rate_bit_s / upper.links)
        for m in media
        for a, b in ((m.a, m.b), (m.b, m.a))
        if (a.cage, b.cage) == (lower.kind, upper.kind)
    )
    if most < link_bit_s * (1 - 1e-9):
        return f"the fastest between these cages carries {most / 1e9:g} Gbit/s a link, wanted are {rate}"
    return f"the connectors of the modules do not split {lower.links} and {upper.links} links of these cages evenly"
