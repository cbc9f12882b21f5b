"""Flat metal bars that carry direct current: resistance, temperature from the heat balance, ampacity, mass.

A bar's heat goes by natural convection, radiation, moving air and a liquid, as far as its surroundings offer them.
Direct current fills the whole section evenly, so there is no skin or proximity effect here; the same bar carries less
alternating current. Temperatures in K, lengths in m, currents in A; what ends in `_m` is per metre of one pole.

Validity: bars 20 to 300 mm wide in dry air from 0 to 150 degC near sea level, all bars of a pole at one temperature,
no heat along the bar (its ends neither cool nor warm it), no enclosure: air at `ambient_k` reaches every face.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.physics.conductors import REFERENCE_K, RESISTIVITY, resistivity_ohm_m

Floats = NDArray[np.float64]
Run = Literal["on edge", "upright", "flat"]

STEFAN_BOLTZMANN_W_M2_K4 = 5.670374419e-8
GRAVITY_M_S2 = 9.80665
#: Copper: the reference's 8,890 kg/m3 (IEC 60028). Aluminium: the usual 2,700 kg/m3, pure metal.
DENSITY_KG_M3 = {"copper": 8890.0, "aluminium": 2700.0}
#: Dry air (Sutherland's law with White's constants, Viscous Fluid Flow, 3rd edition, tables 1-2 and 1-3; 2 % from 200
#: to 1,000 K) and its heat capacity.
AIR_VISCOSITY_PA_S, AIR_CONDUCTIVITY_W_M_K, ZERO_C_K = 1.716e-5, 0.0241, 273.15
AIR_CP_J_KG_K, AIR_J_KG_K, SEA_LEVEL_PA = 1006.0, 287.05, 101325.0
#: Rises over ambient at which a fit of the cooling is taken. [K]
FIT_RISES_K = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0)
#: No bar is taken warmer than this above its surroundings.
MOST_RISE_K = 500.0


@dataclass(frozen=True, slots=True)
class FlatBar:
    """The conductor of one pole: `bars` equal flat bars beside each other, `gap_m` apart.

    `run` says how they stand: "on edge" runs level with its wide faces upright, "upright" climbs a rack, "flat" runs
    level with its wide faces level. The emissivity of 0.4 is that of bare copper after 60 days in industrial air
    (published: Copper Development Association Inc., Ampacities of Copper No. 110 Busbars, table 1; its table 4 runs
    from 0.15, bright, to 0.9, painted).
    """

    width_m: float
    thickness_m: float
    conductor: str = "copper"
    bars: int = 1
    gap_m: float | None = None
    emissivity: float = 0.4
    run: Run = "on edge"
    #: Height of an upright run, along which the air warms. [m]
    height_m: float = 2.0

    def __post_init__(self) -> None:
        """Refuse what is no bar."""
        if self.conductor not in DENSITY_KG_M3:
            raise ValueError(f"conductor {self.conductor!r} is not one of {', '.join(DENSITY_KG_M3)}")
        sizes = {"width_m": self.width_m, "thickness_m": self.thickness_m, "height_m": self.height_m}
        for name, size_m in sizes.items():
            if not (math.isfinite(size_m) and size_m > 0):
                raise ValueError(f"{name} is {size_m}, not a finite length above zero")
        if self.bars < 1 or not 0 <= self.emissivity <= 1:
            raise ValueError(f"{self.bars} bars of emissivity {self.emissivity}: wants one bar at least, and 0 to 1")

    @property
    def section_m2(self) -> float:
        """Metal of one pole, all its bars."""
        return self.bars * self.width_m * self.thickness_m

    @property
    def mass_kg_m(self) -> float:
        """Mass of one pole per metre.

        >>> round(FlatBar(0.120, 0.008).mass_kg_m, 2)
        8.53
        """
        return self.section_m2 * DENSITY_KG_M3[self.conductor]

    def resistance_ohm_m(self, temperature_k: float) -> float:
        """Resistance of one pole per metre at a temperature.

        >>> round(FlatBar(0.100, 0.010).resistance_ohm_m(293.15) * 1e6, 2)  # microohm: 17.24 over 1 (in m2 x 1e-6)
        17.24
        """
        return resistivity_ohm_m(self.conductor, temperature_k) / self.section_m2


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What takes the heat: still or moving air, and a liquid where its conductance per metre of pole is given."""

    ambient_k: float = 308.15
    #: Speed of the air along the faces; 0 is still air. [m/s]
    air_m_s: float = 0.0
    #: Heat to the liquid per metre of pole and kelvin above `liquid_k`. [W/(K m)]
    liquid_w_k_m: float = 0.0
    liquid_k: float | None = None

    @property
    def liquid_at_k(self) -> float:
        """Temperature of the liquid, the air's where nobody says."""
        return self.ambient_k if self.liquid_k is None else self.liquid_k


