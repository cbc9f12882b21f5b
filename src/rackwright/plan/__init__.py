"""Plan: who builds, buys and ships what, when? A weekly linear program in two levels, lateness before cost."""

from rackwright.plan.live import Live, Sent
from rackwright.plan.question import Question
from rackwright.plan.result import Bottleneck, LateCause, Load, Module, WeeklyPlan
from rackwright.plan.specs import HEADLINES, TABLES
from rackwright.plan.weekly import plan_of, weekly_plan, write_model

__all__ = [
    "HEADLINES",
    "TABLES",
    "Bottleneck",
    "LateCause",
    "Live",
    "Load",
    "Module",
    "Question",
    "Sent",
    "WeeklyPlan",
    "plan_of",
    "weekly_plan",
    "write_model",
]
