"""Short circuits, protective devices and earth faults of a rack, from what the program states."""

from __future__ import annotations

from pathlib import Path

import pytest

from rackwright.errors import ProgramError
from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.power import PowerQuestions, study_power

EXAMPLES = Path(__file__).parents[3] / "examples"
COST = {"value": "10 USD", "year": "2026"}
FUSE = {
    "kind": "fuse",
    "rating": "250 A",
    "voltage": "80 V",
    "breaking": "100 kA",
    "melting": "8000 A2s",
    "clearing": "30000 A2s",
    "cost": COST,
}
SMALL = FUSE | {"rating": "80 A", "voltage": "1000 V", "melting": "300 A2s", "clearing": "2500 A2s"}
FLOATING = {
    "point": "none",
    "capacitance": "2 uF",
    "monitor": "40 kohm",
    "frame": "0.1 ohm",
    "insulation_rating": "1 kV",
}


def studied(changes):
    program = load(EXAMPLES / "us-racks.yaml").replace(changes)
    return study_power(run(program, until="rack"), PowerQuestions(failures=True))


@pytest.fixture(scope="module")
def protected():
    return studied(
        {
            "catalogue.protectors.tray-fuse": FUSE,
            "catalogue.protectors.hv-fuse": SMALL,
            "rack.gb300.power.protection": {"tray": "tray-fuse", "tray_bears": "60000 A2s"},
            "rack.kyber.power.protection": {"tray": "hv-fuse", "bus": "abb-infinitus"},
            "rack.kyber.power.earthing": FLOATING,
        }
    )


def findings(outcome, generation):
    return {item.rule: item for item in outcome.rack.findings if item.subject == generation}


def table(outcome, name, generation):
    found = next(table for table in outcome.rack.tables if table.name == name)
    return [row for row in found.rows() if row["generation"] == generation]


def test_a_fuse_that_melts_lets_its_clearing_i2t_through_and_no_more(protected):
    found = findings(protected, "gb300")
    assert found["rack.power.let_through"].value == 30000.0
    assert found["rack.power.let_through"].outcome == "passed"
    assert found["rack.power.breaking_capacity"].source == "catalogue.protectors.tray-fuse.breaking"


def test_breaking_capacity_is_asked_of_the_worst_place(protected):
    peaks = [row["peak_a"] for row in table(protected, "rack.power_faults", "gb300") if "behind" in row["place"]]
    assert findings(protected, "gb300")["rack.power.breaking_capacity"].value == pytest.approx(max(peaks))


def test_a_breaker_whose_figures_are_assumed_gives_a_warning_at_most(protected):
    bus = findings(protected, "kyber")
    failed = bus["rack.power.selectivity"]
    assert failed.source == "catalogue.protectors.abb-infinitus.trip"
    # the chip's capacitors push more than the trip through the bus breaker before the fuse is done
    assert failed.outcome == "failed"
    assert (failed.standing, failed.severity) == ("estimate", "warning")


def test_floating_poles_take_the_whole_voltage_at_the_first_fault_and_the_monitor_sees_it(protected):
    for row in table(protected, "rack.power_earth", "kyber"):
        assert row["healthy_v"] == pytest.approx(800.0, rel=1e-3)
        assert row["fault_a"] < 1e-3
        assert row["seen_by"] == "monitor"
        # two frames of 0.1 ohm in series across 800 V, each takes half
        assert row["second_a"] == pytest.approx(4000.0)
        assert row["second_frame_v"] == pytest.approx(400.0)
    assert findings(protected, "kyber")["rack.power.earth_insulation"].outcome == "passed"


def test_without_devices_it_says_what_it_does_not_know(protected):
    for generation in ("helios", "vera-rubin"):
        assert findings(protected, generation)["rack.power.protection"].outcome == "not modelled"
        assert findings(protected, generation)["rack.power.arc"].outcome == "not modelled"
        # 50 V is extra-low voltage: nobody is asked how it stands to earth
        assert "rack.power.earthing" not in findings(protected, generation)


def test_an_800_volt_bus_without_an_earthing_is_told_so():
    found = findings(studied({}), "kyber")
    assert found["rack.power.earthing"].outcome == "not modelled"
    assert "800 V" in found["rack.power.earthing"].text


def test_a_fuse_without_its_i2t_is_a_problem_with_its_name():
    with pytest.raises(ProgramError) as caught:
        studied({"catalogue.protectors.tray-fuse": {k: v for k, v in FUSE.items() if k not in ("melting", "clearing")}})
    assert "melting" in str(caught.value)
    assert "tray-fuse" in str(caught.value)
