"""The rack's front as a picture: shelves and trays at their rack units."""

from __future__ import annotations

from collections.abc import Iterator

from rackwright.rack import svg
from rackwright.rack.design import RackDesign
from rackwright.rack.layout import Slot

RU_PIXELS = 13.0
LEFT, TOP, INSIDE, RIGHT = 44.0, 34.0, 220.0, 110.0
_CSS = {"shelf": "rw-shelf", "compute tray": "rw-compute", "switch tray": "rw-switch", "tray": "rw-other"}
_KEY = {"shelf": "power shelf", "compute tray": "compute tray", "switch tray": "switch tray", "tray": "other tray"}
#: A frame is drawn up to this height, a taller one at a smaller scale.
MOST_PIXELS = 900.0


def elevation_svg(design: RackDesign, *, alone: bool = False) -> str:
    """Shelves at the foot, trays above, what is free at the top; a pure function of the design."""
    layout = design.layout
    scale = min(RU_PIXELS, MOST_PIXELS / max(layout.frame_ru, 1.0))
    height = layout.frame_ru * scale
    width = LEFT + INSIDE + RIGHT
    kinds = dict.fromkeys(slot.what for slot in layout.slots)
    parts = [
        svg.text(LEFT, 20, svg.cut(design.name, 44)),
        svg.rect(LEFT, TOP, INSIDE, height, "rw-free", title="free"),
        *_rulers(layout.frame_ru, scale, height),
        *(_slot(slot, scale, height) for slot in layout.slots),
        *(_key(number, kind) for number, kind in enumerate(kinds)),
        *_notes(design, height),
    ]
    description = (
        f"{len(layout.slots)} shelves and trays drawn; {layout.height_ru:g} of {layout.frame_ru:g} rack units: "
        + ", ".join(f"{count} {name}" for name, count in _counts(design).items())
    )
    return svg.drawing(width, TOP + height + 46, f"Elevation of {design.name}", description, parts, alone=alone)


def _counts(design: RackDesign) -> dict[str, int]:
    return {design.power.shelf: design.shelves, **design.trays}


def _slot(slot: Slot, scale: float, frame_height: float) -> str:
    top = TOP + frame_height - (slot.position_ru + slot.height_ru) * scale
    height = slot.height_ru * scale
    name = f"{slot.name} {slot.number}"
    drawn = svg.rect(
        LEFT + 3, top, INSIDE - 6, height, f"{_CSS[slot.what]} rw-slot", title=f"{name}, {slot.position_ru:g} RU"
    )
    if height < 9:
        return drawn
    return drawn + svg.text(LEFT + INSIDE / 2, top + height / 2 + 3.5, svg.cut(name, 36), css="rw-on", anchor="middle")


def _rulers(frame_ru: float, scale: float, height: float) -> Iterator[str]:
    step = 5 if frame_ru <= 100 else int(frame_ru // 10)
    for unit in range(0, int(frame_ru) + 1, step):
        y = TOP + height - unit * scale
        yield svg.line(LEFT - 6, y, LEFT, y, "rw-line")
        yield svg.text(LEFT - 9, y + 3.5, unit, css="rw-small", anchor="end")
    yield svg.text(LEFT - 9, TOP - 8, "RU", css="rw-small", anchor="end")


def _key(number: int, kind: str) -> str:
    y = TOP + 8 + 20 * number
    x = LEFT + INSIDE + 12
    return svg.rect(x, y, 10, 10, _CSS[kind]) + svg.text(x + 15, y + 9, _KEY[kind], css="rw-small")


def _notes(design: RackDesign, height: float) -> Iterator[str]:
    layout = design.layout
    said = f"{layout.height_ru:g} of {layout.frame_ru:g} RU, {layout.mass_kg:,.0f} kg"
    yield svg.text(LEFT, TOP + height + 18, said, css="rw-small")
    if layout.slots_left_out:
        yield svg.text(LEFT, TOP + height + 34, f"{layout.slots_left_out} more do not fit", css="rw-small")
    elif design.shelves and not any(slot.what == "shelf" for slot in layout.slots):
        said = f"{design.shelves} power shelves stand in a sidecar"
        yield svg.text(LEFT, TOP + height + 34, said, css="rw-small")
