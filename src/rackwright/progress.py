"""How long work tells where it is, and how it is asked to stop."""

from __future__ import annotations

from typing import Protocol, TextIO


class Stopped(Exception):
    """The user asked to stop; nothing is half written."""


class Progress(Protocol):
    """What a stage reports to. `step` raises `Stopped` once somebody asked to stop."""

    def step(self, what: str, share: float | None = None) -> None:
        """Say what is being done now; `share` 0..1 of the stage where it is known."""


class Silent:
    """Says nothing, never stops."""

    def step(self, what: str, share: float | None = None) -> None:
        return None


class Console:
    """One line on `stream`, rewritten in place on a terminal and printed once per step otherwise."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.live = stream.isatty()
        self.last = ""

    def step(self, what: str, share: float | None = None) -> None:
        text = what if share is None else f"{what} {share:.0%}"
        if text == self.last:
            return
        self.last = text
        self.stream.write(f"\r\x1b[2K{text}" if self.live else f"{text}\n")
        self.stream.flush()

    def close(self) -> None:
        if self.live and self.last:
            self.stream.write("\r\x1b[2K")
            self.stream.flush()


SILENT: Progress = Silent()
