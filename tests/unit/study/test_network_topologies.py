"""Topologies named in the program, from the command line's study: counts, loads, paths, and what they cannot be asked."""

from pathlib import Path

import pytest

from rackwright.errors import ProgramError
from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.network import NetworkQuestions, study_network

TINY = Path(__file__).parents[3] / "examples" / "tiny.yaml"
HERE = "rack.alpha.network"


@pytest.fixture(scope="module")
def program():
    return load(TINY)


def asked(program, changes, **questions):
    outcome = run(
        program.replace({key if key.startswith("rack.") else f"{HERE}.{key}": value for key, value in changes.items()}),
        until="rack",
    )
    return study_network(outcome, NetworkQuestions(**questions))


def rows(outcome, name):
    table = next(table for table in outcome.rack.tables if table.name == name)
    return [row for row in table.rows() if row["generation"] == "alpha"]


def findings(outcome, rule):
    return [one for one in outcome.rack.findings if one.rule == rule and one.subject.startswith("alpha")]


@pytest.mark.parametrize("topology", ["dragonfly+", "torus"])
def test_a_direct_topology_of_the_program_is_built_as_counted_and_is_routed_both_ways(program, topology):
    outcome = asked(program, {"topology": topology}, load=True, racks=20)
    for row in rows(outcome, "rack.network_ports"):
        assert (row["switches"], row["links"]) == (row["counted"], row["links_counted"])
    routes = {(row["traffic"], row["paths"]): row for row in rows(outcome, "rack.network_routes")}
    assert set(routes) == {
        (t, p) for t in ("all to all", "half the cluster away") for p in ("minimal", "minimal, weighted", "Valiant")
    }
    for (traffic, paths), row in routes.items():
        if paths == "Valiant":
            assert row["links"] > routes[traffic, "minimal"]["links"]
        assert row["delivered"] == pytest.approx(1.0)
        if paths == "minimal, weighted":
            assert row["links"] == pytest.approx(routes[traffic, "minimal"]["links"])  # other shares, the same ways
    assert any("adaptive routing" in one.text for one in findings(outcome, "rack.network.topology"))


def test_by_way_of_others_circuits_carry_a_shift_that_minimal_paths_do_not(program):
    # 20 leaves of 36 uplinks: all 36 adapters of a leaf send to one other leaf, over its two circuits or by way of all
    outcome = asked(program, {"topology": "circuits"}, load=True, racks=20)
    carried = {row["paths"]: row["carried"] for row in rows(outcome, "rack.network_routes") if "half" in row["traffic"]}
    assert carried["minimal"] == pytest.approx(2 / 36)
    assert carried["Valiant"] > 3 * carried["minimal"]
    said = [one.text for one in findings(outcome, "rack.network.topology")]
    assert any("reconfiguration" in text for text in said)
    assert any("6 optical circuit switches" in text for text in said)


def test_what_a_topology_cannot_be_asked_is_said(program):
    outcome = asked(program, {"topology": "torus"}, cables=True, growth=True, racks=20)
    for rule in ("rack.network.cables", "rack.network.growth"):
        assert [one.outcome for one in findings(outcome, rule)] == ["not modelled"]


def test_a_rail_without_ports_on_a_leaf_says_what_would_do(program):
    outcome = asked(program, {"topology": "rail-only", "rack.alpha.block.racks": "4"})
    failed = next(one for one in findings(outcome, "rack.network.topology") if one.outcome == "failed")
    assert "2 rails" in failed.text


def test_a_topology_that_is_none_is_refused_with_the_nearest(program):
    with pytest.raises(ProgramError) as refused:
        program.replace({f"{HERE}.topology": "dragonfly"})
    assert refused.value.problems[0].nearest == "dragonfly+"


def test_twin_leaves_keep_an_adapter_going_that_one_leaf_would_cut_off(program):
    single = asked(program, {}, load=True, racks=20)
    twin = asked(program, {"dual_tor": "yes"}, load=True, racks=20)

    def after_a_leaf(outcome):
        found = [r for r in rows(outcome, "rack.network_load") if r["failed"] == "one leaf" and r["routers"] == "know"]
        return next(row for row in found if row["traffic"] == "all to all")

    assert after_a_leaf(single)["delivered"] < 1.0
    assert after_a_leaf(twin)["delivered"] == pytest.approx(1.0)
    assert after_a_leaf(twin)["carried"] == pytest.approx(0.5, abs=0.03)  # what is left of the adapters' rate there
    delivered = [one.value for outcome in (single, twin) for one in findings(outcome, "rack.network.delivered")]
    assert delivered[0] == pytest.approx(delivered[1])


def test_twin_leaves_are_for_topologies_with_leaves_below(program):
    with pytest.raises(ProgramError) as refused:
        program.replace({f"{HERE}.dual_tor": "yes", f"{HERE}.topology": "torus"})
    assert "folded-clos or rail-only" in refused.value.problems[0].expected
