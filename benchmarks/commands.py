"""Whole commands as a user runs them: wall time (median of several) and peak memory of the process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.table import Row

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / "examples" / "us-racks.yaml"
TOOL = [sys.executable, "-m", "rackwright.cli"]
MB = 1e6


def timed(words: list[str], cache: Path, runs: int) -> tuple[float, float]:
    """Median wall time [s] and largest peak memory [bytes] of a command."""
    times, peaks = [], []
    for _ in range(runs):
        start = time.perf_counter()
        process = subprocess.Popen(
            [*TOOL, *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "RACKWRIGHT_CACHE_DIR": str(cache)},
        )
        _, status, usage = os.wait4(process.pid, 0)
        times.append(time.perf_counter() - start)
        peaks.append(usage.ru_maxrss * 1024.0)
        if os.waitstatus_to_exitcode(status) != 0:
            raise RuntimeError(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    return statistics.median(times), max(peaks)


def _row(what: str, seconds: float, goal_s: float) -> Row:
    return Row(what, f"{seconds:.2f} s", f"<= {goal_s:g} s", holds=seconds <= goal_s)


def run() -> Iterator[Row]:
    """Time each promised command on the real program."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        cache, report = home / "cache", home / "report.html"
        timed(["--help"], cache, 1)
        yield _row("rackwright --help", timed(["--help"], cache, 7)[0], 0.3)
        yield _row("rackwright check, the real program", timed(["check", str(PROGRAM)], cache, 5)[0], 1.0)
        words = ["plan", str(PROGRAM), "--out", str(report)]
        seconds, peak = timed([*words, "--no-cache"], cache, 3)
        yield _row("rackwright plan, the real program, no cache", seconds, 15.0)
        yield Row("  its peak memory", f"{peak / MB:.0f} MB", "<= 1000 MB", holds=peak <= 1000 * MB)
        yield Row(
            "  the report", f"{report.stat().st_size / MB:.2f} MB", "<= 5 MB", holds=report.stat().st_size <= 5 * MB
        )
        timed(words, cache, 1)
        edited = home / "edited.yaml"
        edited.write_text(
            f"extends: {PROGRAM}\nagreement:\n  option:\n    worth:\n      volatility: 50 %\n", encoding="utf-8"
        )
        again, _ = timed(["plan", str(edited), "--out", str(report)], cache, 1)
        yield _row("rackwright plan after an edit to the option's volatility", again, 2.0)
