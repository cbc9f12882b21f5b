"""Plans that a reader can make in the head, and the plan's answer beside them."""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.program.sections.agreement import Terms
from rackwright.record import decode, encode


def weekly(plan, what="built"):
    return getattr(plan, what).sum(axis=(0, 1)).round(6).tolist()


def test_racks_are_built_when_they_are_needed_and_not_before(world):
    plan = world(contract={"alpha": [0, 0, 0, 4]}).solve()
    assert weekly(plan) == [0, 0, 0, 4, 0, 0, 0, 0, 0, 0]
    assert plan.lateness_usd == 0.0


def test_a_line_that_is_too_slow_works_ahead_just_as_long_as_it_must(world):
    plan = world(contract={"alpha": [0, 0, 0, 12]}).solve()  # 5 a week: 2 + 5 + 5
    assert weekly(plan) == [0, 2, 5, 5, 0, 0, 0, 0, 0, 0]
    assert plan.lateness_usd == 0.0


def test_what_cannot_be_ready_is_late_and_counted_by_week(world):
    plan = world(contract={"alpha": 12}).solve()  # 5, 10, 12 live: 7 + 2 late
    assert plan.late.sum() == pytest.approx(9.0)
    assert plan.lateness_usd == pytest.approx(9 * 10e3)


def test_contracts_come_before_forecasts(world):
    plan = world(contract={"alpha": 6}, forecast={"alpha": 6}, racks_per_week={"works": 1.0}).solve()
    assert plan.late[0, 0].sum() == pytest.approx(5 + 4 + 3 + 2 + 1)
    assert plan.late[0, 1].sum() == pytest.approx(6 * 6 + 5 + 4 + 3 + 2)


def test_nothing_arrives_before_build_and_freight(world):
    plan = world(contract={"alpha": 1}, build_weeks=2, freight=1, chips={"alpha": 1.0}, cap=9).solve()
    assert np.flatnonzero(plan.built[0, 0]).tolist() == [2]
    assert np.flatnonzero(plan.arrived[0, 0]).tolist() == [3]
    assert np.flatnonzero(plan.bought[0]).tolist() == [0]
    assert plan.late.sum() == pytest.approx(3.0)


def test_racks_need_their_parts(world):
    plan = world(contract={"alpha": 20}, chips={"alpha": 4.0}, cap=8, stock=4, on_order=0).solve()
    assert weekly(plan) == [3, 2, 2, 2, 2, 2, 2, 2, 2, 1]  # stock for one, then two a week


def test_inside_the_lead_only_what_is_on_the_way_arrives(world):
    plan = world(contract={"alpha": 20}, chips={"alpha": 1.0}, cap=5, lead=6.0, on_order=[1]).solve()
    assert weekly(plan) == [1, 1, 1, 1, 1, 1, 5, 5, 4, 0]
    assert [item.rule for item in plan.findings if item.subject == "chip"] == ["plan.on_order_beyond_lead"]


def test_where_nothing_on_the_way_is_declared_the_cap_is_taken_as_possible_and_said(world):
    plan = world(contract={"alpha": 3}, chips={"alpha": 1.0}, cap=5, lead=6.0).solve()
    assert plan.lateness_usd == 0.0
    assert plan.assumed_pipeline == ("acme:chip",)
    assert plan.tables[5].rows()[0]["basis"] == "assumed"


def test_a_family_that_nobody_offers_is_bought_at_the_catalogues_cost_when_needed(world):
    plan = world(contract={"alpha": 4}, chips={"alpha": 72.0}).solve()
    assert plan.families == ()
    assert plan.total_cost_usd == pytest.approx(4e6)


def test_a_closed_gate_lets_nothing_through_and_is_named_as_the_cause(world):
    plan = world(contract={"alpha": 5}, gate={"alpha": 4}).solve()
    assert weekly(plan) == [0, 0, 0, 0, 5, 0, 0, 0, 0, 0]
    assert plan.late_causes[0].key == "gate.alpha"
    assert plan.late_causes[0].text == "the evaluation's gate of alpha opens in 2026-W06"


def test_a_rejected_generation_is_never_built(world):
    plan = world(contract={"alpha": 5}, gate={"alpha": 10}).solve()
    assert plan.built.sum() == 0.0
    assert plan.late[:, :, -1].sum() == pytest.approx(5.0)


