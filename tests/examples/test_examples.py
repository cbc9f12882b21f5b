"""Each example runs and equals its stored headlines.

Renew them after a change that is meant to move numbers, and say in the change why they moved:

    python tests/examples/test_examples.py
"""

import json
import sys
from pathlib import Path

import pytest

from rackwright.pipeline import run
from rackwright.program import load

ROOT = Path(__file__).parents[2]
STORED = Path(__file__).parent / "expected"
#: The example, and how near its headlines must be. The large plan has many optima of level 1 that differ in where racks
#: are late, so another build of the solver may move its racks a little; its lateness in dollars is unique.
EXAMPLES = {
    "tiny": (ROOT / "examples" / "tiny.yaml", 1e-6),
    "template": (ROOT / "src" / "rackwright" / "program" / "template.yaml", 1e-6),
    "us-racks": (ROOT / "examples" / "us-racks.yaml", 5e-3),
}


def headlines(path: Path) -> dict[str, float | str | None]:
    return {name: item.value for name, item in run(load(path)).headlines.items()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_equals_its_stored_headlines(name):
    path, tolerance = EXAMPLES[name]
    stored = json.loads((STORED / f"{name}.json").read_text())
    got = headlines(path)
    assert list(got) == list(stored)
    texts = {key for key, value in stored.items() if not isinstance(value, int | float)}
    assert {key: got[key] for key in texts} == {key: stored[key] for key in texts}
    numbers = {key: value for key, value in stored.items() if key not in texts}
    assert {key: got[key] for key in numbers} == pytest.approx(numbers, rel=tolerance, abs=1e-3)


def test_a_second_run_gives_the_same_tables(tmp_path):
    first, second = run(load(EXAMPLES["tiny"][0])), run(load(EXAMPLES["tiny"][0]))
    assert list(first.tables) == list(second.tables)
    for name, table in first.tables.items():
        assert table.frame.equals(second.tables[name].frame), name


if __name__ == "__main__":
    STORED.mkdir(exist_ok=True)
    for key, (place, _) in EXAMPLES.items():
        (STORED / f"{key}.json").write_text(json.dumps(headlines(place), indent=1) + "\n")
    sys.exit(0)
