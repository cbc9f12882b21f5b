"""Random numbers by counter: Philox 4x32 of ten rounds (Salmon, Moraes, Dror & Shaw, SC 2011), and times drawn from them.

A number is a function of its key (seed, replication, station) and its counter (item, source, visit, purpose, attempt), so
it is the same whoever asks for it, in whatever order. All integers are held in 64 bits.
"""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np

from rackwright.compiled import kernel, scalar
from rackwright.plant.floor.arrays import (
    AHEAD,
    CONSTANT,
    EXPONENTIAL,
    FIRST,
    GAMMA,
    LOGNORMAL,
    TRIANGULAR,
    Floats,
    Ints,
    Records,
)  # fmt: skip
from rackwright.plant.floor.pointers_kernel import float_at

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLY_0, MULTIPLY_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
TWENTY, TWELVE = np.uint64(20), np.uint64(12)
ONE_BITS = np.uint64(0x3FF0000000000000)
ROOT_HALF_BITS = int(np.float64(math.sqrt(0.5)).view(np.int64))
LN_2 = math.log(2.0)
#: Attempt number of the power that makes a gamma of a shape below one out of one above.
LIFT = cast("int", np.int64(0xFFFF))


@scalar
def philox(k0: Any, k1: Any, c0: Any, c1: Any, c2: Any, c3: Any) -> tuple[Any, Any, Any, Any]:
    """Four 32-bit numbers from a key of two and a counter of four, all in uint64."""
    for _ in range(10):
        p, q = MULTIPLY_0 * c0, MULTIPLY_1 * c2
        c0, c1, c2, c3 = (q >> HALF) ^ c1 ^ k0, q & LOW, (p >> HALF) ^ c3 ^ k1, p & LOW
        k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    return c0, c1, c2, c3


@scalar
def between_0_and_1(high: Any, low: Any) -> float:
    """An odd multiple of 2^-53 from two 32-bit numbers: never 0, never 1, as far from either end."""
    bits = np.uint64((high << TWENTY) | (low >> TWELVE) | ONE_BITS)
    return float(bits.view(np.float64) - 1.0 + 2.0**-53)


@scalar
def share(key: int, item: int, source: int, visit: int, purpose: int, attempt: int) -> tuple[float, float]:
    """Two numbers between 0 and 1 for a purpose of an item's visit; `key` is the station's 64 bits."""
    k = np.uint64(key)
    a, b, c, d = philox(
        k & LOW, k >> HALF, np.uint64(item) & LOW, np.uint64(source) & LOW, np.uint64(visit) & LOW,
        np.uint64((purpose << 16) | attempt) & LOW,
    )  # fmt: skip
    return between_0_and_1(a, b), between_0_and_1(c, d)


@scalar
def ln(x: float) -> float:
    """Natural logarithm of a normal number above zero, good to 4e-16 of the larger of it and one; loops vectorise."""
    bits = np.float64(x).view(np.int64)
    exponent = (bits - ROOT_HALF_BITS) >> 52
    mantissa = np.int64(bits - (exponent << 52)).view(np.float64)
    t = (mantissa - 1.0) / (mantissa + 1.0)
    z = t * t
    p = 2.0 / 19.0
    p = p * z + 2.0 / 17.0
    p = p * z + 2.0 / 15.0
    p = p * z + 2.0 / 13.0
    p = p * z + 2.0 / 11.0
    p = p * z + 2.0 / 9.0
    p = p * z + 2.0 / 7.0
    p = p * z + 2.0 / 5.0
    p = p * z + 2.0 / 3.0
    return float(np.float64(exponent) * LN_2 + t * (2.0 + z * p))


