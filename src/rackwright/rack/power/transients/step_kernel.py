"""One implicit stage of the row: companion conductances on the tree, eliminated leaves to root inside Newton steps."""

from __future__ import annotations

from rackwright.compiled import kernel
from rackwright.rack.power.transients.arrays import CHARGING, CLOSED, USED_DH, Floats, Records, Tree

#: Newton ends where no voltage moved by more than this share: what is left of the current is about its square.
NEAR = 3e-4
MOST_STEPS = 60
#: Below this a source on the corner of its line may count to either side: its current is the same.
AT_REST = 1e-9
#: A hot-swap charges with its full current until so little of `least_v` is missing, then as a resistance.
BAND = 0.02


@kernel
def prepare(tree: Tree, src: Records, clock: Floats, dh: float) -> None:
    """Companion conductances of lines and capacitors for a stage of weight `dh`; kept while nothing of them changes."""
    if clock[USED_DH] == dh:
        return
    clock[USED_DH] = dh
    for n in range(len(tree.parent)):
        inner = tree.parent[n] >= 0
        whole = tree.henry[n] + dh * tree.ohm[n]
        tree.g[n] = dh / whole if inner else 0.0
        tree.keep[n] = tree.henry[n] / whole if inner else 0.0
        held = tree.farad[n] > 0.0
        tree.cap_gain[n] = dh / tree.farad[n] if held else 0.0
        tree.cap_g[n] = 1.0 / (tree.esr[n] + tree.cap_gain[n]) if held and tree.swap[n] == CLOSED else 0.0
    for k in range(len(src)):
        lag = src[k].lag * dh
        src[k].lag_w = lag / (1.0 + lag) if lag < 1e300 else 1.0


@kernel
def solve_stage(tree: Tree, src: Records, stage: int) -> int:
    """Voltages of one stage from its stars, in `tree.stage_v[stage]`; Newton steps taken, 0 where none settle."""
    v = tree.stage_v[stage]
    tree.balance[:] = 0.0
    tree.pivot[:] = 0.0
    for n in range(len(tree.parent)):
        tree.push[n] = tree.keep[n] * tree.line_star[n]
    for step in range(MOST_STEPS):
        _gather(tree, src, v, stage)
        if not _eliminate(tree, v):
            return 0
        change = _advance(tree, v)
        if change <= NEAR and (change <= AT_REST or _same_regions(src, v, stage)):
            _finish(tree, src, v, stage)
            return step + 1
    return 0


@kernel
def _region(src: Records, v: Floats, stage: int, k: int) -> int:
    """0 backward, 1 on the droop line, 2 at the limit."""
    free = (src[k].stage_v[stage] - v[src[k].place]) * src[k].siemens
    return 0 if free <= 0.0 else (2 if free >= src[k].stage_limit_a[stage] else 1)


@kernel
def _target(src: Records, v: Floats, stage: int, k: int) -> float:
    """What a source's current runs after."""
    free = (src[k].stage_v[stage] - v[src[k].place]) * src[k].siemens
    return float(min(max(free, 0.0), src[k].stage_limit_a[stage]))


@kernel
def _gather(tree: Tree, src: Records, v: Floats, stage: int) -> None:
    """The sources' currents and slopes into the balances of their places."""
    for k in range(len(src)):
        n, w = src[k].place, src[k].lag_w
        region = _region(src, v, stage, k)
        src[k].region = region
        tree.balance[n] += (1.0 - w) * src[k].star_a + w * _target(src, v, stage, k)
        tree.pivot[n] += w * src[k].siemens if region == 1 else 0.0


@kernel
def _same_regions(src: Records, v: Floats, stage: int) -> bool:
    """Whether every source is still on the part of its line that the step was linearised on."""
    same = True
    for k in range(len(src)):
        same &= _region(src, v, stage, k) == src[k].region
    return same