def loop_ohm(bar: FlatBar, length_m: float, temperature_k: float, *, joints: int = 0, joint_ohm: float = 0.0) -> float:
    """Resistance there and back: two poles of `length_m`, and `joints` bolted joints in all.

    >>> bar = FlatBar(0.100, 0.010)
    >>> round(loop_ohm(bar, 2.0, 293.15, joints=4, joint_ohm=2e-6) * 1e6, 2)  # 2 x 2 m x 17.24 + 4 x 2
    76.96
    """
    return 2 * length_m * bar.resistance_ohm_m(temperature_k) + joints * joint_ohm


def cooling_w_m(bar: FlatBar, temperature_k: float, around: Surroundings) -> float:
    """Heat that one metre of a pole gives off at `temperature_k`.

    Natural convection: Churchill and Chu, Int. J. Heat Mass Transfer 18 (1975) 1323, upright plates; level plates
    after McAdams as in Incropera, Fundamentals of Heat and Mass Transfer, 6th edition, equations 9.30 to 9.32;
    between bars, Bar-Cohen and Rohsenow, ASME J. Heat Transfer 106 (1984) 116. Moving air: laminar and mixed plate
    (Incropera 7.30, 7.38) over the bar's width, joined with natural convection as the cube root of the sum of cubes.
    Narrow edges are taken to convect as the wide faces do. Radiation leaves the outline only: faces that see each
    other exchange nothing. Each correlation stands for its data within about 5 to 15 %.

    >>> round(cooling_w_m(FlatBar(0.120, 0.008), 308.15 + 65.0, Surroundings()))  # W/m
    166
    """
    rise_k = temperature_k - around.ambient_k
    outer_m = 2 * (bar.width_m + bar.bars * bar.thickness_m)
    inner_m = 2 * (bar.bars - 1) * bar.width_m
    convected = _film_w_m2_k(bar, temperature_k, around) * outer_m * rise_k
    if inner_m:
        convected += _between_w_m2_k(bar, temperature_k, around) * inner_m * rise_k
    open_m = outer_m + 2 * (bar.bars - 1) * _gap_m(bar)
    radiated = bar.emissivity * STEFAN_BOLTZMANN_W_M2_K4 * open_m * (temperature_k**4 - around.ambient_k**4)
    return convected + radiated + around.liquid_w_k_m * (temperature_k - around.liquid_at_k)


def ampacity_a(bar: FlatBar, rise_k: float, around: Surroundings) -> float:
    """Direct current at which a pole stands `rise_k` over the ambient air, where its loss is its cooling.

    >>> still = Surroundings(ambient_k=308.15)
    >>> round(ampacity_a(FlatBar(0.120, 0.008), 65.0, still))
    2649
    """
    if not 0 < rise_k <= MOST_RISE_K:
        raise ValueError(f"rise_k is {rise_k}, not above zero and up to {MOST_RISE_K:g}")
    temperature_k = around.ambient_k + rise_k
    cooled_w_m = cooling_w_m(bar, temperature_k, around)
    return math.sqrt(max(cooled_w_m, 0.0) / bar.resistance_ohm_m(temperature_k))


def bar_temperature_k(bar: FlatBar, current_a: float, around: Surroundings) -> float:
    """Temperature at which the pole's loss equals its cooling, within 1e-9 K.

    Raises
    ------
    ValueError
        When no temperature up to 500 K over ambient is warm enough: the metal's resistance grows faster than its
        cooling, and it runs away.

    Examples
    --------
    >>> still, bar = Surroundings(), FlatBar(0.120, 0.008)
    >>> round(bar_temperature_k(bar, ampacity_a(bar, 65.0, still), still) - still.ambient_k, 6)
    65.0
    """
    low = min(around.ambient_k, around.liquid_at_k if around.liquid_w_k_m else around.ambient_k)
    high = low + 1.0
    while _excess_w_m(bar, current_a, high, around) > 0:
        high = low + 2 * (high - low)
        if high - low > MOST_RISE_K:
            raise ValueError(f"{current_a:g} A: no temperature below {low + MOST_RISE_K:.0f} K carries the loss away")
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if _excess_w_m(bar, current_a, middle, around) > 0 else (low, middle)
    return 0.5 * (low + high)


