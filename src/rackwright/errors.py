"""The whole error tree, drawn at the top.

    RackwrightError                exit
    |- ProgramError                2     the question cannot be read: all problems at once
    |- NoAnswer                    3     the answer does not exist or was not found
    |  |- NoPlan                         which limits conflict
    |  `- NotConverged                   residual and last state
    `- SurroundingsError           4     disk, browser build, engine: with the cause
       |- StoreError
       |- EngineError
       `- ReportError

A design over its limit is none of these: it is a `Finding` row and the run goes on.
Anything else that is raised is a bug and flies through.
"""

from __future__ import annotations

from dataclasses import dataclass

SHOWN_PROBLEMS = 200


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that keeps the program from being read; `line` counts from 1, 0 when there is no line."""

    file: str
    line: int
    path: str
    found: str
    expected: str
    nearest: str | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        lines = [f"{where}: {self.path}" if self.path else where]
        lines.append(f"    found     {self.found}")
        lines.append(f"    expected  {self.expected}")
        if self.nearest:
            lines.append(f"    nearest   {self.nearest}")
        return "\n".join(lines)


class RackwrightError(Exception):
    """Everything that rackwright raises on purpose."""

    exit_code = 1


class ProgramError(RackwrightError):
    """The program cannot be read; `problems` holds every one that was found, in file order."""

    exit_code = 2

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        lines = [f"{count} {noun} in the program; nothing was run."]
        lines += [str(problem) for problem in self.problems[:SHOWN_PROBLEMS]]
        if count > SHOWN_PROBLEMS:
            lines.append(f"... and {count - SHOWN_PROBLEMS} more")
        return "\n".join(lines)


class NoAnswer(RackwrightError):
    """The question was read and has no answer that we found."""

    exit_code = 3


class NoPlan(NoAnswer):
    """No plan exists or the solver gave none; the message names the limits that conflict."""


class NotConverged(NoAnswer):
    """An iteration stopped above its tolerance; the message gives the residual."""


class SurroundingsError(RackwrightError):
    """Disk, engine or build around us failed; the cause is chained."""

    exit_code = 4


class StoreError(SurroundingsError):
    """A file or a store of runs could not be read or written."""


class EngineError(SurroundingsError):
    """A solver or an engine for many runs could not be started."""


class ReportError(SurroundingsError):
    """The report could not be written."""
