"""The choice of a fabric by count, beside the port-level wiring and a plain search for the front."""

import numpy as np
import pytest

from rackwright.rack.network.topology.choice import (
    Figure,
    LinkOption,
    Need,
    SwitchOption,
    designs_of,
    front_of,
    undominated,
)
from rackwright.rack.network.topology.wiring import FabricProblem

NEED = Need(racks=256, per_rack=8, adapter_bit_s=400e9, block_racks=32)
LINKS = LinkOption(Figure(200, "estimate", "test"), Figure(1280, "estimate", "test"), Figure(15, "published", "test"))


def switch(name, ports, port_bit_s, most, price, standing="published", spread=None):
    low, high = (None, None) if spread is None else (price / spread, price * spread)
    return SwitchOption(name, ports, port_bit_s, most, Figure(price, standing, "test", low, high),
                        Figure(1000, "published", "test"))  # fmt: skip


SWITCHES = [switch("a", 64, 400e9, 128, 36e3), switch("b", 64, 800e9, 256, 60e3, "assumed", 1.5)]


def space():
    return designs_of(NEED, SWITCHES, planes=(1, 2, 4), rails=(1, 8), oversubscriptions=(1.0, 2.0, 4.0))


def test_every_design_of_the_space_has_the_counts_of_its_wiring():
    designs, left_out = space()
    assert len(designs) + len(left_out) == 2 * 3 * 2 * 3
    assert all(design.same_counts(design.wiring(NEED)) for design in designs)


def test_rail_only_designs_cost_least_and_bring_least_together():
    designs, left_out = designs_of(NEED, SWITCHES, rails=(1, 8), rail_only=True)
    alone = [design for design in designs if design.rail_only]
    assert [(design.switch.name, design.rails, design.switches) for design in alone] == [("a", 8, 64), ("b", 8, 64)]
    assert len([why for why in left_out if "a leaf for each rail" in why]) == 2  # 256 on one rail of a block
    assert all(design.same_counts(design.wiring(NEED)) for design in alone)
    assert alone[0].bisection_share == pytest.approx(31 / 2047)
    front = front_of(designs, LINKS, left_out)
    assert front.designs[int(front.values[:, 0].argmin())].rail_only


def test_a_design_of_other_counts_is_not_the_same():
    one, *_, other = space()[0]
    assert not one.same_counts(other.wiring(NEED))


def test_the_front_is_what_a_plain_search_finds():
    rows = np.random.default_rng(3).integers(0, 5, (60, 4)).astype(float)

    def beaten(row):
        better = (rows[:, :3] <= row[:3]).all(axis=1) & (rows[:, 3] >= row[3])
        return (better & (rows != row).any(axis=1)).any()

    assert undominated(rows).tolist() == [not beaten(row) for row in rows]


def test_an_assumed_price_marks_the_cost_and_shows_who_stays():
    designs, left_out = space()
    front = front_of(designs, LINKS, left_out)
    assert front.standing["cost"] == "assumed"
    assert front.standing["power_w"] == front.standing["hops"] == "published"
    assert (front.always <= front.on_front).all()
    assert (front.on_front <= front.sometimes).all()
    assert front.sometimes.sum() > front.always.sum()  # the price of b decides something


def test_without_assumed_figures_nothing_moves():
    designs, _ = designs_of(NEED, SWITCHES[:1], planes=(1, 2))
    front = front_of(designs, LINKS)
    assert (front.always == front.sometimes).all()


def test_a_dead_leaf_of_the_whole_fabric_takes_everything_and_planes_share_the_blow():
    need = Need(racks=4, per_rack=8, adapter_bit_s=400e9)
    one, two = designs_of(need, SWITCHES[:1], planes=(1, 2))[0]
    assert (one.fabric.tiers, one.blast_share, two.blast_share, one.hops) == (1, 1.0, 0.5, 1)


def test_a_space_with_nothing_to_build_says_why():
    designs, left_out = designs_of(Need(100_000, 8, 400e9), [switch("tiny", 8, 400e9, None, 1.0)])
    assert not designs
    with pytest.raises(FabricProblem, match="do not fit in three tiers of 8 ports"):
        front_of(designs, LINKS, left_out)


def test_an_assumed_figure_without_a_range_is_asked_for_one():
    designs, _ = designs_of(NEED, [switch("c", 64, 400e9, 128, 36e3, "assumed")])
    with pytest.raises(FabricProblem, match="low and high for c price would do"):
        front_of(designs, LINKS)
