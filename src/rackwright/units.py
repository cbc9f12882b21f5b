"""The border: "132 kW" -> 132000.0 and back.

Alone in importing pint, and lazily: the registry holds the units of this trade only, each distinct unit text is
worked out once, and everything inside is plain floats in the unit that a `Kind` names.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pint

_DEFINITIONS = """
milli- = 1e-3 = m-
micro- = 1e-6 = u- = µ-
nano- = 1e-9 = n-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
peta- = 1e15 = P-
exa- = 1e18 = E-
billion- = 1e9 = B-

metre = [length] = m = meter
second = [time] = s = sec
kilogram = [mass] = kg
gram = 1e-3 kg = g
tonne = 1000 kg = t
pound = 0.45359237 kg = lb
ampere = [current] = A
kelvin = [temperature]; offset: 0 = K
degree_Celsius = kelvin; offset: 273.15 = degC = °C
degree_Fahrenheit = 5 / 9 * kelvin; offset: 255.372222222222 = degF = °F
delta_kelvin = [temperature_rise] = delta_K
US_dollar = [currency] = USD = $
rack = [rack] = racks
token = [token] = tokens
operation = [operation] = FLOP
byte = [information] = B = bytes
bit = 0.125 byte = _ = bits
person = [person] = people

minute = 60 s = min
hour = 3600 s = h = hours
day = 86400 s = d = days
week = 604800 s = _ = weeks
year = 31557600 s = a = years
month = 2629800 s = _ = months
hertz = 1 / s = Hz
newton = kg * m / s ** 2 = N
pascal = N / m ** 2 = Pa
bar = 1e5 Pa
psi = 6894.757293168 Pa
joule = N * m = J
watt = J / s = W
watt_hour = 3600 J = Wh
volt = W / A = V
ohm = V / A
volt_ampere = V * A = VA
ampere_squared_second = A ** 2 * s = A2s
farad = A * s / V = F
henry = V * s / A = H
litre = 1e-3 m ** 3 = L = l = liter
gallon = 3.785411784e-3 m ** 3 = gal
inch = 0.0254 m = in
foot = 0.3048 m = ft
rack_unit = 0.04445 m = RU
open_unit = 0.048 m = OU
acre = 4046.8564224 m ** 2
byte_per_second = byte / s = Bps
bit_per_second = bit / s = bps
"""

_QUANTITY = re.compile(r"\s*([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")
_INFINITE = re.compile(r"\s*[+-]?(?:nan|inf(?:inity)?|\.nan|[+-]?\.inf)\b.*", re.IGNORECASE)
LARGEST = 1e30
#: A range up to here or beyond is not worth telling.
WIDE = 1e5
LONGEST_UNIT = 60


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field of the program may hold: its name, the unit inside, an example, and the range that makes sense.

    `unit` is the unit of the float inside; `lowest` and `highest` are in it. `example` is what a message shows.
    """

    name: str
    unit: str
    example: str
    lowest: float = 0.0
    highest: float = LARGEST

    def range_text(self) -> str:
        if self.lowest <= -LARGEST:
            return ""
        if self.highest >= WIDE or abs(self.highest) >= WIDE * max(abs(self.lowest), 1.0):
            return ", not negative" if self.lowest == 0 else f", {say(self.lowest, self)} or more"
        return f", from {say(self.lowest, self)} to {say(self.highest, self)}"

    @property
    def expected(self) -> str:
        return f'{self.name} such as "{self.example}"{self.range_text()}'


class UnitProblem(ValueError):
    """The text is not a quantity of the kind asked for; the message is what was found."""


@cache
def _registry() -> pint.UnitRegistry[float]:
    import pint

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(None, cache_folder=None)
    registry.load_definitions([line for line in _DEFINITIONS.splitlines() if line])
    return registry


@lru_cache(maxsize=4096)
def _factor(unit: str, target: str) -> tuple[float, float]:
    """Scale and offset that take `unit` to `target`: inside = scale * x + offset.

    Raises
    ------
    UnitProblem
        If the unit is unknown or of another dimension.
    """
    if len(unit) > LONGEST_UNIT or not re.fullmatch(r"[\w µ°$/*^.²³-]*", unit):
        raise UnitProblem("unknown unit")
    registry = _registry()
    text = re.sub(r"(?<=m)([23])", r"**\1", unit.replace("²", "2").replace("³", "3").replace("^", "**"))
    try:
        if text.startswith("/"):
            inverse = registry.Quantity(1.0, text[1:].strip())
            return float((1.0 / inverse).to(target).magnitude), 0.0
        text = text.replace("°", "deg")
        zero = registry.Quantity(0.0, text).to(target).magnitude
        one = registry.Quantity(1.0, text).to(target).magnitude
    except Exception as error:  # pint and its parser raise many kinds; the text is the user's
        raise UnitProblem(_reason(error)) from None
    return float(one - zero), float(zero)


