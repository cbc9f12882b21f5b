"""The loop of a block: what was designed is what flows, one CDU short, and every check on both sides of its limit.

The rack is that of `conftest`: two trays with two plates of 1 kW each, 1 to 2 L/min a plate, water of 4 MJ/(m3 K) and
1 mPa s; its stated drop is 1 kPa per (L/min)^2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from rackwright.rack import design
from rackwright.rack.cooling import block
from rackwright.rack.cooling.block import BlockHall, condensed_block
from rackwright.rack.cooling.branches import BlockLoop
from rackwright.rack.cooling.checks import block_findings
from rackwright.rack.cooling.condensed import solve_condensed
from rackwright.rack.cooling.hall import single_rack
from rackwright.rack.cooling.heat.warm import density_of
from rackwright.rack.cooling.piping import usual_m
from rackwright.rack.cooling.state import solve_rack
from rackwright.tables import Finding

LITRE_MIN = 1 / 60e3
#: What the conftest's CDU lacks for its block to be solved: pumps whose pressure at no flow is known.
PUMPS = {"cdus.unit.shutoff": "1.3", "cdus.unit.head": "150 kPa", "cdus.unit.pumps": "2"}
FOUR: dict[str, Any] = {"block.racks": "4"}


@dataclass
class Solved:
    """A block as designed: its network, its numbers and its findings, and how to judge other numbers."""

    loop: BlockLoop
    made: BlockHall
    findings: dict[str, Finding]
    judge: Callable[[BlockLoop], dict[str, Finding]]


@dataclass
class Seen:
    made: list[BlockHall] = field(default_factory=list)
    judged: list[tuple[Any, ...]] = field(default_factory=list)


Make = Callable[..., Solved]


@pytest.fixture
def solved(build: Any, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Solve the block of the rack `small` with changes, by the same way as a design does."""
    seen = Seen()
    real = block.block_loop

    def looking(made: BlockHall) -> BlockLoop:
        seen.made.append(made)
        return real(made)

    def judging(*given: Any) -> list[Finding]:
        seen.judged.append(given)
        return block_findings(*given)

    monkeypatch.setattr(block, "block_loop", looking)
    monkeypatch.setattr(design, "block_findings", judging)

    def make(rack: dict[str, Any] | None = None, parts: dict[str, Any] | None = None) -> Solved:
        designs = build({**FOUR, **(rack or {})}, {**PUMPS, **(parts or {})})
        generation, section, catalogue, found = seen.judged[-1]

        def judge(other: BlockLoop) -> dict[str, Finding]:
            return {
                f"{item.rule} {item.subject}": item for item in block_findings(generation, section, catalogue, other)
            }

        assert designs.of("small").block is found
        return Solved(found, seen.made[-1], judge(found), judge)

    return make


def outcome(findings: dict[str, Finding], rule: str) -> str:
    """The one outcome of a rule, whatever its subjects."""
    found = {item.outcome for item in findings.values() if item.rule == f"rack.cooling.{rule}"}
    assert len(found) == 1, (rule, found)
    return found.pop()


# What was designed is what flows


def test_every_plate_gets_its_flow_at_the_least_speed_that_will_do(solved: Make) -> None:
    found = solved()
    loop = found.loop
    assert loop.enough
    assert 0.05 < loop.speed < 1.0
    for branch in loop.branches:
        assert branch.least_m3_s == pytest.approx(branch.wanted_m3_s, rel=1e-4)
    slower = found.made.solve(speed=np.full((1, len(found.made.hall.network.pumps)), loop.speed * 0.999))
    assert slower.plate_m3_s.min() < loop.branches[0].wanted_m3_s * (1 - 1e-4)


@pytest.mark.parametrize(
    "rack", [{}, {"cooling.piping.hose_diameter": "12 mm"}, {"cooling.piping.manifold_diameter": "7 mm"}]
)
def test_the_rack_takes_its_stated_drop_at_its_flow(solved: Make, rack: dict[str, str]) -> None:
    """1 kPa x (4 L/min)^2 = 16 kPa with hoses, manifolds, couplings, and plates trimmed to what is left."""
    found = solved(rack)
    network, spots = single_rack(found.made.rack)
    flow = found.loop.wanted_m3_s * 1000.0
    state = solve_rack(network, spots, found.made.fluid, flows_kg_s=np.array([flow]), inlet_k=found.made.loop.supply_k)
    drop = state.warm.flows.pressure_of("supply")[0] - state.warm.flows.pressure_of("return")[0]
    assert found.loop.wanted_m3_s == pytest.approx(4 * LITRE_MIN)
    assert drop == pytest.approx(16e3, rel=1e-4)


