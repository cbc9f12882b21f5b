"""ISO weeks, years of 53 weeks, and what is no week."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.program.calendar import Calendar, monday, weeks_in

CALENDAR = Calendar(monday("2026-W02"), 156)


def test_2026_has_53_weeks_and_the_week_after_them_is_the_first_of_2027():
    assert weeks_in(2026) == 53
    assert CALENDAR.text(CALENDAR.index("2026-W53") + 1) == "2027-W01"


def test_156_weeks_from_2026_w02_end_with_2028_w52():
    assert CALENDAR.names[-1] == "2028-W52"


@given(st.integers(-500, 2000))
def test_a_week_read_back_from_its_name_is_the_same_week(index):
    assert CALENDAR.index(CALENDAR.text(index)) == index


@given(st.dates(date(1995, 1, 1), date(2090, 1, 1)))
def test_a_day_lies_in_the_week_that_begins_on_the_monday_before_it(day):
    assert timedelta(0) <= day - monday(day.isoformat()) < timedelta(days=7)


@pytest.mark.parametrize(
    "text", ["2025-W53", "2026-W60", "2026-W00", "2026-13-01", "2026-02-30", "26-W1", "0001-W01", "x"]
)
def test_what_is_no_week_is_refused(text):
    with pytest.raises(ValueError, match=r"week|day"):
        monday(text)


def test_half_years_follow_the_thursday():
    assert CALENDAR.half_year(CALENDAR.index("2026-W27")) == "2026 H2"
    assert CALENDAR.half_year(CALENDAR.index("2026-W26")) == "2026 H1"
