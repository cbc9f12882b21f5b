"""Laws of a plant's rate, whatever the places, times and yields."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.plant import Resource, rate, time_per_good_piece

GENERATIONS = ("alpha", "beta")
shares = st.floats(0.01, 1.0)
times = st.floats(1.0, 1e6)


@st.composite
def plants(draw):
    """A few resources with use by two generations."""
    return [
        Resource(
            "works",
            f"step {number}",
            "s",
            np.full(2, draw(st.floats(1.0, 1e9))),
            1.0,
            {key: draw(times) for key in GENERATIONS},
        )
        for number in range(draw(st.integers(1, 6)))
    ]


def mixed(share):
    return {"alpha": share, "beta": 1.0 - share}


@given(time_s=times, first_pass=shares, rework=st.floats(0.0, 2.0))
def test_rework_never_shortens_the_work_and_no_failure_adds_none(time_s, first_pass, rework):
    assert time_per_good_piece(time_s, first_pass, rework) >= time_s
    assert time_per_good_piece(time_s, 1.0, rework) == time_s


@given(time_s=times, first_pass=shares)
def test_full_rework_is_a_whole_new_try(time_s, first_pass):
    assert time_per_good_piece(time_s, first_pass, 1.0) == pytest.approx(time_s / first_pass)


@given(plant=plants(), share=st.floats(0.0, 1.0))
def test_the_rate_uses_no_more_than_there_is_and_all_of_what_binds(plant, share):
    mix = mixed(share)
    per_week, order = rate(plant, mix, 0)
    loads = {item.name: per_week * sum(mix[key] * item.use[key] for key in mix) / item.available[0] for item in plant}
    assert max(loads.values()) == pytest.approx(1.0)
    assert loads[order[0][1]] == pytest.approx(1.0)


@given(plant=plants(), share=st.floats(0.0, 1.0), more=st.floats(1.0, 10.0), which=st.integers(0, 5))
def test_more_of_a_resource_never_slows_a_plant_and_helps_only_where_it_binds(plant, share, more, which):
    which %= len(plant)
    before, order = rate(plant, mixed(share), 0)
    item = plant[which]
    wider = Resource(item.plant, item.name, item.unit, item.available * more, item.per_piece, item.use)
    after, _ = rate([*plant[:which], wider, *plant[which + 1 :]], mixed(share), 0)
    assert after >= before * (1 - 1e-12)
    if item.name != order[0][1]:
        assert after == pytest.approx(before)


@given(plant=plants(), share=st.floats(0.0, 1.0))
def test_no_mix_is_slower_than_building_its_parts_one_after_the_other(plant, share):
    alone = {key: rate(plant, {key: 1.0}, 0)[0] for key in GENERATIONS}
    in_turn = 1.0 / sum(part / alone[key] for key, part in mixed(share).items())
    assert rate(plant, mixed(share), 0)[0] >= in_turn * (1 - 1e-9)
