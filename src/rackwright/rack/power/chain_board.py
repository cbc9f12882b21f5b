"""From the tray's input to the chip: hot-swap, intermediate bus converter, voltage regulator.

No public data sheet of these stages was found with a curve; the shipped figures are single efficiencies, so their
stages say `load_dependent = False` until a device's own curve is put in their place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rackwright.rack.power.architectures_figures import Fact
from rackwright.rack.power.chain import ChainSolution, Stage, solve_chain
from rackwright.rack.power.chain_stages import ConductorLoss
from rackwright.rack.power.supplies import Curve, PolynomialLoss, constant_efficiency

HOT_SWAP_OHM = Fact(200e-6, "ohm", "assumed", "clips and hot-swap of one tray, there and back: 26 mV at 130 A")
IBC_EFFICIENCY = Fact(0.975, "", "estimate", "48 to 12 V, a usual design assumption", low=0.97, high=0.98)
VRM_EFFICIENCY = Fact(0.90, "", "estimate", "12 to 0.8 V at load, a usual range", low=0.88, high=0.92)


def peak_and_full(
    rated_w: float, peak: float, full: float, *, standing: str = "estimate", source: str = ""
) -> PolynomialLoss:
    """A loss a + c P^2 that has a published best efficiency and a published one at full load.

    Two figures leave room for two coefficients: b is taken as zero (an estimate). With u = sqrt(a / P) and
    v = sqrt(c P) at full load, 2 u v = 1/peak - 1 and u^2 + v^2 = 1/full - 1; the best load is u / v of the rating.

    Raises
    ------
    ValueError
        Where `full` is not below `peak`.

    Examples
    --------
    The 1,500 A switching bus converter, 48 to 1 V: 92.7 % at best, 85.7 % at full load.

    >>> made = peak_and_full(1500.0, 0.927, 0.857)
    >>> round(float(made.efficiency(1500.0)), 6), round(float(made.efficiency(made.best_w)), 6)
    (0.857, 0.927)
    >>> round(made.best_w / 1500.0, 2)
    0.25
    """
    if not 0 < full < peak < 1:
        raise ValueError(f"full-load efficiency {full} is not below the peak {peak}, both between 0 and 1")
    product, squares = 1 / peak - 1, 1 / full - 1
    total, gap = math.sqrt(squares + product), math.sqrt(squares - product)
    u, v = 0.5 * (total - gap), 0.5 * (total + gap)
    return PolynomialLoss(rated_w, u * u * rated_w, 0.0, v * v / rated_w, standing=standing, source=source)


def board_stages(
    *,
    trays: int,
    chips: int,
    chip_w: float,
    tray_v: float = 50.0,
    core_v: float = 0.8,
    other_w: float = 0.0,
    hot_swap_ohm: float | None = None,
    ibc: Curve | None = None,
    vrm: Curve | None = None,
    liquid_share: float = 0.0,
) -> list[Stage]:
    """Hot-swap, IBC and VRM of all trays together, to be put behind a chain that ends at the tray inputs.

    Parameters
    ----------
    trays, chips : int
        In all; each tray has its hot-swap, each chip its IBC and its VRM.
    chip_w : float
        Rated power of a chip at its core.
    other_w : float
        Power that all trays together take at their inputs beside the chips.
    ibc, vrm : Curve, optional
        A device's own loss curve for one chip; the shipped single efficiency where left out.
    liquid_share : float
        Share of the losses on the board that its cold plates take.

    Examples
    --------
    >>> stages = board_stages(trays=18, chips=72, chip_w=1200.0, hot_swap_ohm=0.0)
    >>> round(float(solve_chain(stages, 72 * 1200.0).efficiency[0]), 4)  # 0.975 x 0.90
    0.8775
    """
    ohm = HOT_SWAP_OHM.needed("hot_swap_ohm") if hot_swap_ohm is None else hot_swap_ohm
    ibc_efficiency, vrm_efficiency = IBC_EFFICIENCY.needed("ibc"), VRM_EFFICIENCY.needed("vrm")
    own_vrm = vrm or constant_efficiency(chip_w, vrm_efficiency)
    ibc_w = chip_w / vrm_efficiency
    own_ibc = ibc or constant_efficiency(ibc_w, ibc_efficiency)
    tray_w = (chips * ibc_w / ibc_efficiency + other_w) / trays
    return [
        Stage(
            "hot-swap",
            ConductorLoss(tray_v, ohm, tray_w),
            trays,
            side_w=other_w,
            volt=tray_v,
            standing=HOT_SWAP_OHM.status if hot_swap_ohm is None else "user",
            source=HOT_SWAP_OHM.source if hot_swap_ohm is None else "",
        ),
        _board("IBC", own_ibc, chips, 12.0, liquid_share, None if ibc else IBC_EFFICIENCY),
        _board("VRM", own_vrm, chips, core_v, liquid_share, None if vrm else VRM_EFFICIENCY),
    ]


def utility_to_chip(to_trays: Sequence[Stage], board: Sequence[Stage], chips_w: float) -> ChainSolution:
    """An architecture's stages and the board's as one chain, solved for the power at the chips' cores.

    The architecture keeps its equipment: a load beyond it shows in `overloaded`.
    """
    boundary = f"from the input of {to_trays[0].name} to the chips' cores"
    return solve_chain([*to_trays, *board], chips_w, boundary=boundary)


def _board(name: str, curve: Curve, units: int, volt: float, liquid_share: float, fact: Fact | None) -> Stage:
    return Stage(
        name,
        curve,
        units,
        volt=volt,
        liquid_share=liquid_share,
        load_dependent=fact is None,
        standing="user" if fact is None else fact.status,
        source="" if fact is None else fact.source,
    )
