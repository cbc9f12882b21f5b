"""The choice of a fabric: every design of a space by count, the front of those that none beats in all, and its footing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.clos import Fabric, folded_clos, usable_ports
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring

Floats = NDArray[np.float64]
Standing = Literal["published", "estimate", "assumed"]
STANDINGS: tuple[Standing, ...] = ("published", "estimate", "assumed")

#: Axes of the front; all but the last are better low.
AXES = ("cost", "power_w", "optics", "hops", "blast_share", "bisection_share")
#: Most figures whose ranges are walked corner by corner.
MOST_RANGES = 8


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what it rests on; an assumed one has a range."""

    value: float
    standing: Standing
    source: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SwitchOption:
    """A switch that could be bought; `most_ports` bounds breakout (None: no breakout is stated)."""

    name: str
    ports: int
    port_bit_s: float
    most_ports: int | None
    price: Figure
    #: Of the box without optics. [W]
    power_w: Figure


@dataclass(frozen=True, slots=True)
class LinkOption:
    """Cables of a fabric: endpoint links and links between switches, each with its optics.

    With `rate_bit_s` prices and power are those of a link of that rate; slower links share a module and its price.
    """

    end_price: Figure
    trunk_price: Figure
    #: Power of one transceiver at the link's rate. [W]
    optic_w: Figure
    #: Transceivers of a link to an endpoint (0 where it is copper) and between switches.
    end_optics: int = 0
    trunk_optics: int = 2
    rate_bit_s: float | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What a fabric joins."""

    racks: int
    per_rack: int
    adapter_bit_s: float
    block_racks: int | None = None


@dataclass(frozen=True, slots=True)
class Design:
    """One fabric of the space; counts of `fabric` are for one plane."""

    switch: SwitchOption
    planes: int
    rails: int
    oversubscription: float
    ports: int
    fabric: Fabric
    #: Rate of a link: the adapter's over the planes.
    link_bit_s: float = 0.0
    #: Leaves with nothing above them: endpoints of different rails or blocks cannot meet.
    rail_only: bool = False

    @property
    def switches(self) -> int:
        return self.fabric.switches * self.planes

    @property
    def trunks(self) -> int:
        """Links between switches, all planes."""
        return (self.fabric.leaf_spine_links + self.fabric.spine_core_links) * self.planes

    @property
    def end_links(self) -> int:
        return self.fabric.endpoint_links * self.planes

    @property
    def hops(self) -> int:
        """Most switches on a shortest path."""
        return 2 * self.fabric.tiers - 1

    @property
    def bisection_share(self) -> float:
        """Share of all-to-all traffic that can be carried at once; rail-only, the share that stays within rails."""
        fabric = self.fabric
        if self.rail_only and fabric.endpoints > 1:
            return (fabric.leaf_down - 1) / (fabric.endpoints - 1)
        return fabric.delivered_share

    @property
    def blast_share(self) -> float:
        """Most of all endpoints' rate that one dead switch takes: a leaf its endpoints', a spine or core its part."""
        fabric = self.fabric
        above = [count for count in (fabric.spines, fabric.cores) if count]
        return max([fabric.leaf_down / fabric.endpoints] + [1 / count for count in above]) / self.planes

    def wiring(self, need: Need) -> Wiring:
        """The design port by port."""
        return clos_wiring(
            racks=need.racks,
            per_rack=need.per_rack,
            ports=self.ports,
            link_bit_s=need.adapter_bit_s / self.planes,
            rails=self.rails,
            planes=self.planes,
            block_racks=need.block_racks,
            oversubscription=self.oversubscription,
            uplinks=not self.rail_only,
            name=self.switch.name,
        )

    def same_counts(self, wiring: Wiring) -> bool:
        """Whether a wiring has this design's switches and links of every tier."""
        fabric = self.fabric
        switches = [len(wiring.switches_of_tier(tier)) for tier in (1, 2, 3)]
        links = [len(wiring.links_of_tier(tier)) for tier in (0, 1, 2)]
        counted = [fabric.leaves, fabric.spines, fabric.cores]
        laid = [fabric.endpoint_links, fabric.leaf_spine_links, fabric.spine_core_links]
        return switches + links == [self.planes * count for count in counted + laid]


@dataclass(frozen=True, slots=True)
class Front:
    """All designs with their values on the axes, and which of them none beats."""

    designs: list[Design]
    #: (designs, axes) in the order of `AXES`.
    values: Floats
    #: (designs,) no other design is as good on every axis and better on one.
    on_front: NDArray[np.bool_]
    #: Standing of the weakest figure behind each axis.
    standing: dict[str, Standing]
    #: (designs,) on the front at every corner of the assumed figures' ranges, and at some corner.
    always: NDArray[np.bool_]
    sometimes: NDArray[np.bool_]
    #: Designs of the space that cannot be built, each with why.
    left_out: list[str] = field(default_factory=list)


