"""Power floor, capacitors in the racks and a battery at the connection, sample by sample, many candidates side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel

Floats = NDArray[np.float64]

#: Columns of what a candidate is: floor, ramp down, and for each of the two stores gain, time constant, the bounds of its
#: charge about where it rests, watts.
FLOOR_W, RAMP_DOWN_W_S, GAIN_1, TAU_1_S, LEAST_1_J, MOST_CHARGE_1_J, WATTS_1 = range(7)
GAIN_2, TAU_2_S, LEAST_2_J, MOST_CHARGE_2_J, WATTS_2 = range(7, 12)
CANDIDATE = 12
#: Columns of what comes out: energies over the record, and the stores' lowest and highest charge and power.
FLOOR_J, IN_1_J, OUT_1_J, LOST_1_J, LOW_1_J, HIGH_1_J, MOST_1_W = range(7)
IN_2_J, OUT_2_J, LOST_2_J, LOW_2_J, HIGH_2_J, MOST_2_W, MOVED_1_J, MOVED_2_J = range(7, 15)
LEDGER = 15
#: The charge is drawn back to its middle over this many time constants of the filter.
RETURN = 10.0
#: Passes at first in which the charges start where they did, until the filters are at rest.
FILTERS_ONLY = 2
#: Passes at last in which bounds hold, and the joules of a store without any.
BOUNDED, FREE_J = 3, 1e29


@kernel
def smooth_lanes(
    power_w: Floats,
    step_s: float,
    candidates: Floats,
    efficiency_1: float,
    efficiency_2: float,
    delay: int,
    lag_s: float,
    follows_share: float,
    passes: int,
    out_w: Floats,
    ledger_j: Floats,
    begin: int,
    end: int,
) -> None:
    """Run candidates `begin` to `end` over a record, `passes` times; the last pass is told.

    A store takes `gain` of what the power stands above its own low-pass of `tau`, less what it has been losing and what
    draws its charge back to rest; watts and joules cut that off. The second sees the power `delay` samples late and through a lag.
    The floor holds `follows_share` of the power; the rest goes on as it did.
    """
    samples = len(power_w)
    beside = 1.0 - follows_share
    length_s = samples * step_s
    ring = np.empty(max(delay, 1))
    way_1, way_2 = np.sqrt(efficiency_1), np.sqrt(efficiency_2)
    for c in range(begin, end):
        floor_w, ramp = candidates[c, FLOOR_W], candidates[c, RAMP_DOWN_W_S] * step_s
        gain_1, tau_1, watts_1 = candidates[c, GAIN_1], candidates[c, TAU_1_S], candidates[c, WATTS_1]
        least_1, most_1 = candidates[c, LEAST_1_J], candidates[c, MOST_CHARGE_1_J]
        gain_2, tau_2, watts_2 = candidates[c, GAIN_2], candidates[c, TAU_2_S], candidates[c, WATTS_2]
        least_2, most_2 = candidates[c, LEAST_2_J], candidates[c, MOST_CHARGE_2_J]
        keep_1 = 1.0 - np.exp(-step_s / tau_1)
        keep_2 = 1.0 - np.exp(-step_s / tau_2)
        keep_lag = 1.0 - np.exp(-step_s / lag_s) if lag_s > 0.0 else 1.0
        mean = 0.0
        before = power_w[samples - 1]
        for t in range(samples):
            before = max(power_w[t], beside * power_w[t] + floor_w, before - ramp)
            mean += before
        mean /= samples
        slow_1, slow_2, seen = mean, mean, mean
        drain_1, drain_2 = 0.0, 0.0
        charge_1, charge_2 = 0.0, 0.0
        ring[:] = mean
        at = 0
        for number in range(passes):
            told = number == passes - 1
            # where nothing cuts it off a store's rhythm is found exactly; with its bounds it then goes on from there
            bounded = number >= passes - BOUNDED
            most_1_w = watts_1 if bounded or watts_1 <= 0.0 else FREE_J
            most_2_w = watts_2 if bounded or watts_2 <= 0.0 else FREE_J
            low_1, high_1 = (least_1, most_1) if bounded else (-FREE_J, FREE_J)
            low_2, high_2 = (least_2, most_2) if bounded else (-FREE_J, FREE_J)
            if number == passes - BOUNDED:
                charge_1, charge_2 = min(max(charge_1, low_1), high_1), min(max(charge_2, low_2), high_2)
            if told:
                ledger_j[c, :] = 0.0
                ledger_j[c, LOW_1_J] = ledger_j[c, HIGH_1_J] = charge_1
                ledger_j[c, LOW_2_J] = ledger_j[c, HIGH_2_J] = charge_2
            start_1, start_2 = charge_1, charge_2
            begun = (slow_1, slow_2, drain_1, drain_2)
            for t in range(samples):
                floored = max(power_w[t], beside * power_w[t] + floor_w, before - ramp)
                before = floored
                slow_1 += keep_1 * (floored - slow_1)
                given_1, charge_1, lost_1 = _give(
                    gain_1 * (floored - slow_1) - drain_1,
                    charge_1,
                    low_1,
                    high_1,
                    most_1_w,
                    RETURN * tau_1,
                    way_1,
                    step_s,
                )
                drain_1 += keep_1 * (lost_1 / step_s - drain_1)
                middle = floored - given_1
                late = ring[at] if delay > 0 else middle
                if delay > 0:
                    ring[at] = middle
                    at = at + 1 if at + 1 < delay else 0
                seen += keep_lag * (late - seen)
                slow_2 += keep_2 * (seen - slow_2)
                given_2, charge_2, lost_2 = _give(
                    gain_2 * (seen - slow_2) - drain_2,
                    charge_2,
                    low_2,
                    high_2,
                    most_2_w,
                    RETURN * tau_2,
                    way_2,
                    step_s,
                )
                drain_2 += keep_2 * (lost_2 / step_s - drain_2)
                if told:
                    out_w[c, t] = middle - given_2
                    row = ledger_j[c]
                    row[FLOOR_J] += (floored - power_w[t]) * step_s
                    row[IN_1_J] += max(-given_1, 0.0) * step_s
                    row[OUT_1_J] += max(given_1, 0.0) * step_s
                    row[LOST_1_J] += lost_1
                    row[LOW_1_J] = min(row[LOW_1_J], charge_1)
                    row[HIGH_1_J] = max(row[HIGH_1_J], charge_1)
                    row[MOST_1_W] = max(row[MOST_1_W], abs(given_1))
                    row[IN_2_J] += max(-given_2, 0.0) * step_s
                    row[OUT_2_J] += max(given_2, 0.0) * step_s
                    row[LOST_2_J] += lost_2
                    row[LOW_2_J] = min(row[LOW_2_J], charge_2)
                    row[HIGH_2_J] = max(row[HIGH_2_J], charge_2)
                    row[MOST_2_W] = max(row[MOST_2_W], abs(given_2))
            ended_1, ended_2 = charge_1, charge_2
            if told:
                ledger_j[c, MOVED_1_J] = charge_1 - start_1
                ledger_j[c, MOVED_2_J] = charge_2 - start_2
            elif not bounded:
                # everything that carries over from record to record goes on from where it would come to rest in the end:
                # first the filters, which do not wait for the charges, then the charges
                slow_1 = _rest(begun[0], slow_1, length_s / tau_1)
                slow_2 = _rest(begun[1], slow_2, length_s / tau_2)
                drain_1 = max(_rest(begun[2], drain_1, length_s / tau_1), 0.0)
                drain_2 = max(_rest(begun[3], drain_2, length_s / tau_2), 0.0)
                charge_1, charge_2 = start_1, start_2
                if number >= FILTERS_ONLY:
                    charge_1 = _rest(start_1, ended_1, length_s / (RETURN * tau_1))
                    charge_2 = _rest(start_2, ended_2, length_s / (RETURN * tau_2))


@kernel
def _rest(before: float, after: float, records: float) -> float:
    """Where a state settles that one record takes from `before` to `after` and that forgets exp(-records) in it."""
    kept = np.exp(-records)
    return float((after - kept * before) / (1.0 - kept))


@kernel
def _give(
    wanted_w: float,
    charge_j: float,
    least_j: float,
    most_j: float,
    watts: float,
    return_s: float,
    way: float,
    step_s: float,
) -> tuple[float, float, float]:
    """What a store gives (negative: takes), its charge afterwards and what was lost. Charge is counted from rest."""
    if watts <= 0.0 or most_j <= least_j:
        return 0.0, charge_j, 0.0
    given = min(max(wanted_w + charge_j / return_s, -watts), watts)
    if given >= 0.0:
        given = min(given, max(charge_j - least_j, 0.0) * way / step_s)
        drawn = given * step_s / way
        return given, charge_j - drawn, drawn - given * step_s
    given = max(given, -max(most_j - charge_j, 0.0) / way / step_s)
    stored = -given * step_s * way
    return given, charge_j + stored, -given * step_s - stored
