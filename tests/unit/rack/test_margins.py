"""Margins as distributions: certain halls, known intervals, one chip's spread against its first-order variance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from rackwright.rack.cooling.hall import Cdu, Hall, Headers, Plates, RackLoop, Tray, build_hall
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.margins import (
    KINDS,
    USUAL_SOURCES,
    Margins,
    Source,
    clopper_pearson,
    first_order_variance_k2,
    margins,
    wilson,
)

LITRE_MIN = 1 / 60e3
WATER = Fluid(
    313.15, 30.0, np.array([992.2, -11.7, -3.0, 0, 0, 0]), np.array([0, 4180.0 * 30, 0, 0, 0, 0]),
    np.array([-7.334, -0.49, 0.1, 0, 0, 0]), 273.15, 393.15,
)  # fmt: skip
#: One chip on one plate a tray, so that a spot is a chip; one straight line of resistance over all flows that occur.
CHIP = Plates(
    "chip", 1, 1200.0, 1.6 * LITRE_MIN, 50e3, (0.6 * LITRE_MIN, 6 * LITRE_MIN), (0.024, 0.014), limit_k=353.15
)
RACK = RackLoop("rack", (Tray("compute", 3, 0.35, (CHIP,)),), 2.0, 0.03, 0.025, 0.05, orifice_kv_m3_h=1.0)
CDU = Cdu("cdu", 2, 3e5, 1.2e5 / (6 * LITRE_MIN) ** 2, 3e4 / (12 * LITRE_MIN) ** 2, 700.0, 0.2, 0.25, 8e3)
#: The second CDU's water is too scarce for its set-point, so that fouling tells.
GIVEN: dict[str, Any] = {
    "wanted_k": 308.15, "primary_k": 300.15, "primary_kg_s": np.array([0.3, 0.1]), "pump_efficiency": 0.6,
}  # fmt: skip


@pytest.fixture(scope="module")
def hall() -> Hall:
    return build_hall(
        [RACK] * 4, [CDU, replace(CDU, shutoff_pa=2.8e5)], Headers(0.03, 0.8), vessel_pa=2e5, places=(0, 1)
    )


def drawn(hall: Hall, draws: int, sources: tuple[Source, ...] = USUAL_SOURCES, seed: int = 7, **more: Any) -> Margins:
    return margins(hall, WATER, GIVEN, sources, draws=draws, rng=np.random.default_rng(seed), **more)


def with_limit(limit_k: float) -> Hall:
    rack = replace(RACK, trays=(replace(RACK.trays[0], plates=(replace(CHIP, limit_k=limit_k),)),))
    return build_hall([rack] * 2, [CDU], Headers(0.03, 0.8), vessel_pa=2e5)


@pytest.mark.parametrize(("limit_k", "probability"), [(300.0, 1.0), (500.0, 0.0)])
def test_a_limit_below_the_supply_is_always_passed_and_one_far_above_never(limit_k: float, probability: float) -> None:
    found = margins(with_limit(limit_k), WATER, {**GIVEN, "primary_kg_s": 0.3}, draws=60, rng=np.random.default_rng(1))
    assert found.probability == probability
    low, high = found.clopper_pearson()
    # three over n: the well-known bound for no event in n draws at 95 per cent, two-sided 3.69
    assert high - low == pytest.approx(3.69 / 60, rel=0.05)
    assert (low if probability == 0.0 else 1 - high) == 0.0


def test_the_same_seed_gives_the_same_halls_whatever_the_workers_and_chunks(hall: Hall) -> None:
    one, two = drawn(hall, 300, workers=1, explain=False), drawn(hall, 300, workers=2, explain=False)
    np.testing.assert_array_equal(one.margin_k, two.margin_k)
    pieces = drawn(hall, 300, chunk=17, explain=False)
    # the draws are the same; a batch of other neighbours may take a round more
    np.testing.assert_allclose(pieces.margin_k, one.margin_k, atol=1e-5)
    assert (drawn(hall, 300, seed=8, explain=False).margin_k != one.margin_k).any()


def test_halls_without_spread_are_the_hall_as_designed(hall: Hall) -> None:
    found = drawn(hall, 3, tuple(Source(kind, 0.0) for kind in KINDS))
    np.testing.assert_allclose(found.margin_k, found.nominal_k, atol=1e-6)


def test_a_sensor_that_reads_a_kelvin_low_costs_a_kelvin(hall: Hall) -> None:
    """Of all CDUs alike where all hold their set-point; warmer water is thinner, which gives back a little."""
    given = {**GIVEN, "primary_kg_s": 3.0, "primary_k": 295.15}
    found = margins(
        hall, WATER, given, (Source("supply sensor", 0.0, mean=1.0),), draws=1, rng=np.random.default_rng(0)
    )
    assert found.margin_k[0] - found.nominal_k == pytest.approx(-1.0, abs=0.03)


def test_the_hottest_of_many_chips_is_hotter_than_a_chip(hall: Hall) -> None:
    """With power spread alone the least of twelve margins lies below the one as designed nearly always."""
    found = drawn(hall, 200, (Source("chip power", 0.05),))
    assert (found.margin_k < found.nominal_k).mean() > 0.9
    assert found.importance[0].kind == "chip power"
    assert found.importance[0].variance_share == pytest.approx(1.0, abs=0.1)
    assert found.importance[0].rank_correlation_squared > 0.9


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_one_chips_variance_is_the_adjoints_to_first_order(hall: Hall, kind: str, shared: bool) -> None:
    """600 draws know a variance within sqrt(2/600) = 6 per cent; four of these, and 3 per cent for curvature.

    Small spreads about a mean that keeps clear of clipping.
    """
    mean = 0.2 if kind in ("strainer", "exchanger fouling") else 0.0
    source = Source(kind, 0.02, mean=mean, shared=shared)
    spot = 7
    predicted = first_order_variance_k2(hall, WATER, GIVEN, [source], spot)[kind]
    found = drawn(hall, 600, (source,), seed=3, follow=(spot,), explain=False)
    assert found.followed_case_k[:, 0].var(ddof=1) == pytest.approx(predicted, rel=0.27)


def test_variances_of_all_sources_add_up(hall: Hall) -> None:
    sources = (Source("coupling Kv", 0.02), Source("chip power", 0.02), Source("plate fouling", 0.02, shape="uniform"))
    parts = first_order_variance_k2(hall, WATER, GIVEN, sources, 4)
    found = drawn(hall, 800, sources, follow=(4,), explain=False)
    # sqrt(2/800) is 5 per cent; four of them
    assert found.followed_case_k[:, 0].var(ddof=1) == pytest.approx(sum(parts.values()), rel=0.2)
    # a uniform spread has a third of a normal one's variance, and power heats the water too
    assert parts["plate fouling"] < parts["chip power"]


def test_wilson_meets_the_published_example() -> None:
    """Agresti and Coull (1998) and many texts: 10 of 100 gives 0.0552 to 0.1744 at 95 per cent."""
    assert wilson(10, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)


@pytest.mark.parametrize(("hits", "draws"), [(1, 50), (10, 100), (49, 50)])
def test_clopper_pearson_leaves_half_of_five_per_cent_on_each_side(hits: int, draws: int) -> None:
    low, high = clopper_pearson(hits, draws)
    assert binom.sf(hits - 1, draws, low) == pytest.approx(0.025)
    assert binom.cdf(hits, draws, high) == pytest.approx(0.025)


def test_quantiles_rise_and_steps_end_with_all_draws(hall: Hall) -> None:
    found = drawn(hall, 128)
    values = list(found.quantiles_k().values())
    assert values == sorted(values)
    assert found.steps[-1].draws == 128
    assert found.steps[-1].mean_margin_k == pytest.approx(float(found.margin_k.mean()))
    assert [step.draws for step in found.steps] == [4, 8, 16, 32, 64, 128]


def test_a_source_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="source 'pump noise' is none of"):
        Source("pump noise", 0.1)
    with pytest.raises(ValueError, match="shape 'triangle' is none of"):
        Source("chip power", 0.1, shape="triangle")
    with pytest.raises(ValueError, match="spread not below 0"):
        Source("chip power", -0.1)
