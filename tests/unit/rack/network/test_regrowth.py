"""What becomes of cables when a fabric grows: nothing is lost, stock decides, a reserved floor changes nothing."""

import itertools

import numpy as np
import pytest

from rackwright.rack.network.cabling.floor import FloorPlan
from rackwright.rack.network.cabling.placement import RackFill, place_by_rule
from rackwright.rack.network.cabling.regrowth import refitted, relaid
from rackwright.rack.network.topology.growth import final_growth, kept, minimal_growth, same_nodes

SHAPE = {
    "per_rack": 36,
    "ports": 72,
    "link_bit_s": 1e11,
    "rails": 1,
    "planes": 1,
    "block_racks": 2,
    "oversubscription": 1.0,
}
FILL = RackFill(per_rack=36, per_tray=4, first_tray_ru=2, tray_ru=1, switch_ru=(1, 1, 1), switches_per_rack=2)


def placed(wiring):
    plan = FloorPlan(
        rows=40, positions=6, rack_pitch_m=0.6, rack_depth_m=1.2, cold_aisle_m=1.2, hot_aisle_m=1.2, tray_height_m=2.6,
        rack_ru=42, first_ru_m=0.1, in_rack_m=1.0, slack_share=0.05, slack_m=0.3, tray_levels=1, tray_spacing_m=0.3,
    )  # fmt: skip
    return place_by_rule(wiring, plan, FILL)


@pytest.fixture(scope="module")
def stages():
    return minimal_growth([4, 8, 16], SHAPE)


@pytest.mark.parametrize("stock_m", [np.array([1000.0]), np.arange(1.0, 200.0), np.arange(1.0, 200.0, 0.01)])
def test_every_cable_stays_or_moves_and_a_moved_one_is_used_again_or_replaced(stages, stock_m):
    last = stages[-1].wiring
    floor = placed(last)
    for before, after in itertools.pairwise(stages):
        stay, again, replaced = refitted(before, after, last, floor, stock_m)
        assert stay + again + replaced == len(before.laid)
        assert again + replaced == len(after.moved)
        if len(stock_m) == 1:  # one length for all: every cable reaches wherever it goes
            assert replaced == 0


def test_finer_stock_replaces_no_fewer_cables(stages):
    last = stages[-1].wiring
    floor = placed(last)
    replaced = [
        refitted(stages[1], stages[2], last, floor, np.arange(step, 500.0, step))[2]
        for step in (100.0, 10.0, 1.0, 0.01)
    ]
    assert replaced == sorted(replaced)
    assert replaced[0] == 0 < replaced[-1]


def test_a_floor_that_is_reserved_relays_nothing_and_one_that_is_not_does(stages):
    stock_m = np.arange(1.0, 500.0)
    final = final_growth([4, 8, 16], SHAPE)
    floor = placed(final[-1].wiring)
    assert relaid(final[0], final[1], floor, floor, stock_m) == 0
    found = [placed(stage.wiring) for stage in stages]
    assert relaid(stages[1], stages[2], found[1], found[2], stock_m) > 0


def test_kept_links_join_the_same_nodes(stages):
    before, after = stages[0], stages[1]
    one, other = kept(before.wiring, before.laid, after.wiring, after.laid)
    assert len(one) == len(before.laid) - len(after.moved)
    node = same_nodes(before.wiring, after.wiring)
    assert (node[before.wiring.lower[one]] == after.wiring.lower[other]).all()
    assert (node[before.wiring.upper[one]] == after.wiring.upper[other]).all()
