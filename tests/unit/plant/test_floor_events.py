"""The event loop on lines small enough to follow by hand, and on lines whose answer theory knows."""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.plant.floor.arrays import SPENT
from rackwright.plant.floor.events import Played, play_events
from rackwright.plant.floor.line import (
    WEEK_S,
    Breakdown,
    Buffer,
    Calendar,
    Line,
    Phase,
    Pool,
    Route,
    Source,
    Station,
    Step,
    constant,
    exponential,
    serial,
)  # fmt: skip


def parts(kind_at_s: tuple[float, ...]) -> Source:
    return Source("parts", ("part",), "series", at_s=kind_at_s)


def share(played: Played, station: int, what: str) -> float:
    """Share of the station's place-time that went to something."""
    spent = played.spent_s[:, station, :].sum(axis=0)
    return float(spent[SPENT.index(what)] / spent.sum())


def test_parts_pass_a_place_one_by_one():
    line = serial(Station("press", constant(10.0)), source=parts((0.0, 1.0, 50.0)))
    assert play_events(line, weeks=1).finish_s == pytest.approx([10.0, 20.0, 60.0])


def test_a_part_blocks_its_place_until_the_next_station_has_room():
    """The second station takes 30 s and has no buffer: the first, done after 10 s, waits for it."""
    line = serial(Station("cut", constant(10.0)), Station("weld", constant(30.0), buffer=Buffer(0)))
    played = play_events(line, weeks=1)
    assert played.finish_s[:4] == pytest.approx([40.0, 70.0, 100.0, 130.0])
    assert share(played, 0, "blocked") == pytest.approx(2 / 3, abs=1e-3)
    assert share(played, 1, "work") == pytest.approx(1.0, abs=1e-3)


def test_a_buffer_of_one_lets_the_first_station_run_ahead_by_one_part():
    """Starved never: after the first part the weld is the bottleneck; the cut's third part is the first that is blocked."""
    line = serial(
        Station("cut", constant(10.0)), Station("weld", constant(30.0), buffer=Buffer(1)), source=parts((0.0,) * 4)
    )
    played = play_events(line, weeks=1)
    assert played.finish_s == pytest.approx([40.0, 70.0, 100.0, 130.0])
    blocked_s = played.spent_s[:, 0, SPENT.index("blocked")].sum()
    # Part 3 is cut at 30 and finds the weld's place taken and its buffer full until 40; part 4 is cut at 50, room at 70.
    assert blocked_s == pytest.approx(10.0 + 20.0)


def test_two_places_work_side_by_side():
    line = serial(Station("test", constant(10.0), places=2), source=parts((0.0, 0.0, 0.0)))
    assert play_events(line, weeks=1).finish_s == pytest.approx([10.0, 10.0, 20.0])


def test_a_breakdown_by_operation_waits_for_work():
    """Up 15 s of work, repaired in 5: the first part (10 s) is whole, the second fails after 5 s of its 10."""
    broken = Breakdown(constant(15.0), constant(5.0))
    line = serial(Station("s", constant(10.0), breakdown=broken), source=parts((0.0, 100.0)))
    assert play_events(line, weeks=1).finish_s == pytest.approx([10.0, 115.0])


def test_a_breakdown_by_time_does_not():
    """Down from 15 to 20, from 35 to 40 ... from 95 to 100 and 115 to 120: work from 112 is done at 127."""
    broken = Breakdown(constant(15.0), constant(5.0), clock="time")
    line = serial(Station("s", constant(10.0), breakdown=broken), source=parts((0.0, 112.0)))
    assert play_events(line, weeks=1).finish_s == pytest.approx([10.0, 127.0])


def test_lost_work_begins_again():
    """Fails at 15: the second part has worked 5 of its 10 s; from 20 on it takes all 10."""
    broken = Breakdown(constant(15.0), constant(5.0), work="lost")
    line = serial(Station("s", constant(10.0), breakdown=broken), source=parts((0.0, 0.0)))
    assert play_events(line, weeks=1).finish_s == pytest.approx([10.0, 30.0])


def test_a_repair_waits_for_its_crew():
    """Both places fail at 15; the one mechanic mends one by 20 and the other by 25."""
    broken = Breakdown(constant(15.0), constant(5.0), crew={"mechanic": 1})
    line = Line(
        (Station("s", constant(20.0), places=2, breakdown=broken),),
        (Route("part", (Step("s"),)),),
        (parts((0.0, 0.0)),),
        (Pool("mechanic", 1),),
    )
    assert play_events(line, weeks=1).finish_s == pytest.approx([25.0, 30.0])