@dataclass(frozen=True, slots=True)
class CoolingFit:
    """`loss = cooling_w_k x rise^cooling_power` of a line there and back, and how far it is from the heat balance.

    `rest_k` is the temperature without current; rises count from it. `worst_share` and `rms_share` are of the cooling
    at `rises_k`.
    """

    cooling_w_k: float
    cooling_power: float
    rest_k: float
    worst_share: float
    rms_share: float
    rises_k: tuple[float, ...]


def cooling_fit(bar: FlatBar, length_m: float, around: Surroundings, rises_k: ArrayLike = FIT_RISES_K) -> CoolingFit:
    """The power law of a line's cooling that the network kernel takes, least squares on its logarithm.

    Examples
    --------
    Still air and radiation rise with about the 1.2nd power, near the 1.22 of I ~ rise^0.61.

    >>> fit = cooling_fit(FlatBar(0.120, 0.008), 2.0, Surroundings())
    >>> 1.15 < fit.cooling_power < 1.25 and fit.worst_share < 0.02
    True
    """
    rises = np.asarray(rises_k, np.float64)
    if rises.ndim != 1 or len(rises) < 2 or not (rises > 0).all():
        raise ValueError("rises_k wants two rises or more, all above zero")
    rest_k = bar_temperature_k(bar, 0.0, around) if around.liquid_w_k_m else around.ambient_k
    cooled = 2 * length_m * np.array([cooling_w_m(bar, rest_k + rise, around) for rise in rises.tolist()])
    power, logarithm = np.polyfit(np.log(rises), np.log(cooled), 1).tolist()
    share = np.exp(logarithm) * rises**power / cooled - 1
    return CoolingFit(
        cooling_w_k=math.exp(logarithm),
        cooling_power=power,
        rest_k=rest_k,
        worst_share=float(np.max(np.abs(share))),
        rms_share=float(np.sqrt(np.mean(share**2))),
        rises_k=tuple(rises.tolist()),
    )


def line_figures(
    bar: FlatBar, length_m: float, around: Surroundings, *, joints: int = 0, joint_ohm: float = 0.0
) -> dict[str, float]:
    """A bar as the network's `line()` takes it: resistance at 20 degC there and back, its coefficient, its cooling.

    >>> sorted(line_figures(FlatBar(0.1, 0.01), 2.0, Surroundings()))
    ['alpha_per_k', 'ambient_k', 'cooling_power', 'cooling_w_k', 'ohm']
    """
    fit = cooling_fit(bar, length_m, around)
    return {
        "ohm": loop_ohm(bar, length_m, REFERENCE_K, joints=joints, joint_ohm=joint_ohm),
        "alpha_per_k": RESISTIVITY[bar.conductor][1],
        "ambient_k": fit.rest_k,
        "cooling_w_k": fit.cooling_w_k,
        "cooling_power": fit.cooling_power,
    }


def mass_kg(bar: FlatBar, length_m: float) -> float:
    """Metal there and back: two poles of `length_m`.

    >>> round(mass_kg(FlatBar(0.100, 0.010), 2.0), 2)  # 2 x 2 m x 1e-3 m2 x 8,890
    35.56
    """
    return 2 * length_m * bar.mass_kg_m


def handbook_ampacity_a(bar: FlatBar, rise_k: float = 50.0) -> float:
    """Direct current of one flat copper bar in still air by the copper trade's rule of thumb.

    I = 7.73 A^0.5 p^0.39 (A in mm2, perimeter p in mm) for 50 K over 40 degC, scaled with rise^0.61 (Copper
    Development Association, publication 22, as recalled in the reference). For one bar on edge; no emissivity enters.

    >>> round(handbook_ampacity_a(FlatBar(0.120, 0.008)))
    2082
    """
    if bar.bars != 1 or bar.conductor != "copper":
        raise ValueError("the rule of thumb is for one copper bar")
    perimeter_mm = 2e3 * (bar.width_m + bar.thickness_m)
    return float(7.73 * math.sqrt(bar.section_m2 * 1e6) * perimeter_mm**0.39 * (rise_k / 50.0) ** 0.61)


def _excess_w_m(bar: FlatBar, current_a: float, at_k: float, around: Surroundings) -> float:
    return current_a**2 * bar.resistance_ohm_m(at_k) - cooling_w_m(bar, at_k, around)


