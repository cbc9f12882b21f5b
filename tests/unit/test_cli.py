"""The words of the command line: exit codes, one JSON document, nothing half written, quick refusals."""

import json
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner

from rackwright.cli import app
from rackwright.report.envelope import envelope_schema

ROOT = Path(__file__).parents[2]
TINY = ROOT / "examples" / "tiny.yaml"
RUNNER = CliRunner()
STAGES = ("roadmap", "demand", "rack", "evaluation", "plant", "buildout", "agreement")


def invoke(*words: object):
    return RUNNER.invoke(app, [str(word) for word in words])


def document(result) -> dict:
    """The one JSON document on standard output, valid against its schema."""
    found = json.loads(result.stdout)
    jsonschema.validate(found, envelope_schema())
    return found


def test_plan_prints_one_page_and_writes_the_report(tmp_path):
    result = invoke("plan", TINY, "--out", tmp_path / "r.html")
    assert result.exit_code == 0, result.output
    assert "1. Racks." in result.stdout
    assert "plan.late_rack_weeks" in result.stdout
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert 'http-equiv="Content-Security-Policy"' in page
    assert len(page) < 5_000_000


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_word_answers_in_text_and_in_json(stage):
    assert invoke(stage, TINY).exit_code == 0
    found = document(invoke(stage, TINY, "--json"))
    assert any(item["name"].startswith(f"{stage}.") for item in found["headlines"]) or stage == "roadmap"
    assert any(name.startswith(f"{stage}.") for name in found["tables"])


@pytest.mark.parametrize("view", ["power", "cooling", "network"])
def test_rack_shows_one_part_of_itself(view):
    result = invoke("rack", TINY, view)
    assert result.exit_code == 0
    assert f"rack.{view}" in result.stdout
    assert "rack.bill" not in result.stdout


@pytest.mark.parametrize(
    ("stage", "sections"),
    [
        ("rack", ["rack"]),
        ("roadmap", ["roadmap", "rack"]),
        ("plant", ["rack", "plant"]),
        ("evaluation", ["rack", "evaluation"]),
        ("agreement", ["rack", "agreement"]),
    ],
)
def test_a_stage_needs_only_the_sections_that_it_reads(stage, sections, tmp_path):
    from rackwright.program import load
    from rackwright.program.tree import to_plain

    plain = to_plain(load(TINY).written)
    frame = ["rackwright", "program", "price_year", "seed", "calendar", "catalogue"]
    kept = {key: plain[key] for key in [*frame, *sections]}
    if "evaluation" in kept:
        kept["evaluation"]["beta"]["measured"] = str(TINY.parent / "evaluation" / "tiny.csv")
    place = tmp_path / "part.json.yaml"
    place.write_text(json.dumps(kept), encoding="utf-8")
    assert invoke(stage, place).exit_code == 0, invoke(stage, place).output
    refused = invoke("buildout", place, "--json")
    assert refused.exit_code == 2
    assert {problem["path"] for problem in document(refused)["problems"]} >= {"demand", "plan", "buildout"}


def test_a_missing_file_an_unknown_name_and_a_stage_without_its_section_are_told_with_exit_2(tmp_path):
    assert invoke("plan", tmp_path / "none.yaml").exit_code == 2
    wrong = invoke("explain", TINY, "rack.alpha.powr_w")
    assert wrong.exit_code == 2
    assert "rack.alpha.power_w" in wrong.stderr
    (tmp_path / "empty.yaml").write_text("")
    found = document(invoke("check", tmp_path / "empty.yaml", "--json"))
    assert found["problems"]


def test_strict_turns_a_failed_finding_into_exit_1():
    assert invoke("rack", TINY, "--strict").exit_code == 0
    assert invoke("plant", TINY, "--strict").exit_code == 1  # beta in every burn-in place at once


def test_explain_goes_down_to_a_line_of_the_file():
    result = invoke("explain", TINY, "rack.alpha.power_w")
    assert result.exit_code == 0
    line = next(number for number, text in enumerate(TINY.read_text().splitlines(), start=1) if "small: {role" in text)
    assert f"tiny.yaml:{line}" in result.stdout
    assert "catalogue.chips.small.power = 1 kW" in result.stdout


def test_diff_of_a_program_with_itself_moves_nothing(tmp_path):
    result = invoke("diff", TINY, TINY)
    assert result.exit_code == 0
    assert "The programs say the same." in result.stdout
    assert "Nothing moved." in result.stdout


def test_diff_tells_the_chain_of_a_hotter_chip(tmp_path):
    hot = tmp_path / "hot.yaml"
    hot.write_text(f"extends: {TINY}\ncatalogue: {{chips: {{small: {{power: 1.2 kW}}}}}}\n", encoding="utf-8")
    result = invoke("diff", TINY, hot)
    assert result.exit_code == 0, result.output
    assert "catalogue.chips.small.power: 1 kW -> 1.2 kW" in result.stdout
    assert "AC power of one alpha rack: 40.0 kW -> 47.6 kW (+18.9 %)" in result.stdout
    assert "coolant flow of alpha: 36.0 L/min -> 54.0 L/min (+50.0 %)" in result.stdout
    assert "now fails: alpha, rack.power.declared" in result.stdout


