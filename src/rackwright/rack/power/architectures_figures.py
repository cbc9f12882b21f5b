"""Figures behind the comparison of power architectures: published, estimated or assumed, each with its source.

They are defaults: a program or a catalogue puts its own in their place (`with_facts`). What was not found is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rackwright.figures import Status
from rackwright.rack.power.supplies import MeasuredCurve


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure: SI value or None where it was not found, how firm it is, and where it comes from.

    `standing` is that of a limit or a specification: "accepted standard", "draft", "roadmap", or "" for a plain figure.
    """

    value: float | None
    unit: str
    status: Status
    source: str
    standing: str = ""
    low: float | None = None
    high: float | None = None
    price_year: int | None = None
    note: str = ""

    def needed(self, name: str) -> float:
        """The value; an error that names it where it was not found."""
        if self.value is None:
            raise ValueError(f"{name} was not found ({self.source}); give a figure")
        return self.value


_SA = "SemiAnalysis, Inside the 800VDC Revolution, part 1 (May 2026)"
_EQ = "800 VDC value-chain report (October 2026)"
_DIABLO = "OCP Diablo 400 0.7.0"
_SHELF = "OCP ORv3 HPR 33 kW power shelf 0.3"
_SHELF2 = "OCP HPR V2 72 kW power shelf 1.0"
_BBU = "OCP ORv3 HPR BBU shelf 33 kW 0.5"
_TALK = "Meta, ORv3 HPR Next (OCP talk)"

#: What every comparison starts from.
FACTS: Mapping[str, Fact] = {
    "transformer_va": Fact(2.5e6, "VA", "assumed", "a usual unit substation"),
    "transformer_efficiency": Fact(0.99, "", "published", f"{_EQ}: dry type at rated load, more than"),
    "transformer_best_share": Fact(0.5, "", "assumed", "load at which its losses are equal; US rules test there"),
    "ups_efficiency": Fact(0.975, "", "published", "Eaton 9395XR, double conversion, up to"),
    "rack_v": Fact(50.0, "V", "published", _SHELF, "draft", note="50 V at no load to 49 V"),
    "shelf_psu_w": Fact(5500.0, "W", "published", _SHELF, "draft"),
    "shelf_slots": Fact(6, "", "published", _SHELF, "draft"),
    "shelf_u": Fact(1.0, "U", "published", _SHELF, "draft"),
    "sidecar_psu_w": Fact(12e3, "W", "published", _SHELF2, "draft"),
    "sidecar_most_w": Fact(300e3, "W", "published", f"{_TALK}; {_SA}", "roadmap", note="limit of the cross links"),
    "bar_air_most_w": Fact(155e3, "W", "published", _TALK, "roadmap", note="roofline of the air-cooled busbar"),
    "bar_liquid_most_w": Fact(700e3, "W", "published", "OCP roadmap slide", "roadmap"),
    "bar_liquid_m2": Fact(1550e-6, "m2", "assumed", "section of the air-cooled bar: 155 kW, 50 V, 2 A/mm2"),
    "bar_liquid_k": Fact(323.15, "K", "assumed", "held near the coolant"),
    "rack_u_most": Fact(44.0, "U", "published", "Open Rack V3 frame, 44 OU"),
    "joint_ohm": Fact(10e-6, "ohm", "assumed", "all joints of a 50 V bar, there and back"),
    "density_a_m2": Fact(2.0e6, "A/m2", "published", "after BS 159 and ANSI C37.20: first guess in still air"),
    "drop_share": Fact(0.02, "", "assumed", "drop of a feeder at its design current"),
    "link_drop_share": Fact(0.001, "", "published", f"{_EQ}: 0.1 % over 5 m for Diablo cables"),
    "diablo_most_w": Fact(1.1e6, "W", "published", f"{_DIABLO}, table 5, 415 V", "draft"),
    "diablo_efficiency": Fact(0.965, "", "published", f"{_DIABLO}, table 9, 415 V, more than", "draft"),
    "diablo_supply_w": Fact(18.5e3, "W", "published", f"{_EQ}: Delta supply", note="shelf of six assumed"),
    "diablo_link_w": Fact(100e3, "W", "published", f"{_DIABLO}: 100 kW, 125 A a cable", "draft"),
    "diablo_ride_s": Fact(
        45.0, "s", "published", _DIABLO, "draft", low=45.0, high=90.0, note="45 to 90 s: the shorter holds"
    ),
    "power_rack_w": Fact(660e3, "W", "published", "Delta, in-row power rack, GTC 2026"),
    "power_rack_bbu_w": Fact(480e3, "W", "published", "Delta, in-row power rack, GTC 2026: 6 x 80 kW"),
    "power_rack_ride_s": Fact(None, "s", "estimate", "not found"),
    "rectifier_efficiency": Fact(0.98, "", "published", f"{_EQ}: active rectifier", low=0.98, high=0.985),
    "converter_w": Fact(90e3, "W", "published", f"{_EQ}: Delta 800 to 50 VDC shelf"),
    "converter_u": Fact(1.0, "U", "published", f"{_EQ}: Delta 800 to 50 VDC shelf"),
    "converter_efficiency": Fact(0.98, "", "estimate", "class of the rectifier stages; no shelf figure was found"),
    "sst_w": Fact(5e6, "W", "published", "OCP SST 0.3.0, 13.8 kV", "draft"),
    "sst_efficiency": Fact(0.98, "", "published", "OCP SST 0.3.0, at least, 50 to 100 % load", "draft"),
    "sst_positions": Fact(None, "", "estimate", "not found"),
    "battery_positions": Fact(None, "", "estimate", "not found"),
    "battery_ride_s": Fact(None, "s", "estimate", "not found"),
    "bbu_u": Fact(2.0, "U", "published", "OCP BBU shelf: 2 OU", "draft"),
    "shelf_usd": Fact(8125.0, "USD", "estimate", f"{_EQ}: 60 to 70 k$ a cabinet over 8 shelves", price_year=2026),
    "sidecar_shelf_usd": Fact(16000.0, "USD", "assumed", "a public planner's assumption", price_year=2026),
    "bbu_shelf_usd": Fact(9000.0, "USD", "assumed", "assumption; none was found", price_year=2026),
    "converter_usd": Fact(None, "USD", "estimate", "not found"),
    "transformer_usd": Fact(None, "USD", "estimate", "not found"),
    "conductor_usd": Fact(None, "USD", "estimate", "not found"),
    "ups_usd_w": Fact(1.2, "USD/W", "published", f"{_EQ}, secondary", price_year=2026),
    "power_rack_usd_w": Fact(
        0.5,
        "USD/W",
        "published",
        _SA,
        low=0.4,
        high=0.76,
        price_year=2026,
        note="400 to 500 k$ a rack of 660 to 1,000 kW",
    ),
    "battery_usd_w": Fact(0.2, "USD/W", "published", _EQ, price_year=2026),
    "sst_usd_w": Fact(1.25, "USD/W", "published", _SA, low=1.0, high=1.5, price_year=2026),
}