def test_live_racks_stay_within_the_energised_power(world):
    plan = world(contract={"alpha": 9}, energised_mw={"field": [0.2, 0.2, 0.2, 0.2, 0.9]}).solve()
    assert plan.live[0, 0].round(6).tolist() == [2, 2, 2, 2, 9, 9, 9, 9, 9, 9]
    assert plan.bottlenecks[0].key == "site.field"
    cause = plan.late_causes[0]
    assert (cause.key, cause.owner) == ("site.field", "lab")


def test_racks_that_power_leaves_no_room_for_wait_on_site(world):
    jump = [0.0, 0.0, 0.9]
    plan = world(contract={"alpha": 9}, racks_per_week={"works": 3.0}, energised_mw={"field": jump}).solve()
    assert plan.waiting[0, 0].round(6).tolist() == [3, 6, 0, 0, 0, 0, 0, 0, 0, 0]
    headline = {item.name: item.value for item in plan.headlines}
    assert headline["plan.waiting_for_power"] == pytest.approx(6.0)


def test_racks_live_at_the_start_without_power_are_found_and_do_not_stop_the_plan(world):
    plan = world(contract={"alpha": 4}, live={"alpha": 4}, energised_mw={"field": 0.1}).solve()
    assert plan.live[0, 0, 0] == pytest.approx(1.0)
    assert plan.waiting[0, 0, 0] == pytest.approx(3.0)
    failed = [item for item in plan.findings if item.rule == "plan.opening_power"]
    assert failed[0].outcome == "failed"


def test_racks_finished_at_the_start_are_shipped_first(world):
    plan = world(contract={"alpha": 5}, finished={"alpha": 3}, racks_per_week={"works": 1.0}).solve()
    assert plan.live[0, 0, 0] == pytest.approx(4.0)


def test_a_stand_in_does_the_work_of_a_generation_that_cannot_be_built(world):
    plan = world(contract={"alpha": 0, "beta": 4}, gate={"beta": 10}, worth={("alpha", "beta"): 0.5}).solve()
    assert plan.lateness_usd == pytest.approx(
        10e3 * 1.5
    )  # five of alpha do 2.5 of the four in week 0, all four in week 1
    assert plan.stand_in[0, 1, 1] == pytest.approx(8.0)
    assert plan.built[0].sum() == pytest.approx(8.0)


def test_an_option_delivers_a_lead_time_after_its_windows_and_never_more_than_its_cap(world):
    terms = Terms("alpha", 1, 4.0, 9, 6.0, 4.0, 2.0)  # windows 1, 5, 9; deliveries from 3 and 7
    plan = world(forecast={"alpha": 8}, option=terms).solve()
    assert plan.windows == (1, 5)
    assert plan.live[0, 0].round(6).tolist() == [0, 0, 0, 4, 4, 4, 4, 6, 6, 6]
    assert plan.exercised.tolist() == pytest.approx([4.0, 2.0])


def test_contracted_racks_need_no_option(world):
    terms = Terms("alpha", 1, 4.0, 1, 6.0, None, 2.0)
    plan = world(contract={"alpha": 5}, forecast={"alpha": 2}, option=terms).solve()
    assert plan.live[0, 0, 0] == pytest.approx(5.0)
    assert plan.live[0, 0, 3] == pytest.approx(7.0)
    assert plan.exercised.tolist() == pytest.approx([2.0])


MODULE = {"places": {"l11": 5}, "cost_usd": 8e6, "lead_weeks": 4.0, "most": 2}


def test_modules_are_whole_and_work_from_their_lead_on(world):
    plan = world(contract={"alpha": [0] * 5 + [60]}, expansion=MODULE, capex=16e6).solve()
    module = plan.modules[0]
    assert (module.count, module.ordered_week, module.finished_week) == (2.0, 0, 4)
    assert weekly(plan) == [5, 5, 5, 5, 15, 15, 10, 0, 0, 0]


def test_money_for_modules_stays_within_the_year(world):
    plan = world(contract={"alpha": [0] * 5 + [60]}, expansion=MODULE, capex=15e6).solve()
    assert plan.modules[0].lp_count == pytest.approx(15 / 8)
    assert plan.modules[0].count == 1.0
    assert plan.capex_usd.tolist() == [8e6]
    assert plan.lateness_usd > plan.lateness_lp_usd
    assert plan.gap == pytest.approx(1 - plan.lateness_lp_usd / plan.lateness_usd)