def test_a_failed_part_is_reworked_in_its_place_until_it_passes():
    """A share p of tries passes: 1/p tries on average, one rework fewer; 60 / 0.8 + 20 x 0.25 = 80 s a part."""
    line = serial(Station("s", constant(60.0), first_pass_share=0.8, on_fail="rework", rework=constant(20.0)))
    played = play_events(line, weeks=20)
    # The number of tries has variance (1 - p)/p² = 0.31: over 151,200 parts the mean stands to 0.2 % at 3 sigma.
    assert 20 * WEEK_S / len(played.finish_s) == pytest.approx(80.0, rel=2e-3)


def test_scrap_leaves_the_line_and_is_not_good():
    line = serial(Station("s", constant(60.0), first_pass_share=0.9))
    played = play_events(line, weeks=20)
    assert len(played.left) == 20 * WEEK_S / 60.0
    # Binomial over 201,600 parts: 3 sigma is 0.2 points.
    assert played.left["good"].mean() == pytest.approx(0.9, abs=2e-3)


def test_a_bench_sends_parts_back_to_the_test():
    """Every first try fails (40 s), the bench takes 100 s, the retest half of the test's time: 40 + 100 + 20."""
    test = Station(
        "test", constant(40.0), first_pass_share=0.0, retest_pass_share=1.0, on_fail="debug", bench="bench",
        retest_share=0.5,
    )  # fmt: skip
    line = Line((test, Station("bench", constant(100.0))), (Route("part", (Step("test"),)),), (parts((0.0,)),))
    assert play_events(line, weeks=1).finish_s == pytest.approx([160.0])


@pytest.mark.parametrize(("soak", "most_s"), [("restart", 2.0), ("resume", 1.0)])
def test_a_soak_that_fails_on_the_way_restarts_or_resumes_its_clock(soak: str, most_s: float):
    """A failure shows at a share u of the soak (mean 1/2); with restart the rack soaks u + 1 in all, with resume exactly 1."""
    test = Station(
        "soak", constant(3600.0), first_pass_share=0.0, retest_pass_share=1.0, on_fail="rework", rework=constant(0.0),
        found="during", soak=soak,
    )  # fmt: skip
    flow_s = play_events(serial(test), weeks=30).flow_s
    assert flow_s.max() <= most_s * 3600.0 * (1 + 1e-9)
    # Uniform over an hour: 1,039 s of standard deviation over at least 3,300 racks, 3 sigma = 54 s.
    assert flow_s.mean() == pytest.approx(3600.0 if soak == "resume" else 5400.0, abs=54.0)


def test_operators_are_shared_by_priority_then_by_order_of_asking():
    """One operator. Both stations ask at 0; `late` asked last but has priority; `early` follows."""
    stations = (
        Station("early", constant(10.0), needs={"operator": 1}, priority=1),
        Station("late", constant(10.0), needs={"operator": 1}, priority=0),
    )
    routes = (Route("a", (Step("early"),)), Route("b", (Step("late"),)))
    sources = (Source("as", ("a",), "series", at_s=(0.0, 0.0)), Source("bs", ("b",), "series", at_s=(0.0, 0.0)))
    played = play_events(Line(stations, routes, sources, (Pool("operator", 1),)), weeks=1)
    # The source of `early` comes first, takes the operator at once, and has to wait at its second part.
    assert [(int(row["source"]), row["finish_s"]) for row in played.left] == [
        (0, 10.0),
        (1, 20.0),
        (1, 30.0),
        (0, 40.0),
    ]


def test_a_big_request_is_not_starved_by_small_ones():
    """100 kW are shared. A rack of 100 kW asks while small ones of 40 kW come all the time: it goes next, alone."""
    stations = (
        Station("small", constant(10.0), places=2, needs={"power": 40e3}, buffer=Buffer(None)),
        Station("big", constant(10.0), needs={"power": 100e3}),
    )
    routes = (Route("s", (Step("small"),)), Route("b", (Step("big"),)))
    sources = (Source("ss", ("s",), "times", constant(4.0)), Source("bs", ("b",), "series", at_s=(20.5,)))
    played = play_events(Line(stations, routes, sources, (Pool("power", 100e3),)), weeks=0.01)
    big = played.left[played.left["source"] == 1]
    # At 20.5 two small ones run, since 14 and 18 (parts of 12 and 8 waited): done at 24 and 28; the big one follows.
    assert big["finish_s"] == pytest.approx([38.0])


def test_the_load_follows_the_phases():
    """Half an hour at 10 kW, then an hour at 100 kW."""
    phases = (Phase("fill", constant(1800.0), power_w=10e3), Phase("soak", constant(3600.0), power_w=100e3))
    load_w = play_events(serial(Station("cell", phases), source=parts((0.0,))), weeks=1).load_w
    assert load_w[:8] == pytest.approx([10e3, 10e3, 100e3, 100e3, 100e3, 100e3, 0.0, 0.0])


