"""Coolants of liquid loops: water, propylene glycol and water, and a user's own, as polynomials in temperature.

Each property of a `Coolant` is a polynomial in x = (temperature - reference) / scale, lowest power first, so that x
stays within a few units and the sums are well conditioned; viscosity is the exponential of one. Internal energy is
the exact integral of the heat capacity, so that a loop's heat balance closes to rounding. Liquids are taken as
incompressible: the fits are at 3 bar, and 10 bar move density and heat capacity by less than 0.1 per cent.

Beyond `least_k` and `most_k` every property keeps its value there (a polynomial must not be read where nothing was
fitted), and energy goes on as a straight line; `holds_at` says whether a temperature is inside.

Arguments are floats or arrays that broadcast; results are arrays. Compiled loops use `coolant_kernels`, which holds
the same laws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import polynomial as powers
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Reference and scale of the fitted coolants: 50 degC is the middle of the loops' range. [K]
REFERENCE_K, SCALE_K = 323.15, 50.0
#: Highest temperature of the fits. [K]
HIGHEST_K = 373.15
#: Room that is left above freezing: the fits reach the freezing point, a loop should not. [K]
ABOVE_FREEZING_K = 1.0
#: Range of the mixture's fit, by mass.
MOST_GLYCOL_SHARE = 0.6

# The fits were made with numpy.linalg.lstsq, unweighted, to CoolProp 8.0.0 at 3 bar and are rounded to eight figures:
# - water ("Water", IAPWS-95): PropsSI("D" | "C" | "V" | "L", "T", t, "P", 3e5, "Water") at 401 temperatures from
#   273.16 to 373.15 K, degree 6. Worst errors: density 4e-6, heat capacity 4e-5, viscosity 2e-4, conductivity 3e-5.
# - mixture ("INCOMP::MPG[share]", after Melinder 2010): 41 shares from 0 to 0.6 by 41 temperatures from freezing to
#   373.15 K, powers i of (share / 0.3 - 1) and j of x with i + j <= 5 and j <= 3 (18 of them), the form that
#   Melinder gives the properties. A row is a power of the share. Worst errors: 2e-8, all properties.
# - freezing point of the mixture: degree 5 in (share / 0.3 - 1), worst error 1e-5 K.
# tests/validation/test_against_coolprop.py prints the errors of what is written here.
WATER_DENSITY = (988.12193, -22.609887, -8.1970071, 1.5290842, -0.5780988, 0.32710513, -0.15285431)
WATER_HEAT_CAPACITY = (4180.8742, 14.049727, 20.738388, -5.3637259, 9.8741394, -10.185406, 5.3064258)
WATER_LOG_VISCOSITY = (-7.5118801, -0.83948947, 0.22771448, -0.068532305, 0.026854885, -0.016906233, 0.0074336294)
WATER_CONDUCTIVITY = (0.64072586, 0.05617854, -0.02189701, 0.003031772, -0.0014622797, 0.0015368492, -0.00080095508)
GLYCOL_DENSITY = (
    (1007.4927, -30.766395, -5.0035309, 1.6957619),
    (18.47127, -11.509544, 3.6563457, -0.52142749),
    (-1.7190903, 0.47803489, -0.47595473, 0.3798),
    (-2.8039615, 3.5684921, -0.4843125, 0.0),
    (-1.2938792, -0.899505, 0.0, 0.0),
    (0.569106, 0.0, 0.0, 0.0),
)
GLYCOL_HEAT_CAPACITY = (
    (3936.6005, 129.85675, -5.5295737, -1.4267741),
    (-358.52022, 74.720319, 1.3603917, 5.9643073),
    (-140.84301, 18.41474, 21.973334, -5.47875),
    (18.730158, 30.813135, -19.9125, 0.0),
    (31.918624, -28.89675, 0.0, 0.0),
    (-12.05037, 0.0, 0.0, 0.0),
)
GLYCOL_LOG_VISCOSITY = (
    (-6.7016962, -1.1393224, 0.44387711, -0.17324305),
    (0.82556292, -0.3963644, 0.25428183, -0.069514549),
    (0.048056917, -0.035192047, -0.033512727, -0.005023125),
    (-0.067826199, 0.066404378, -0.1072575, 0.0),
    (-0.016735577, 0.01812375, 0.0, 0.0),
    (0.0866052, 0.0, 0.0, 0.0),
)
GLYCOL_CONDUCTIVITY = (
    (0.46860213, 0.040044264, -0.00086256714, -0.00075826003),
    (-0.15266827, -0.020343215, 0.0077264735, 0.00050768564),
    (0.020135195, 0.00027030089, -0.0095391082, 0.0011134125),
    (-0.0030044422, -0.00020765851, 0.004416525, 0.0),
    (-0.0010469508, -0.001460025, 0.0, 0.0),
    (0.000511272, 0.0, 0.0, 0.0),
)
GLYCOL_FREEZING = (260.3609, -19.4415, -9.4217482, -5.9032829, -2.8030067, 0.355995)

#: Molar masses. [kg/mol]
WATER_KG_MOL, GLYCOL_KG_MOL = 0.01801528, 0.07609442
#: Triple and critical point of water, and the coefficients and powers of Wagner and Pruss's equation for its vapour
#: pressure (J. Phys. Chem. Ref. Data 22, 783, 1993; IAPWS SR1-86), valid between them. [K], [Pa]
TRIPLE_K, CRITICAL_K, TRIPLE_PA, CRITICAL_PA = 273.16, 647.096, 611.657, 22.064e6
VAPOUR = (-7.85951783, 1.84408259, -11.7866497, 22.6807411, -15.9618719, 1.80122502)
VAPOUR_POWERS = (1.0, 1.5, 3.0, 3.5, 4.0, 7.5)

#: Newton steps after which a root is taken as found; six are usual.
MOST_STEPS = 50
#: Rows above which a user's own table is fitted by least squares, of this degree, and no longer met exactly.
MOST_EXACT_ROWS, FITTED_DEGREE = 4, 4


@dataclass(frozen=True, slots=True, eq=False)
class Coolant:
    """One coolant at one concentration. Make it by `water`, `propylene_glycol` or `from_rows`.

    Coefficients are in ascending powers of (temperature - reference_k) / scale_k. `concentration_share` is the mass
    share of glycol; `freezing_k` is None where nobody said.
    """

    name: str
    concentration_share: float
    density_coefficients: Floats
    heat_capacity_coefficients: Floats
    log_viscosity_coefficients: Floats
    conductivity_coefficients: Floats
    reference_k: float
    scale_k: float
    least_k: float
    most_k: float
    freezing_k: float | None

    @property
    def span_k(self) -> Floats:
        """Reference, scale, least and most temperature: what `coolant_kernels` takes beside the coefficients. [K]"""
        return np.array([self.reference_k, self.scale_k, self.least_k, self.most_k])

    def holds_at(self, temperature_k: ArrayLike) -> NDArray[np.bool_]:
        """Whether the fit covers the temperature; elsewhere properties are held at the nearer end."""
        at_k = np.asarray(temperature_k, dtype=np.float64)
        return np.asarray((at_k >= self.least_k) & (at_k <= self.most_k), dtype=np.bool_)

    def density_kg_m3(self, temperature_k: ArrayLike) -> Floats:
        """Density. [kg/m³]

        >>> round(float(water().density_kg_m3(313.15)), 1)
        992.3
        """
        return self._value(self.density_coefficients, temperature_k)

    def heat_capacity_j_kg_k(self, temperature_k: ArrayLike) -> Floats:
        """Specific heat capacity at constant pressure. [J/(kg·K)]

        >>> round(float(water().heat_capacity_j_kg_k(313.15)))
        4179
        """
        return self._value(self.heat_capacity_coefficients, temperature_k)

    def viscosity_pa_s(self, temperature_k: ArrayLike) -> Floats:
        """Dynamic viscosity. [Pa·s]

        >>> round(float(water().viscosity_pa_s(293.15)) * 1e3, 2)  # mPa·s
        1.0
        """
        return np.asarray(np.exp(self._value(self.log_viscosity_coefficients, temperature_k)), dtype=np.float64)

    def conductivity_w_m_k(self, temperature_k: ArrayLike) -> Floats:
        """Thermal conductivity. [W/(m·K)]"""
        return self._value(self.conductivity_coefficients, temperature_k)

    def energy_j_kg(self, temperature_k: ArrayLike) -> Floats:
        """Internal energy: the exact integral of the heat capacity, zero at `reference_k`. [J/kg]

        Zeros of two coolants need not agree: only differences within one have a meaning.

        >>> warmed_j_kg = water().energy_j_kg(314.15) - water().energy_j_kg(313.15)
        >>> round(float(warmed_j_kg))  # one kelvin at about 40 degC
        4179
        """
        at_k = np.asarray(temperature_k, dtype=np.float64)
        inside_k = np.clip(at_k, self.least_k, self.most_k)
        integral = powers.polyint(self.heat_capacity_coefficients)
        inside_j_kg = self.scale_k * powers.polyval((inside_k - self.reference_k) / self.scale_k, integral)
        beyond_j_kg = self.heat_capacity_j_kg_k(inside_k) * (at_k - inside_k)
        return np.asarray(inside_j_kg + beyond_j_kg, dtype=np.float64)

    def temperature_from_energy_k(self, energy_j_kg: ArrayLike) -> Floats:
        """Temperature at which the coolant holds this energy; the inverse of `energy_j_kg`, to 1e-12. [K]

        Newton: energy rises with temperature, and its slope, the heat capacity, changes by a few per cent over the
        whole range, so the steps settle from any start.

        >>> pg25 = propylene_glycol(0.25)
        >>> round(float(pg25.temperature_from_energy_k(pg25.energy_j_kg(318.15))), 9)
        318.15
        """
        wanted = np.asarray(energy_j_kg, dtype=np.float64)
        at_k = self.reference_k + wanted / self.heat_capacity_coefficients[0]
        for _ in range(MOST_STEPS):
            step_k = (self.energy_j_kg(at_k) - wanted) / self.heat_capacity_j_kg_k(at_k)
            at_k = at_k - step_k
            if np.all(np.abs(step_k) <= 1e-13 * np.abs(at_k)):
                break
        return np.asarray(at_k, dtype=np.float64)

    def vapour_pressure_pa(self, temperature_k: ArrayLike) -> Floats:
        """Pressure below which the coolant boils, or a pump's inlet cavitates, by Raoult's law. [Pa]

        Water's own vapour pressure times its mole share; the little that glycol adds is left out. An estimate for
        mixtures. The bound on the safe side is water's own, `water_vapour_pressure_pa`: 8 per cent above this at 25
        per cent of glycol by mass, 36 at 60.
        """
        return np.asarray(
            water_mole_share(self.concentration_share) * water_vapour_pressure_pa(temperature_k), dtype=np.float64
        )

    def boiling_k(self, pressure_pa: ArrayLike) -> Floats:
        """Temperature at which the coolant boils under an absolute pressure, by Raoult's law as above. [K]

        >>> round(float(water().boiling_k(101325.0)) - 273.15, 2)
        99.97
        """
        partial_pa = np.asarray(pressure_pa, dtype=np.float64) / water_mole_share(self.concentration_share)
        return water_boiling_k(partial_pa)

    def _value(self, coefficients: Floats, temperature_k: ArrayLike) -> Floats:
        inside_k = np.clip(np.asarray(temperature_k, dtype=np.float64), self.least_k, self.most_k)
        return np.asarray(powers.polyval((inside_k - self.reference_k) / self.scale_k, coefficients), dtype=np.float64)


def water() -> Coolant:
    """Pure water at 3 bar, from 1 to 100 degC; within 0.02 per cent of IAPWS-95 and its transport equations.

    >>> round(float(water().conductivity_w_m_k(303.15)), 3)
    0.615
    """
    rows = (WATER_DENSITY, WATER_HEAT_CAPACITY, WATER_LOG_VISCOSITY, WATER_CONDUCTIVITY)
    return _fitted("water", 0.0, [_kept(row) for row in rows], 273.15)


def propylene_glycol(concentration_share: float) -> Coolant:
    """Propylene glycol and water, by mass, from freezing + 1 K to 100 degC; inhibitors are left out.

    Meets Melinder's correlations, as CoolProp's MPG holds them, to rounding; what those miss of a real fluid is not
    in that. At a share of zero it is Melinder's water, up to 1.3 per cent in viscosity from `water`, which is better
    there. Fluids are sold by volume: 25 per cent by volume is nearly 26 by mass.

    Raises
    ------
    ValueError
        If the share is below 0 or above 0.6, where the tables end.

    Examples
    --------
    >>> pg25 = propylene_glycol(0.25)
    >>> round(float(pg25.density_kg_m3(313.15)), 1), round(float(pg25.heat_capacity_j_kg_k(313.15)), 1)
    (1009.9, 3968.6)
    """
    freezing_k = freezing_of_propylene_glycol_k(concentration_share)
    tables = (GLYCOL_DENSITY, GLYCOL_HEAT_CAPACITY, GLYCOL_LOG_VISCOSITY, GLYCOL_CONDUCTIVITY)
    z = concentration_share / 0.3 - 1.0
    at_share = [_kept(powers.polyval(z, np.array(table))) for table in tables]
    name = f"propylene glycol {100 * concentration_share:g} % by mass"
    return _fitted(name, concentration_share, at_share, freezing_k)


def freezing_of_propylene_glycol_k(concentration_share: float) -> float:
    """Temperature at which the first ice appears in propylene glycol and water, by mass share of glycol. [K]

    Melinder's curve, as CoolProp's MPG holds it; its value for pure water lies 0.03 K low.

    >>> round(freezing_of_propylene_glycol_k(0.25) - 273.15, 1)
    -9.8
    """
    if not 0.0 <= concentration_share <= MOST_GLYCOL_SHARE:
        raise ValueError(f"concentration_share is {concentration_share}: from 0 to {MOST_GLYCOL_SHARE}, by mass")
    return float(powers.polyval(concentration_share / 0.3 - 1.0, np.array(GLYCOL_FREEZING)))


def from_rows(
    temperatures_k: Sequence[float],
    densities_kg_m3: Sequence[float],
    heat_capacities_j_kg_k: Sequence[float],
    viscosities_pa_s: Sequence[float],
    conductivities_w_m_k: Sequence[float],
    *,
    name: str = "coolant of the given rows",
    concentration_share: float = 0.0,
    freezing_k: float | None = None,
) -> Coolant:
    """A coolant from a maker's own table, at least one row.

    Up to four rows are met exactly by the polynomial of least degree (one row: constant; two: a straight line); more
    are fitted by least squares of degree 4. Viscosity is fitted in its logarithm. It holds between the first and the
    last row; beyond them properties stay as they are there.

    Parameters
    ----------
    temperatures_k : rising. [K]
    densities_kg_m3, heat_capacities_j_kg_k, viscosities_pa_s, conductivities_w_m_k : one value a row, above zero.
    concentration_share : mass share of glycol, for the boiling point only.

    Raises
    ------
    ValueError
        If the columns differ in length, the temperatures do not rise, a value is zero or below, or the heat capacity
        that the rows imply between them is.

    Examples
    --------
    >>> own = from_rows([293.15, 333.15], [1040.0, 1020.0], [3600.0, 3700.0], [4e-3, 1.5e-3], [0.40, 0.42])
    >>> round(float(own.density_kg_m3(313.15)), 6)
    1030.0
    """
    at_k = np.asarray(temperatures_k, dtype=np.float64)
    columns = [
        np.asarray(column, dtype=np.float64)
        for column in (densities_kg_m3, heat_capacities_j_kg_k, viscosities_pa_s, conductivities_w_m_k)
    ]
    _refuse_bad_rows(at_k, columns)
    reference_k, scale_k = float(at_k[0] + at_k[-1]) / 2, max(float(at_k[-1] - at_k[0]) / 2, 1.0)
    density, heat_capacity, viscosity, conductivity = columns
    x = (at_k - reference_k) / scale_k
    coolant = Coolant(
        name,
        concentration_share,
        _through(x, density),
        _through(x, heat_capacity),
        _through(x, np.log(viscosity)),
        _through(x, conductivity),
        reference_k,
        scale_k,
        float(at_k[0]),
        float(at_k[-1]),
        freezing_k,
    )
    if np.any(coolant.heat_capacity_j_kg_k(np.linspace(at_k[0], at_k[-1], 201)) <= 0.0):
        raise ValueError("heat_capacities_j_kg_k swing so much that the curve through them falls below zero")
    return coolant


def water_mole_share(concentration_share: float) -> float:
    """Share of the molecules that are water, at a mass share of propylene glycol.

    >>> round(water_mole_share(0.25), 3)
    0.927
    """
    water_mol = (1.0 - concentration_share) / WATER_KG_MOL
    return water_mol / (water_mol + concentration_share / GLYCOL_KG_MOL)


def water_vapour_pressure_pa(temperature_k: ArrayLike) -> Floats:
    """Vapour pressure of pure water by Wagner and Pruss (1993), from 273.16 to 647.096 K; held beyond them. [Pa]

    >>> round(float(water_vapour_pressure_pa(300.0)), 1)  # 3,536.6 in the steam tables
    3536.7
    """
    log_pressure, _ = _log_vapour_pressure(np.asarray(temperature_k, dtype=np.float64))
    return np.asarray(CRITICAL_PA * np.exp(log_pressure), dtype=np.float64)


def water_boiling_k(pressure_pa: ArrayLike) -> Floats:
    """Boiling point of pure water at an absolute pressure: the inverse of `water_vapour_pressure_pa`. [K]

    Newton on the logarithm of the pressure over 1/temperature, which is nearly a straight line.

    Raises
    ------
    ValueError
        If a pressure lies below the triple point's 611.657 Pa or above the critical 22.064 MPa.

    Examples
    --------
    >>> round(float(water_boiling_k(3e5)) - 273.15, 1)
    133.5
    """
    pressure = np.asarray(pressure_pa, dtype=np.float64)
    if np.any((pressure < TRIPLE_PA) | (pressure > CRITICAL_PA)):
        raise ValueError(f"pressure_pa is {pressure}: water boils from {TRIPLE_PA} to {CRITICAL_PA} Pa only")
    wanted = np.log(pressure / CRITICAL_PA)
    at_k = 1.0 / (1.0 / CRITICAL_K - wanted / 5000.0)
    for _ in range(MOST_STEPS):
        reached, slope = _log_vapour_pressure(at_k)
        step = (reached - wanted) / slope
        at_k = np.clip(1.0 / (1.0 / at_k - step), TRIPLE_K, CRITICAL_K)
        if np.all(np.abs(step) * at_k <= 1e-13):
            break
    return np.asarray(at_k, dtype=np.float64)


def _log_vapour_pressure(temperature_k: Floats) -> tuple[Floats, Floats]:
    """Logarithm of vapour pressure over critical pressure, and its slope by 1/temperature. [-], [K]"""
    inverse = 1.0 / np.clip(temperature_k, TRIPLE_K, CRITICAL_K)
    short = np.maximum(1.0 - 1.0 / (inverse * CRITICAL_K), 0.0)
    series = sum(a * short**power for a, power in zip(VAPOUR, VAPOUR_POWERS, strict=True))
    slope = sum(a * power * short ** (power - 1.0) for a, power in zip(VAPOUR, VAPOUR_POWERS, strict=True))
    log_pressure = CRITICAL_K * inverse * series
    return np.asarray(log_pressure), np.asarray(CRITICAL_K * series + slope / inverse)


def _fitted(name: str, share: float, coefficients: list[Floats], freezing_k: float) -> Coolant:
    least_k = freezing_k + ABOVE_FREEZING_K
    density, heat_capacity, log_viscosity, conductivity = coefficients
    return Coolant(
        name,
        share,
        density,
        heat_capacity,
        log_viscosity,
        conductivity,
        REFERENCE_K,
        SCALE_K,
        least_k,
        HIGHEST_K,
        freezing_k,
    )


def _through(x: Floats, values: Floats) -> Floats:
    degree = len(x) - 1 if len(x) <= MOST_EXACT_ROWS else FITTED_DEGREE
    return _kept(powers.polyfit(x, values, degree))


def _kept(values: ArrayLike) -> Floats:
    """Coefficients as an array that nobody can change."""
    kept = np.array(values, dtype=np.float64)
    kept.setflags(write=False)
    return kept


def _refuse_bad_rows(temperatures_k: Floats, columns: list[Floats]) -> None:
    lengths = {len(temperatures_k), *(len(column) for column in columns)}
    if len(lengths) != 1 or len(temperatures_k) == 0:
        raise ValueError(f"columns have {sorted(lengths)} rows: every row needs all five values, and one row at least")
    if np.any(np.diff(temperatures_k) <= 0.0):
        raise ValueError("temperatures_k must rise from row to row")
    if any(np.any(~(column > 0.0)) for column in (temperatures_k, *columns)):
        raise ValueError("temperatures, densities, heat capacities, viscosities and conductivities must be above zero")