def _gap_m(bar: FlatBar) -> float:
    """Space between bars: their thickness where nobody says, as bars are usually bolted."""
    return bar.thickness_m if bar.gap_m is None else bar.gap_m


@dataclass(frozen=True, slots=True)
class _Air:
    conductivity_w_m_k: float
    viscosity_m2_s: float
    prandtl: float
    #: Rayleigh's number over the cube of the length. [1/m3]
    buoyancy_1_m3: float


def _air(temperature_k: float, ambient_k: float) -> _Air:
    """Dry air at the film's mean temperature."""
    film_k = 0.5 * (temperature_k + ambient_k)
    warm = (film_k / ZERO_C_K) ** 1.5
    viscosity_pa_s = AIR_VISCOSITY_PA_S * warm * (ZERO_C_K + 110.4) / (film_k + 110.4)
    conductivity = AIR_CONDUCTIVITY_W_M_K * warm * (ZERO_C_K + 194.4) / (film_k + 194.4)
    viscosity_m2_s = viscosity_pa_s * AIR_J_KG_K * film_k / SEA_LEVEL_PA
    prandtl = viscosity_pa_s * AIR_CP_J_KG_K / conductivity
    buoyancy = GRAVITY_M_S2 * abs(temperature_k - ambient_k) / film_k / viscosity_m2_s**2 * prandtl
    return _Air(conductivity, viscosity_m2_s, prandtl, buoyancy)


def _film_w_m2_k(bar: FlatBar, temperature_k: float, around: Surroundings) -> float:
    """Mean film coefficient of the outer faces: natural and moving air joined."""
    air = _air(temperature_k, around.ambient_k)
    natural = _level_w_m2_k(bar, air) if bar.run == "flat" else _upright_w_m2_k(_climb_m(bar), air)
    return float(np.cbrt(natural**3 + _moving_w_m2_k(bar.width_m, around.air_m_s, air) ** 3))


def _climb_m(bar: FlatBar) -> float:
    """Height along which air climbs the faces."""
    return bar.height_m if bar.run == "upright" else bar.width_m


def _upright_w_m2_k(height_m: float, air: _Air) -> float:
    rayleigh = air.buoyancy_1_m3 * height_m**3
    if rayleigh < 1e9:
        nusselt = 0.68 + 0.670 * rayleigh**0.25 / (1 + (0.492 / air.prandtl) ** (9 / 16)) ** (4 / 9)
    else:
        nusselt = (0.825 + 0.387 * rayleigh ** (1 / 6) / (1 + (0.492 / air.prandtl) ** (9 / 16)) ** (8 / 27)) ** 2
    return float(nusselt * air.conductivity_w_m_k / height_m)


def _level_w_m2_k(bar: FlatBar, air: _Air) -> float:
    """Mean of an upper and a lower level face; a long strip's area over its outline is half its width."""
    length_m = bar.width_m / 2
    rayleigh = air.buoyancy_1_m3 * length_m**3
    above = 0.54 * rayleigh**0.25 if rayleigh < 1e7 else 0.15 * rayleigh ** (1 / 3)
    below = 0.27 * rayleigh**0.25
    return float(0.5 * (above + below) * air.conductivity_w_m_k / length_m)


def _moving_w_m2_k(length_m: float, speed_m_s: float, air: _Air) -> float:
    reynolds = speed_m_s * length_m / air.viscosity_m2_s
    laminar = 0.664 * math.sqrt(reynolds)
    mixed = 0.037 * reynolds**0.8 - 871.0
    nusselt = (laminar if reynolds < 5e5 else mixed) * air.prandtl ** (1 / 3)
    return float(nusselt * air.conductivity_w_m_k / length_m)


def _between_w_m2_k(bar: FlatBar, temperature_k: float, around: Surroundings) -> float:
    """Film coefficient of the faces between bars: a channel open at both ends; closed to air where bars lie flat."""
    air, gap_m, height_m = _air(temperature_k, around.ambient_k), _gap_m(bar), _climb_m(bar)
    moving = _moving_w_m2_k(bar.width_m, around.air_m_s, air)
    if bar.run == "flat" or gap_m == 0:
        return moving if gap_m else 0.0
    channel = air.buoyancy_1_m3 * gap_m**4 / height_m
    if channel <= 0:
        return moving
    natural = (576 / channel**2 + 2.873 / math.sqrt(channel)) ** -0.5 * air.conductivity_w_m_k / gap_m
    return float(np.cbrt(natural**3 + moving**3))
