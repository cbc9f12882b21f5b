"""Sample racks measured before volume."""

from __future__ import annotations

from pydantic import Field as Named

from rackwright.program import fields as f


class Evaluation(f.Section):
    """One generation's sample racks: when they are evaluated, against what, and where the measurements are."""

    owner: str = ""
    sample_racks: f.OneOrMore = Named(alias="sample_racks")
    from_week: f.Week
    #: The week in which the verdict is due; a pending one is assumed to pass then.
    until_week: f.Week
    #: A rejected generation stays closed until this week.
    retest_week: f.Week | None = None
    #: One-sided confidence that a reading with its uncertainty must meet.
    confidence_share: f.PositiveShare
    #: Share of the sample racks that must be accepted.
    accepted_share: f.PositiveShare
    #: Delivered share of the declared peak that is still accepted.
    throughput_share: f.PositiveShare
    #: CSV or Parquet beside the program: rack, time, channel, value, unit, uncertainty.
    measured: str | None = None
