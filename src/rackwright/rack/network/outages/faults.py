"""Faults of a fabric as a job meets them: how many parts, how often each fails, and whether the job stops or slows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

YEAR_S = 365.25 * 86400.0

#: A job dies and restarts, waits until the part is back, or goes on more slowly until it is repaired.
Effect = Literal["stops", "waits", "slows"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    `slower` is the step's time while one such fault is open, over its usual; faults open together do not add up, the
    slowest place decides.
    """

    what: str
    parts: float
    per_part_s: float
    effect: Effect
    #: How long it stays: repair of a hard fault, length of a flap.
    open_s: float
    slower: float = 1.0

    @property
    def per_s(self) -> float:
        """Rate of all parts together."""
        return self.parts * self.per_part_s


@dataclass(frozen=True, slots=True)
class FaultRates:
    """Failures of one part a year, and how long repairs and flaps last."""

    adapter_year: float
    link_year: float
    switch_year: float
    flap_year: float
    repair_s: float
    flap_s: float
    #: A transport that sends again carries a job over a flap that is no longer than this.
    retry_s: float


def fabric_faults(
    rates: FaultRates,
    *,
    adapters: int,
    planes: int,
    twins: int = 1,
    leaves: int,
    uppers: int,
    fabric_links: int,
    exposed_share: float,
    link_left: float = 1.0,
    switch_left: float = 1.0,
) -> Iterator[Fault]:
    """Faults of a job's part of a folded Clos; counts are of all planes.

    A lost adapter stops the job. A lost link of an adapter, or its leaf, stops it where there is one plane; with more the
    adapter goes on with one plane less, and what of the step is exposed communication takes `planes / (planes - 1)` as
    long. Losses above the leaves are routed around: of the plane's rate `link_left` and `switch_left` are left, on one
    plane of several. A flap of an adapter's link is waited out by a transport that retries, else it stops the job; planes
    mask it. An adapter of two links on a plane (`twins`, on twin leaves) goes on with one less of all of them. Assumed: traffic moves to the planes that are left at once and evenly; only exposed time grows.

    >>> rates = FaultRates(0.003, 0.007, 0.02, 0.07, 3600.0, 5.0, 10.0)
    >>> made = lambda planes: {f.what: f for f in fabric_faults(rates, adapters=100, planes=planes, leaves=4 * planes,
    ...     uppers=2 * planes, fabric_links=100 * planes, exposed_share=0.2)}
    >>> made(1)["link of an adapter"].effect, made(8)["link of an adapter"].effect
    ('stops', 'slows')
    >>> round(made(8)["link of an adapter"].slower, 4)  # 1 + 0.2 (8 / 7 - 1)
    1.0286
    """

    def slowed(left: float) -> float:
        return 1.0 + exposed_share * (1.0 / max(left, 1e-6) - 1.0)

    year, ports = 1.0 / YEAR_S, planes * twins
    one = ports == 1
    yield Fault("adapter", adapters, rates.adapter_year * year, "stops", rates.repair_s)
    of_plane = 1.0 - 1.0 / ports
    edge: Effect = "stops" if one else "slows"
    lost = 1.0 if one else slowed(of_plane)
    yield Fault("link of an adapter", adapters * ports, rates.link_year * year, edge, rates.repair_s, lost)
    yield Fault("leaf", leaves, rates.switch_year * year, edge, rates.repair_s, lost)
    above = 1.0 / planes
    if fabric_links:
        left = 1.0 - above * (1.0 - link_left)
        yield Fault(
            "link above the leaves", fabric_links, rates.link_year * year, "slows", rates.repair_s, slowed(left)
        )
    if uppers:
        left = 1.0 - above * (1.0 - switch_left)
        yield Fault("switch above the leaves", uppers, rates.switch_year * year, "slows", rates.repair_s, slowed(left))
    flaps = adapters * ports
    if not one:
        yield Fault("flap of an adapter's link", flaps, rates.flap_year * year, "slows", rates.flap_s, lost)
    elif rates.flap_s <= rates.retry_s:
        yield Fault("flap of an adapter's link", flaps, rates.flap_year * year, "waits", rates.flap_s)
    else:
        yield Fault("flap of an adapter's link", flaps, rates.flap_year * year, "stops", rates.flap_s)
