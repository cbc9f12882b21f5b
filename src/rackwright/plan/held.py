"""The plan's program with its whole modules held: what is asked of a plan beyond itself starts here, warm."""

from __future__ import annotations

import highspy

from rackwright.errors import NoPlan
from rackwright.plan.levels import Levels, hold_whole, two_levels
from rackwright.plan.live import Live
from rackwright.plan.mends import whole_counts_of
from rackwright.plan.model import Model, compile_model
from rackwright.plan.question import Numbers, Question, numbers_of
from rackwright.plan.result import WeeklyPlan


class Held:
    """Numbers, model and a solver of its own, bounded as the plan is; a session's bases shorten its first solve."""

    def __init__(self, q: Question, plan: WeeklyPlan, live: Live | None = None) -> None:
        self.n: Numbers = numbers_of(q)
        self.model: Model = compile_model(self.n)
        self.counts = whole_counts_of(self.n, plan)
        kept = Live()
        if live is not None and live.model is not None:
            kept.bases.update(live.bases)
            kept.take(live.model)
        self.solver = kept.take(self.model)
        hold_whole(self.solver, self.model, self.counts)
        self.bounds = self.solver.bounds()
        self.basis = kept.bases.get("whole")
        self.solves = 0

    def reset(self) -> None:
        """Bounds as the plan has them."""
        self.solver.give_back(self.bounds)

    def levels(self) -> Levels | None:
        """Both levels as bounded now; None where nothing is feasible.

        Raises
        ------
        NoPlan
            When HiGHS finds no optimum for another reason.
        """
        if self.basis is not None:
            self.solver.start_from(self.basis)
        self.solves += 1
        try:
            found = two_levels(self.solver, self.n, self.model, "ipx" if self.basis is None else "dual", explain=False)
        except NoPlan:
            if self.solver.highs.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
                raise
            return None
        if self.basis is None:
            self.basis = found.basis
        return found
