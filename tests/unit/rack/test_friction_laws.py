"""Friction factors against theory: the equations that define them, their ends, their slopes, and steadily rising drops."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest

from rackwright.rack.cooling.hydraulics import NetworkBuilder
from rackwright.rack.cooling.hydraulics.lanes import Scenario, evaluate
from rackwright.rack.cooling.hydraulics.laws import (
    FRICTION_LAWS,
    churchill_factor,
    colebrook_rough,
    dunlop,
    e_to,
    epanet_factor,
    friction_factor,
    joint,
    ln,
    nikuradse_factor,
    swamee_jain_rough,
)
from rackwright.rack.cooling.hydraulics.network import Law
from rackwright.rack.cooling.hydraulics.solve import topology_of

#: Relative roughness from a drawn tube to a rock tunnel; 0.05 is the most for which any of the laws was published.
ROUGHNESS = (0.0, 1e-6, 1e-4, 2e-3, 0.05)
#: Every regime, from creeping to fully rough, and the joints at 2000 and 4000 from both sides.
REYNOLDS = (1e-3, 0.5, 9.0, 11.0, 400.0, 1990.0, 2010.0, 2700.0, 3400.0, 3990.0, 4010.0, 1e4, 3e5, 1e7, 1e9)


def factor(law: str, reynolds: float, roughness: float) -> tuple[float, float]:
    """Darcy's factor and its slope by the law's name and roughness over diameter."""
    rough = roughness / (3.71 if law == "nikuradse" else 3.7)
    slots = (*joint(law, rough), 0.0, 0.0, 0.0, 0.0)[:4]
    return friction_factor(FRICTION_LAWS.index(law), reynolds, rough, *slots)


def cases() -> list[tuple[str, float]]:
    """Laws and roughnesses; Nikuradse's rough-pipe law means nothing for a smooth pipe."""
    return [(law, rough) for law in FRICTION_LAWS for rough in ROUGHNESS if rough > 0 or law != "nikuradse"]


@pytest.mark.parametrize("law", [law for law in FRICTION_LAWS if law != "nikuradse"])
@pytest.mark.parametrize("reynolds", [1e-6, 0.1, 1.0, 9.9, 64.0, 500.0])
def test_laminar_flow_takes_64_over_reynolds_whatever_the_wall(law: str, reynolds: float) -> None:
    for roughness in ROUGHNESS:
        # Churchill's law holds B^-1.5 beside (8/Re)^12: at Re 500 that is (500/37530)^24 over (8/500)^12, 1e-24
        assert factor(law, reynolds, roughness)[0] == pytest.approx(64 / reynolds, rel=1e-13)


@pytest.mark.parametrize("reynolds", [4e3, 1e5, 1e8])
@pytest.mark.parametrize("roughness", ROUGHNESS)
def test_colebrooks_factor_satisfies_colebrooks_own_equation(reynolds: float, roughness: float) -> None:
    found = colebrook_rough(reynolds, roughness / 3.7)[0]
    right = -2 * math.log10(roughness / 3.7 + 2.51 / (reynolds * math.sqrt(found)))
    assert 1 / math.sqrt(found) == pytest.approx(right, rel=1e-13)


@pytest.mark.parametrize(
    ("name", "published", "share"),
    [
        ("colebrook", 0.018513866077471648, 1e-13),
        ("churchill", 0.018462624566280075, 1e-13),
        # written there as (6.97/Re)^0.9, which is 5.73997/Re^0.9 where the paper has 5.74
        ("swamee-jain", 0.018452424431901808, 2e-6),
    ],
)
def test_a_law_meets_its_published_check_value(name: str, published: float, share: float) -> None:
    """The worked example of the `fluids` library's documentation of each law: Reynolds 1e5, relative roughness 1e-4.

    They are published as doubles; a few roundings are left to the kernels' own logarithm.
    """
    assert factor(name, 1e5, 1e-4)[0] == pytest.approx(published, rel=share)


def test_churchills_law_is_the_formula_of_the_paper() -> None:
    for reynolds in (30.0, 2500.0, 6e4, 4e6):
        for roughness in ROUGHNESS:
            a = (2.457 * math.log(1 / ((7 / reynolds) ** 0.9 + 0.27 * roughness))) ** 16
            b = (37530 / reynolds) ** 16
            paper = 8 * ((8 / reynolds) ** 12 + (a + b) ** -1.5) ** (1 / 12)
            # powers of 16 and 12 multiply a rounding of the logarithm
            assert churchill_factor(reynolds, roughness / 3.7)[0] == pytest.approx(paper, rel=1e-12)


def test_churchills_law_goes_over_to_64_over_reynolds_without_a_step() -> None:
    below, above = churchill_factor(np.nextafter(10.0, 0.0), 1e-4), churchill_factor(10.0, 1e-4)
    assert below == pytest.approx(above, rel=1e-13)