def test_the_block_carries_its_heat_from_supply_to_return(solved: Make) -> None:
    """4 racks x 4 kW into 16 L/min of 4 MJ/(m3 K): 15 K."""
    loop = solved().loop
    assert loop.heat_w == pytest.approx(16e3)
    assert loop.supply_k == pytest.approx(313.15, abs=1e-3)
    assert loop.return_k - loop.supply_k == pytest.approx(15.0, rel=2e-3)
    assert loop.closure_share <= 1e-9


def test_the_pumps_draw_what_they_lift_over_their_efficiency(solved: Make) -> None:
    """16 L/min against the header's 16 kPa and the exchanger's own hundredth of the head, at 60 %."""
    found = solved()
    loop = found.loop
    flow = found.made.solve(speed=np.full((1, 4), loop.speed)).rack_kg_s.sum() / 1000.0
    least_w = flow * loop.header_pa * 0.98 / 0.6
    assert least_w < loop.pump_w < 1.15 * least_w


def test_shut_off_pressure_stands_on_the_vessels(solved: Make) -> None:
    # 2 bar and 1.3 x 150 kPa
    assert solved().loop.dead_head_pa == pytest.approx(2e5 + 195e3)


def test_a_curve_of_the_pumps_passes_through_the_cdus_rating(solved: Make) -> None:
    """Both pumps at the highest flow leave the stated head outside: 10 L/min at 150 kPa."""
    cdu = solved().made.cdu
    rise = cdu.shutoff_pa - cdu.falloff * (5 * LITRE_MIN) ** 2
    assert rise - cdu.exchanger_pa_s2_m6 * (10 * LITRE_MIN) ** 2 == pytest.approx(150e3)
    assert cdu.shutoff_pa == pytest.approx(1.3 * 150e3)


def test_an_exchanger_meets_its_rating_at_its_approach(solved: Make) -> None:
    """10 kW at 5 K: at the rated flows UA is such that the effectiveness is that of the rated point (NTU / (1 + NTU))."""
    cdu = solved().made.cdu
    # primary and secondary carry the same heat-capacity flow where nobody said otherwise
    capacity = 10 * LITRE_MIN * 1000 * 4000.0
    assert cdu.primary_rated_kg_s * cdu.primary_heat_j_kg_k == pytest.approx(capacity, rel=1e-9)
    # balanced counter-flow: 10 kW = UA x approach, the approach being constant along it
    assert cdu.ua_w_k * 5.0 == pytest.approx(10e3, rel=1e-6)


def test_sizes_keep_to_the_velocity(solved: Make) -> None:
    found = solved()
    for line in found.loop.lines:
        assert line.velocity_m_s <= 2.0
        assert line.diameter_m == pytest.approx(0.019)
    assert usual_m(130 / 60e3, 2.1) == 0.038
    # at its very limit a size still counts, and above the largest there is no larger
    assert usual_m(2.0 * np.pi / 4 * 0.025**2, 2.0) == 0.025
    assert usual_m(10.0, 1.0) == 0.5


def test_hoses_take_what_their_lines_say(solved: Make) -> None:
    """2 x 2 m of 19 mm with 2 x 1.5 of fittings at 4 L/min: laminar or not, by hand within the law's own joint."""
    line = next(item for item in solved().loop.lines if item.what == "hose")
    speed = 4 * LITRE_MIN / (np.pi / 4 * 0.019**2)
    reynolds = 1000 * speed * 0.019 / 1e-3
    assert reynolds > 4000
    f = 0.02
    for _ in range(50):
        f = (-2 * np.log10(1.5e-6 / 0.019 / 3.7 + 2.51 / (reynolds * f**0.5))) ** -2
    by_hand = (f * 4.0 / 0.019 + 3.0) * 1000 * speed**2 / 2
    assert line.drop_pa == pytest.approx(by_hand, rel=2e-3)


def test_one_cdu_lost_at_full_speed_is_the_block_solved_without_it(solved: Make) -> None:
    found = solved()
    hall = found.made.hall
    opened = np.array([[not name.startswith("cdu 1/") for name in hall.network.links]])
    state = found.made.solve(opened=opened)
    assert found.loop.lost_margin_k == pytest.approx(state.margin_k.min(), abs=1e-3)
    assert found.loop.lost_flow_m3_s == pytest.approx(state.rack_kg_s.min() / 1000.0, rel=1e-6)