@kernel
def inrush(tree: Tree, n: int, volt: float) -> tuple[float, float]:
    """Current of a charging hot-swap and its slope with the voltage outside."""
    most = tree.inrush_a[n]
    siemens = most / (BAND * tree.least_v[n])
    siemens /= 1.0 + siemens * tree.cap_gain[n]
    free = siemens * (volt - tree.inner_star[n])
    return min(max(free, 0.0), most), siemens if 0.0 < free < most else 0.0


@kernel
def clamp_a(tree: Tree, n: int, volt: float) -> float:
    """Current of the clamp outside a hot-swap: down above its voltage, up from the return below zero."""
    if volt > tree.clamp_v[n]:
        return float(tree.clamp_s[n] * (volt - tree.clamp_v[n]))
    return float(min(tree.clamp_s[n] * volt, 0.0))


@kernel
def _eliminate(tree: Tree, v: Floats) -> bool:
    """Leaves to root: every place's balance and inverse pivot; False where a pivot is not above zero."""
    balance, pivot, parent, g, push = tree.balance, tree.pivot, tree.parent, tree.g, tree.push
    cap_g, star, load_w, least_v = tree.cap_g, tree.inner_star, tree.load_w, tree.least_v
    for n in range(len(parent) - 1, -1, -1):
        volt, power, least = v[n], load_w[n], least_v[n]
        own = balance[n] + cap_g[n] * (star[n] - volt)
        slope = pivot[n] + cap_g[n]
        if tree.swap[n] == CHARGING:
            charge, rising = inrush(tree, n, volt)
            own -= charge
            slope += rising
        if tree.clamp_s[n] > 0.0 and (volt > tree.clamp_v[n] or volt < 0.0):
            own -= clamp_a(tree, n, volt)
            slope += tree.clamp_s[n]
        if power != 0.0:
            if volt >= least:
                current = power / volt
                own -= current
                slope -= current / volt
            else:
                own -= power * volt / (least * least)
                slope += power / (least * least)
        up = parent[n]
        if up >= 0:
            line = g[n]
            flow = (v[up] - volt) * line + push[n]
            own += flow
            slope += line
            inverse = 1.0 / slope
            balance[up] += line * inverse * own - flow
            pivot[up] += line - line * line * inverse
        else:
            inverse = 1.0 / slope
        if slope <= 0.0:
            balance[:] = 0.0
            pivot[:] = 0.0
            return False
        balance[n] = own
        pivot[n] = inverse
    return True


@kernel
def _advance(tree: Tree, v: Floats) -> float:
    """Root to leaves: the step of every voltage; the largest one's share. Balances and pivots are cleared."""
    balance, pivot, parent, g = tree.balance, tree.pivot, tree.parent, tree.g
    change = 0.0
    for n in range(len(parent)):
        up = parent[n]
        own = balance[n]
        if up >= 0:
            own += g[n] * (v[up] - tree.before[up])
        step = own * pivot[n]
        before = v[n]
        tree.before[n] = before
        room = 0.5 * tree.least_v[n] + 0.3 * abs(before)
        v[n] = before + min(max(step, -room), room)
        change = max(change, abs(step) / (abs(before) + tree.least_v[n]))
    balance[:] = 0.0
    pivot[:] = 0.0
    return change


@kernel
def _finish(tree: Tree, src: Records, v: Floats, stage: int) -> None:
    """Currents of lines and sources and inner voltages of capacitors at the stage's voltages."""
    line_a, inner_v = tree.stage_a[stage], tree.stage_inner_v[stage]
    for n in range(len(tree.parent)):
        up = tree.parent[n]
        if up >= 0:
            line_a[n] = (v[up] - v[n]) * tree.g[n] + tree.push[n]
        star = tree.inner_star[n]
        current = tree.cap_g[n] * (v[n] - star)
        if tree.swap[n] == CHARGING:
            current, _ = inrush(tree, n, v[n])
        inner_v[n] = star + tree.cap_gain[n] * current
    for k in range(len(src)):
        w = src[k].lag_w
        src[k].stage_a[stage] = (1.0 - w) * src[k].star_a + w * _target(src, v, stage, k)
