"""The alternating-current side of the chain beside power-grid-model: currents and voltages of an uneven feeder."""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.rack.power.chain_phases import solve_feeder

#: Loads of the three phases in kW: balanced, one supply lost, one phase alone, and very uneven.
LOADS_KW = [(38.0, 38.0, 38.0), (19.0, 38.0, 38.0), (38.0, 0.0, 0.0), (5.0, 60.0, 22.0)]


@pytest.mark.parametrize("load_kw", LOADS_KW)
@pytest.mark.parametrize("power_factor", [1.0, 0.98])
def test_an_unbalanced_feeder_meets_power_grid_model(load_kw, power_factor):
    """A 415 V feeder of four wires with 40 m of 120 mm2 (neutral of half the section) against the asymmetric Newton
    power flow of power-grid-model, whose zero-sequence impedance is Z + 3 Zn.

    Its source is made stiff (1e13 VA behind nothing); 1e-6 of the voltage and of the largest current is its own error
    tolerance (1e-10 pu) and that source's 2e-8 of drop, with room.
    """
    grid = pytest.importorskip("power_grid_model", reason="power-grid-model is not installed")
    phase, neutral = 5.7e-3 + 3.2e-3j, 11.5e-3 + 3.4e-3j
    reactive = np.tan(np.arccos(power_factor))
    own = solve_feeder([1e3 * w * (1 + 1j * reactive) for w in load_kw], 415.0, phase, neutral)
    voltage_v, current_a = _by_power_grid_model(grid, load_kw, reactive, phase, neutral)
    assert np.abs(own.phase_v) == pytest.approx(voltage_v, rel=1e-6)
    assert np.abs(own.current_a) == pytest.approx(current_a, abs=1e-6 * max(current_a))


def _by_power_grid_model(grid, load_kw, reactive, phase, neutral):
    """Magnitudes of the load's voltages and of the line's currents, phase by phase."""
    kinds, initialise = grid.ComponentType, grid.initialize_array
    node = initialise(grid.DatasetType.input, kinds.node, 2)
    node["id"], node["u_rated"] = [1, 2], [415.0, 415.0]
    line = initialise(grid.DatasetType.input, kinds.line, 1)
    for name, value in {
        "id": 3, "from_node": 1, "to_node": 2, "from_status": 1, "to_status": 1,
        "r1": phase.real, "x1": phase.imag, "c1": 0.0, "tan1": 0.0,
        "r0": (phase + 3 * neutral).real, "x0": (phase + 3 * neutral).imag, "c0": 0.0, "tan0": 0.0,
    }.items():  # fmt: skip
        line[name] = [value]
    source = initialise(grid.DatasetType.input, kinds.source, 1)
    for name, value in {"id": 4, "node": 1, "status": 1, "u_ref": 1.0, "sk": 1e13, "rx_ratio": 0.1}.items():
        source[name] = [value]
    load = initialise(grid.DatasetType.input, kinds.asym_load, 1)
    load["id"], load["node"], load["status"], load["type"] = [5], [2], [1], [grid.LoadGenType.const_power]
    load["p_specified"] = [[1e3 * w for w in load_kw]]
    load["q_specified"] = [[1e3 * w * reactive for w in load_kw]]
    data = {kinds.node: node, kinds.line: line, kinds.source: source, kinds.asym_load: load}
    model = grid.PowerGridModel(data)
    answer = model.calculate_power_flow(symmetric=False, error_tolerance=1e-10, max_iterations=50)
    return answer[kinds.node]["u"][1], answer[kinds.line]["i_to"][0]