def test_a_fully_rough_pipe_has_nikuradses_factor_under_every_law() -> None:
    """At Re 1e9 only the wall is left: 1/sqrt(f) = 2 log10(3.7 D / k); Churchill's and Nikuradse's constants differ."""
    wall = 1 / (2 * math.log10(3.7 / 0.02)) ** 2
    for law in FRICTION_LAWS:
        # 3.71 against 3.7, and 2.457 ln against 2 log10 (0.3 %)
        assert factor(law, 1e9, 0.02)[0] == pytest.approx(wall, rel=4e-3), law
    assert factor("colebrook", 1e9, 0.02)[0] == pytest.approx(wall, rel=1e-6)


def test_nikuradses_law_is_laminar_and_rough_friction_added_up() -> None:
    assert nikuradse_factor(1000.0, 1e-3 / 3.71)[0] == pytest.approx(0.064 + (2 * math.log10(3710.0)) ** -2, rel=1e-14)


@pytest.mark.parametrize("roughness", ROUGHNESS)
def test_dunlops_cubic_meets_both_ends_in_value_and_slope(roughness: float) -> None:
    rough = roughness / 3.7
    c0, c1, c2, c3 = dunlop(rough)

    def cubic(r: float) -> tuple[float, float]:
        return c0 + r * (c1 + r * (c2 + r * c3)), (c1 + r * (2 * c2 + r * 3 * c3)) / 2000.0

    turbulent, slope = swamee_jain_rough(4000.0, rough)
    assert cubic(1.0) == pytest.approx((64 / 2000, -64 / 2000**2), rel=1e-11)
    assert cubic(2.0)[0] == pytest.approx(turbulent, rel=1e-12)
    assert cubic(2.0)[1] == pytest.approx(slope, rel=1e-11)
    # between the ends it is this cubic that the law follows
    assert epanet_factor(3000.0, rough, c0, c1, c2, c3) == pytest.approx(cubic(1.5), rel=1e-13)


@pytest.mark.parametrize(("law", "roughness"), cases())
def test_no_law_jumps_where_its_regimes_meet(law: str, roughness: float) -> None:
    for reynolds in (10.0, 2000.0, 4000.0):
        below, above = (factor(law, np.nextafter(reynolds, side), roughness) for side in (0.0, 1e12))
        assert below[0] == pytest.approx(above[0], rel=1e-12)
        assert below[1] == pytest.approx(above[1], rel=1e-10, abs=1e-18)


@pytest.mark.parametrize(("law", "roughness"), cases())
@pytest.mark.parametrize("reynolds", REYNOLDS)
def test_slopes_are_the_derivatives_of_the_factors(law: str, roughness: float, reynolds: float) -> None:
    """Central differences over 1e-5 of Re: cut off at 1e-10 of the curvature, rounded at 1e-16 / 1e-5."""
    step = 1e-5 * reynolds
    differences = (factor(law, reynolds + step, roughness)[0] - factor(law, reynolds - step, roughness)[0]) / (2 * step)
    found, slope = factor(law, reynolds, roughness)
    # where the factor hardly depends on Re the slope is nothing: 1e-10 of factor over Reynolds is rounding
    assert slope == pytest.approx(differences, rel=1e-7, abs=1e-10 * found / reynolds)


@pytest.mark.parametrize(("law", "roughness"), cases())
def test_more_flow_always_takes_more_pressure(law: str, roughness: float) -> None:
    """f Re^2 rises everywhere, through the transition too: without it a network could have two answers."""
    reynolds = np.geomspace(1e-3, 1e9, 4000)
    drops = np.array([factor(law, float(re), roughness)[0] * re * re for re in reynolds])
    assert (np.diff(drops) > 0).all(), reynolds[:-1][np.diff(drops) <= 0]


@pytest.mark.parametrize(("law", "roughness"), cases())
def test_the_slope_of_the_drop_is_above_zero_everywhere(law: str, roughness: float) -> None:
    """What Newton's method divides by: d(f Re^2)/dRe = Re (2 f + Re f')."""
    for reynolds in np.geomspace(1e-3, 1e9, 1000):
        found, slope = factor(law, float(reynolds), roughness)
        assert 2 * found + reynolds * slope > 0


@pytest.mark.parametrize("law", ["epanet", "colebrook", "churchill", "swamee-jain"])
def test_a_rougher_wall_never_takes_less(law: str) -> None:
    for reynolds in (*REYNOLDS, 2000.0, 4000.0):
        found = [factor(law, reynolds, roughness)[0] for roughness in ROUGHNESS]
        assert all(b >= a * (1 - 1e-14) for a, b in itertools.pairwise(found)), reynolds


