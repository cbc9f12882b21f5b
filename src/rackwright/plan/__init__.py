"""Plan: who builds, buys and ships what, when? A weekly linear program in two levels, lateness before cost."""

from rackwright.plan.result import Bottleneck, Module, ResourceLoad, WeeklyPlan

__all__ = ["Bottleneck", "Module", "ResourceLoad", "WeeklyPlan"]
