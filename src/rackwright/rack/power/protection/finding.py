"""One checked statement about protection: plain data, for the study to turn into the project's findings."""

from __future__ import annotations

from dataclasses import dataclass

#: How firm a limit is.
STANDINGS = ("accepted standard", "draft", "roadmap", "estimate", "assumed", "user")


@dataclass(frozen=True, slots=True)
class ProtectionFinding:
    """`holds` is None where something is missing to tell: the text says what."""

    name: str
    holds: bool | None
    value: float | None
    limit: float | None
    unit: str
    #: One of `STANDINGS`: the standing of the limit.
    standing: str
    text: str

    @property
    def margin_share(self) -> float | None:
        """How much of the limit is left: 1 - value / limit. Below zero where it does not hold."""
        if self.value is None or not self.limit:
            return None
        return 1 - self.value / self.limit


def at_most(
    name: str, value: float | None, limit: float | None, unit: str, standing: str, text: str, *, strictly: bool = False
) -> ProtectionFinding:
    """A value that may not pass its limit; None where either is missing.

    >>> at_most("breaking", 8e3, 1e4, "A", "user", "").holds
    True
    """
    holds = None
    if value is not None and limit is not None:
        holds = value < limit if strictly else value <= limit
    return ProtectionFinding(name, holds, value, limit, unit, standing, text)
