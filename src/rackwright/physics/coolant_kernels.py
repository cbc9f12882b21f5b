"""Coolant properties for compiled kernels: the laws of `coolants`, on floats and arrays only.

A property is a polynomial in x = (temperature - reference) / scale, lowest power first. `span_k` holds the four
figures that all properties of one coolant share: reference, scale, least and most temperature, in kelvin. Beyond the
least and most temperature a property keeps its value there, as `coolants` says.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rackwright.compiled import kernel

Array = npt.NDArray[np.float64]

#: Newton steps after which the temperature for an energy is taken as found; four are usual.
MOST_STEPS = 50


@kernel
def polynomial(coefficients: Array, x: float) -> float:
    """Value at x of the polynomial with these coefficients, lowest power first, by Horner's rule.

    (1, 2, 3) at 2 is 1 + 4 + 12 = 17.
    """
    value = 0.0
    for number in range(len(coefficients) - 1, -1, -1):
        value = value * x + coefficients[number]
    return float(value)


@kernel
def polynomial_slope(coefficients: Array, x: float) -> float:
    """Derivative at x; (1, 2, 3) at 2 has 2 + 6 x 2 = 14."""
    value = 0.0
    for number in range(len(coefficients) - 1, 0, -1):
        value = value * x + number * coefficients[number]
    return float(value)


@kernel
def polynomial_integral(coefficients: Array, x: float) -> float:
    """Integral from 0 to x; (1, 2, 3) at 2 has 2 + 4 + 8 = 14."""
    value = 0.0
    for number in range(len(coefficients) - 1, -1, -1):
        value = value * x + coefficients[number] / (number + 1)
    return float(value * x)


@kernel
def held_k(span_k: Array, temperature_k: float) -> float:
    """The temperature, or the nearer end of the range where it lies beyond. [K]"""
    return float(min(max(temperature_k, span_k[2]), span_k[3]))


@kernel
def property_at(coefficients: Array, span_k: Array, temperature_k: float) -> float:
    """Density [kg/m³], heat capacity [J/(kg·K)] or conductivity [W/(m·K)], by the coefficients given."""
    return polynomial(coefficients, (held_k(span_k, temperature_k) - span_k[0]) / span_k[1])


@kernel
def viscosity_pa_s(log_coefficients: Array, span_k: Array, temperature_k: float) -> float:
    """Dynamic viscosity, whose logarithm is the polynomial. [Pa·s]"""
    return math.exp(property_at(log_coefficients, span_k, temperature_k))


@kernel
def energy_j_kg(heat_capacity_coefficients: Array, span_k: Array, temperature_k: float) -> float:
    """Internal energy: the exact integral of the heat capacity, zero at the reference temperature. [J/kg]

    Beyond the range the heat capacity stays what it is at the end, so the energy goes on as a straight line.
    """
    inside_k = held_k(span_k, temperature_k)
    x = (inside_k - span_k[0]) / span_k[1]
    energy = span_k[1] * polynomial_integral(heat_capacity_coefficients, x)
    if temperature_k != inside_k:
        energy += polynomial(heat_capacity_coefficients, x) * (temperature_k - inside_k)
    return float(energy)


@kernel
def temperature_from_energy_k(heat_capacity_coefficients: Array, span_k: Array, energy_j_kg_wanted: float) -> float:
    """Temperature at which the coolant holds this energy: Newton on `energy_j_kg`, to 1e-12 of the temperature. [K]

    Energy rises with temperature and its slope, the heat capacity, changes by a few per cent over the whole range,
    so Newton's steps settle from any start.
    """
    temperature_k = span_k[0] + energy_j_kg_wanted / polynomial(heat_capacity_coefficients, 0.0)
    for _ in range(MOST_STEPS):
        error = energy_j_kg(heat_capacity_coefficients, span_k, temperature_k) - energy_j_kg_wanted
        step_k = error / property_at(heat_capacity_coefficients, span_k, temperature_k)
        temperature_k -= step_k
        if abs(step_k) <= 1e-13 * abs(temperature_k):
            break
    return float(temperature_k)