def test_a_cap_on_power_staggers_the_starts():
    """Three racks of 100 kW under 200 kW: the third begins when the first two end."""
    line = Line(
        (Station("cell", constant(3600.0), places=3, needs={"test power": 100e3}, power_w=100e3),),
        (Route("part", (Step("cell"),)),), (parts((0.0,) * 3),), (Pool("test power", 200e3),),
    )  # fmt: skip
    played = play_events(line, weeks=1)
    assert played.finish_s == pytest.approx([3600.0, 3600.0, 7200.0])
    assert played.load_w.max() == pytest.approx(200e3)


def test_the_peak_of_all_phases_can_be_reserved_from_the_start():
    phases = (Phase("fill", constant(100.0), {"power": 10.0}), Phase("soak", constant(100.0), {"power": 60.0}))
    route, pools = (Route("part", (Step("cell"),)),), (Pool("power", 100.0),)
    as_asked = Line((Station("cell", phases, places=2),), route, (parts((0.0, 0.0)),), pools)
    reserved = Line((Station("cell", phases, places=2, reserve="peak"),), route, (parts((0.0, 0.0)),), pools)
    # As asked: both fill, one soaks from 100 to 200, the other from 200 on. Reserved: one after the other.
    assert play_events(as_asked, weeks=1).finish_s == pytest.approx([200.0, 300.0])
    assert play_events(reserved, weeks=1).finish_s == pytest.approx([200.0, 400.0])


def test_a_place_is_set_up_when_the_generation_changes():
    """Campaigns of 2 of one route: whatever the order, a setup of 5 s before each change and none at the start."""
    routes = (Route("old", (Step("s"),)), Route("new", (Step("s"),)))
    source = Source("parts", ("old", "new"), shares=(1.0, 1.0), campaign=2)
    played = play_events(Line((Station("s", constant(10.0), setup=constant(5.0)),), routes, (source,)), weeks=0.1)
    changes = int((np.diff(played.left["route"]) != 0).sum())
    assert changes > 100
    assert played.finish_s[-1] == pytest.approx(10.0 * len(played.left) + 5.0 * changes)


def test_a_batch_begins_when_it_is_full():
    line = serial(Station("oven", constant(100.0), batch=3), source=parts((0.0, 10.0, 20.0, 30.0)))
    played = play_events(line, weeks=1)
    assert played.finish_s == pytest.approx([120.0] * 3)
    assert played.inside == 1


def test_trays_are_built_into_a_rack():
    """A tray every 10 s from 10 on, three to a rack: kits are whole at 30 and 60; the rack takes 5 s."""
    stations = (Station("trays", constant(10.0)), Station("racks", constant(5.0)))
    routes = (Route("tray", (Step("trays"),), into="racks", per=3), Route("rack", (Step("racks"),)))
    line = Line(stations, routes, (Source("t", ("tray",)), Source("r", ("rack",))))
    assert play_events(line, weeks=1).finish_s[:2] == pytest.approx([35.0, 65.0])


def test_a_full_store_blocks_those_who_feed_it():
    stations = (Station("trays", constant(10.0)), Station("racks", constant(100.0)))
    routes = (Route("tray", (Step("trays"),), into="racks", per=1, room=2), Route("rack", (Step("racks"),)))
    played = play_events(Line(stations, routes, (Source("t", ("tray",)), Source("r", ("rack",)))), weeks=1)
    assert share(played, 0, "work") == pytest.approx(0.1, abs=1e-3)
    assert share(played, 0, "blocked") == pytest.approx(0.9, abs=1e-3)


def test_work_rests_while_the_station_is_closed():
    """Open from 0 to 8 h of each day: a job of 3 h begun at 6 h ends at 25 h; off time is no starvation."""
    hour, day = 3600.0, 86400.0
    line = Line(
        (Station("s", constant(3 * hour), calendar="day shift"),), (Route("part", (Step("s"),)),), (parts((6 * hour,)),),
        calendars=(Calendar("day shift", ((0.0, 8 * hour),), day),),
    )  # fmt: skip
    played = play_events(line, weeks=1)
    assert played.finish_s == pytest.approx([25 * hour])
    assert share(played, 0, "off") == pytest.approx(2 / 3)


def test_a_part_that_comes_while_closed_begins_at_the_opening():
    hour, day = 3600.0, 86400.0
    line = Line(
        (Station("s", constant(hour), calendar="day shift"),), (Route("part", (Step("s"),)),), (parts((10 * hour,)),),
        calendars=(Calendar("day shift", ((7 * hour, 9 * hour),), day),),
    )  # fmt: skip
    assert play_events(line, weeks=1).finish_s == pytest.approx([day + 8 * hour])


