"""Values, ranges, series, tables: what a field may hold, and what is said when it holds something else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.program import fields
from rackwright.program.calendar import Calendar, monday
from rackwright.program.fields import Reading, Wrong, read_scalar, read_weekly, read_yearly, triangular

READING = Reading(Calendar(monday("2026-W02"), 104), price_level={2024: 100.0, 2025: 103.0, 2026: 106.0})


def test_a_bare_value_one_with_a_source_and_the_mode_of_a_range_read_alike():
    assert read_scalar("48 h", fields.DURATION, READING) == 172800.0
    assert read_scalar({"value": "48 h", "status": "assumed"}, fields.DURATION, READING) == 172800.0
    assert read_scalar({"low": "24 h", "mode": "48 h", "high": "72 h"}, fields.DURATION, READING) == 172800.0


def test_money_of_another_year_is_brought_to_the_programs_price_year():
    assert read_scalar({"value": "100 USD", "year": "2024"}, fields.MONEY, READING) == pytest.approx(103.0)


def test_a_price_year_that_is_not_known_or_stands_beside_no_money_is_refused():
    with pytest.raises(Wrong, match="2000"):
        read_scalar({"value": "100 USD", "year": "2000"}, fields.MONEY, READING)
    with pytest.raises(Wrong, match="no money"):
        read_scalar({"value": "100 W", "year": "2024"}, fields.POWER, READING)


@pytest.mark.parametrize(
    "raw",
    [
        {"value": "1 W", "valeu": "2 W"},
        {"low": "1 W", "high": "2 W"},
        {"low": "3 W", "mode": "2 W", "high": "4 W"},
        {"value": "1 W", "low": "1 W", "mode": "1 W", "high": "1 W"},
        ["1 W"],
        None,
        {},
        True,
    ],
)
def test_any_other_form_is_a_problem(raw):
    with pytest.raises(Wrong):
        read_scalar(raw, fields.POWER, READING)


def test_a_series_holds_between_its_points_and_is_zero_before_the_first():
    weeks = read_weekly({"2026-W04": "10 racks", "2026-W06": "20 racks"}, fields.RACKS, READING)
    assert weeks[:6].tolist() == [0, 0, 10, 10, 20, 20]
    assert weeks[-1] == 20


def test_a_ramp_is_a_straight_line_to_the_next_point():
    weeks = read_weekly({"2026-W02": "0 racks", "then": "ramp", "2026-W12": "100 racks"}, fields.RACKS, READING)
    assert weeks[:12].tolist() == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 100]


def test_growth_of_five_a_year_is_fivefold_after_a_year():
    weeks = read_weekly({"2026-W02": "8 racks", "then": {"growth": "5 /year"}}, fields.RACKS, READING)
    assert weeks[0] == 8
    assert weeks[52] == pytest.approx(40.0, rel=0.01)  # 52 weeks are 364 of 365.25 days


def test_a_point_before_the_calendar_counts_from_its_own_date():
    weeks = read_weekly({"2025-W26": "200 MW", "2026-W27": "1200 MW"}, fields.POWER, READING)
    assert weeks[0] == 200e6
    assert weeks[READING.calendar.index("2026-W27")] == 1200e6


def test_a_table_beside_the_program_is_a_series_and_its_errors_name_row_and_column(tmp_path):
    (tmp_path / "demand.csv").write_text("week,value\n2026-W02,5 racks\n2026-W03,7 racks\n")
    reading = Reading(READING.calendar, folder=tmp_path)
    assert read_weekly({"table": "demand.csv"}, fields.RACKS, reading)[:3].tolist() == [5, 7, 7]
    (tmp_path / "bad.csv").write_text("week,value\n2026-W02,5 racks\n2026-W77,7 racks\n")
    with pytest.raises(Wrong, match=r"bad\.csv, row 3, column week"):
        read_weekly({"table": "bad.csv"}, fields.RACKS, reading)
    (tmp_path / "unit.csv").write_text("week,value\n2026-W02,5 racks\n2026-W03,7 kW\n")
    with pytest.raises(Wrong, match=r"unit\.csv, row 3, column value"):
        read_weekly({"table": "unit.csv"}, fields.RACKS, reading)


def test_a_year_that_is_not_named_has_no_money():
    assert read_yearly({"2026": "2 BUSD"}, fields.MONEY, READING) == {2026: 2e9, 2027: 0.0}
    assert read_yearly("3 BUSD", fields.MONEY, READING) == {2026: 3e9, 2027: 3e9}


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_triangular_quantile_lies_in_the_range_and_rises(a, b, c, quantile):
    low, mode, high = sorted((a, b, c))
    value = triangular(low, mode, high, quantile)
    assert low - 1e-12 <= value <= high + 1e-12
    assert value <= triangular(low, mode, high, 1.0) + 1e-12
    assert np.isclose(triangular(low, mode, high, 0.0), low)


@pytest.mark.parametrize(
    ("attribute", "key"),
    [
        ("supply_k", "supply"),
        ("lead_weeks", "lead"),
        ("flow_m3_s", "flow"),
        ("memory_bandwidth_byte_s", "memory_bandwidth"),
        ("contract_per_rack_week_usd", "contract"),
        ("redundancy", "redundancy"),
    ],
)
def test_the_file_says_the_noun_without_its_unit(attribute, key):
    assert fields.file_name(attribute) == key
