"""Records by address: a pointer and a number, nothing that has to be counted or handed over piece by piece.

An accessor is `name_at(address, index)` and gives a record whose fields can be read and written. Accessors are compiled
into kernels, so this file must count among their sources: `compiled.kernel_folder` looks for the words
"from rackwright.compiled import".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import from_dtype, types
from numba.extending import intrinsic


def accessor(dtype: np.dtype[np.void]) -> Any:
    """A compiled function (address, index) -> the record of this kind that lies there."""
    record = from_dtype(dtype)
    width = dtype.itemsize

    def record_at(typing_context: Any, address: Any, index: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            offset = builder.mul(arguments[1], arguments[1].type(width))
            return builder.inttoptr(builder.add(arguments[0], offset), context.get_value_type(record))

        return record(types.int64, types.int64), code

    return intrinsic(record_at)


float_at = accessor(np.dtype([("x", "f8")]))
int_at = accessor(np.dtype([("n", "i8")]))
