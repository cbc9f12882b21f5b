"""The chain of conversions from the utility's terminals to the chip: what each stage loses at its load.

Each stage's input is its output and a loss that depends on that output alone, so the chain is solved exactly from the
load to the source, one stage after the other, without a step of iteration.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.power.supplies.curves import Curve

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stage:
    """A conversion or a conductor; `units` of it share the output evenly.

    `side_w` is taken at its output beside the next stage (fans, pumps, a charging battery). `volt` is its output
    voltage (line to line where `phases` is 3), for amperes.
    """

    name: str
    curve: Curve
    units: int = 1
    side_w: float = 0.0
    #: Share of its loss that goes to a liquid; the rest goes to the air.
    liquid_share: float = 0.0
    volt: float | None = None
    phases: int = 0
    power_factor: float = 1.0
    #: False for a device of which only one efficiency is known.
    load_dependent: bool = True
    standing: str = "user"
    source: str = ""


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One line of the loss ledger."""

    name: str
    units: int
    output_w: float
    side_w: float
    loss_w: float
    input_w: float
    #: Output of each unit over its rating.
    load_share: float
    efficiency: float
    liquid_w: float
    air_w: float
    #: Current at its output, all units together; None where no voltage is stated.
    output_a: float | None
    load_dependent: bool
    standing: str
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class ChainSolution:
    """A chain at S loads; arrays have shape (S,) or (S, stages), stages from the source to the load."""

    stages: tuple[Stage, ...]
    load_w: Floats
    output_w: Floats
    loss_w: Floats
    load_share: Floats
    boundary: str

    @property
    def input_w(self) -> Floats:
        """Power at the source's terminals."""
        return np.asarray(self.output_w[:, 0] + self.loss_w[:, 0])

    @property
    def side_w(self) -> float:
        """What is taken beside the load."""
        return math.fsum(stage.side_w for stage in self.stages)

    @property
    def efficiency(self) -> Floats:
        """Load over input, inside `boundary`; 0 without a load."""
        total = self.input_w
        return np.asarray(np.divide(self.load_w, total, out=np.zeros_like(total), where=total > 0))

    @property
    def residual_share(self) -> Floats:
        """Input less load, sides and losses, over the input: the ledger closes where it is below 1e-9."""
        total = self.input_w
        gap = total - self.load_w - self.side_w - self.loss_w.sum(axis=1)
        return np.asarray(np.divide(np.abs(gap), total, out=np.zeros_like(total), where=total > 0))

    @property
    def overloaded(self) -> tuple[str, ...]:
        """Names of stages beyond their rating in some scenario."""
        worst = self.load_share.max(axis=0)
        return tuple(stage.name for stage, share in zip(self.stages, worst, strict=True) if share > 1 + 1e-9)

    def ledger(self, scenario: int = 0) -> tuple[ChainRow, ...]:
        """The loss ledger of one scenario, from the source to the load."""
        return tuple(_row(self, scenario, at) for at in range(len(self.stages)))


def solve_chain(stages: Sequence[Stage], load_w: ArrayLike, *, boundary: str = "") -> ChainSolution:
    """Every stage's output and loss, from the load back to the source.

    Parameters
    ----------
    stages : sequence of Stage
        From the source to the load.
    load_w : float or array_like, shape (S,)
        Power that the last stage gives to the load.
    boundary : str
        Between which two places the efficiency holds; made from the first and the last stage where left out.

    Raises
    ------
    ValueError
        Naming the stage that has no units, a share outside 0 to 1, or an output that it cannot carry at all.

    Examples
    --------
    98 % and 95 % in series, 1 kW at the end: 1,000 / 0.95 / 0.98.

    >>> from rackwright.rack.power.supplies import constant_efficiency
    >>> two = [Stage("first", constant_efficiency(2e3, 0.98)), Stage("second", constant_efficiency(2e3, 0.95))]
    >>> solved = solve_chain(two, 1000.0)
    >>> round(float(solved.input_w[0]), 6), round(float(solved.efficiency[0]), 6)
    (1074.113856, 0.931)
    """
    load = np.atleast_1d(np.asarray(load_w, np.float64))
    _refuse(stages, load)
    output, loss, share = np.empty((3, len(load), len(stages)))
    wanted = load
    for at in range(len(stages) - 1, -1, -1):
        stage = stages[at]
        wanted = wanted + stage.side_w
        output[:, at] = wanted
        loss[:, at] = _loss_w(stage, wanted)
        share[:, at] = wanted / (stage.units * stage.curve.rated_w)
        wanted = wanted + loss[:, at]
    said = boundary or f"from the input of {stages[0].name} to the output of {stages[-1].name}"
    return ChainSolution(tuple(stages), load, output, loss, share, said)


