"""Who builds, buys and ships what, when: a weekly optimum in two levels, with the prices of what holds it back."""

from rackwright.plan.model import Question
from rackwright.plan.planner import HEADLINES, weekly_plan, write_model
from rackwright.plan.result import TABLES, Bottleneck, Load, WeeklyPlan

__all__ = ["HEADLINES", "TABLES", "Bottleneck", "Load", "Question", "WeeklyPlan", "weekly_plan", "write_model"]
