"""Guard bands, verdicts, gates."""

import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.evaluation import (
    gate,
    generation_verdict,
    guard_factor,
    judge_channel,
    judge_samples,
    mean_and_uncertainty,
)
from rackwright.program import load
from rackwright.program.fields import Wrong
from rackwright.program.measurements import Reading, read_measurements
from rackwright.rack import design_racks

EXAMPLES = Path(__file__).parents[3] / "examples"


def judged(program):
    case = program.case()
    designs = design_racks(case.rack, case.catalogue, {})
    return judge_samples(case.evaluation, case.rack, designs, case.catalogue, case.calendar)


def test_the_quantile_of_95_percent_is_1_645():
    assert guard_factor(0.95) == pytest.approx(1.6449, abs=1e-4)


@pytest.mark.parametrize(
    ("value", "verdict"), [(95.0, "accepted"), (98.4, "pending"), (101.6, "pending"), (101.7, "rejected")]
)
def test_a_reading_is_accepted_inside_the_guarded_limit_and_rejected_outside_it(value, verdict):
    assert judge_channel(value, 1.0, 100.0, True, 1.645) == verdict
    assert judge_channel(200.0 - value, 1.0, 100.0, False, 1.645) == verdict


@given(st.floats(-1e6, 1e6), st.floats(0, 1e3), st.floats(0, 1e3), st.booleans())
def test_more_uncertainty_never_turns_a_verdict_round(value, uncertainty, more, at_most):
    before = judge_channel(value, uncertainty, 0.0, at_most, 1.645)
    after = judge_channel(value, uncertainty + more, 0.0, at_most, 1.645)
    assert after in (before, "pending")


def test_scatter_beyond_the_stated_uncertainty_widens_it():
    quiet = [Reading("r", "t", "power", value, 1.0) for value in (99.9, 100.0, 100.1)]
    noisy = [Reading("r", "t", "power", value, 1.0) for value in (90.0, 100.0, 110.0)]
    assert mean_and_uncertainty(quiet) == pytest.approx((100.0, 1.0))
    assert mean_and_uncertainty(noisy)[1] == pytest.approx(statistics.stdev([90, 100, 110]))


@pytest.mark.parametrize(
    ("accepted", "rejected", "verdict"),
    [(8, 0, "accepted"), (7, 1, "accepted"), (6, 1, "pending"), (6, 2, "rejected"), (0, 0, "pending")],
)
def test_a_generation_needs_its_share_of_the_declared_racks(accepted, rejected, verdict):
    racks = ["accepted"] * accepted + ["rejected"] * rejected
    assert generation_verdict(racks, 8, 0.85) == verdict


def test_the_tiny_programs_sample_racks_are_accepted_and_open_volume_when_declared():
    found = judged(load(EXAMPLES / "tiny.yaml"))
    assert found.verdict == {"beta": "accepted"}
    assert found.gate_week["beta"] == load(EXAMPLES / "tiny.yaml").calendar.index("2026-W15")


def test_without_readings_a_verdict_is_pending_and_passes_on_its_date():
    program = load(EXAMPLES / "tiny.yaml").replace(
        {"evaluation.beta.measured": None, "evaluation.beta.until": "2026-W20"}
    )
    found = judged(program)
    assert found.verdict["beta"] == "pending"
    assert found.gate_week["beta"] == program.calendar.index("2026-W21")


def test_a_rejected_generation_stays_closed_until_its_re_test():
    case = load(EXAMPLES / "tiny.yaml").case()
    item, rack = case.evaluation["beta"], case.rack["beta"]
    assert gate("rejected", item, rack, 26) == 26
    retested = item.model_copy(update={"retest_week": 19})
    assert gate("rejected", retested, rack, 26) == 20


def test_a_hot_rack_is_rejected_by_name(tmp_path):
    text = (
        (EXAMPLES / "evaluation" / "tiny.csv")
        .read_text()
        .replace("s1,2026-03-02T12:00,case,68", "s1,2026-03-02T12:00,case,75")
    )
    (tmp_path / "hot.csv").write_text(text)
    found = judged(load(EXAMPLES / "tiny.yaml").replace({"evaluation.beta.measured": str(tmp_path / "hot.csv")}))
    assert found.verdict["beta"] == "rejected"
    assert any(item.subject == "beta s1" and item.rule == "evaluation.case" for item in found.findings)


def test_the_real_programs_named_faults_are_found():
    found = judged(load(EXAMPLES / "us-racks.yaml"))
    assert found.verdict == {"vera-rubin": "accepted", "helios": "rejected", "kyber": "pending"}
    failed = {(item.subject, item.rule) for item in found.findings if item.outcome == "failed"}
    assert {("helios he-3", "evaluation.case"), ("helios he-5", "evaluation.throughput")} <= failed


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("s1,t,powr,1,kW,0.1", "channel"),
        ("s1,t,power,much,kW,0.1", "value"),
        ("s1,t,power,1,degC,0.1", "value"),
        ("s1,t,power,1,kW,-0.1", "uncertainty"),
        (",t,power,1,kW,0.1", "rack"),
    ],
)
def test_a_bad_reading_names_its_row_and_column(line, column, tmp_path):
    place = tmp_path / "m.csv"
    place.write_text(f"rack,time,channel,value,unit,uncertainty\ns1,t,power,1,kW,0.1\n{line}\n")
    with pytest.raises(Wrong, match=rf"m\.csv, row 3, column {column}"):
        read_measurements(place)
