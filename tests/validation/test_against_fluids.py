"""Single pipes and fittings beside the package `fluids`: the same formulas to 1e-8, others to what their constants differ by.

Each case is one network of one element whose flow is given, solved for a row of flows at once; its pressure drop is then the law
alone, so a wrong Reynolds number, area or unit shows as well as a wrong friction factor.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from rackwright.rack.cooling.hydraulics import NetworkBuilder, solve

fluids = pytest.importorskip("fluids", reason="fluids comes with the extra `validate`")

RHO, MU = 998.2, 1.002e-3
BORE_M, LONG_M = 0.05, 12.0
AREA_M2 = math.pi / 4.0 * BORE_M**2
LAMINAR = np.geomspace(10.0, 1999.0, 9)
BETWEEN = np.linspace(2100.0, 3900.0, 7)
TURBULENT = np.geomspace(4000.0, 1e8, 15)
ROUGHNESSES_M = [0.0, 1.5e-6, 4.5e-5, 1e-3]


def flow_of(reynolds):
    """Mass flow at a Reynolds number of the pipe."""
    return reynolds * math.pi * BORE_M * MU / 4.0


def drops_pa(law, reynolds, add):
    """Pressure drop of the element that `add` puts between `in` and `out`, at each Reynolds number of the pipe's bore."""
    build = NetworkBuilder(law=law)
    build.fixed("in", pressure_pa=0.0)
    build.junction("out", demand_kg_s=1.0)
    add(build)
    demands = np.column_stack([np.zeros(len(reynolds)), flow_of(reynolds)])
    solution = solve(build.network(), density_kg_m3=RHO, viscosity_pa_s=MU, demands_kg_s=demands)
    return -solution.pressure_of("out")


def pipe(roughness_m=0.0, minor_k=0.0):
    def add(build):
        build.pipe("pipe", "in", "out", length_m=LONG_M, diameter_m=BORE_M, roughness_m=roughness_m, minor_k=minor_k)

    return add


def factors(law, reynolds, roughness_m):
    """Darcy's friction factor that the drop of the pipe says."""
    velocity = flow_of(reynolds) / (RHO * AREA_M2)
    return drops_pa(law, reynolds, pipe(roughness_m)) / (LONG_M / BORE_M * RHO * velocity**2 / 2.0)


@pytest.mark.parametrize("law", ["epanet", "colebrook", "swamee-jain"])
@pytest.mark.parametrize("roughness_m", ROUGHNESSES_M)
def test_laminar_pipes_have_64_over_reynolds(law, roughness_m):
    theirs = [fluids.friction.friction_laminar(re) for re in LAMINAR.tolist()]
    assert factors(law, LAMINAR, roughness_m) == pytest.approx(np.array(theirs), rel=1e-8)


@pytest.mark.parametrize("roughness_m", ROUGHNESSES_M)
def test_colebrook_is_the_exact_solution_by_lamberts_function(roughness_m):
    theirs = [fluids.friction.Colebrook(re, roughness_m / BORE_M) for re in TURBULENT.tolist()]
    assert factors("colebrook", TURBULENT, roughness_m) == pytest.approx(np.array(theirs), rel=1e-8)


@pytest.mark.parametrize("roughness_m", ROUGHNESSES_M)
def test_churchill_is_one_law_from_laminar_to_turbulent(roughness_m):
    reynolds = np.concatenate([LAMINAR, BETWEEN, TURBULENT])
    theirs = [fluids.friction.Churchill_1977(re, roughness_m / BORE_M) for re in reynolds.tolist()]
    assert factors("churchill", reynolds, roughness_m) == pytest.approx(np.array(theirs), rel=1e-8)


@pytest.mark.parametrize("law", ["epanet", "swamee-jain"])
@pytest.mark.parametrize("roughness_m", ROUGHNESSES_M)
def test_swamee_and_jain_is_that_of_fluids_but_for_a_rounded_constant(law, roughness_m):
    # fluids writes (6.97 / Re)^0.9, EPANET and the paper 5.74 / Re^0.9: 6.97^0.9 is 5.7398, so factors differ by up to 2e-5
    theirs = [fluids.friction.Swamee_Jain_1976(re, roughness_m / BORE_M) for re in TURBULENT.tolist()]
    ours = factors(law, TURBULENT, roughness_m)
    assert ours == pytest.approx(np.array(theirs), rel=2e-5)
    # the same formula with the paper's constant, to the last digits
    rough = roughness_m / BORE_M / 3.7
    assert ours == pytest.approx(0.25 / np.log10(rough + 5.74 / TURBULENT**0.9) ** 2, rel=1e-8)