def test_one_cdu_lost_never_leaves_more_margin_than_all_at_full_speed(solved: Make) -> None:
    found = solved()
    full = found.made.solve(speed=np.ones((1, len(found.made.hall.network.pumps))))
    assert found.loop.lost_margin_k is not None
    assert found.loop.lost_margin_k <= full.margin_k.min() + 1e-6


def test_a_block_of_alike_racks_between_two_cdus_is_even(solved: Make) -> None:
    loop = solved().loop
    assert loop.cdus == 2
    assert loop.rack_most_m3_s == pytest.approx(loop.rack_least_m3_s, rel=5e-3)


def test_where_full_speed_is_not_enough_the_block_is_solved_at_it_and_says_so(solved: Make) -> None:
    """1.3 x 12 kPa at no flow is less than the rack's 16 kPa."""
    found = solved(parts={"cdus.unit.head": "12 kPa"})
    assert found.loop.speed == 1.0
    assert not found.loop.enough
    assert outcome(found.findings, "block_flow") == "failed"


def test_a_condensed_block_flows_as_the_block(solved: Make) -> None:
    found = solved()
    small = condensed_block(found.made, warmest_k=330.0)
    law = small.laws["small"].law
    # from 15 K below the supply to what was asked for, from no load to a tenth over the design's
    assert (law.temperatures_k[0], law.temperatures_k[-1]) == pytest.approx((298.15, 330.0))
    assert (law.loads[0], law.loads[-1]) == (0.0, 1.1)
    speed = np.full((1, 4), found.loop.speed)
    how: dict[str, Any] = {
        "wanted_k": found.made.loop.supply_k, "primary_k": found.made.loop.facility_supply_k,
        "primary_kg_s": found.made.cdu.primary_rated_kg_s, "pump_efficiency": found.made.cdu.pump_efficiency,
    }  # fmt: skip
    full, condensed = found.made.solve(speed=speed), solve_condensed(small, found.made.fluid, **how, speed=speed)
    assert condensed.rack_kg_s == pytest.approx(full.rack_kg_s, rel=1e-4)
    # plates stand at their first measured flow, where the curve of 40 K has a corner: straight over a step of 4 % in
    # flow that is 40 K x 4 % / 4 too hot at most
    assert condensed.margin_k.min() == pytest.approx(full.margin_k.min(), abs=0.4)
    assert condensed.margin_k.min() <= full.margin_k.min()


def test_coolant_of_the_block_is_the_catalogues(solved: Make) -> None:
    fluid = solved().made.fluid
    assert density_of(fluid, np.array([290.0, 313.15, 350.0])) == pytest.approx([1000.0] * 3)


@pytest.mark.parametrize(
    "parts", [{"cdus.unit.shutoff": None}, {"cdus.unit.head": None}, {"chips.gpu.plate": None, "chips.gpu.liquid": "0"}]
)
def test_what_is_not_stated_is_not_modelled_and_not_made_up(build: Any, parts: dict[str, Any]) -> None:
    designs = build(FOUR, {**PUMPS, **parts})
    assert designs.of("small").block is None
    found = [item for item in designs.findings if item.rule == "rack.cooling.block"]
    assert [item.outcome for item in found] == ["not modelled"]


# Every check on both sides of its limit


@pytest.mark.parametrize(
    ("rule", "holds", "fails"),
    [
        ("block_flow", {}, {"rack_least_m3_s": 3.9 * LITRE_MIN}),
        ("balance", {"closure_share": 1e-10}, {"closure_share": 1e-6}),
        ("dead_head", {"dead_head_pa": 17.0e5}, {"dead_head_pa": 17.1e5}),  # 16 bar over the room's 1.013
        ("coupling_temperature", {"return_k": 373.0}, {"return_k": 374.0}),
        ("cdu_lost", {"lost_margin_k": 0.1}, {"lost_margin_k": -0.1}),
        ("cdu_lost", {"lost_margin_k": 0.1}, {"lost_margin_k": None}),
    ],
)
def test_a_check_passes_on_one_side_of_its_limit_and_fails_on_the_other(
    solved: Make, rule: str, holds: dict[str, Any], fails: dict[str, Any]
) -> None:
    found = solved()
    assert outcome(found.judge(replace(found.loop, **holds)), rule) == "passed"
    assert outcome(found.judge(replace(found.loop, **fails)), rule) == "failed"


@pytest.mark.parametrize(
    ("rule", "holds", "fails"),
    [("branch_flow", {}, {"least_m3_s": 0.9 * LITRE_MIN}), ("branch_case", {"case_k": 353.1}, {"case_k": 353.3})],
)
def test_a_branchs_check_passes_on_one_side_of_its_limit_and_fails_on_the_other(
    solved: Make, rule: str, holds: dict[str, Any], fails: dict[str, Any]
) -> None:
    found = solved()
    branch = found.loop.branches[0]
    for change, wanted in ((holds, "passed"), (fails, "failed")):
        other = replace(found.loop, branches=(replace(branch, **change),))
        assert outcome(found.judge(other), rule) == wanted


