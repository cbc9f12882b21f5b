"""Named specifications and ride-through curves, each with where it comes from and how firm it is.

Most are drafts or quotations; a utility's own agreement replaces them. Where a source leaves something open (a window,
peak or rms) the choice made here is said in the preset's `source`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rackwright.buildout.utility.dips import RideCurve
from rackwright.buildout.utility.specification import FLUCTUATION, Band, Specification

#: A review of grid requirements of 2026-10-07 (public text, repository not named) quotes these from the documents named.
REVIEW = "as quoted in a public review of grid requirements for computing loads, 2026-10-07"
MW_MIN = 1e6 / 60
MW = 1e6


def _ramp(name: str, up_w_s: float | None, down_w_s: float | None, window_s: float, standing: str, source: str,
          range_most_w: float | None = None, range_window_s: float = 5.0,
          bands: tuple[Band, ...] = ()) -> Specification:  # fmt: skip
    return Specification(
        name, up_w_s, down_w_s, window_s, range_most_w, range_window_s, bands, standing=standing, source=source
    )


def _arxiv(contracted_w: float) -> Specification:
    source = (
        "arXiv 2508.14318, section III: an example of a critical range of 0.1 to 20 Hz holding at most 20 percent of "
        "all harmonic energy; the paper prints no utility's ramps"
    )
    band = Band(0.1, 20.0, share_most=0.20, base=FLUCTUATION)
    return _ramp("arxiv-2508.14318 example", None, None, 1.0, "draft", source, bands=(band,))


def _ercot_variation(contracted_w: float) -> Specification:
    source = (
        "ERCOT, Large Computational Load Power Variation Limit Discussion, 2026-06-19, proposed wording: 10 MW peak to "
        f"peak in any rolling 5 s after a filter of 0.1 to 55 Hz; {REVIEW}. No filter is applied here, which is stricter"
    )
    return _ramp("ercot power variation 2026-06", None, None, 5.0, "draft", source, 10 * MW, 5.0)


def _ercot_1191(contracted_w: float) -> Specification:
    source = (
        "ERCOT NPRR 1191 (2023 proposal, outcome not checked): down the lesser of 5 percent of peak demand or 20 MW a "
        f"minute, up of 2 percent or 8 MW; {REVIEW}. Window of one minute assumed"
    )
    up_w_s = min(0.02 * contracted_w, 8 * MW) / 60
    down_w_s = min(0.05 * contracted_w, 20 * MW) / 60
    return _ramp("ercot nprr 1191", up_w_s, down_w_s, 60.0, "draft", source)


def _caiso(contracted_w: float) -> Specification:
    source = (
        "CAISO, Large Load Technical Requirements Straw Proposal, 2026-06-15: mean ramp over a rolling 10 minutes at "
        f"most 20 MW/min, cycling limits to be determined; {REVIEW}"
    )
    return _ramp("caiso straw proposal 2026-06", 20 * MW_MIN, 20 * MW_MIN, 600.0, "draft", source)


def _ieso(contracted_w: float) -> Specification:
    source = (
        "IESO, Technical Requirements for Large Computational Loads 3.0, 2026-09-03: 20 MW/min, at most 5 MW in any "
        "15 s, periodic oscillation in the sub-synchronous band within the lesser of 2.5 MW or 0.25 percent either way; "
        f"{REVIEW}. Band taken as 0.1 to 60 Hz, amplitude turned into rms of a sine"
    )
    rms_w = min(2.5 * MW, 0.0025 * contracted_w) / np.sqrt(2.0)
    band = Band(0.1, 60.0, worst_bin_most_w=float(rms_w))
    name = "ieso large computational loads 3.0"
    return _ramp(name, 20 * MW_MIN, 20 * MW_MIN, 60.0, "accepted standard", source, 5 * MW, 15.0, (band,))


def _southern(contracted_w: float) -> Specification:
    source = (
        "Southern Company, quoted by the CAISO straw proposal and arXiv 2601.12686: 20 MW/min, below 10 MW within 4 to "
        f"6 s, limits by band not given; {REVIEW}. Windows of 60 s and 6 s taken"
    )
    return _ramp("southern company", 20 * MW_MIN, 20 * MW_MIN, 60.0, "draft", source, 10 * MW, 6.0)


def _atc(contracted_w: float) -> Specification:
    source = (
        "ATC (Wisconsin), quoted by the CAISO straw proposal: changes above 50 MW below 0.5 MW/s, below 25 MW in 5 s; "
        f"{REVIEW}. The ramp is applied over the 100 s that 50 MW take"
    )
    return _ramp("atc", 0.5 * MW, 0.5 * MW, 100.0, "draft", source, 25 * MW, 5.0)


def _lipa(contracted_w: float) -> Specification:
    source = (
        "LIPA / PSEG Long Island, quoted by the CAISO straw proposal: below 10 MW from 0.1 to 5 Hz, below 3.5 MW from 5 "
        f"to 55 Hz; {REVIEW}. Taken as rms; peak or rms is not said"
    )
    bands = (Band(0.1, 5.0, rms_most_w=10 * MW), Band(5.0, 55.0, rms_most_w=3.5 * MW))
    return _ramp("lipa", None, None, 1.0, "draft", source, bands=bands)


def _aeso(contracted_w: float) -> Specification:
    source = f"AESO (Alberta), quoted by the CAISO straw proposal: 10 MW/min; {REVIEW}. Window of one minute assumed"
    return _ramp("aeso", 10 * MW_MIN, 10 * MW_MIN, 60.0, "draft", source)


def _small_site(contracted_w: float) -> Specification:
    source = "note quoting arXiv 2606.21833: a 150 MW site held to 10 MW/min. Window of one minute assumed"
    return _ramp("150 MW site example", 10 * MW_MIN, 10 * MW_MIN, 60.0, "estimate", source)


#: Specifications by name, each for a contracted power.
SPECIFICATIONS: dict[str, Callable[[float], Specification]] = {
    "arxiv-2508.14318": _arxiv,
    "ercot-power-variation": _ercot_variation,
    "ercot-nprr-1191": _ercot_1191,
    "caiso-straw": _caiso,
    "ieso-3.0": _ieso,
    "southern": _southern,
    "atc": _atc,
    "lipa": _lipa,
    "aeso": _aeso,
    "site-150-mw": _small_site,
}


def specification(name: str, contracted_w: float) -> Specification:
    """A named specification for a site of this contracted power.

    >>> specification("ercot-power-variation", 1e9).range_most_w
    10000000.0
    """
    if name not in SPECIFICATIONS:
        raise ValueError(f"no specification is named {name!r}: expected one of {', '.join(SPECIFICATIONS)}")
    return SPECIFICATIONS[name](contracted_w)


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
