"""Supplies: the loss of one against its load, how many should be on, and how a bank of them shares."""

from rackwright.rack.power.supplies.bank import BankSharing, bank, spread_set_points
from rackwright.rack.power.supplies.certification import CERTIFICATIONS, BoundRow, Certification, bound_check
from rackwright.rack.power.supplies.curves import (
    Curve,
    MeasuredCurve,
    PolynomialLoss,
    Residual,
    SplineLoss,
    affine_loss,
    constant_efficiency,
    fit_current_loss,
    fit_polynomial,
    fit_spline,
    residual_of,
)
from rackwright.rack.power.supplies.shelf import ShelfCurve, curve_text, shelf_curve
from rackwright.rack.power.supplies.staging import (
    StagedRun,
    Staging,
    best_staging,
    least_on,
    staged_run,
    switch_over_w,
)

__all__ = [
    "CERTIFICATIONS",
    "BankSharing",
    "BoundRow",
    "Certification",
    "Curve",
    "MeasuredCurve",
    "PolynomialLoss",
    "Residual",
    "ShelfCurve",
    "SplineLoss",
    "StagedRun",
    "Staging",
    "affine_loss",
    "bank",
    "best_staging",
    "bound_check",
    "constant_efficiency",
    "curve_text",
    "fit_current_loss",
    "fit_polynomial",
    "fit_spline",
    "least_on",
    "residual_of",
    "shelf_curve",
    "spread_set_points",
    "staged_run",
    "switch_over_w",
]