LINKS: dict[str, tuple[str, dict[str, Any]]] = {
    "rough pipe": ("pipe", {"length_m": 9, "diameter_m": 0.04, "roughness_m": 4e-5, "minor_k": 3}),
    "Hazen-Williams pipe": ("pipe", {"length_m": 9, "diameter_m": 0.04, "hazen_williams": 120, "minor_k": 3}),
    "curve": ("curve", {"linear_pa_s_m3": 1e7, "quadratic_pa_s2_m6": 1e10, "kinetic_m4": 1e6}),
    "power": ("power", {"coefficient": 1e9, "exponent": 1.85}),
    "table": ("table", {"flows_m3_s": [0, 1e-3, 3e-3], "drops_pa": [0, 1e3, 9e3]}),
    "pump": ("pump", {"shutoff_pa": 3e5, "falloff": 1e10, "exponent": 1.7, "speed": 0.9}),
    "pump's table": ("pump", {"flows_m3_s": [0, 1e-3, 3e-3], "rises_pa": [3e5, 2.5e5, 1e5], "speed": 0.9}),
    "pump by its power": ("pump", {"power_w": 300}),
    "throttle": ("valve", {"kind": "tcv", "setting": 40, "diameter_m": 0.04}),
    "condensed": (
        "condensed",
        {"law": Law(np.array([0.0, 1, 4]), np.array([[0.0, 2e4, 9e4]]), np.array([[1e4, 3e4, 2e4]]))},
    ),
}


def drop_and_slope(law: str, flow_kg_s: float) -> tuple[dict[str, float], dict[str, float]]:
    """What the kernels say of every kind of link at one flow."""
    build = NetworkBuilder(law=law)
    build.fixed("a", pressure_pa=1e5)
    build.fixed("b", pressure_pa=1e5)
    for name, (how, given) in LINKS.items():
        getattr(build, how)(name, "a", "b", **given)
    network = build.network()
    count = len(network.links)
    one = np.ones((1, 1))
    case = Scenario(
        demand=np.zeros((2, 1)), density=1012.0 * one, viscosity=1.4e-3 * one, factor=one, opened=one > 0, any_shut=False,
        speed=network.pump_speed[:, None], setting=network.valve_setting[:, None],
        fixed_status=np.zeros((len(network.valves), 1), bool), law_weights=np.ones((1, 1, 1)),
    )  # fmt: skip
    drop, slope = np.empty((count, 1)), np.empty((count, 1))
    status = np.zeros((len(network.valves), 1), np.int32)
    evaluate(
        topology_of(network, 9.80665), case, status, np.full((count, 1), flow_kg_s), np.full((1, 1), -1, np.int32),
        np.empty((1, 4, 1)), drop, slope,
    )  # fmt: skip
    return dict(zip(LINKS, drop[:, 0], strict=True)), dict(zip(LINKS, slope[:, 0], strict=True))


@pytest.mark.parametrize("flow_kg_s", [0.03, 0.4, 2.1, 5.0, -0.4, -2.1])
@pytest.mark.parametrize("law", FRICTION_LAWS)
def test_every_kind_of_links_slope_is_the_derivative_of_its_drop(law: str, flow_kg_s: float) -> None:
    """What Newton's method rests on; backwards through pumps there is a wall, whose slope is as straight as it is steep."""
    step = 1e-6 * abs(flow_kg_s)
    (high, _), (low, _) = (drop_and_slope(law, flow_kg_s + side) for side in (step, -step))
    slopes = drop_and_slope(law, flow_kg_s)[1]
    for name in LINKS:
        # rounding of drops of 1e5 Pa over 2e-6 of the flow leaves 1e-5 Pa s/kg; a slope is never below a thousandth
        differences = (high[name] - low[name]) / (2 * step)
        assert slopes[name] == pytest.approx(differences, rel=1e-7, abs=3e-5 / abs(flow_kg_s)), name
        assert slopes[name] > 0, name


def test_the_logarithm_is_good_to_the_last_digits() -> None:
    rng = np.random.default_rng(1)
    numbers = [1.0, 2.0, 0.5, math.sqrt(0.5), math.nextafter(1.0, 2.0), math.nextafter(1.0, 0.0), 2.3e-308, 1.7e308]
    numbers += [float(x) for x in np.exp(rng.uniform(-700, 700, 1500))]
    numbers += [float(x) for x in rng.uniform(0.5, 2.0, 500)]
    with localcontext() as context:
        context.prec = 40
        for x in numbers:
            exact = Decimal(x).ln()
            # as documented, 4e-16 of the larger of the logarithm and one, and half a last digit of what comes out
            assert abs(Decimal(ln(x)) - exact) <= Decimal("5.2e-16") * max(abs(exact), Decimal(1)), x


def test_the_exponential_is_good_to_the_last_digits() -> None:
    rng = np.random.default_rng(2)
    numbers = [0.0, 1.0, -1.0, 700.0, -700.0, 0.5 * math.log(2), -0.5 * math.log(2)]
    numbers += [float(x) for x in rng.uniform(-700, 700, 1500)]
    numbers += [float(x) for x in rng.uniform(-1, 1, 500)]
    with localcontext() as context:
        context.prec = 40
        for x in numbers:
            exact = Decimal(x).exp()
            assert abs(Decimal(e_to(x)) / exact - 1) <= Decimal("5.2e-16"), x