def designs_of(
    need: Need,
    switches: Iterable[SwitchOption],
    planes: Iterable[int] = (1,),
    rails: Iterable[int] = (1,),
    oversubscriptions: Iterable[float] = (1.0,),
    *,
    rail_only: bool = False,
) -> tuple[list[Design], list[str]]:
    """Every design of the space by count, and why some are left out. The tiers follow: as few as a design needs.

    With `rail_only` each switch, number of planes and of rails also comes without spines, where a leaf holds a rail.
    """
    ends, block = need.racks * need.per_rack, need.block_racks and need.block_racks * need.per_rack
    designs, left_out = [], []
    overs = [*oversubscriptions, *([None] if rail_only else [])]
    for switch, many, rail, over in itertools.product(switches, planes, rails, overs):
        ports = usable_ports(switch.ports, switch.port_bit_s, need.adapter_bit_s / many, switch.most_ports)
        how = "rail-only" if over is None else f"oversubscription {over:g}"
        what = f"{switch.name}, planes {many}, rails {rail}, {how}"
        if ports < 2:
            left_out.append(f"{what}: a port is slower than half a link")
            continue
        if over is None:
            fabric, within = _rail_only(ends, ports, rail, many, block or ends), "a leaf for each rail, of"
        else:
            fabric = folded_clos(ends, ports, rails=rail, planes=many, block_endpoints=block, oversubscription=over)
            within = "three tiers of"
        if fabric.fits:
            link_bit_s = need.adapter_bit_s / many
            designs.append(Design(switch, many, rail, over or 1.0, ports, fabric, link_bit_s, rail_only=over is None))
        else:
            left_out.append(f"{what}: {ends} endpoints do not fit in {within} {ports} ports")
    return designs, left_out


def _rail_only(ends: int, ports: int, rails: int, planes: int, block: int) -> Fabric:
    """The counts of leaves alone, one for each rail of each block."""
    blocks, rest = divmod(ends, block)
    on_leaf = -(-min(block, ends) // rails)
    leaves = blocks * min(rails, block) + min(rails, rest)
    block_leaves = min(rails, block, ends)
    return Fabric(ends, ports, planes, 1, leaves, block_leaves, 0, 0, on_leaf, 0, 0, 0, ends, 0, 0, on_leaf <= ports)


def front_of(designs: Sequence[Design], links: LinkOption, left_out: Sequence[str] = ()) -> Front:
    """Values of the designs, the Pareto front, and what stays on it over the ranges of assumed figures.

    Cost and power are sums of figures times counts; they are reckoned anew at every corner of the assumed figures'
    ranges (and at their values). A design that is on the front at all corners may still leave it inside the range.

    Raises
    ------
    FabricProblem
        With no design, or an assumed figure without a range.
    """
    if not designs:
        raise FabricProblem("no design of the space can be built: " + ("; ".join(left_out) or "name a switch"))
    figures = _figures(designs, links)
    loose = [name for name, figure in figures.items() if figure.standing == "assumed"]
    bare = [name for name in loose if figures[name].low is None or figures[name].high is None]
    if bare or len(loose) > MOST_RANGES:
        raise FabricProblem(
            f"assumed figures need a range: low and high for {', '.join(bare)} would do"
            if bare
            else f"{len(loose)} assumed figures: ranges of at most {MOST_RANGES} are walked; sources for others would do"
        )
    middle = {name: figure.value for name, figure in figures.items()}
    values = _values(designs, links, middle)
    on_front = undominated(values)
    fronts = [on_front]
    for corner in itertools.product(*[_range(figures[name]) for name in loose]) if loose else ():
        fronts.append(undominated(_values(designs, links, middle | dict(zip(loose, corner, strict=True)))))
    together = np.array(fronts)
    return Front(
        list(designs),
        values,
        on_front,
        _standings(figures),
        np.asarray(together.all(axis=0)),
        np.asarray(together.any(axis=0)),
        list(left_out),
    )


def undominated(values: Floats) -> NDArray[np.bool_]:
    """(rows,) True where no other row is at least as good on all axes and better on one; the last axis is better high.

    >>> undominated(np.array([[1.0, 5.0], [2.0, 5.0], [2.0, 9.0], [3.0, 9.0]])).tolist()
    [True, False, True, False]
    """
    cost = values.copy()
    cost[:, -1] *= -1
    as_good = np.ones((len(cost), len(cost)), dtype=bool)
    better = np.zeros_like(as_good)
    for column in cost.T:
        as_good &= column[:, None] <= column
        better |= column[:, None] < column
    return np.asarray(~(as_good & better).any(axis=0))


def _figures(designs: Sequence[Design], links: LinkOption) -> dict[str, Figure]:
    figures = {"end price": links.end_price, "trunk price": links.trunk_price, "optic power": links.optic_w}
    for design in designs:
        figures[f"{design.switch.name} price"] = design.switch.price
        figures[f"{design.switch.name} power"] = design.switch.power_w
    return figures


def _range(figure: Figure) -> tuple[float, float]:
    low, high = figure.low, figure.high
    return (figure.value if low is None else low, figure.value if high is None else high)


def _values(designs: Sequence[Design], links: LinkOption, figures: dict[str, float]) -> Floats:
    rows = []
    for design in designs:
        name = design.switch.name
        part = design.link_bit_s / links.rate_bit_s if links.rate_bit_s else 1.0
        optics = part * (design.end_links * links.end_optics + design.trunks * links.trunk_optics)
        cost = (
            design.switches * figures[f"{name} price"]
            + part * design.end_links * figures["end price"]
            + part * design.trunks * figures["trunk price"]
        )
        power_w = design.switches * figures[f"{name} power"] + optics * figures["optic power"]
        rows.append((cost, power_w, optics, design.hops, design.blast_share, design.bisection_share))
    return np.array(rows, dtype=np.float64)


def _standings(figures: dict[str, Figure]) -> dict[str, Standing]:
    def weakest(words: tuple[str, ...]) -> Standing:
        of = [figure.standing for name, figure in figures.items() if name.endswith(words)]
        return max(of, key=STANDINGS.index)

    counted: Standing = "published"
    return dict.fromkeys(AXES, counted) | {"cost": weakest(("price",)), "power_w": weakest(("power",))}
