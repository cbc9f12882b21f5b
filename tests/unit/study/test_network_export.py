"""A cluster's files for other programs, asked for on the command line and read back."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from rackwright.cli import app
from rackwright.rack.network.exchange.infragraph import read_infragraph

PROGRAM = Path(__file__).parents[3] / "examples" / "us-racks.yaml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export")
    told = CliRunner().invoke(app, ["rack", str(PROGRAM), "network", "--export", str(out), "--racks", "14"])
    assert told.exit_code == 0, told.output
    return out


def table_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_netbox_knows_both_ends_of_every_cable_before_it_is_imported(folder: Path) -> None:
    """A cable's devices are imported before it, and their interfaces or rear ports come with their types."""
    own = folder / "gb300.netbox"
    devices = {row["name"]: row for row in table_of(own / "devices.csv")}
    cables = table_of(own / "cables.csv")
    assert {row["device_type"].split()[0] for row in devices.values()} >= {"gb300", "nvidia-sn5600", "shuffle"}
    ends = [(row[f"side_{side}_device"], row[f"side_{side}_name"]) for row in cables for side in "ab"]
    assert {device for device, _ in ends} <= set(devices)
    assert len(set(ends)) == len(ends)  # no port takes two cables


def test_workbooks_of_rows_hold_every_cable(folder: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl reads Excel's files and is not installed")
    seen: set[str] = set()
    for path in sorted((folder / "gb300.excel").glob("*.xlsx")):
        book = openpyxl.load_workbook(path, read_only=True)
        assert book.sheetnames == ["Cables", "Orders", "Racks", "Columns"]
        seen |= {str(row[0]) for row in book["Cables"].iter_rows(min_row=2, values_only=True)}
    assert {row["label"] for row in table_of(folder / "gb300.netbox" / "cables.csv")} == seen


def test_every_link_has_an_address_of_its_own_with_its_plane_and_rail(folder: Path) -> None:
    wiring = read_infragraph(folder / "gb300.infragraph.json")
    table = pl.read_csv(folder / "gb300.addresses.csv")
    assert wiring.endpoints == 14 * 72
    assert table.filter(pl.col("port") >= 0).height == wiring.endpoints * wiring.planes
    assert table["address6"].n_unique() == table.height
    assert sorted(table["plane"].unique().to_list()) == list(range(8))


def test_one_kind_of_file_is_written_alone_and_a_word_that_is_none_is_told(tmp_path: Path) -> None:
    asked = ["rack", str(PROGRAM), "network", "--racks", "14", "--export", str(tmp_path), "--as"]
    assert CliRunner().invoke(app, [*asked, "infragraph"]).exit_code == 0
    assert not list(tmp_path.glob("*.netbox"))
    assert (tmp_path / "kyber.infragraph.json").exists()
    told = CliRunner().invoke(app, [*asked, "netbx"])
    assert told.exit_code == 2
    assert "netbox, infragraph, excel" in told.output