@pytest.mark.parametrize("roughness_m", [4.5e-5, 1e-3])
def test_nikuradse_is_laminar_plus_fully_rough_as_pandapipes_has_it(roughness_m):
    # fluids divides by 3.7 where pandapipes divides by 3.71
    rough = fluids.friction.von_Karman(roughness_m / BORE_M * 3.7 / 3.71)
    reynolds = np.concatenate([LAMINAR, TURBULENT])
    assert factors("nikuradse", reynolds, roughness_m) == pytest.approx(64.0 / reynolds + rough, rel=1e-8)


@pytest.mark.parametrize("law", ["epanet", "colebrook", "swamee-jain"])
def test_between_laminar_and_turbulent_the_factor_joins_both_without_a_step(law):
    near = np.array([1999.999, 2000.001, 3999.999, 4000.001])
    low, above_low, below_high, high = factors(law, near, 4.5e-5)
    # 0.002 of 2000 in Reynolds number moves a factor by about 1e-6 of itself
    assert above_low == pytest.approx(low, rel=3e-6)
    assert high == pytest.approx(below_high, rel=3e-6)
    between = factors(law, np.linspace(2000.0, 4000.0, 41), 4.5e-5)
    # the cubic starts with the falling slope of 64/Re, so it dips by up to a tenth before it climbs
    assert between.min() >= 0.9 * min(low, high)
    assert between.max() <= 1.01 * max(low, high)


@pytest.mark.parametrize(("law", "method"), [("colebrook", "Colebrook"), ("churchill", "Churchill_1977")])
def test_a_whole_pipe_loses_what_fluids_says(law, method):
    theirs = [
        fluids.one_phase_dP(m=m, rho=RHO, mu=MU, D=BORE_M, roughness=4.5e-5, L=LONG_M, Method=method)
        for m in flow_of(TURBULENT).tolist()
    ]
    assert drops_pa(law, TURBULENT, pipe(4.5e-5)) == pytest.approx(np.array(theirs), rel=1e-8)


@pytest.mark.parametrize("minor_k", [0.3, 6.0, 70.0])
def test_loss_coefficients_add_velocity_heads(minor_k):
    velocity = flow_of(TURBULENT) / (RHO * AREA_M2)
    theirs = [fluids.dP_from_K(minor_k, rho=RHO, V=v) for v in velocity]
    more = drops_pa("colebrook", TURBULENT, pipe(4.5e-5, minor_k)) - drops_pa("colebrook", TURBULENT, pipe(4.5e-5))
    # a difference of two drops keeps fewer digits when the pipe takes most
    assert more == pytest.approx(np.array(theirs), rel=1e-7)


@pytest.mark.parametrize("kv_m3_h", [1.1, 4.0, 40.0])
def test_a_kv_gives_the_drop_by_which_control_valves_are_sized(kv_m3_h):
    ours_pa = drops_pa("epanet", TURBULENT[:8], lambda build: build.kv("valve", "in", "out", kv_m3_h=kv_m3_h))
    # IEC 60534 in fluids refers to water of 999.1033 kg/m³, a Kv by definition (and ours) to 1000
    for m, drop_pa in zip(flow_of(TURBULENT[:8]), ours_pa, strict=True):
        sized = fluids.control_valve.size_control_valve_l(
            rho=RHO, Psat=2e3, Pc=22.06e6, mu=MU, P1=1e9 + drop_pa, P2=1e9, Q=m / RHO
        )
        assert sized == pytest.approx(kv_m3_h * math.sqrt(1000.0 / 999.10329075702327), rel=1e-6)


@pytest.mark.parametrize("kv_m3_h", [4.0, 40.0])
def test_a_kv_is_the_loss_coefficient_of_its_bore(kv_m3_h):
    # fluids rounds K = 1.6e9 D^4 / Kv^2; exactly it is 1.5989e9, 7e-4 less
    ours_pa = drops_pa("epanet", TURBULENT, lambda build: build.kv("valve", "in", "out", kv_m3_h=kv_m3_h))
    loss = ours_pa / (RHO * (flow_of(TURBULENT) / (RHO * AREA_M2)) ** 2 / 2.0)
    assert loss == pytest.approx(np.full(len(TURBULENT), fluids.fittings.Kv_to_K(kv_m3_h, BORE_M)), rel=1e-3)
    assert loss == pytest.approx(
        np.full(len(TURBULENT), 200.0 * (math.pi / 4.0 * 3600.0) ** 2 * BORE_M**4 / kv_m3_h**2), rel=1e-8
    )
