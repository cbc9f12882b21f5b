"""Growth in stages: what a head can count, both ways, asked for on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from rackwright.cli import app
from rackwright.errors import ProgramError
from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.network import NetworkQuestions, study_network

TINY = Path(__file__).parents[3] / "examples" / "tiny.yaml"


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory):
    """Racks of 36 adapters, leaves of 36 + 36 and a rack each: 4, 8 and 16 leaves in blocks of two racks."""
    program = load(TINY).replace({"rack.alpha.network.stages": [4, 8, 16], "rack.alpha.network.growth": "final"})
    folder = tmp_path_factory.mktemp("moved")
    return study_network(run(program, until="rack"), NetworkQuestions(growth=True, cut_list=folder)), folder


def stages(outcome, way: str) -> list[dict]:
    table = next(table for table in outcome.rack.tables if table.name == "rack.network_growth")
    return [row for row in table.rows() if row["generation"] == "alpha" and row["growth"] == way]


def test_minimal_growth_moves_what_the_new_spines_take_over(grown):
    # 36 uplinks over 2, 4 and 9 spines (9 is the least divisor of 36 that has the ports of 8, the spines being of 72)
    rows = stages(grown[0], "minimal")
    assert [(row["racks"], row["switches"]) for row in rows] == [(4, 4 + 2), (8, 8 + 4), (16, 16 + 9)]
    # four leaves keep 9 of 18 links to each old spine; then eight leaves keep 4 of 9 to each of four
    assert [row["moved"] for row in rows] == [0, 4 * 2 * (18 - 9), 8 * 4 * (9 - 4)]
    assert all(row["added"] == row["links"] - before + row["moved"] for row, before in zip(
        rows, [0, *(row["links"] for row in rows[:-1])], strict=True))  # fmt: skip


def test_final_growth_moves_nothing_and_ends_with_the_same_fabric(grown):
    rows = stages(grown[0], "final")
    assert [row["moved"] for row in rows] == [0, 0, 0]
    assert rows[-1]["switches"] == stages(grown[0], "minimal")[-1]["switches"]
    assert {row["own"] for row in rows} == {"yes"}
    said = next(f for f in grown[0].rack.findings if f.rule == "rack.network.growth" and f.subject == "alpha")
    assert said.outcome == "passed"


def test_every_cable_that_moves_is_listed_with_the_end_that_it_leaves(grown):
    moved = pl.read_csv(grown[1] / "alpha.moved.csv")
    assert dict(moved.group_by("stage").len().sort("stage").iter_rows()) == {2: 72, 3: 160}
    assert moved.select("b_end_before", "b_port_before", "stage").n_unique() == moved.height
    assert moved["b_end_before"].str.contains("spine").all()


def test_stages_that_do_not_grow_are_refused_with_those_that_do():
    with pytest.raises(ProgramError) as told:
        load(TINY).replace({"rack.alpha.network.stages": [8, 4]})
    assert "4, 8" in str(told.value)


def test_the_command_line_takes_a_quarter_a_half_and_all_where_no_stages_are_named():
    told = CliRunner().invoke(app, ["rack", str(TINY), "network", "--growth", "--json"])
    assert told.exit_code == 0
    rows = json.loads(told.stdout)["tables"]["rack.network_growth"]["rows"]
    assert [row[4] for row in rows if row[0] == "alpha" and row[1] == "minimal"] == [4, 10, 20]
