"""A site's dips, jobs and stores: what the rack states decides, and every joule is the rack's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.dips import ridden, ride_finding, supply_of
from rackwright.study.smoothing import devices_of
from rackwright.study.utility import STOP_S, behind_stores, line_rows, views, waveform_of

PROGRAM = load(Path(__file__).parents[3] / "examples" / "us-racks.yaml")


def at_abilene(changes=None):
    """Case, design of gb300 and site, as the program with changes says."""
    outcome = run(PROGRAM.replace(changes) if changes else PROGRAM, until="rack")
    case = outcome.program.case()
    design = next(design for design in outcome.rack.designs if design.generation == "gb300")
    return case, design, case.buildout.sites["abilene"]


@pytest.fixture(scope="module")
def plain():
    return at_abilene()


@pytest.fixture(scope="module")
def view(plain):
    case, design, _ = plain
    return next(views(case, (design,), "abilene", None, 1))


def test_a_rack_without_batteries_loses_its_job_in_a_dip_that_its_supplies_do_not_ride(plain, view):
    case, design, site = plain
    assert design.power.backup.batteries == 0
    found = list(ridden(case, view, site))
    deep = next(item for item in found if item.residual_share == 0.0)
    assert deep.verdict.dropped_w == pytest.approx(view.power_w[3000:3400].max(), rel=0.15)
    assert deep.verdict.back_s == np.inf
    assert "stop" in deep.verdict.text
    assert ride_finding(case, view, site, found).outcome == "failed"


def test_supplies_work_by_their_own_range_of_volts_whatever_the_feed(plain):
    """180 and 218 V to neutral: at 415 V, 240 to neutral, that is 75 and 91 %; at 480 V, 277 to neutral, 65 and 79 %."""
    case, design, site = plain
    supply = supply_of(case, design, site)
    load_share = design.power.load_share
    assert supply.dropout_share == pytest.approx(180 / (415 / 3**0.5), rel=1e-6)
    assert 1 / supply.current_most == pytest.approx(load_share * 218 / (415 / 3**0.5), rel=1e-9)
    # 20 ms at full load
    assert supply.hold_up_s == pytest.approx(0.02 / load_share)


def test_batteries_in_the_rack_carry_a_dip_and_bring_it_back():
    case, design, site = at_abilene({"rack.gb300.power.battery": "hpr-bbu-33kw", "rack.gb300.power.battery_spares": 1})
    supply = supply_of(case, design, site)
    assert supply.battery
    backup = design.power.backup
    # one spare: what is left after a loss still carries the rack as long as it is asked to
    assert backup.carried_s > backup.after_loss_s >= backup.wanted_s
    found = list(ridden(case, next(views(case, (design,), "abilene", None, 1)), site))
    deep = next(item for item in found if item.residual_share == 0.0)
    # 1 s of steady voltage, then 90 % of a walk of 10 s
    assert deep.verdict.back_s == pytest.approx(1.0 + 9.0, abs=0.1)


def test_a_ups_before_the_racks_hides_dips_until_it_counts_too_many():
    ups = {"least": "85 %", "dips": 3, "window": "60 s"}
    case, design, site = at_abilene({"buildout.sites.abilene.grid.ups": ups})
    found = list(ridden(case, next(views(case, (design,), "abilene", None, 1)), site))
    by = {(item.residual_share, item.count): item.verdict for item in found}
    assert by[(0.85, 1)].dropped_w == 0.0
    assert by[(0.7, 3)].dropped_w > 0.0


def test_a_job_that_stops_takes_its_power_with_it(view):
    names = {row[4]: row for row in line_rows(view)}
    assert set(names) == {"training", "the largest job starts and stops"}
    lines = {line.name: line for line in view.event_lines}
    assert set(lines) == {"ramp up at a start", "ramp down at a stop"}
    # all of what moves is gone within the stop's 100 ms, so within the window of any limit
    at = round(STOP_S / view.step_s)
    before, after = view.event_w[at - 3000 : at - 10].max(), view.event_w[at + 100 : at + 3000].max()
    window_s = view.specification.ramp_window_s
    assert lines["ramp down at a stop"].value * window_s >= before - after - 1.0
    # idle is a quarter of a rack's design power (the defaults), over the losses between meter and rack
    racks_w = view.racks * view.design.power_w / 0.96
    assert after - view.steady_w == pytest.approx(0.25 * racks_w, rel=0.02)


def test_jobs_side_by_side_are_judged_by_their_worst_draw_and_beside_one_job_of_all():
    case, design, _ = at_abilene({"buildout.sites.abilene.grid.jobs": {"a": 4000, "b": 3000}})
    found = next(views(case, (design,), "abilene", None, 1))
    assert found.draws > 1
    kinds = {row[4] for row in line_rows(found)}
    assert {"all racks in one job", "the largest job starts and stops"} < kinds

    def value(lines, name):
        return next(line.value for line in lines if line.name == name)

    assert value(found.as_one.lines, "range") >= value(found.assessment.lines, "range")


def test_a_racks_own_stores_take_the_edges_off_and_lose_by_their_efficiency(plain):
    case, design, _ = plain
    wave = waveform_of(case, design, None, length_s=60.0, seed=1)
    behind = behind_stores(case, design, wave)
    store = case.catalogue.stores["gb300-caps"]
    stored_j = 8 * store.energy_j
    moved_j = np.cumsum(wave.power_w - behind.power_w) * wave.step_s
    # they lose steadily; what they lend beside that lies within their joules at the rack's input (losses on top)
    assert moved_j[-1] < 0
    swing_j = moved_j - np.linspace(0.0, moved_j[-1], len(moved_j))
    assert 0.1 * stored_j < np.ptp(swing_j) < 1.3 * stored_j
    assert behind.power_w.mean() == pytest.approx(wave.power_w.mean(), rel=0.01)
    steepest, left = (np.abs(np.diff(record)).max() for record in (wave.power_w, behind.power_w))
    assert left < 0.5 * steepest


def test_a_floor_holds_the_accelerators_part_alone(plain, view):
    case, _, _ = plain
    devices = devices_of(case, view)
    assert 0.5 < devices.accelerator_share < 0.9  # of a GB300 rack 72 GPUs of 1.4 kW on some 130 kW
    assert devices.accelerator_share == pytest.approx(
        72 * 1400 * case.rack["gb300"].design_load_share / view.design.power.load_w, rel=1e-9
    )
    assert 0 < devices.steady_w < devices.high_w


def test_the_limit_after_a_covered_loss_binds_growth_before_the_bar_does(plain):
    _, design, _ = plain
    first = design.power.limits[0]
    worst = max(loss.asked_share for loss in design.power.losses if loss.covered)
    assert first.kind == "loss"
    assert first.factor == pytest.approx(1 / worst)


def test_a_bar_in_warm_air_carries_less_than_it_is_rated_for(plain):
    case, _, _ = plain
    bar = case.catalogue.busbars["hpr-air"]
    cool = bar.model_copy(update={"ambient_k": bar.rated_ambient_k})
    assert cool.allowed_a == bar.rating_a
    # 40 K of rise left of 50: (40 / 50)^0.61
    assert bar.allowed_a == pytest.approx(bar.rating_a * 0.8**0.61)
