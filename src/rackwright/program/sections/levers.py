"""What the planner may still do when a plan is late, with limits and prices: nothing here happens by itself."""

from __future__ import annotations

from typing import Annotated

from rackwright.program import fields as f


class Surge(f.Section):
    """A supplier's capacity beyond its cap, reserved for some weeks: what is reserved is paid, used or not."""

    owner: str = ""
    supplier: f.Word
    part: f.Word
    #: Most pieces a week beyond the cap.
    most_per_week: f.PerWeek
    #: For each piece reserved, beside the part's own price.
    price_usd: f.Money
    from_week: f.Week
    until_week: f.Week
    #: Equal parts in which it may be reserved.
    steps: f.UpTo1000 = 1


class Expedite(f.Section):
    """A shorter lead time of a supplier's part, for all orders of the horizon."""

    owner: str = ""
    supplier: f.Word
    part: f.Word
    #: Most whole weeks by which it shortens.
    most_weeks: f.LeadWeeks
    #: For each week of shortening.
    price_usd: f.Money


class Overtime(f.Section):
    """More hours of a plant for some weeks: every resource of it can do this share more."""

    owner: str = ""
    plant: Annotated[str, f.refers("plant")]
    most: f.Share
    #: For each week at the full share; a part of the share costs that part.
    price_usd: f.Money
    from_week: f.Week
    until_week: f.Week
    steps: f.UpTo1000 = 1


class Alternate(f.Section):
    """Another source of a part that can be qualified."""

    owner: str = ""
    part: f.Word
    cap_per_week: f.WeeklyPieces
    lead_weeks: f.LeadWeeks
    #: Of a piece, and once for qualifying it.
    price_usd: f.Money
    qualification_usd: f.Money


class Date(f.Section):
    """A generation's dates, contract and forecast, moved later by agreement."""

    owner: str = ""
    of: Annotated[str, f.refers("rack")]
    #: Most whole weeks.
    most_weeks: f.LeadWeeks
    #: For each week.
    price_usd: f.Money


class MoreModules(f.Section):
    """Modules of an expansion beyond its `most`, ordered in the first quarter that they are of use in."""

    owner: str = ""
    of: f.Word
    at: Annotated[str, f.refers("plant")]
    most: f.UpTo1000
    #: For each module, beside its own cost.
    price_usd: f.Money


class Levers(f.Section):
    """The levers by kind and name; `rackwright plan FILE --mends` finds the cheapest that mend a late plan."""

    surge: dict[str, Surge] = {}
    expedite: dict[str, Expedite] = {}
    overtime: dict[str, Overtime] = {}
    alternate: dict[str, Alternate] = {}
    date: dict[str, Date] = {}
    expansion: dict[str, MoreModules] = {}
