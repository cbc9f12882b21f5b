"""The records of a floor by address. They are compiled into kernels, so this file must count among their sources:
`compiled.kernel_folder` looks for the words "from rackwright.compiled import".
"""

from __future__ import annotations

from rackwright.plant.floor import arrays
from rackwright.plant.floor.pointers_kernel import accessor, float_at, int_at

station_at = accessor(arrays.STATION)
place_at = accessor(arrays.PLACE)
op_at = accessor(arrays.OP)
phase_at = accessor(arrays.PHASE)
queue_at = accessor(arrays.QUEUE)
part_at = accessor(arrays.PART)
source_at = accessor(arrays.SOURCE)
store_at = accessor(arrays.STORE_OF)
pool_at = accessor(arrays.POOL)
calendar_at = accessor(arrays.CALENDAR)
law_at = accessor(arrays.LAW)
match_at = accessor(arrays.MATCH)
out_at = accessor(arrays.LEFT)
seen_at = accessor(arrays.SEEN)

__all__ = [
    "calendar_at", "float_at", "int_at", "law_at", "match_at", "op_at", "out_at", "part_at", "phase_at", "place_at", "pool_at", "queue_at",
    "seen_at",    "source_at", "station_at", "store_at",
]  # fmt: skip
