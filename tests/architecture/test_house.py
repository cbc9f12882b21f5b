"""The house: declared columns, headline names, public names, layers, docs made from declarations."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import rackwright
from rackwright.outcome import STAGES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("stage", STAGES)
def test_every_column_says_what_it_means_and_numbers_have_a_unit_or_are_shares_or_counts(stage):
    module = importlib.import_module(f"rackwright.{stage}")
    assert module.TABLES
    for spec in module.TABLES:
        assert spec.name.startswith(f"{stage}."), spec.name
        assert spec.meaning
        names = [column.name for column in spec.columns]
        assert len(names) == len(set(names)), spec.name
        for column in spec.columns:
            assert column.meaning, (spec.name, column.name)


@pytest.mark.parametrize("stage", STAGES)
def test_every_headline_is_declared_with_a_definition(stage):
    for name, _, definition in importlib.import_module(f"rackwright.{stage}").HEADLINES:
        assert name.startswith(f"{stage}.")
        assert definition


def test_the_public_names_can_be_imported():
    for name in rackwright.__all__:
        assert getattr(rackwright, name) is not None
    with pytest.raises(AttributeError):
        _ = rackwright.nothing_of_the_kind


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv=['rackwright','--help']\n"
        "from rackwright.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy={'numpy','polars','pydantic','pint','highspy','scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_reference_pages_say_what_the_declarations_say():
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    for name, text in build.pages().items():
        assert (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") == text, f"{name}: run make docs"
