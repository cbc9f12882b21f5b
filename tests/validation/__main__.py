"""Prints our error on every published row: what, ours, published with the tolerance that its test argues, error.

    python -m tests.validation              as a table
    python -m tests.validation --markdown   as docs/validation.md

The rows are the comparisons that the tests of this folder make; nothing is compared here that no test holds.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parent
_COMPARED = re.compile(r"^(?P<ours>\S.*?) == (?P<published>\S.*?)(?: ± (?P<tolerance>\S+))?$")
_BOUNDED = re.compile(r"^(?P<ours>\S+) <= (?P<bound>\S+)$")
_NUMBER = re.compile(r"^(?:np\.float64\()?(-?\d+(?:\.\d*)?(?:e[+-]?\d+)?)\)?$", re.IGNORECASE)


class Recorder:
    """Keeps every passed comparison with a published value or a bound, and the tests that failed.

    A test that makes the same comparison many times (each pipe, each hour) gives one row: the worst, and how many.
    """

    def __init__(self) -> None:
        self.worst: dict[str, tuple[float, tuple[str, str, str]]] = {}
        self.counts: dict[str, int] = {}
        self.failed: list[str] = []

    @property
    def rows(self) -> list[tuple[str, str, str, str]]:
        """What, ours, published or bound, error."""
        named = {title: f"{title} ({count:,} x)" if count > 1 else title for title, count in self.counts.items()}
        return [(named[title], *row) for title, (_, row) in self.worst.items()]

    def keep(self, title: str, far: float, row: tuple[str, str, str]) -> None:
        """Keep a comparison unless a worse one of the same title is there."""
        self.counts[title] = self.counts.get(title, 0) + 1
        if title not in self.worst or far > self.worst[title][0]:
            self.worst[title] = (far, row)

    def pytest_assertion_pass(self, item: pytest.Item, orig: str, expl: str) -> None:
        line = expl.splitlines()[0]
        match = _COMPARED.match(line)
        if match and "==" in orig:
            ours, published = match["ours"], match["published"]
            tolerance = f" ± {match['tolerance']}" if match["tolerance"] else ""
            error = _error(ours, published)
            self.keep(_title(item), _far(ours, published), (_short(ours), f"{_short(published)}{tolerance}", error))
        bounded = _BOUNDED.match(line)
        if bounded and _NUMBER.match(bounded["ours"]) and _NUMBER.match(bounded["bound"]):
            ours, bound = _short(bounded["ours"]), _short(bounded["bound"])
            what = f"{_title(item)}: {orig.split(' <=')[0].removeprefix('assert ')[:60]}"
            self.keep(what, float(ours) / (abs(float(bound)) or 1.0), (ours, f"at most {bound}", "within"))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def _title(item: pytest.Item) -> str:
    name = item.name.split("[", 1)
    row = f": {name[1].rstrip(']')}" if len(name) > 1 else ""
    return (
        f"{item.path.stem.removeprefix('test_against_').replace('_', ' ')}{row or ': ' + name[0][5:].replace('_', ' ')}"
    )


def _short(text: str) -> str:
    match = _NUMBER.match(text)
    return f"{float(match[1]):.6g}" if match else text[:40]


def _far(ours: str, published: str) -> float:
    left, right = _NUMBER.match(ours), _NUMBER.match(published)
    if not left or not right:
        return 0.0
    return abs(float(left[1]) - float(right[1])) / (abs(float(right[1])) or 1.0)


def _error(ours: str, published: str) -> str:
    left, right = _NUMBER.match(ours), _NUMBER.match(published)
    if not left or not right:
        return "equal" if ours == published or ours.startswith("{") else "within"
    a, b = float(left[1]), float(right[1])
    return f"{(a - b) / abs(b):+.2%}" if b else f"{a - b:+.3g}"


def _markdown(recorder: Recorder) -> str:
    lines = [
        "# Our error on every published row",
        "",
        "Written by `python -m tests.validation --markdown`. Each row is a comparison that a test holds; the tolerance is the test's, its",
        "reason and the source stand in `tests/validation/published/*.csv`.",
        "",
        "| what | ours | published ± tolerance | error |",
        "|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in recorder.rows]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the tests of this folder and print what they compared; 1 when one failed."""
    recorder = Recorder()
    words = [
        str(HOME),
        "-o",
        "enable_assertion_pass_hook=true",
        "-o",
        "addopts=",
        "--no-header",
        "-q",
        "--disable-warnings",
    ]
    code = pytest.main([*words, "--import-mode=importlib", "-m", "slow or not slow"], plugins=[recorder])
    if "--markdown" in sys.argv:
        (HOME.parents[1] / "docs" / "validation.md").write_text(_markdown(recorder), encoding="utf-8")
    for what, ours, published, error in recorder.rows:
        print(f"{what[:86]:<86} {ours:>14} {published:>26} {error:>9}")
    for name in recorder.failed:
        print(f"FAILED {name}")
    print(f"{len(recorder.rows)} published values compared, {len(recorder.failed)} tests failed")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
