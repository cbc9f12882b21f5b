"""The right, not the duty, to buy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field as Named

from rackwright.program import fields as f


class Price(f.Section):
    """A price per rack that moves as a lognormal walk."""

    #: Called price, because a mapping with `value` is a value with its source.
    value_usd_per_rack: f.UsdPerRack = Named(alias="price")
    #: Standard deviation of its yearly logarithmic change.
    volatility: f.YearlyVolatility
    #: Yearly rate at which it falls while one waits (a generation ages).
    decay: f.YearlyRate = 0.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What the plan reads of an option: its quantities and dates, none of its prices."""

    of: str
    from_week: int
    every_weeks: float
    until_week: int
    cap_racks: float
    per_window_racks: float | None
    lead_weeks: float


class Option(f.Section):
    """The option: to exchange `strike` for `worth`, at windows, delivered a lead time after exercise."""

    of: Annotated[str, f.refers("rack")]
    style: Literal["bermudan"] = "bermudan"
    from_week: f.Week
    every_weeks: f.LeadWeeks
    until_week: f.Week
    cap_racks: f.Racks
    minimum_racks: f.Racks = 0.0
    per_window_racks: f.Racks | None = None
    strike: Price
    worth: Price
    correlation: f.Correlation
    lead_weeks: f.LeadWeeks
    #: Yearly rate at which both sides discount.
    discount: f.YearlyRate
    #: Probability that the generation passes its evaluation, and what a rack that fails is still worth.
    pass_share: f.Share
    failed_worth_share: f.Share
    #: The maker's margin on the strike.
    margin_share: f.Share

    def terms(self) -> Terms:
        """The option without its prices."""
        return Terms(
            self.of,
            self.from_week,
            self.every_weeks,
            self.until_week,
            self.cap_racks,
            self.per_window_racks,
            self.lead_weeks,
        )


class Agreement(f.Section):
    """The agreement."""

    owner: str = ""
    option: Option