def test_without_capex_there_is_still_a_plan(world):
    plan = world(contract={"alpha": 60}, expansion=MODULE, capex=0.0).solve()
    assert [item.count for item in plan.modules if item.count] == []
    assert plan.built.sum() == pytest.approx(50.0)


def test_an_own_line_is_bought_when_it_pays_and_not_when_it_does_not(world):
    make = {"price_usd": 8e3, "capacity_per_week": 5.0, "capex_usd": 20e3, "lead_weeks": 2.0, "most": 1}
    setting = {"contract": {"alpha": [0, 0, 0, 0, 20]}, "chips": {"alpha": 1.0}, "cap": 9, "capex": 1e6}
    cheap = world(make=make, **setting).solve()
    assert cheap.modules[0].count == 1.0  # at least 15 chips at 2,000 USD less, against 20,000
    dear = world(make={**make, "capex_usd": 50e3}, **setting).solve()
    assert all(item.count == 0 for item in dear.modules)


def test_the_first_bottlenecks_relief_is_solved_again(world):
    plan = world(contract={"alpha": 30}, chips={"alpha": 1.0}, cap=2, on_order=0).solve()
    chip = plan.bottlenecks[0]
    assert (chip.key, chip.owner) == ("supplier.acme.chip", "acme")
    assert chip.lateness_usd == pytest.approx(10e3 * 2 * 55)  # a chip of week t keeps a rack on time for 10 - t weeks
    assert chip.relief_rack_weeks == pytest.approx(0.1 * 55)
    assert chip.relief_usd == pytest.approx(chip.first_order_usd)
    assert plan.headlines[-1].value == "supplier.acme.chip"
    assert plan.late_causes[0].text == "acme delivers at most 2 chip a week"


def test_a_bottleneck_beside_another_promises_more_than_it_gives(world):
    plan = world(
        contract={"alpha": 50}, chips={"alpha": 1.0}, cap=5, on_order=0
    ).solve()  # the line also makes five a week
    assert plan.bottlenecks[0].relief_usd == pytest.approx(0.0, abs=1e-3)


def test_of_equal_plans_the_one_nearest_to_the_earlier_one_is_taken(world):
    setting = world(
        contract={"alpha": [0, 0, 4]}, racks_per_week={"works": 4.0, "other": 4.0}, energised_mw={"field": 9.0}
    )
    first = setting.solve()
    for plant in (0, 1):
        wanted = np.zeros_like(first.built)
        wanted[0, plant, 2] = 4.0
        moved = type(first)(
            **{name: wanted if name == "built" else getattr(first, name) for name in type(first).__dataclass_fields__}
        )
        again = setting.solve(previous=moved)
        assert again.built == pytest.approx(wanted, abs=1e-6)
        assert again.total_cost_usd == pytest.approx(first.total_cost_usd)


def test_the_money_table_adds_up_to_the_objective(world):
    make = {"price_usd": 8e3, "capacity_per_week": 5.0, "capex_usd": 20e3, "lead_weeks": 2.0, "most": 1}
    plan = world(
        contract={"alpha": [0, 3, 9, 30]}, chips={"alpha": 2.0}, cap=6, stock=5, on_order=[3], lead=3.0, make=make,
        expansion=MODULE, capex=9e6, freight=1, finished={"alpha": 1}, energised_mw={"works": 1.0, "field": 2.0},
    ).solve()  # fmt: skip
    assert plan.cost_usd.sum() == pytest.approx(plan.total_cost_usd, rel=1e-9)


def test_where_there_is_none_of_what_is_missing_the_cause_is_what_binds(world):
    plan = world(contract={"alpha": 4}, energised_mw={"field": 0.0}).solve()
    assert plan.headlines[-1].value == "site.field"


def test_a_world_without_demand_builds_nothing(world):
    plan = world(contract={"alpha": 0}).solve()
    assert plan.built.sum() == 0.0
    assert plan.total_cost_usd == 0.0
    assert plan.headlines[-1].value == "nothing"


def test_a_plan_survives_being_written_down(world):
    plan = world(contract={"alpha": 12}, expansion=MODULE, capex=9e6).solve()
    again = decode(type(plan), encode(plan))
    assert again.built == pytest.approx(plan.built)
    assert again.bottlenecks == plan.bottlenecks
    assert again.modules == plan.modules
