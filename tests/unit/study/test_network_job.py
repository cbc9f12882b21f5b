"""A step's traffic from the program: where it lies, what it takes, and what a thin fabric adds to it."""

from dataclasses import replace
from pathlib import Path

import pytest

from rackwright.errors import ProgramError
from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.network import NetworkQuestions, study_network

US = Path(__file__).parents[3] / "examples" / "us-racks.yaml"
SPREAD = {
    "shards": 576, "tensor": 8, "expert": 9, "pipeline": 8, "layers": 120, "width": 16384, "batch": "6e7",
    "micro_batch": "8192", "experts_per_token": 4, "overlap": "50 %", "tensor_overlap": "50 %",
}  # fmt: skip
STEP = {"time": "6 s", "exposed": "20 %", "checkpoint_every": "10 min", "checkpoint": "10 s"}


def studied(changes, spread=SPREAD):
    step = {**STEP, "spread": spread}
    model = {"parameters": 5e12, "flop": "2e27 FLOP", "precision": "fp8"}
    here = "roadmap.training.frontier-2026"
    program = load(US).replace({f"{here}.step": step, f"{here}.model": model, **changes})
    designed = run(program, until="rack")
    own = tuple(design for design in designed.rack.designs if design.generation == "gb300")
    alone = replace(designed, rack=replace(designed.rack, designs=own))
    outcome = study_network(alone, NetworkQuestions(collectives=True, racks=28))
    rows = {
        table.name: [r for r in table.rows() if r["generation"] == "gb300"]
        for table in outcome.rack.tables
        if "network_" in table.name and table.name != "rack.network_calibration"
    }
    found = next(one for one in outcome.rack.findings if one.rule == "rack.network.exposed" and one.subject == "gb300")
    return rows, found


def test_a_step_is_the_sum_of_its_traffic_and_a_thin_fabric_slows_what_crosses_it():
    rows, found = studied({})
    step = {(row["traffic"], row["collective"]): row for row in rows["rack.network_step"]}
    assert {row["domains"] for row in step.values() if row["traffic"] in ("tensor", "expert")} == {1}
    assert found.value == pytest.approx(sum(row["exposed_s"] for row in step.values()) / 6.0)
    thin_rows, thin_found = studied({"rack.gb300.network.oversubscription": 3})
    thin = {(row["traffic"], row["collective"]): row for row in thin_rows["rack.network_step"]}
    assert thin["tensor", "all-reduce"]["time_s"] == step["tensor", "all-reduce"]["time_s"]
    data, thin_data = step["data", "reduce-scatter"], thin["data", "reduce-scatter"]
    assert data["worst"] <= 1.0 < thin_data["worst"]
    # both are long: starts and steps are less than a hundredth
    assert thin_data["time_s"] / data["time_s"] == pytest.approx(thin_data["worst"], rel=0.01)
    assert thin_found.value > found.value
    direct = [row for row in thin_rows["rack.network_collectives"] if row["algorithm"] == "direct" and row["worst"]]
    assert all(row["worst"] > 1.0 for row in direct)


def test_ways_whose_product_is_not_the_shards_are_refused():
    with pytest.raises(ProgramError) as refused:
        studied({}, {**SPREAD, "shards": 500})
    assert "576 shards would do" in refused.value.problems[0].expected


def test_traffic_whose_sizes_are_not_stated_is_not_timed():
    _, found = studied({}, {"shards": 72, "tensor": 72})
    assert found.outcome == "not modelled"
    assert "layers, width, batch, micro_batch" in found.text
