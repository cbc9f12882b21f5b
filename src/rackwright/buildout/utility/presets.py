"""A utility's limits as the catalogue or the program states them, and named ride-through curves with their sources."""

from __future__ import annotations

import numpy as np

from rackwright.buildout.utility.dips import RideCurve
from rackwright.buildout.utility.specification import Band, Specification
from rackwright.program.sections.parts import Utility

#: A review of grid requirements of 2026-10-07 (public text, repository not named) quotes these from the documents named.
REVIEW = "as quoted in a public review of grid requirements for computing loads, 2026-10-07"


def specification_of(utility: Utility, contracted_w: float, *, name: str = "", source: str = "") -> Specification:
    """A utility's limits for a site of this contracted power: the smaller of a limit in watts and one as a share.

    >>> from rackwright.program.sections.parts import Utility
    >>> utility = Utility.model_construct(name="x", ramp_up_w_s=1e6, ramp_up_share=0.02 / 60)
    >>> specification_of(utility, 1e9).ramp_up_most_w_s
    333333.3333333333
    """
    bands = tuple(
        Band(
            band.low_hz,
            band.high_hz,
            rms_most_w=band.rms_w,
            worst_bin_most_w=_lesser(band.worst_bin_w, band.worst_bin_share, contracted_w),
            share_most=band.most_share,
            base=band.base,
        )
        for band in utility.bands
    )
    return Specification(
        name=utility.name or name,
        ramp_up_most_w_s=_lesser(utility.ramp_up_w_s, utility.ramp_up_share, contracted_w),
        ramp_down_most_w_s=_lesser(utility.ramp_down_w_s, utility.ramp_down_share, contracted_w),
        ramp_window_s=utility.ramp_window_s,
        range_most_w=utility.range_w,
        range_window_s=utility.range_window_s,
        bands=bands,
        pst_most=utility.pst,
        plt_most=utility.plt,
        standing=utility.standing,
        source=source,
        range_above_hz=utility.range_above_hz,
    )


def _lesser(power: float | None, share: float | None, contracted_w: float) -> float | None:
    found = [value for value in (power, None if share is None else share * contracted_w) if value is not None]
    return min(found, default=None)


#: Ride-through curves by name.
CURVES: dict[str, RideCurve] = {
    "itic": RideCurve(
        "ITI (CBEMA) curve 2000", ((0.0, 0.02), (0.7, 0.5), (0.8, 10.0), (0.9, np.inf)), standing="accepted standard",
        source="ITI (CBEMA) curve, revised 2000; Power Quality in Electrical Systems, figure 8.2; for 120 V equipment",
    ),
    "semi-f47": RideCurve(
        "SEMI F47-0706", ((0.5, 0.2), (0.7, 0.5), (0.8, 1.0), (0.9, np.inf)), standing="accepted standard",
        source="SEMI F47-0706 test points as told by Power Standards Lab and Astrodyne TDI; continuous from 0.9 assumed",
    ),
    "ercot-nogrr-282": RideCurve(
        "ERCOT NOGRR 282", ((0.0, 0.15), (0.2, 0.25), (0.5, 0.5), (0.8, 2.0), (0.9, np.inf)), back_within_s=2.0,
        standing="draft",
        source="ERCOT NOGRR 282, large electronic loads of 75 MW or more: board item 2025-12 and slides 2026-02; "
        f"{REVIEW}. Adoption in July 2026 is told by secondary sources, which differ on corner points",
    ),
    "caiso-straw": RideCurve(
        "CAISO straw proposal", ((0.0, 0.15), (0.25, 1.2), (0.5, 3.0), (0.7, 6.0), (0.9, np.inf)), back_within_s=3.0,
        standing="draft", source=f"CAISO straw proposal, 2026-06-15; {REVIEW}",
    ),
}  # fmt: skip
