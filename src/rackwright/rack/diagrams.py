"""The pictures of a design, in the order in which a reader wants them; and its loop by formula where no block is solved."""

from __future__ import annotations

from rackwright.rack import svg
from rackwright.rack.design import RackDesign
from rackwright.rack.elevation import elevation_svg
from rackwright.units import say_in, three_figures


def drawings_of(design: RackDesign, *, alone: bool = False) -> dict[str, str]:
    """All pictures of a design by title, in the order in which a reader wants them."""
    from rackwright.rack.loop_picture import loop_svg as block_loop_svg
    from rackwright.rack.network_picture import fabric_svg
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
