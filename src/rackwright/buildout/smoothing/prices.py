"""What smoothing costs: each price with its standing and source; money has a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rackwright.buildout.smoothing.devices import Devices, Mix

YEAR_S = 8766 * 3600.0


class Price(NamedTuple):
    """A price and where it is from."""

    value: float
    standing: str
    source: str


ENERGY = Price(60.0 / 3.6e9, "assumed", "60 USD/MWh; the program's own where it states one")
STORE_J = Price(0.33, "assumed", "8,000 USD for 24 kJ, this catalogue's supercapacitor shelf; no price was found")
STORE_W = Price(0.0, "assumed", "power comes with the joules; no price was found")
BESS_W = Price(0.2, "estimate", "battery rack of 200,000 USD/MW (800 VDC value-chain report, October 2026)")
BESS_J = Price(150e3 / 3.6e9, "assumed", "150,000 USD/MWh; no figure was found")


@dataclass(frozen=True, slots=True)
class Prices:
    """Money of one price year. Devices are bought once; the floor's energy is paid over `years`."""

    energy_usd_j: Price = ENERGY
    years: float = 5.0
    #: Share of the time in which the record's training runs.
    training_share: float = 0.8
    store_usd_j: Price = STORE_J
    store_usd_w: Price = STORE_W
    bess_usd_w: Price = BESS_W
    bess_usd_j: Price = BESS_J
    price_year: int = 2026


@dataclass(frozen=True, slots=True)
class Cost:
    """Money of a mix, by device. [USD]"""

    floor_usd: float
    store_usd: float
    bess_usd: float

    @property
    def total_usd(self) -> float:
        return self.floor_usd + self.store_usd + self.bess_usd


def cost_of(prices: Prices, *, floor_w: float, store_j: float, store_w: float, bess_j: float, bess_w: float) -> Cost:
    """Money for a mean extra power of the floor and for the sizes of the stores.

    >>> prices = Prices(energy_usd_j=Price(1e-8, "user", ""), years=1.0, training_share=1.0)
    >>> round(cost_of(prices, floor_w=1e6, store_j=0, store_w=0, bess_j=0, bess_w=0).total_usd)  # 8,766 h x 1 MW
    315576
    """
    return Cost(
        floor_usd=floor_w * YEAR_S * prices.years * prices.training_share * prices.energy_usd_j.value,
        store_usd=store_j * prices.store_usd_j.value + store_w * prices.store_usd_w.value,
        bess_usd=bess_j * prices.bess_usd_j.value + bess_w * prices.bess_usd_w.value,
    )


def said(mix: Mix, devices: Devices) -> str:
    """A mix in words.

    >>> said(Mix(floor_share=0.5), Devices(high_w=1e6, accelerators=10))
    'floor 50 %'
    """
    parts = []
    if mix.floor_share > 0:
        parts.append(f"floor {100 * mix.floor_share:.3g} %")
    if mix.store_gain > 0:
        parts.append(
            f"{mix.store_j / max(devices.accelerators, 1):,.0f} J and {mix.store_w / max(devices.accelerators, 1):,.0f} W a GPU"
        )
    if mix.bess_gain > 0:
        parts.append(f"battery of {mix.bess_w / 1e6:,.3g} MW and {mix.bess_j / 3.6e9:.3g} MWh")
    return ", ".join(parts) or "nothing"