#: Shape of a supply's loss against its load: the reference's estimate for the ORv3 class, 97.5 % at half load.
SUPPLY_SHARES = (0.1, 0.2, 0.5, 1.0)
SUPPLY_EFFICIENCIES = (0.945, 0.966, 0.975, 0.965)

#: Power that an HPR BBU shelf gives for so long (seconds : W), with none and one module lost; new or aged is not said.
BBU_W: Mapping[str, Mapping[float, float]] = {
    "N": {90.0: 33e3, 240.0: 24e3},
    "N+1": {90.0: 27.5e3, 240.0: 20e3},
}
BBU_SOURCE = _BBU


def with_facts(**own: Fact) -> dict[str, Fact]:
    """The facts with some in their place.

    >>> mine = with_facts(sst_efficiency=Fact(0.985, "", "given", "our supplier"))
    >>> mine["sst_efficiency"].value, mine["rack_v"].value
    (0.985, 50.0)
    """
    unknown = sorted(set(own) - set(FACTS))
    if unknown:
        raise ValueError(f"no such fact: {', '.join(unknown)}")
    return {**FACTS, **own}


def supply_curve(rated_w: float, full_efficiency: float | None = None) -> MeasuredCurve:
    """The estimated supply of a rating; with `full_efficiency`, its losses scaled to have that at full load.

    >>> curve = supply_curve(5500.0, 0.97)
    >>> round(curve.efficiencies[-1], 9), round(curve.efficiencies[2], 4)
    (0.97, 0.9786)
    """
    scale = 1.0
    if full_efficiency is not None:
        scale = (1 / full_efficiency - 1) / (1 / SUPPLY_EFFICIENCIES[-1] - 1)
    return MeasuredCurve(
        rated_w=rated_w,
        load_shares=SUPPLY_SHARES,
        efficiencies=tuple(1 / (1 + scale * (1 / e - 1)) for e in SUPPLY_EFFICIENCIES),
        what="the estimated supply",
        standing="estimate",
        source="shape of 80 PLUS Ruby moved to a 97.5 % peak and 96.5 % at full load",
    )


def bbu_shelf_w(ride_through_s: float, redundancy: str) -> float:
    """What one BBU shelf carries for that long: the printed power of the next longer time, by energy beyond the last.

    >>> bbu_shelf_w(60.0, "N"), bbu_shelf_w(120.0, "N+1"), bbu_shelf_w(480.0, "N")
    (33000.0, 20000.0, 12000.0)
    """
    row = BBU_W["N+1" if redundancy == "N+1" else "N"]
    for seconds, power_w in row.items():
        if ride_through_s <= seconds:
            return power_w
    longest = max(row)
    return row[longest] * longest / ride_through_s