def _reason(error: Exception) -> str:
    if type(error).__name__ == "DimensionalityError":
        return "a unit of another kind"
    return "unknown unit"


def number(text: str) -> tuple[float, str]:
    """Split "132 kW" into 132.0 and "kW".

    Raises
    ------
    UnitProblem
        If there is no finite number in front.
    """
    match = _QUANTITY.fullmatch(text) if len(text) <= 200 else None
    if match is None:
        raise UnitProblem("not a finite number" if _INFINITE.fullmatch(text[:200]) else "no number in front")
    value = float(match[1].replace("_", ""))
    if not math.isfinite(value):
        raise UnitProblem("not a finite number")
    return value, match[2]


def parse(text: str, kind: Kind) -> float:
    """Read `text` as a quantity of `kind`; the float is in `kind.unit`.

    >>> parse("132 kW", Kind("power", "W", "132 kW"))
    132000.0
    >>> round(parse("45 degC", Kind("temperature", "K", "45 degC")), 2)
    318.15

    Raises
    ------
    UnitProblem
        With what was found, when the text is no such quantity or lies outside the kind's range.
    """
    value, unit = number(text)
    if kind.unit == "":
        if unit == "%":
            value /= 100.0
        elif unit:
            raise UnitProblem(f"a unit ({unit[:40]}) where a plain number is meant")
    elif not unit:
        raise UnitProblem("no unit")
    else:
        scale, offset = _factor(_rise(unit) if kind.unit == "delta_K" else unit, kind.unit)
        value = scale * value + offset
    if not kind.lowest - 1e-12 * abs(kind.lowest) <= value <= kind.highest * (1 + 1e-12) or not math.isfinite(value):
        raise UnitProblem("outside the range")
    return value


def _rise(unit: str) -> str:
    """A difference of 10 degC is 10 K; one of 10 degF is 5.56 K."""
    if unit in ("K", "degC", "°C", "delta_K", "delta_degC"):
        return "delta_K"
    return unit if "deg" not in unit and "°" not in unit else "unknown"


def convert(value: float, unit: str, to: str) -> float:
    """Take a float from one unit to another; both as text.

    >>> convert(132000.0, "W", "kW")
    132.0
    """
    if unit == to or not to:
        return value
    if to == "%" and unit == "":
        return value * 100.0
    scale, offset = _factor(to, unit)
    return (value - offset) / scale


def three_figures(value: float) -> str:
    """Three significant figures, thousands grouped, no exponent between 1e-4 and 1e15.

    >>> three_figures(131_966.0), three_figures(0.012345)
    ('132,000', '0.0123')
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "-"
    digits = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    if not 1e-4 <= abs(rounded) < 1e15:
        return f"{rounded:.3g}"
    return f"{rounded:,.{max(0, 2 - math.floor(math.log10(abs(rounded))))}f}"


_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_WORK_STEPS = ((1e24, "Y"), (1e21, "Z"), (1e18, "E"), (1e15, "P"), *_STEPS)
_MONEY_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_PREFIXED = {"W", "USD", "J", "Wh", "USD/W", "FLOP", "FLOP/s", "byte", "byte/s", "token/s"}


def say(value: float, kind: Kind) -> str:
    """The value as a reader wants it: three figures and a unit.

    >>> say(132000.0, Kind("power", "W", "132 kW"))
    '132 kW'
    """
    if kind.unit == "" and value == int(value):
        return f"{int(value):,}"
    return say_in(value, kind.unit)


def say_in(value: float, unit: str) -> str:
    """Three figures with a handy prefix for watts, dollars, joules and rates; temperatures in degC."""
    if unit == "K":
        return f"{three_figures(value - 273.15)} degC"
    if unit == "delta_K":
        return f"{three_figures(value)} K"
    if unit in _PREFIXED:
        steps = _MONEY_STEPS if unit.startswith("USD") else _WORK_STEPS if unit.startswith("FLOP") else _STEPS
        for size, prefix in steps:
            if abs(value) >= size * 0.9995 or size == 1.0:
                return f"{three_figures(value / size)} {prefix}{unit}"
    return f"{three_figures(value)} {unit}".strip()
