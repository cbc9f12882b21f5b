"""Losses of feeds, shelves and supplies: what is left carries what it can, and nothing is taken from another state."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from rackwright.program.sections.parts import Shelf
from rackwright.rack.power.bar import Bar
from rackwright.rack.power.direct import DirectBuilder, solve
from rackwright.rack.power.redundancy import lose, pair_losses, single_losses

#: Six supplies of 4.9 kW at 49 V: 100 A each, 1 V of droop.
SHELF = Shelf.model_construct(psu_w=4900.0, psu_count=6, output_v=50.0, droop_v=1.0)


def bar(shelves=8, feeds=2, trays=10, tray_w=11e3, ohm=2e-5):
    build = DirectBuilder()
    build.node("foot")
    last = "foot"
    for tray in range(trays):
        build.node(f"t{tray}", load_w=tray_w, least_v=46.0)
        build.line(f"l{tray}", last, f"t{tray}", ohm=ohm, rating_a=3100.0)
        last = f"t{tray}"
    for shelf in range(shelves):
        for supply in range(6):
            build.source(f"{shelf}.{supply}", "foot", volt=50.0, droop_ohm=0.01, limit_a=100.0)
    network = build.network()
    of_shelf = np.repeat(np.arange(shelves), 6)
    return Bar(
        network=network,
        shelf=SHELF,
        shelves=shelves,
        feeds=feeds,
        shelf_of=of_shelf,
        feed_of=of_shelf % feeds,
        names=tuple(f"t{tray}" for tray in range(trays)),
        distance_m=0.1 * np.arange(1, trays + 1),
        loads_w=np.full(trays, tray_w),
        taps=np.array([network.node_number[f"t{tray}"] for tray in range(trays)]),
        segments=np.arange(trays),
        tap_lines=np.zeros(0, np.int64),
    )


def test_two_feeds_eight_shelves_and_48_supplies_are_58_losses():
    losses = single_losses(bar())
    assert [sum(loss.kind == kind for loss in losses) for kind in ("none", "feed", "shelf", "supply")] == [1, 2, 8, 48]
    assert {len(loss.off) for loss in losses if loss.kind == "feed"} == {24}


def test_pairs_are_those_of_which_neither_holds_the_other():
    # counted by hand: feed-feed 1; feed-shelf 2 x 4 of the other feed; feed-supply 2 x 24; shelf-shelf 28;
    # shelf-supply 8 x 42; supply-supply 48 x 47 / 2
    assert len(pair_losses(bar())) == 1 + 8 + 48 + 28 + 8 * 42 + 48 * 47 // 2


def test_what_is_left_shares_the_load_equally():
    # ohm of next to nothing: every supply that is on gives the same
    states = lose(bar(ohm=1e-9), single_losses(bar()))
    asked_w = 110e3
    by_kind = {loss.kind: at for at, loss in enumerate(states.losses)}
    for kind, on in (("none", 48), ("feed", 24), ("shelf", 42), ("supply", 47)):
        share = states.supply_share[0, by_kind[kind]]
        volt = 50.0 - share
        assert share * 100.0 * on * volt == pytest.approx(asked_w, rel=1e-6)


def test_voltage_falls_and_supplies_rise_with_every_further_loss():
    here = bar()
    states = lose(here, (*single_losses(here), *pair_losses(here)))
    of = {loss.name: at for at, loss in enumerate(states.losses)}
    for first, second in combinations(["shelf 1", "shelf 2", "0.0", "3.2"], 2):
        if (first, second) == ("shelf 1", "0.0"):
            continue  # that supply stands in that shelf
        pair = of[f"{first} and {second}"]
        for one in (first, second):
            assert states.lowest_v[0, pair] < states.lowest_v[0, of[one]]
            assert states.supply_share[0, pair] > states.supply_share[0, of[one]]


def test_both_feeds_lost_carry_nothing_and_too_few_shelves_are_said_to_be_asked_for_more():
    here = bar(shelves=4, tray_w=12e3)  # 117.6 kW for 120 kW of trays
    states = lose(here, (*single_losses(here), *pair_losses(here)))
    assert states.asked_share[0, 0] == pytest.approx(120 / 117.6)
    assert not states.carried.any()
    full = bar()
    both = lose(full, pair_losses(full))
    at = [loss.name for loss in both.losses].index("feed A and feed B")
    assert not both.carried[0, at]
    assert both.lowest_v[0, at] == 0.0


def test_ten_thousand_racks_are_solved_like_each_by_itself():
    rng = np.random.default_rng(4)
    here, racks = bar(), 30
    loads = here.network.load_w * rng.uniform(0.3, 1.1, (racks, len(here.network.nodes)))
    volts = 50.0 * (1 + 0.0025 * rng.uniform(-1, 1, (racks, 48)))
    losses = single_losses(here)
    many = lose(here, losses, load_w=loads, source_v=volts)
    for rack in (0, 11, 29):
        for at in (0, 1, 5, 40):
            on = np.ones(48, np.bool_)
            on[list(losses[at].off)] = False
            one = solve(here.network, load_w=loads[rack], source_v=volts[rack], source_on=on)
            assert many.lowest_v[rack, at] == pytest.approx(one.voltage_v[0, here.taps].min(), rel=1e-9)
            assert many.bar_a[rack, at] == pytest.approx(np.abs(one.line_a[0]).max(), rel=1e-7)
            # every current times its voltage is the load and the lines' loss
            given = (one.source_a[0] * one.voltage_v[0, here.network.source_node]).sum()
            assert given == pytest.approx(loads[rack][here.taps].sum() + one.line_loss_w[0].sum(), rel=1e-9)


def test_a_supply_set_higher_is_at_its_rating_first_and_then_the_others_take_the_rest():
    here = bar(ohm=1e-9)
    volts = np.full((1, 48), 50.0)
    volts[0, 7] = 50.4
    states = lose(here, single_losses(here), source_v=volts)
    # its 0.4 V more are 40 A more than the others' 46 A
    assert states.supply_share[0, 0] == pytest.approx(0.86, abs=0.02)
    feed_a = [loss.name for loss in states.losses].index("feed A")
    # after the loss of feed A the others give 93 A each: supply 7 stands on feed B and stays at its limit
    assert here.feed_of[7] == 1
    assert states.supply_share[0, feed_a] == pytest.approx(1.0, abs=1e-3)
    assert states.carried[0, feed_a]
