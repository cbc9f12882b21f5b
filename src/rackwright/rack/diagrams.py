"""Three simple pictures of a design: its power path, its liquid loop and the fabric of its cluster."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rackwright.rack import svg
from rackwright.rack.design import RackDesign
from rackwright.rack.elevation import elevation_svg
from rackwright.units import say_in, three_figures


def drawings_of(design: RackDesign, *, alone: bool = False) -> dict[str, str]:
    """All pictures of a design by title, in the order in which a reader wants them."""
    from rackwright.rack.loop_picture import loop_svg as block_loop_svg
    from rackwright.rack.power_picture import power_svg

    return {
        "Elevation": elevation_svg(design, alone=alone),
        "Power path": power_svg(design, alone=alone),
        "Liquid loop": block_loop_svg(design, alone=alone),
        "Scale-out fabric": fabric_svg(design, alone=alone),
    }


def loop_svg(design: RackDesign, *, alone: bool = False) -> str:
    """CDU and rack with the temperatures between them, and the facility's water on the other side."""
    loop = design.loop
    flow = f"{three_figures(loop.flow_m3_s * 60e3)} L/min"
    back = "no flow" if loop.return_k is None else say_in(loop.return_k, "K")
    hottest = "" if loop.hottest_case_k is None else f"{loop.hottest_chip} {say_in(loop.hottest_case_k, 'K')}"
    cdus = f"{loop.cdus_per_block} {'CDU' if loop.cdus_per_block == 1 else 'CDUs'}"
    top, low = 40.0, 96.0
    water = say_in(loop.facility_supply_k, "K")
    parts = [
        svg.line(8, top, 150, top, "rw-cold"),
        svg.line(8, low, 150, low, "rw-warm"),
        svg.text(12, top - 8, f"facility {water}", css="rw-small"),
        svg.box(150, 20, 130, 96, (cdus, f"for {design.block_racks} racks", svg.cut(loop.cdu, 20))),
        svg.line(280, top, 430, top, "rw-cold"),
        svg.line(280, low, 430, low, "rw-warm"),
        svg.text(288, top - 8, f"supply {say_in(loop.supply_k, 'K')}", css="rw-small"),
        svg.text(288, low + 16, f"return {back}", css="rw-small"),
        svg.text(288, (top + low) / 2 + 4, flow, css="rw-small"),
        svg.box(
            430, 20, 150, 96, ("rack", f"{say_in(loop.liquid_heat_w, 'W')} to liquid", svg.cut(hottest, 24),
                               f"{three_figures(loop.drop_pa / 1e3)} kPa"),
        ),
    ]  # fmt: skip
    said = (
        f"{cdus} for {design.block_racks} racks; supply {say_in(loop.supply_k, 'K')}, {flow}, "
        f"return {back}; {say_in(loop.liquid_heat_w, 'W')} to the liquid; flow set by {loop.set_by}"
    )
    return svg.drawing(592, 132, f"Liquid loop of {design.name}", said, parts, alone=alone)


def fabric_svg(design: RackDesign, *, alone: bool = False) -> str:
    """Tiers of one plane from racks up to cores, with how many of each; a few are drawn for all."""
    network, fabric = design.network, design.network.fabric
    tiers = [
        (f"{network.cluster_racks:,} racks", f"{fabric.endpoints:,} adapters", network.cluster_racks, "rw-compute")
    ]
    for name, count in (("leaves", fabric.leaves), ("spines", fabric.spines), ("cores", fabric.cores)):
        if count:
            tiers.append((f"{count:,} {name}", f"{fabric.ports:,} ports each", count, "rw-switch"))
    parts = list(_tiers(tiers))
    planes = f"{fabric.planes} {'plane' if fabric.planes == 1 else 'planes'}"
    rate = f"{network.link_bit_s / 1e9:,.0f} Gbit/s links"
    height = 26.0 + 62 * len(tiers)
    parts.append(svg.text(8, height, f"{planes}, one drawn; {rate}; {svg.cut(network.switch, 30)}", css="rw-small"))
    said = f"{planes}; {rate}; " + ", ".join(f"{name} ({detail})" for name, detail, _, _ in tiers)
    return svg.drawing(520, height + 12, f"Scale-out fabric of {design.name}", said, parts, alone=alone)


def _tiers(tiers: list[tuple[str, str, int, str]]) -> Iterator[str]:
    """Rows from the foot upward, at most eight boxes for each: racks join their own leaves, switches all above."""
    places: list[tuple[list[float], float]] = []
    for number, (_, _, count, _) in enumerate(tiers):
        drawn = min(count, 8)
        y = 20.0 + 62 * (len(tiers) - 1 - number)
        places.append(([150 + 350 * (at + 0.5) / drawn for at in range(drawn)], y))
    for number, ((below, low), (above, high)) in enumerate(pairwise(places)):
        for at, x in enumerate(below):
            for up in above if number or len(above) == 1 else above[at : at + 1]:
                yield svg.line(x, low, up, high + 16, "rw-thin")
    for (xs, y), (name, detail, count, css) in zip(places, tiers, strict=True):
        yield svg.text(8, y + 8, name)
        yield svg.text(8, y + 22, detail, css="rw-small")
        for x in xs:
            yield svg.rect(x - 14, y, 28, 16, css, radius=2)
        if count > len(xs):
            yield svg.text(508, y + 12, "…", anchor="end")