def test_people_finish_what_they_began_and_begin_nothing_after_hours():
    hour, day = 3600.0, 86400.0
    line = Line(
        (Station("s", constant(5 * hour), needs={"crew": 1}),), (Route("part", (Step("s"),)),), (parts((0.0, 0.0, 0.0)),),
        (Pool("crew", 1, "day shift"),), (Calendar("day shift", ((0.0, 8 * hour),), day),),
    )  # fmt: skip
    assert play_events(line, weeks=1).finish_s == pytest.approx([5 * hour, 10 * hour, day + 5 * hour])


def test_a_ring_of_full_buffers_is_a_deadlock_that_names_all_who_wait():
    """The bench leads back into a test without a buffer: one rack at the bench, one in the test, both failed."""
    test = Station("test", constant(10.0), first_pass_share=0.0, retest_pass_share=0.0, on_fail="debug", bench="bench",
                   buffer=Buffer(0))  # fmt: skip
    bench = Station("bench", constant(10.0), buffer=Buffer(0))
    played = play_events(Line((test, bench), (Route("part", (Step("test"),)),), (Source("p", ("part",)),)), weeks=1)
    assert played.ended == "deadlock"
    assert {(who.station, who.waits_for) for who in played.standing} == {
        ("test", "room at bench"),
        ("bench", "room at test"),
    }


def test_phases_that_hold_power_while_they_wait_for_more_can_lock():
    """Four racks hold 40 of 160 kW and each wants 132."""
    phases = (Phase("idle", constant(10.0), {"power": 40.0}), Phase("soak", constant(10.0), {"power": 132.0}))
    line = Line((Station("cell", phases, places=4),), (Route("part", (Step("cell"),)),), (Source("p", ("part",)),),
                (Pool("power", 160.0),))  # fmt: skip
    played = play_events(line, weeks=1)
    assert played.ended == "deadlock"
    assert [(who.station, who.waits_for) for who in played.standing] == [("cell", "power")] * 4


def test_a_loop_without_time_ends():
    line = serial(Station("s", constant(0.0)))
    played = play_events(line, weeks=1)
    assert (played.ended, played.busiest) == ("no time passes", "s")


def test_too_many_events_end():
    assert play_events(serial(Station("s", exponential(1e-6))), weeks=1, most_events=10_000).ended == "too many events"


def test_every_place_second_is_told_once():
    broken = Breakdown(exponential(1000.0), exponential(300.0), clock="time")
    line = serial(
        Station("a", exponential(50.0), places=2, breakdown=broken),
        Station("b", exponential(30.0), buffer=Buffer(2), first_pass_share=0.8, on_fail="rework", rework=constant(5.0)),
    )
    played = play_events(line, weeks=3)
    assert played.spent_s.sum(axis=2)[:3] == pytest.approx(np.array([[2 * WEEK_S, WEEK_S]] * 3))


def test_what_went_in_came_out_or_is_inside():
    line = serial(Station("a", exponential(50.0), first_pass_share=0.9), Station("b", exponential(60.0)), source=Source(
        "p", ("part",), "times", exponential(80.0)))  # fmt: skip
    played = play_events(line, weeks=3)
    assert len(played.left) + played.inside == played.came
    assert len(np.unique(played.left["item"])) == len(played.left)


def test_little_s_law_holds_on_the_sample_path():
    """Parts inside times time is the sum of all times inside: exactly, when the line is empty at the end."""
    at_s = tuple(float(t) for t in np.cumsum(np.random.default_rng(1).exponential(70.0, 2000)))
    line = serial(
        Station("a", exponential(50.0)), Station("b", exponential(60.0), buffer=Buffer(3)), source=parts(at_s)
    )
    played = play_events(line, weeks=1)
    assert played.inside == 0
    assert played.inside_s.sum() == pytest.approx(played.flow_s.sum(), rel=1e-12)


def test_a_store_that_is_full_of_the_wrong_part_is_a_standstill():
    """Trays and racks come through the same saw: the second tray in a row waits for a rack, and the rack for the saw."""
    stations = (Station("saw", constant(10.0)), Station("racks", constant(10.0)))
    routes = (Route("tray", (Step("saw"),), into="racks", room=1), Route("rack", (Step("saw"), Step("racks"))))
    played = play_events(Line(stations, routes, (Source("parts", ("tray", "rack")),)), weeks=1)
    assert played.ended == "deadlock"
    assert [(who.station, who.waits_for) for who in played.standing] == [("saw", "room for parts at racks")]


def test_thousands_of_parts_may_go_round_a_closed_line():
    """Far more than the room that a run begins with: all are released at once, and none is lost."""
    line = Line(
        (Station("a", exponential(60.0)), Station("b", exponential(50.0))),
        (Route("part", (Step("a"), Step("b"))),),
        (Source("parts", ("part",), most_inside=5000),),
    )
    played = play_events(line, weeks=1, trace=True)
    assert (played.ended, played.inside, played.came) == ("done", 5000, 5000 + len(played.left))
    assert played.trace["time_s"].max() <= WEEK_S
