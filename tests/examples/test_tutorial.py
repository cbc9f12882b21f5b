"""The tutorial is true: its commands print what it says, and its sums are the program's numbers."""

import math
import re
import shlex
from pathlib import Path
from statistics import NormalDist

import pytest
from typer.testing import CliRunner

from rackwright.cli import app
from rackwright.pipeline import run
from rackwright.program import load

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0][2:60])
def test_a_command_of_the_tutorial_prints_what_it_says(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    command, *expected = block.splitlines()
    words = shlex.split(command.removeprefix("$ rackwright "))
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    printed = iter(result.stdout.splitlines())
    for line in expected:
        if line == "...":
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in line.split("...")) + "$")
        assert any(pattern.match(candidate) for candidate in printed), f"not printed: {line}\n{result.stdout}"


@pytest.fixture(scope="module")
def headlines():
    outcome = run(load(ROOT / "examples" / "tiny.yaml"))
    return {name: item.value for name, item in outcome.headlines.items()}


def test_the_sums_of_the_tutorial_are_the_programs_numbers(headlines):
    shared = 7200 + 0.6 * 7200 + 144 * 10 + 20000 / 2
    s = 0.4 * math.sqrt(13 * 7 / 365.25)
    by_hand = {
        "demand.peak_live_racks": 20 + 20,
        "demand.not_explained_by_roadmap": 100 / (200 + 420 + 100),
        "rack.alpha.power_w": 38e3 / 0.95,
        "rack.beta.power_w": 76e3 / 0.95,
        "rack.alpha.cost_usd": 36 * 10_000 + 10 * 2000 + 1000 + 5000 + 4000,
        "rack.beta.cost_usd": 36 * 20_000 + 10 * 2000 + 2 * 1000 + 5000 + 4000,
        "rack.alpha.cost_with_shared_usd": 390_000 + shared,
        "plant.works.racks_per_week": 168 / 24,
        "plan.racks_built": 22 + 22,
        "plan.late_rack_weeks": 14 + 12 + 10 + 8 + 6 + 4 + 2,
        "plan.late_racks_at_end": 0,
        "buildout.capex_usd": 22 * (390_000 + shared) + 22 * (751_000 + shared),
        "agreement.option_value_usd": 10 * 800_000 * (2 * NormalDist().cdf(s / 2) - 1),
    }
    assert {name: headlines[name] for name in by_hand} == pytest.approx(by_hand, rel=1e-4, abs=1e-6)
