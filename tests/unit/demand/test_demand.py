"""Stock at work and deliveries wanted: the rule, by hand and as laws."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.demand import _follow, racks_needed
from rackwright.program import load
from rackwright.roadmap import Work, model_needs

TINY = Path(__file__).parents[3] / "examples" / "tiny.yaml"


def of(program):
    case = program.case()
    needs = model_needs(case.roadmap, case.rack, case.calendar)
    return racks_needed(case.demand, needs, case.rack, case.buildout.live_at_start(), case.calendar)


@pytest.fixture(scope="module")
def tiny():
    return of(load(TINY))


def test_wanted_deliveries_are_the_increments_and_the_spares(tiny):
    program = load(TINY)
    more = of(program.replace({"demand.spares": "20 %"}))
    ratio = more.wanted.sum() / tiny.wanted.sum()
    assert ratio == pytest.approx(1.2 / 1.1)


def test_required_stock_is_the_opening_and_all_that_was_wanted_so_far(tiny):
    opening = np.array([tiny.opening[key] for key in tiny.generations], dtype=float)
    assert tiny.required[:, :, -1].sum(axis=1) == pytest.approx(opening + tiny.wanted.sum(axis=(1, 2)))
    assert np.all(np.diff(tiny.required, axis=2) >= -1e-9)


def test_a_cluster_is_the_largest_training_run(tiny):
    assert tiny.cluster_racks["alpha"] == 20
    assert tiny.cluster_racks["beta"] == 10


def test_a_stand_in_is_worth_something_only_where_it_is_declared(tiny):
    assert tiny.worth.tolist() == [[1, 0], [0, 1]]
    declared = of(load(TINY).replace({"demand.stand_ins": {"alpha": ["beta"]}}))
    beta, alpha = declared.generations.index("beta"), declared.generations.index("alpha")
    assert declared.worth[beta, alpha] == pytest.approx(2.0)


def test_without_a_roadmap_other_is_all_there_is():
    program = load(TINY).replace({"roadmap": None})
    case = program.case()
    found = racks_needed(case.demand, None, case.rack, {}, case.calendar)
    values = {item.name: item.value for item in found.headlines}
    assert values["demand.not_explained_by_roadmap"] == 1.0


class Racks(dict):
    """Two generations, the second in volume from week 4."""


def two_generations():
    rack = load(TINY).case().rack
    return {
        "old": rack["alpha"].model_copy(update={"volume_from_week": 0}),
        "new": rack["alpha"].model_copy(update={"volume_from_week": 4}),
    }


def work(need, worth=2.0, commitment="contract", name="w"):
    return Work(
        name,
        "training",
        commitment,
        ("old", "new"),
        "unit",
        np.array(need, dtype=float),
        {"old": 1.0, "new": 1 / worth},
    )


def follow(works, opening=(0.0, 0.0), spares=0.0):
    weeks = works[0].need.size
    return _follow(works, ("old", "new"), two_generations(), opening, spares, weeks)


def test_the_newest_generation_in_volume_does_what_is_new():
    at_work, wanted = follow([work([4, 4, 4, 4, 8, 8])])
    assert wanted[:, 0].tolist() == [[4, 0, 0, 0, 0, 0], [0, 0, 0, 0, 2, 0]]
    assert at_work[0, :, -1].tolist() == [4, 2]


def test_a_finished_run_frees_its_racks_for_the_next_one():
    _, wanted = follow([work([6, 6, 0, 0, 0, 0], name="a"), work([0, 0, 0, 6, 6, 6], name="b")])
    assert wanted.sum() == pytest.approx(6.0)


def test_racks_that_are_live_at_the_start_serve_first():
    _, wanted = follow([work([5, 5, 5, 5, 5, 5])], opening=(5.0, 0.0))
    assert wanted.sum() == 0


def test_contract_takes_free_racks_before_forecast():
    _, wanted = follow(
        [work([3] * 6, commitment="forecast", name="f"), work([3] * 6, commitment="contract", name="c")],
        opening=(3.0, 0.0),
    )
    assert wanted[:, 0].sum() == 0
    assert wanted[0, 1, 0] == pytest.approx(3.0)


NEEDS = st.lists(st.floats(0, 1e4), min_size=6, max_size=6)


@settings(max_examples=150)
@given(st.lists(NEEDS, min_size=1, max_size=4), st.floats(0, 100), st.floats(0, 0.2))
def test_stock_at_work_meets_every_need_and_no_rack_is_conjured(needs, opening, spares):
    works = [work(need, name=str(number)) for number, need in enumerate(needs)]
    at_work, wanted = follow(works, opening=(opening, 0.0), spares=spares)
    assert np.all(wanted >= 0)
    for number, item in enumerate(works):
        done = at_work[number, 0] + 2.0 * at_work[number, 1]
        assert done == pytest.approx(item.need, rel=1e-6, abs=1e-6)
    stock = np.array([opening, 0.0])[:, None] + np.cumsum(wanted.sum(axis=1), axis=1) / (1 + spares)
    assert np.all(at_work.sum(axis=0) <= stock + 1e-6)


@settings(max_examples=60)
@given(NEEDS, st.floats(1.0, 3.0))
def test_twice_the_need_never_wants_less(need, factor):
    _, once = follow([work(need)])
    _, more = follow([work([value * factor for value in need])])
    assert more.sum() >= once.sum() - 1e-6