@kernel
def normal(u: float) -> float:
    """The standard normal number with probability `u` below it (Wichura, AS 241, PPND16: 1e-16 relative)."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = 2509.0809287301226727
        top = top * r + 33430.575583588128105
        top = top * r + 67265.770927008700853
        top = top * r + 45921.953931549871457
        top = top * r + 13731.693765509461125
        top = top * r + 1971.5909503065514427
        top = top * r + 133.14166789178437745
        top = top * r + 3.387132872796366608
        bottom = 5226.495278852854561
        bottom = bottom * r + 28729.085735721942674
        bottom = bottom * r + 39307.89580009271061
        bottom = bottom * r + 21213.794301586595867
        bottom = bottom * r + 5394.1960214247511077
        bottom = bottom * r + 687.1870074920579083
        bottom = bottom * r + 42.313330701600911252
        bottom = bottom * r + 1.0
        return q * top / bottom
    r = math.sqrt(-math.log(u if q < 0 else 1.0 - u))
    if r <= 5.0:
        r -= 1.6
        top = 7.7454501427834140764e-4
        top = top * r + 0.0227238449892691845833
        top = top * r + 0.24178072517745061177
        top = top * r + 1.27045825245236838258
        top = top * r + 3.64784832476320460504
        top = top * r + 5.7694972214606914055
        top = top * r + 4.6303378461565452959
        top = top * r + 1.42343711074968357734
        bottom = 1.05075007164441684324e-9
        bottom = bottom * r + 5.475938084995344946e-4
        bottom = bottom * r + 0.0151986665636164571966
        bottom = bottom * r + 0.14810397642748007459
        bottom = bottom * r + 0.68976733498510000455
        bottom = bottom * r + 1.6763848301838038494
        bottom = bottom * r + 2.05319162663775882187
        bottom = bottom * r + 1.0
    else:
        r -= 5.0
        top = 2.01033439929228813265e-7
        top = top * r + 2.71155556874348757815e-5
        top = top * r + 0.0012426609473880784386
        top = top * r + 0.026532189526576123093
        top = top * r + 0.29656057182850489123
        top = top * r + 1.7848265399172913358
        top = top * r + 5.4637849111641143699
        top = top * r + 6.6579046435011037772
        bottom = 2.04426310338993978564e-15
        bottom = bottom * r + 1.4215117583164458887e-7
        bottom = bottom * r + 1.8463183175100546818e-5
        bottom = bottom * r + 7.868691311456132591e-4
        bottom = bottom * r + 0.0148753612908506148525
        bottom = bottom * r + 0.13692988092273580531
        bottom = bottom * r + 0.59983220655588793769
        bottom = bottom * r + 1.0
    return -top / bottom if q < 0 else top / bottom


@kernel
def draw(law: Records, values: int, key: int, item: int, source: int, visit: int, purpose: int) -> float:
    """A time [s] of the law for a purpose of an item's visit to the key's station.

    Laws that take one number share the four 32-bit ones of a counter between an even item and the odd one after it.
    """
    kind = law.kind
    if kind == CONSTANT:
        return float(law.a)
    if kind == GAMMA:
        return _gamma(law.a, law.b, key, item, source, visit, purpose)
    even, odd = share(key, item >> 1, source, visit, purpose, FIRST)
    u = odd if item & 1 else even
    if kind == EXPONENTIAL:
        return float(-law.a * ln(u))
    if kind == LOGNORMAL:
        return math.exp(law.a + law.b * normal(u))
    if kind == TRIANGULAR:
        return _triangle(law.a, law.b, law.c, u)
    return float(float_at(values, law.first + int(u * law.count)).x)


@kernel
def _triangle(least: float, mode: float, most: float, u: float) -> float:
    span = most - least
    if u * span < mode - least:
        return least + math.sqrt(u * span * (mode - least))
    return most - math.sqrt((1.0 - u) * span * (most - mode))


@kernel
def _gamma(shape: float, scale: float, key: int, item: int, source: int, visit: int, purpose: int) -> float:
    """Marsaglia & Tsang (2000), each attempt with a counter of its own; a shape below one is lifted by one and powered."""
    d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    for attempt in range(1, LIFT):
        u, accept = share(key, item, source, visit, purpose, attempt)
        z = normal(u)
        v = 1.0 + c * z
        if v <= 0.0:
            continue
        v = v * v * v
        if math.log(accept) < 0.5 * z * z + d - d * v + d * math.log(v):
            break
    if shape < 1.0:
        u, _ = share(key, item, source, visit, purpose, LIFT)
        return scale * d * v * math.exp(math.log(u) / shape)
    return scale * d * v


@kernel
def _in_pairs(item: Ints) -> bool:
    """Whether items follow each other from an even one to an odd one."""
    gaps = 0
    for i in range(len(item) - 1):
        gaps += item[i + 1] - item[i] != 1
    return bool(gaps == 0 and len(item) % 2 == 0 and item[0] % 2 == 0)


@kernel
def fill(law: Records, values: int, key: int, item: Ints, source: int, visit: int, purpose: int, out: Floats) -> None:
    """`draw` for many items into `out`, the same numbers (a last bit may differ), the common law in lanes."""
    if law.kind == EXPONENTIAL and _in_pairs(item):
        mean_s, first = law.a, item[0] >> 1
        for n in range(len(item) // 2):
            even, odd = share(key, first + n, source, visit, purpose, FIRST)
            out[2 * n] = -mean_s * ln(even)
            out[2 * n + 1] = -mean_s * ln(odd)
    elif law.kind == CONSTANT:
        out[:] = law.a
    else:
        for i in range(len(item)):
            out[i] = draw(law, values, key, item[i], source, visit, purpose)


@kernel
def fill_ahead(law: Records, values: int, key: int, first: int, source: int, purpose: int, out: int) -> None:
    """First-visit times of `AHEAD` items from `first` on, to the address `out`: in lanes, and not waited for one by one."""
    if law.kind == EXPONENTIAL:
        mean_s = law.a
        for n in range(AHEAD // 2):
            even, odd = share(key, (first >> 1) + n, source, FIRST, purpose, FIRST)
            float_at(out, 2 * n).x = -mean_s * ln(even)
            float_at(out, 2 * n + 1).x = -mean_s * ln(odd)
    else:
        for i in range(AHEAD):
            float_at(out, i).x = draw(law, values, key, first + i, source, FIRST, purpose)
