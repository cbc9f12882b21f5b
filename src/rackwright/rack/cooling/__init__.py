"""The liquid loop: from the rack's cold plates to the CDUs that its block shares.

`loop` sizes a rack's flow by formula; `block` solves racks and CDUs of a block as one network (its kernels are imported
only when a block is solved).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack
from rackwright.rack.cooling.branches import BlockLoop, Branch, Line
from rackwright.rack.cooling.checks import block_findings
from rackwright.rack.cooling.loop import (
    Loop,
    PlateState,
    cooling_findings,
    density,
    heat_capacity,
    loop_of,
    plate_curve,
    plate_range_m3_s,
)

if TYPE_CHECKING:
    from rackwright.rack.pieces import Piece

__all__ = [
    "BlockLoop",
    "Branch",
    "Line",
    "Loop",
    "PlateState",
    "block_findings",
    "block_of",
    "cooling_findings",
    "density",
    "heat_capacity",
    "loop_of",
    "plate_curve",
    "plate_range_m3_s",
]


def block_of(
    generation: str, rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...], loop: Loop
) -> BlockLoop | None:
    """The block's loop, solved; None where there is nothing to solve (see `block.block_hall`)."""
    from rackwright.rack.cooling.block import block_hall, block_loop

    made = block_hall(generation, rack, catalogue, pieces, loop)
    return None if made is None else block_loop(made)
