"""Weeks: ISO 8601 weeks as text at the border, indexes from the program's first week inside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_YEAR = re.compile(r"(\d{4})")
FIRST_YEAR, LAST_YEAR = 1990, 2100
WEEKS_PER_YEAR = 365.25 / 7


def weeks_in(year: int) -> int:
    """ISO weeks of a year: 52 or 53.

    >>> weeks_in(2026), weeks_in(2027)
    (53, 52)
    """
    return date(year, 12, 28).isocalendar().week


def monday(text: str) -> date:
    """The Monday of the week that `text` names: a week, a day, or a year (its first week).

    >>> monday("2026-W02").isoformat(), monday("2026-01-07").isoformat(), monday("2027").isoformat()
    ('2026-01-05', '2026-01-05', '2027-01-04')

    Raises
    ------
    ValueError
        With what would do, when it names none.
    """
    if match := _WEEK.fullmatch(text):
        year, week = int(match[1]), int(match[2])
        _check_year(year)
        if not 1 <= week <= weeks_in(year):
            raise ValueError(f"a week such as {year}-W14; {year} has {weeks_in(year)}")
        return date.fromisocalendar(year, week, 1)
    if match := _DAY.fullmatch(text):
        _check_year(int(match[1]))
        try:
            day = date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            raise ValueError("a day of the calendar such as 2026-04-01") from None
        return day - timedelta(days=day.weekday())
    if match := _YEAR.fullmatch(text):
        _check_year(int(match[1]))
        return date.fromisocalendar(int(match[1]), 1, 1)
    raise ValueError("a week such as 2026-W14")


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"a week from {FIRST_YEAR}-W01 to {LAST_YEAR}-W52")


def is_date(text: str) -> bool:
    """True for text of the form of a week, a day or a year, valid or not."""
    return bool(_WEEK.fullmatch(text) or _DAY.fullmatch(text) or _YEAR.fullmatch(text))


@dataclass(frozen=True)
class Calendar:
    """The program's weeks: `weeks` of them from the Monday `start`."""

    start: date
    weeks: int

    def index(self, text: str) -> int:
        """Weeks from the start to the week that `text` names; negative before it."""
        return (monday(text) - self.start).days // 7

    def text(self, index: int) -> str:
        """The week's name, also beyond the horizon.

        >>> Calendar(monday("2026-W02"), 156).text(51)
        '2026-W53'
        """
        year, week, _ = (self.start + timedelta(weeks=index)).isocalendar()
        return f"{year}-W{week:02d}"

    def year(self, index: int) -> int:
        """The ISO year that the week belongs to."""
        return (self.start + timedelta(weeks=index)).isocalendar().year

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self.text(index) for index in range(self.weeks))

    @cached_property
    def years(self) -> tuple[int, ...]:
        """The ISO years that the horizon touches, in order."""
        return tuple(sorted({self.year(index) for index in range(self.weeks)}))

    def half_year(self, index: int) -> str:
        """The half-year of the week's Thursday, as `2026 H1`."""
        thursday = self.start + timedelta(weeks=index, days=3)
        return f"{thursday.year} H{1 if thursday.month <= 6 else 2}"

    def quarter_starts(self) -> tuple[int, ...]:
        """Indexes of every 13th week from the first."""
        return tuple(range(0, self.weeks, 13))
