"""A plant whose numbers a reader can do in the head: rates by places, power and people; rework; what binds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from rackwright.plant import PlantCapacities, Resource, plant_capacities, rate, time_per_good_piece
from rackwright.program.calendar import Calendar, monday
from rackwright.program.fields import Reading
from rackwright.program.sections.plant import Plant
from rackwright.program.sections.rack import Rack, StepWork, Tray

CALENDAR = Calendar(monday("2026-W02"), 10)
READING = Reading(calendar=CALENDAR)

#: 40 h a week; 3 places of l10, 2 of l11; one burn-in place.
WORKS: dict[str, Any] = {
    "shifts": {"per_day": "1", "hours": "8 h", "days": "5", "effective": "1.0", "per_person": "5"},
    "stations": {
        "l10": {"places": "3", "first_pass": "1.0", "rework": "0"},
        "l11": {"places": "2", "first_pass": "1.0", "rework": "0"},
    },
    "burn_in": {"places": "1", "soak": "24 h", "power": "60 kW", "load": "1.0", "first_pass": "1.0"},
    "crew": "5",
    "wage": "40 USD/h",
}


@dataclass(frozen=True)
class Watts:
    """Stands for the designs: all that this stage reads of them."""

    power_w: float


class Designs:
    def __init__(self, watts: dict[str, float]) -> None:
        self.watts = watts

    def of(self, generation: str) -> Watts:
        return Watts(self.watts[generation])


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = changed(base[key], value) if both else value
    return merged


def rack(build: dict[str, StepWork] | None = None, since: int = 0, until: int | None = None) -> Rack:
    """Nine trays at one hour each, then eight hours with two people."""
    steps = {
        "l10": StepWork.model_construct(time_s=3600.0, per="compute", crew=1.0),
        "l11": StepWork.model_construct(time_s=8 * 3600.0, per="rack", crew=2.0),
    }
    return Rack.model_construct(
        build=steps if build is None else build,
        trays={"compute": Tray.model_construct(count=9)},
        volume_from_week=since,
        volume_until_week=until,
    )


def step(hours: float, per: str = "rack", crew: float = 0.0) -> StepWork:
    return StepWork.model_construct(time_s=hours * 3600.0, per=per, crew=crew)


@pytest.fixture
def capacities():
    """Capacities of a plant `works` that differs from the one above by `changes`."""

    def build(
        changes: dict[str, Any] | None = None,
        racks: dict[str, Rack] | None = None,
        watts: dict[str, float] | None = None,
    ) -> PlantCapacities:
        chosen = racks or {"alpha": rack()}
        plant = Plant.model_validate(changed(WORKS, changes or {}), context=READING)
        designs = Designs(watts or dict.fromkeys(chosen, 40e3))
        return plant_capacities({"works": plant}, chosen, designs, CALENDAR)

    return build


def rows(result, table):
    return next(item for item in result.tables if item.name == table).rows()


def by_resource(result, mix="alpha"):
    return {row["resource"]: row for row in rows(result, "plant.resources") if row["mix"] == mix}


def headline(result):
    return result.headlines[0].value


def test_each_resource_allows_what_it_has_over_what_a_rack_takes(capacities):
    allowed = {name: row["racks_per_week"] for name, row in by_resource(capacities()).items()}
    assert allowed == pytest.approx(
        {
            "l10": 3 * 40 / 9,  # nine trays at an hour
            "l11": 2 * 40 / 8,
            "burn_in": 7.0,  # around the clock, a day each
            "test_power": 10.5,  # 60 kW carry one and a half racks
            "crew": 5 * 40 / (9 + 2 * 8),
        }
    )


def test_the_scarcest_resource_sets_the_rate_and_the_next_one_the_slack(capacities):
    result = capacities()
    (row,) = [item for item in rows(result, "plant.rates") if item["mix"] == "start"]
    assert (headline(result), row["binding"], row["next"]) == (pytest.approx(7.0), "burn_in", "crew")
    assert row["slack"] == pytest.approx(8 / 7 - 1)
    assert result.binding["works"]["start"] == "burn_in"


def test_twice_the_rack_power_makes_test_power_bind(capacities):
    result = capacities(watts={"alpha": 80e3})
    assert headline(result) == pytest.approx(5.25)
    assert result.binding["works"]["alpha"] == "test_power"


def test_a_mix_takes_of_each_resource_what_its_racks_take(capacities):
    result = capacities(racks={"alpha": rack(), "beta": rack()}, watts={"alpha": 40e3, "beta": 80e3})
    # the mean rack draws 60 kW: one at a time, seven a week, and one place allows seven
    assert headline(result) == pytest.approx(7.0)
    per_week, order = rate(result.resources, {"alpha": 0.5, "beta": 0.5}, 0)
    assert per_week == pytest.approx(7.0)
    assert {name for _, name in order[:2]} == {"burn_in", "test_power"}


def test_a_fifth_that_fails_costs_a_quarter_of_a_retest_per_good_piece():
    # a good piece needs 1 / 0.8 tries: a quarter of a failure, each at half of the step's time
    assert time_per_good_piece(60.0, 0.8, 0.5) == pytest.approx(60 * (1 + 0.25 / 2))
    assert time_per_good_piece(60.0, 0.8, 1.0) == pytest.approx(60 / 0.8)


def test_the_place_time_of_good_pieces_is_what_a_long_run_of_failures_shows():
    rng = np.random.default_rng(7)
    failures = rng.geometric(0.7, size=200_000) - 1  # tries until it passes, less the one that does
    assert np.mean(60.0 + 0.4 * 60.0 * failures) == pytest.approx(time_per_good_piece(60.0, 0.7, 0.4), rel=0.005)


def test_failed_burn_in_takes_places_and_power_again(capacities):
    allowed = by_resource(capacities({"burn_in": {"first_pass": "0.8"}}))
    assert allowed["burn_in"]["racks_per_week"] == pytest.approx(7 * 0.8)
    assert allowed["test_power"]["racks_per_week"] == pytest.approx(10.5 * 0.8)


def test_an_unattended_place_works_all_the_week(capacities):
    allowed = by_resource(capacities({"stations": {"l11": {"unattended": "true"}}}))
    assert allowed["l11"]["racks_per_week"] == pytest.approx(2 * 168 / 8)


def test_three_shifts_of_eight_hours_and_ten_of_three_both_fill_the_day_and_no_more(capacities):
    three = by_resource(capacities({"shifts": {"per_day": "3"}}))["l11"]["racks_per_week"]
    ten = by_resource(capacities({"shifts": {"per_day": "10"}}))["l11"]["racks_per_week"]
    assert three == ten == pytest.approx(2 * 120 / 8)


def test_a_person_works_five_shifts_of_seven_days_of_them(capacities):
    allowed = by_resource(capacities({"shifts": {"per_day": "3", "days": "7"}}))
    assert allowed["crew"]["racks_per_week"] == pytest.approx(5 * 40 / 25)


def test_nobody_works_more_shifts_than_the_plant_has(capacities):
    allowed = by_resource(capacities({"shifts": {"days": "2"}}))
    assert allowed["crew"]["racks_per_week"] == pytest.approx(5 * 16 / 25)


def test_a_step_that_a_generation_does_not_declare_takes_nothing(capacities):
    allowed = by_resource(capacities(racks={"alpha": rack({"l11": step(8.0)})}))
    assert allowed["l10"]["racks_per_week"] is None
    assert allowed["crew"]["racks_per_week"] is None


def test_a_step_without_places_is_said_aloud(capacities):
    result = capacities(racks={"alpha": rack({"l12": step(10.0)})})
    (said,) = [item for item in result.findings if item.rule == "plant.step_without_place"]
    assert said.outcome == "not modelled"
    assert "l12" in said.text


def test_the_crew_of_burn_in_comes_once_for_each_soak(capacities):
    racks = {"alpha": rack({"burn_in": step(2.0, crew=1.0)})}
    assert capacities({"burn_in": {"first_pass": "0.5"}}, racks).labour_s["works"]["alpha"] == pytest.approx(4 * 3600)


def test_a_plant_has_nothing_before_it_opens_and_its_rate_is_that_of_its_opening(capacities):
    result = capacities({"opens": "2026-W05"})
    for resource in result.resources:
        assert not resource.available[:3].any()
        assert resource.available[3:].all()
    assert headline(result) == pytest.approx(7.0)


def test_a_plant_that_opens_beyond_the_horizon_builds_nothing(capacities):
    assert headline(capacities({"opens": "2027-W05"})) == 0.0


def test_the_start_mix_is_what_is_in_volume_then(capacities):
    racks = {"old": rack(until=0), "new": rack(since=1), "now": rack()}
    watts = {"old": 40e3, "new": 400e3, "now": 80e3}
    shares = {row["mix"]: row["shares"] for row in rows(capacities(racks=racks, watts=watts), "plant.rates")}
    assert shares["start"] == "50% old, 50% now"
    later = capacities({"opens": "2026-W03"}, racks, watts)
    assert {row["mix"]: row["shares"] for row in rows(later, "plant.rates")}["start"] == "50% new, 50% now"


def test_before_anything_is_in_volume_the_first_to_come_is_taken(capacities):
    result = capacities(racks={"far": rack(since=8), "near": rack(since=3)})
    assert {row["mix"]: row["shares"] for row in rows(result, "plant.rates")}["start"] == "100% near"


def test_a_plant_builds_only_its_own_generations(capacities):
    result = capacities({"generations": ["beta"]}, {"alpha": rack(), "beta": rack()})
    assert result.generations == {"works": ("beta",)}
    assert set(result.resources[0].use) == {"beta"}


def test_racks_under_power_and_their_watts_follow_littles_law(capacities):
    result = capacities({"burn_in": {"places": "2"}, "crew": "50"}, watts={"alpha": 30e3})
    (row,) = [item for item in rows(result, "plant.mw") if item["mix"] == "start"]
    assert headline(result) == pytest.approx(10.0)  # l11 binds
    assert row["racks_under_power"] == pytest.approx(10 / 7)
    assert row["power_w"] == pytest.approx(10 / 7 * 30e3)
    assert row["full_w"] == pytest.approx(60e3)


def test_a_hall_that_cannot_feed_all_its_places_is_noted(capacities):
    (said,) = capacities({"burn_in": {"places": "2"}}).findings
    assert (said.outcome, said.severity, said.value, said.limit) == ("failed", "note", 80e3, 60e3)


def test_no_places_at_all_build_nothing(capacities):
    assert headline(capacities({"burn_in": {"places": "0"}})) == 0.0


def test_where_nothing_is_used_there_is_no_rate(capacities):
    result = capacities({"burn_in": {"soak": "0 h"}}, {"alpha": rack({})})
    assert headline(result) is None
    assert result.binding["works"]["start"] == ""


def test_a_shop_without_hours_builds_nothing(capacities):
    assert headline(capacities({"shifts": {"hours": "0 h"}})) == 0.0


def test_a_mix_of_unused_resources_is_unbounded():
    idle = Resource("works", "l10", "s", np.ones(1), 1.0, {"alpha": 0.0})
    assert rate([idle], {"alpha": 1.0}, 0) == (float("inf"), [])


def test_every_input_of_a_rate_is_a_trace_or_a_path_of_the_program(capacities):
    result = capacities()
    keys = {trace.key for trace in result.traces}
    for trace in result.traces:
        for name in trace.inputs:
            assert name in keys or name.startswith(("plant.works.", "rack.alpha.")), name
    assert result.headlines[0].rests_on == ("plant.works.rate",)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"burn_in": {"soak": "25 h"}}, "plant.works.burn_in.soak"),
        ({"burn_in": {"first_pass": "0.9"}}, "plant.works.burn_in.first_pass"),
        ({"burn_in": {"power": "66 kW"}}, "plant.works.burn_in.power"),
        ({"burn_in": {"load": "0.9"}}, "plant.works.burn_in.load"),
        ({"crew": "6"}, "plant.works.crew"),
        ({"shifts": {"effective": "0.95"}}, "plant.works.shifts.effective"),
        ({"stations": {"l11": {"first_pass": "0.9", "rework": "0.5"}}}, "plant.works.stations.l11.first_pass"),
        ({"wage": "50 USD/h"}, "plant.works.wage"),
    ],
)
@pytest.mark.parametrize("watts", [40e3, 80e3])
def test_a_small_change_moves_the_rate_only_where_its_trace_names_it(capacities, changes, named, watts):
    before, after = capacities(watts={"alpha": watts}), capacities(changes, watts={"alpha": watts})
    tree = {trace.key: trace.inputs for trace in before.traces}
    inputs = {name for key in tree["plant.works.rate"] for name in tree.get(key, (key,))}
    assert (headline(after) != headline(before)) == (named in inputs)
