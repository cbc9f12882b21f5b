"""A fabric from another program's file, asked for on the command line: what it has, what it carries, what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rackwright.cli import app
from rackwright.rack.network.exchange.infragraph import infragraph, write_infragraph
from rackwright.rack.network.topology.clos import clos_wiring

TINY = str(Path(__file__).parents[3] / "examples" / "tiny.yaml")


def told(path: Path) -> tuple[int, dict]:
    answer = CliRunner().invoke(app, ["rack", TINY, "network", "--fabric", str(path), "--json"])
    return answer.exit_code, json.loads(answer.stdout)


def given_rows(envelope: dict) -> list[dict]:
    table = envelope["tables"]["rack.network_given"]
    names = [column["name"] for column in table["columns"]]
    return [dict(zip(names, row, strict=True)) for row in table["rows"]]


def found(envelope: dict, rule: str) -> dict:
    return next(one for one in envelope["findings"] if one["rule"] == rule)


def test_a_fabric_that_was_written_comes_back_as_a_given_one(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    write_infragraph(clos_wiring(racks=16, per_rack=8, ports=16, link_bit_s=400e9), path)
    code, envelope = told(path)
    assert code == 0
    # 128 adapters on switches of 16: 16 leaves of 8 + 8, 8 spines
    assert [(row["tier"], row["switches"], row["ours"]) for row in given_rows(envelope)] == [
        ("leaves", 16, 16), ("spines", 8, 8),
    ]  # fmt: skip
    assert found(envelope, "rack.network.given_all_to_all")["value"] == pytest.approx(1.0)
    assert found(envelope, "rack.network.given_ports")["value"] == 0


def test_a_given_fabric_of_half_the_spines_carries_half(tmp_path: Path) -> None:
    """8 adapters of a leaf over 4 uplinks: of what an adapter sends, 120 of 127 parts leave the leaf."""
    path = tmp_path / "thin.json"
    tree = infragraph(clos_wiring(racks=16, per_rack=8, ports=12, link_bit_s=400e9, oversubscription=2.0))
    path.write_text(json.dumps(tree))
    _, envelope = told(path)
    assert found(envelope, "rack.network.given_all_to_all")["value"] == pytest.approx(4 / (8 * 120 / 127))


def test_a_port_that_two_links_end_on_is_found(tmp_path: Path) -> None:
    tree = infragraph(clos_wiring(racks=4, per_rack=4, ports=8, link_bit_s=1e9))
    tree["edges"].append(tree["edges"][0])
    path = tmp_path / "twice.json"
    path.write_text(json.dumps(tree))
    assert found(told(path)[1], "rack.network.given_ports")["outcome"] == "failed"


WRONG = {
    "not json": ("{", "an InfraGraph file"),
    "a list": ("[]", "a mapping with devices"),
    "no links": ('{"devices": [], "instances": [{"name": "a", "device": "b", "count": "x"}]}', "instances[0].count"),
    "no such node": (
        json.dumps(
            {
                "devices": [{"name": "d", "components": [{"name": "p", "count": 1, "choice": "nic"}]}],
                "instances": [{"name": "a", "device": "d", "count": 2}],
                "links": [{"name": "l"}],
                "edges": [
                    {
                        "ep1": {"instance": "a[0]", "component": "p[0]"},
                        "ep2": {"instance": "a[9]", "component": "p[0]"},
                        "link": "l",
                    }
                ],
            }
        ),
        "there are 2, from 0 to 1",
    ),
}


@pytest.mark.parametrize("which", WRONG)
def test_a_file_that_is_no_fabric_is_told_with_what_would_do(which: str, tmp_path: Path) -> None:
    text, said = WRONG[which]
    path = tmp_path / "wrong.json"
    path.write_text(text)
    code, envelope = told(path)
    assert code == 2
    assert said in json.dumps(envelope["problems"])
