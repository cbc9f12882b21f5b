"""Training and serving as work: sums that a reader can do in the head."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.program import load
from rackwright.roadmap import WEEK_S, model_needs, serving_throughput, training_flop

TINY = Path(__file__).parents[3] / "examples" / "tiny.yaml"


@pytest.fixture(scope="module")
def needs():
    case = load(TINY).case()
    return model_needs(case.roadmap, case.rack, case.calendar)


def test_llama_3_1_405b_takes_the_published_3_8e25_flop():
    assert training_flop(405e9, 15.6e12) == pytest.approx(3.8e25, rel=0.005)  # published with two figures


def test_deepseek_v3_counts_its_active_parameters():
    assert training_flop(37e9, 14.8e12) == pytest.approx(3.3e24, rel=0.01)


def test_a_run_of_1_2e24_flop_in_ten_weeks_takes_twenty_racks_of_ten_petaflops(needs):
    run = needs.works[0]
    racks = run.need * run.racks_per_unit["alpha"]
    assert racks[6:16].tolist() == pytest.approx([20.0] * 10)
    assert racks[:6].sum() == racks[16:].sum() == 0


def test_the_work_of_a_run_is_its_flop_whatever_its_window(needs):
    run = needs.works[0]
    assert (run.need * WEEK_S).sum() == pytest.approx(6 * 1e11 * 2.016e12)


def test_a_given_throughput_is_taken_as_it_is(needs):
    load_ = needs.works[1]
    assert 1 / load_.racks_per_unit["alpha"] == pytest.approx(1000.0)
    assert load_.need[0] * load_.racks_per_unit["alpha"] == pytest.approx(10.0)


def roofline(**changes):
    given_ = {
        "weights_byte": 1e12,
        "cache_byte": 1e9,
        "active": 1e10,
        "input_per_output": 0.0,
        "per_token_s": 0.02,
        "memory_byte": 4e12,
        "bandwidth_byte_s": 1e14,
        "flop_s": 1e16,
    }
    return serving_throughput(**{**given_, **changes})


def test_latency_over_bandwidth_binds_first_when_a_step_may_read_two_terabytes():
    found = roofline()
    assert found.binding == "latency over bandwidth"  # 0.02 s x 100 TB/s = 2 TB = weights + 1,000 caches of 1 GB
    assert found.batch == pytest.approx(1000)
    assert found.tokens_per_s == pytest.approx(1000 / 0.02)


def test_memory_binds_when_it_holds_fewer_caches():
    found = roofline(memory_byte=1.5e12)
    assert (found.binding, found.batch) == ("memory", pytest.approx(500))
    assert found.tokens_per_s == pytest.approx(500 / 0.015)


def test_a_model_that_does_not_fit_serves_nothing():
    assert roofline(memory_byte=0.9e12).tokens_per_s == 0.0


def test_prefill_adds_its_own_time_to_every_token():
    plain, with_input = roofline(), roofline(input_per_output=10.0)
    assert 1 / with_input.tokens_per_s - 1 / plain.tokens_per_s == pytest.approx(10 * 2 * 1e10 / 1e16)


@given(st.floats(1.0, 10.0), st.sampled_from(["memory_byte", "bandwidth_byte_s", "flop_s", "per_token_s"]))
def test_more_of_anything_never_serves_less(factor, what):
    base = {"memory_byte": 4e12, "bandwidth_byte_s": 1e14, "flop_s": 1e16, "per_token_s": 0.02}
    assert roofline(**{what: base[what] * factor}).tokens_per_s >= roofline().tokens_per_s * (1 - 1e-12)


def test_a_generation_without_the_asked_precision_cannot_do_the_work():
    program = load(TINY).replace({"roadmap.training.first.model.precision": "fp4"})
    case = program.case()
    found = model_needs(case.roadmap, case.rack, case.calendar)
    assert found.works[0].racks_per_unit == {}
    assert np.all(found.works[0].need >= 0)
