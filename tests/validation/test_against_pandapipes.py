"""Our network beside pandapipes, and beside the STANET and OpenModelica results that pandapipes ships with its water networks.

pandapipes holds itself to |p / p_reference - 1| < 2e-3 and |v - v_reference| < 0.03 m/s against STANET, 0.01 and 0.05 m/s against
OpenModelica, with the exceptions below; the references carry rounded fluid properties and pump curves of their own, which is why
these bounds are wide. We are held to the same. Against pandapipes' own answer, by the one law that both write alike
(Nikuradse), pressures agree to 0.02 Pa and flows to 1e-6 kg/s: what an open valve of ours takes.
"""

from __future__ import annotations

import math
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.validation.oracles import pandapipes_nets

pandapipes = pytest.importorskip("pandapipes", reason="pandapipes is an oracle, no dependency of ours")

FILES = Path(pandapipes.__file__).parent / "networks" / "network_files"
NETS = sorted(
    str(path.relative_to(FILES).as_posix())
    for folder in ("stanet_test_networks/water_cases", "openmodelica_test_networks")
    for path in (FILES / folder).rglob("*.json")
    if "water_cases" in path.as_posix()
)
# (relative pressure, velocity in m/s) where pandapipes' own tests state other bounds than the usual ones
EXCEPTIONS = {
    "combined_networks/district_PC": (3e-2, 3e-2),
    "combined_networks/versatility": (4e-2, 5e-2),
    "meshed_networks/pumps": (2e-2, 5e-2),
    "meshed_networks/two_valves_N": (1e-3, 1e-3),
    "meshed_networks/two_valves_PC": (1e-3, 1e-3),
    "strand_net/strand_net_PC": (1e-2, 3e-2),
    "t_cross/valves": (0.4, 5e-2),  # one node near zero pressure
}


def law_of(name: str) -> str:
    """Friction law by which the reference was computed: told by the file's name or folder."""
    if name.endswith("_N.json"):
        return "nikuradse"
    return "swamee-jain" if "swamee-jain" in name else "colebrook"


def bounds_of(name: str) -> tuple[float, float]:
    short = "/".join(name.removesuffix(".json").split("/")[-2:])
    return EXCEPTIONS.get(short, (2e-3, 3e-2) if name.startswith("stanet") else (1e-2, 5e-2))


@cache
def loaded(name):
    """The net as pandapipes reads it, our translation, and our answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # files of older formats
        net = pandapipes.from_json(str(FILES / name))
    ours = pandapipes_nets.translate(net, law_of(name))
    return net, ours, ours.solved()


@pytest.mark.parametrize("name", NETS)
def test_pressures_are_those_of_the_reference(name):
    net, ours, solution = loaded(name)
    column = "p_stanet" if "p_stanet" in net.junction else "p_om"
    rows = [
        (index, float(row[column])) for index, row in pandapipes_nets.rows(net, "junction") if index in ours.supplied
    ]
    errors = [solution.pressure_of(f"{index}")[0] / 1e5 / bar - 1.0 for index, bar in rows if math.isfinite(bar)]
    assert errors
    assert np.abs(errors).max() == pytest.approx(0.0, abs=bounds_of(name)[0])


@pytest.mark.parametrize("name", NETS)
def test_velocities_are_those_of_the_reference(name):
    net, ours, solution = loaded(name)
    errors = []
    for table in ("pipe", "valve"):
        for index, row in pandapipes_nets.rows(net, table):
            reference = float(row.get("v_stanet", row.get("v_om", math.nan)))
            if math.isfinite(reference) and f"{table} {index}" in ours.bores_m:
                errors.append(ours.velocity_m_s(solution, f"{table} {index}") - reference)
    assert errors
    assert np.abs(errors).max() == pytest.approx(0.0, abs=bounds_of(name)[1])


def ambient_pa(height_m: float) -> float:
    """pandapipes' gauge pressures are against the air at each node's height; ours are against one place."""
    return 101325.0 * (1.0 - 0.0065 * height_m / 288.15) ** 5.255


@pytest.mark.parametrize("name", [name for name in NETS if law_of(name) == "nikuradse"])
def test_pandapipes_itself_gives_the_same_flows_and_pressures(name):
    net, ours, solution = loaded(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pandapipes.pipeflow(
            net,
            friction_model="nikuradse",
            stop_condition="tol",
            tol_p=1e-9,
            tol_m=1e-9,
            max_iter_hyd=100,
            use_numba=False,
        )
    datum_pa = ambient_pa(float(net.junction.height_m[int(net.ext_grid.junction.iloc[0])]))
    for index, row in pandapipes_nets.rows(net, "junction"):
        if index in ours.supplied:
            theirs_pa = 1e5 * float(net.res_junction.p_bar[index]) + ambient_pa(float(row.height_m)) - datum_pa
            assert solution.pressure_of(f"{index}")[0] == pytest.approx(theirs_pa, abs=0.02)
    for index, _ in pandapipes_nets.rows(net, "pipe"):
        if f"pipe {index}" in ours.bores_m:
            theirs_kg_s = float(net.res_pipe.mdot_from_kg_per_s[index])
            assert solution.flow_of(f"pipe {index}")[0] == pytest.approx(theirs_kg_s, abs=1e-6)