def test_velocity_passes_and_fails_for_each_line_by_itself(solved: Make) -> None:
    found = solved()
    hose, manifold, header = found.loop.lines
    judged = found.judge(replace(found.loop, lines=(replace(hose, velocity_m_s=2.1), manifold, header)))
    assert judged["rack.cooling.velocity small.hose"].outcome == "failed"
    assert judged["rack.cooling.velocity small.manifold"].outcome == "passed"
    assert judged["rack.cooling.velocity small.header"].outcome == "passed"


def test_no_room_for_plates_is_a_finding_and_room_is_none(solved: Make) -> None:
    found = solved()
    assert not [item for item in found.findings.values() if item.rule == "rack.cooling.room_for_plates"]
    assert outcome(found.judge(replace(found.loop, room_for_plates=False)), "room_for_plates") == "failed"


def test_a_chip_without_a_stated_limit_is_not_modelled_in_the_block_either(solved: Make) -> None:
    found = solved(parts={"chips.gpu.case_limit": None})
    assert outcome(found.findings, "branch_case") == "not modelled"


def test_a_block_with_one_cdu_is_told_that_without_it_nothing_flows(solved: Make) -> None:
    found = solved({"block.racks": "2"})
    assert found.loop.cdus == 1
    assert found.loop.lost_margin_k is None
    assert outcome(found.findings, "cdu_lost") == "not modelled"


@pytest.mark.parametrize(
    ("rule", "rack", "parts"),
    [
        ("block_flow", {}, {"cdus.unit.head": "10 kPa"}),
        ("dead_head", {}, {"couplings.plug.pressure_most": "2.5 bar"}),
        ("coupling_temperature", {}, {"couplings.plug.temperature_most": "50 degC"}),
        ("branch_case", {}, {"chips.gpu.case_limit": "55 degC"}),
        ("branch_flow", {"cooling.flow": "2 L/min"}, {}),
        ("room_for_plates", {}, {"couplings.plug.kv": "0.3 m3/h"}),
        ("cdu_lost", {}, {}),
    ],
)
def test_a_block_that_is_designed_wrong_fails_that_check(
    solved: Make, rule: str, rack: dict[str, Any], parts: dict[str, Any]
) -> None:
    assert outcome(solved(rack, parts).findings, rule) == "failed"


def test_a_hose_too_thin_fails_its_velocity(solved: Make) -> None:
    """4 L/min in 6 mm are 2.4 m/s."""
    found = solved({"cooling.piping.hose_diameter": "6 mm"})
    finding = found.findings["rack.cooling.velocity small.hose"]
    assert finding.outcome == "failed"
    # the rack that is nearest the pumps gets a little more than the worst
    assert finding.value == pytest.approx(4 * LITRE_MIN / (np.pi / 4 * 0.006**2), rel=1e-2)


def test_a_cdu_in_reserve_passes_what_without_it_fails(solved: Make) -> None:
    """N + 1: three CDUs for what two can carry, losing one leaves the design's two at full speed, which is more than enough."""
    found = solved({"cooling.redundancy": "N+1"}, {"chips.gpu.case_limit": "81 degC"})
    assert found.loop.cdus == 3
    assert outcome(found.findings, "cdu_lost") == "passed"


def test_losing_a_cdu_without_reserve_is_a_warning_and_with_it_an_error(solved: Make) -> None:
    for redundancy, severity in (("N", "warning"), ("N+1", "error")):
        found = solved({"cooling.redundancy": redundancy})
        judged = found.judge(replace(found.loop, lost_margin_k=-1.0))
        assert judged["rack.cooling.cdu_lost small"].severity == severity


def test_a_block_that_flows_as_designed_holds_the_limit_that_it_was_designed_for(solved: Make) -> None:
    """The hottest plate sets the flow, so that its case is at the limit exactly; the block may not fail that by a hair."""
    found = solved()
    assert found.loop.enough
    assert found.loop.branches[0].case_k == pytest.approx(353.15, abs=2e-3)
    assert outcome(found.findings, "branch_case") == "passed"


def test_a_plate_at_its_first_measured_flow_is_not_beyond_it(solved: Make) -> None:
    branch = solved().loop.branches[0]
    assert branch.least_m3_s == pytest.approx(1 * LITRE_MIN, rel=1e-6)
    assert not branch.beyond
