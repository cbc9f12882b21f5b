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
    """Keeps every passed comparison with a published value, and the tests that failed."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str]] = []
        self.failed: list[str] = []

    def pytest_assertion_pass(self, item: pytest.Item, orig: str, expl: str) -> None:
        match = _COMPARED.match(expl.splitlines()[0])
        if match and "==" in orig:
            ours, published = match["ours"], match["published"]
            tolerance = f" ± {match['tolerance']}" if match["tolerance"] else ""
            self.rows.append((_title(item), _short(ours), f"{_short(published)}{tolerance}", _error(ours, published)))

        bounded = _BOUNDED.match(expl.splitlines()[0])
        if bounded and _NUMBER.match(bounded["ours"]) and _NUMBER.match(bounded["bound"]):
            ours, bound = _short(bounded["ours"]), _short(bounded["bound"])
            self.rows.append(
                (
                    f"{_title(item)}: {orig.split(' <=')[0].removeprefix('assert ')[:60]}",
                    ours,
                    f"at most {bound}",
                    "within",
                )
            )

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
