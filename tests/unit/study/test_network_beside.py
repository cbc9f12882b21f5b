"""Fabrics beside the scale-out one, and scale-up domains: counts that a head can make."""

from __future__ import annotations

from pathlib import Path

import pytest

from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.network import NetworkQuestions, study_network

TINY = Path(__file__).parents[3] / "examples" / "tiny.yaml"


def studied(changes: dict[str, object]):
    program = load(TINY).replace({f"rack.alpha.network.{name}": value for name, value in changes.items()})
    return study_network(run(program, until="rack"), NetworkQuestions())


def rows(outcome, name: str) -> list[dict]:
    table = next(table for table in outcome.rack.tables if table.name == name)
    return [row for row in table.rows() if row["generation"] == "alpha"]


def test_a_storage_fabric_is_sized_like_any_other_and_carries_what_its_uplinks_do():
    asked = {"per_rack": 12, "rate": "100 Gbit/s", "switch": "leaf", "oversubscription": 3}
    row = rows(studied({"fabrics.storage": asked}), "rack.network_fabrics")[0]
    # 20 racks x 12 = 240 ports; leaves of 54 + 18: 5 leaves of 48, 90 uplinks on 2 spines of 45
    assert (row["ends"], row["leaves"], row["spines"], row["cores"]) == (240, 5, 2, 0)
    assert row["links"] == 240 + 90
    assert row["carried"] == pytest.approx(18 / (48 * 192 / 239))


def test_a_rate_that_the_switch_has_no_port_for_is_said_with_one_that_would_do():
    asked = {"per_rack": 4, "rate": "100 Tbit/s", "switch": "leaf"}
    outcome = studied({"fabrics.front-end": asked})
    said = next(one for one in outcome.rack.findings if one.rule == "rack.network.fabrics")
    assert said.subject == "alpha front-end"
    assert "would do" in said.text


def test_a_lost_switch_chip_takes_its_share_of_an_nvlink_domain():
    found = studied({"scale_up": "gb200-nvl72"})
    table = rows(found, "rack.network_scale_up")
    # 72 accelerators, 18 chips with a link to each: 1,296 links of 400 Gbit/s; a chip lost takes one link of 18
    assert [(row["chips"], row["trays"], row["links"]) for row in table] == [(18, 9, 1296)] * 3
    assert [row["carried"] for row in table] == pytest.approx([1.0, 17 / 18, 16 / 18])
    assert table[0]["accelerator_bit_s"] == 900e9 * 8
    said = next(one for one in found.rack.findings if one.rule == "rack.network.scale_up")
    assert said.value == 36.0  # a rack of 36 is half a domain
    assert said.outcome == "failed"
