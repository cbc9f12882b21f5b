"""The transient begins where the block stands: same flow, same heat, same hottest case."""

from __future__ import annotations

from pathlib import Path

import pytest

from rackwright.pipeline import run
from rackwright.program import load
from rackwright.rack.cooling.transients import Event, run_transients
from rackwright.study.cooling import made_of
from rackwright.study.seconds import _hottest_k, dynamics_of

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def loops():
    outcome = run(load(EXAMPLES / "us-racks.yaml"), until="rack")
    case = outcome.program.case()
    found = []
    for design in outcome.rack.designs:
        made = made_of(case, design)
        assert made is not None
        assert design.block is not None
        found.append((made, design.block, dynamics_of(made, case.rack[design.generation], design.block)))
    return found


def test_all_heat_to_the_liquid_is_in_the_loop(loops):
    for made, _, loop in loops:
        heat_w = sum(plates.count * plates.heat_w for plates in loop.branches[0].plates)
        assert heat_w == pytest.approx(made.loop.liquid_heat_w, rel=1e-9)


def test_it_begins_with_the_blocks_flow_and_its_hottest_case(loops):
    # one rigid column stands for the hall: a hundredth of the flow and half a kelvin are what that costs
    for _, block, loop in loops:
        still = run_transients([loop], Event(kind="none"), until_s=5.0)
        density = loop.density_kg_m3
        racks = loop.branches[0].racks
        flow_m3_s = float(still.flow_kg_s[0, 0]) / density / racks
        mean_m3_s = 0.5 * (block.rack_least_m3_s + block.rack_most_m3_s)
        assert flow_m3_s == pytest.approx(mean_m3_s, rel=0.015)
        hottest_k = max(branch.case_k for branch in block.branches if branch.case_k is not None)
        assert _hottest_k(still) == pytest.approx(hottest_k, abs=0.6)


@pytest.mark.parametrize("cdu", ["coolit-chx2000", "vertiv-xdu1350", "motivair-mcdu70"])
def test_every_cdu_of_the_catalogue_makes_a_block(cdu):
    program = load(EXAMPLES / "us-racks.yaml").replace({"rack.gb300.cooling.cdu": cdu})
    design = run(program, until="rack").rack.of("gb300")
    assert design.block is not None
    assert design.block.enough