def load_for_input_w(stages: Sequence[Stage], input_w: float) -> float:
    """Load that a chain carries from a given input, by halving (input rises with load), within 1e-12 of the input.

    >>> from rackwright.rack.power.supplies import constant_efficiency
    >>> round(load_for_input_w([Stage("only", constant_efficiency(2e3, 0.95))], 1000.0), 6)
    950.0
    """
    if float(solve_chain(stages, 0.0).input_w[0]) > input_w:
        return 0.0
    low, high = 0.0, input_w
    while high - low > 1e-12 * input_w:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if _carries(stages, middle, input_w) else (low, middle)
    return low


def _carries(stages: Sequence[Stage], load_w: float, input_w: float) -> bool:
    try:
        return float(solve_chain(stages, load_w).input_w[0]) <= input_w
    except ValueError:
        return False  # a conductor cannot carry that much at all


def _loss_w(stage: Stage, output_w: Floats) -> Floats:
    try:
        return np.asarray(stage.units * stage.curve.loss_w(output_w / stage.units))
    except ValueError as error:
        raise ValueError(f"stage {stage.name!r}: {error}") from error


def _row(solution: ChainSolution, scenario: int, at: int) -> ChainRow:
    stage = solution.stages[at]
    output_w, loss_w = float(solution.output_w[scenario, at]), float(solution.loss_w[scenario, at])
    input_w = output_w + loss_w
    return ChainRow(
        name=stage.name,
        units=stage.units,
        output_w=output_w,
        side_w=stage.side_w,
        loss_w=loss_w,
        input_w=input_w,
        load_share=float(solution.load_share[scenario, at]),
        efficiency=output_w / input_w if input_w > 0 else 0.0,
        liquid_w=loss_w * stage.liquid_share,
        air_w=loss_w * (1 - stage.liquid_share),
        output_a=_current_a(stage, output_w),
        load_dependent=stage.load_dependent,
        standing=stage.standing,
        source=stage.source,
    )


def _current_a(stage: Stage, output_w: float) -> float | None:
    if stage.volt is None:
        return None
    wires = math.sqrt(3) * stage.power_factor if stage.phases == 3 else 1.0
    return output_w / (stage.volt * wires)


def _refuse(stages: Sequence[Stage], load_w: Floats) -> None:
    if not stages:
        raise ValueError("the chain has no stage")
    bad = ~(np.isfinite(load_w) & (load_w >= 0))
    if bad.any():
        at = int(np.argmax(bad))
        raise ValueError(f"load_w[{at}] is {load_w[at]}, not a finite number of zero or more")
    for stage in stages:
        if stage.units < 1:
            raise ValueError(f"stage {stage.name!r} has {stage.units} units; one at least is wanted")
        if not 0 <= stage.liquid_share <= 1:
            raise ValueError(f"stage {stage.name!r}: liquid_share is {stage.liquid_share}, not from 0 to 1")
        if not (math.isfinite(stage.side_w) and stage.side_w >= 0):
            raise ValueError(f"stage {stage.name!r}: side_w is {stage.side_w}, not a finite number of zero or more")