def test_init_writes_a_program_that_plans_at_once_and_keeps_a_file_that_is_there(tmp_path):
    place = tmp_path / "my.yaml"
    assert invoke("init", place).exit_code == 0
    assert invoke("plan", place).exit_code == 0
    assert (tmp_path / "my.report.html").is_file()
    assert invoke("init", place).exit_code == 2
    assert invoke("init", place, "--force").exit_code == 0
    assert place.read_text().startswith("#")


def test_show_defaults_writes_a_program_with_the_same_headlines(tmp_path):
    my, whole = tmp_path / "my.yaml", tmp_path / "whole.yaml"
    invoke("init", my)
    assert invoke("plan", my, "--show-defaults", whole).exit_code == 0
    first, second = document(invoke("rack", my, "--json")), document(invoke("rack", whole, "--json"))
    assert [(item["name"], item["value"]) for item in first["headlines"]] == [
        (item["name"], item["value"]) for item in second["headlines"]
    ]


def test_the_plans_linear_program_is_written_with_its_names(tmp_path):
    place = tmp_path / "plan.mps"
    assert invoke("plan", TINY, "--out", tmp_path / "r.html", "--write-model", place).exit_code == 0
    text = place.read_text()
    assert "built[alpha,works,2026-W03]" in text


def test_the_report_as_excel_parquet_and_json(tmp_path):
    assert invoke("report", TINY, "--format", "xlsx", "--out", tmp_path / "r.xlsx").exit_code == 0
    book = openpyxl.load_workbook(tmp_path / "r.xlsx", read_only=True)
    assert {"headlines", "findings", "plan.build"} <= set(book.sheetnames)
    assert invoke("report", TINY, "--format", "parquet", "--out", tmp_path / "t").exit_code == 0
    assert pl.read_parquet(tmp_path / "t" / "plan.build.parquet").height > 0
    assert invoke("report", TINY, "--format", "json", "--out", tmp_path / "r.json").exit_code == 0
    jsonschema.validate(json.loads((tmp_path / "r.json").read_text()), envelope_schema())


def test_a_name_that_begins_like_a_formula_is_text_in_excel(tmp_path):
    text = TINY.read_text(encoding="utf-8").replace("  works:", "  =1+1:").replace("[works]", "['=1+1']")
    text = text.replace("at: works", "at: '=1+1'").replace(
        "evaluation/tiny.csv", str(TINY.parent / "evaluation/tiny.csv")
    )
    place = tmp_path / "p.yaml"
    place.write_text(text, encoding="utf-8")
    assert invoke("report", place, "--format", "xlsx", "--out", tmp_path / "r.xlsx").exit_code == 0
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "r.xlsx")["plant.rates"].iter_rows() for cell in row]
    named = [cell for cell in cells if cell.value == "=1+1"]
    assert named
    assert all(cell.data_type == "s" for cell in named)


def test_a_report_that_cannot_be_written_is_exit_4_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = invoke("plan", TINY, "--out", tmp_path / "file" / "r.html")
    assert result.exit_code == 4
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_schemas_are_schemas():
    for words in (["schema"], ["schema", "--output"]):
        jsonschema.Draft202012Validator.check_schema(json.loads(invoke(*words).stdout))


def test_the_catalogue_shows_every_figure_with_its_source():
    result = invoke("catalogue", "chips", "b300")
    assert result.exit_code == 0
    assert "published" in result.stdout
    assert invoke("catalogue", "chips", "b301").exit_code == 2


ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\1\2" * 1000, b"a: 1\n" * 1_200_000, ALIASES.encode(), b"[" * 100_000, b"rackwright: 1\nrackwright: 1\n"],
    ids=["empty", "binary", "over 5 MB", "aliases", "deep", "duplicate keys"],
)
def test_a_hostile_file_is_refused_within_a_second_and_500_mb(content, tmp_path):
    place = tmp_path / "p.yaml"
    place.write_bytes(content)
    start = time.perf_counter()
    # the kernel's ru_maxrss of a child starts at its parent's size, so the child tells its own high-water mark
    tell = (
        "import runpy, sys\n"
        "try: runpy.run_module('rackwright.cli', run_name='__main__')\n"
        "finally: print([x for x in open('/proc/self/status') if x.startswith('VmHWM')][0].split()[1])\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", tell, "check", str(place)], capture_output=True, text=True, check=False
    )
    seconds, said = time.perf_counter() - start, process.stderr
    assert process.returncode == 2, said
    assert "Traceback" not in said
    assert int(process.stdout.split()[-1]) * 1024 < 500e6
    assert seconds < 5.0  # one second on a quiet machine; tests share theirs
