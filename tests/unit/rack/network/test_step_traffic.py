"""What a training step sends, where it is placed, and what the worst link of its own traffic does to it."""

from dataclasses import replace

import numpy as np
import pytest

from rackwright.rack.network.collectives import Machine, Spread, Use, group_machine, use_s, uses
from rackwright.rack.network.load.routed import graph_of
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.study.network_job import Domains, double_tree, group_share, worst_shares

#: The spread of a dense model of 405e9 parameters over 16,384 accelerators: 8 x 16 shards, 128 copies.
DENSE = Spread(tensor=8, pipeline=16, layers=126, width=16384, batch=2.0**24, micro=8192.0)


def by_what(found):
    return {(use.what, use.collective): use for use in found}


def test_a_steps_traffic_is_that_of_counting():
    found = by_what(uses(DENSE, 405e9, 16384))
    tensor, pipeline = found["tensor", "all-reduce"], found["pipeline", "send"]
    # 2^24 tokens over 128 copies are 16 micro-batches of 8,192; four all-reduces of each of 126 / 16 layers
    assert tensor.times == pytest.approx(4 * 126 / 16 * 16)
    assert tensor.size_byte == 8192 * 16384 * 2
    assert (pipeline.times, pipeline.size_byte, pipeline.stride) == (2 * 16, 8192 * 16384 * 2 / 8, 8)
    data = found["data", "reduce-scatter"]
    assert (data.ways, data.stride, data.size_byte) == (128, 128, 405e9 / 128 * 4)
    assert found["data", "all-gather"].size_byte == data.size_byte / 2


def test_an_experts_tokens_go_there_and_back_forward_and_backward():
    spread = Spread(tensor=2, expert=4, layers=10, width=100, batch=64.0, micro=8.0, chosen=3)
    found = by_what(uses(spread, 1e6, 16))
    expert = found["expert", "all-to-all"]
    # two copies of four: 64 / 8 tokens a group, one micro-batch; 3 experts a token, two tensor ranks share
    assert (expert.times, expert.size_byte, expert.stride) == (4 * 10, 8 * 100 * 2 * 3 / 2, 2)


@pytest.mark.parametrize(
    ("ways", "stride", "domains", "inside"), [(8, 1, 1, 8), (9, 8, 1, 9), (36, 8, 4, 9), (8, 72, 8, 1), (5, 144, 5, 1)]
)
def test_groups_lie_on_domains_as_their_places_do(ways, stride, domains, inside):
    found = group_machine(Use("some", "all-gather", ways, stride, 1.0, 1.0, 0.0), Machine(100, 72, 900e9, 100e9))
    assert (found.domains, found.per_domain) == (domains, inside)
    held = {place // 72 for place in range(0, ways * stride, stride)}
    assert len(held) == domains


def test_groups_that_straddle_domains_are_refused():
    with pytest.raises(ValueError, match="do not fit domains of 72"):
        group_machine(Use("tensor", "all-reduce", 16, 5, 1.0, 1.0, 0.0), Machine(100, 72, 900e9, 100e9))


@pytest.mark.parametrize(
    ("spread", "ranks", "said"),
    [
        (replace(DENSE, layers=0, width=0), 16384, "layers, width"),
        (DENSE, 100, "do not hold a copy"),
        (replace(DENSE, micro=2.0**20), 16384, "no micro-batch"),
    ],
)
def test_a_spread_that_does_not_add_up_says_why(spread, ranks, said):
    with pytest.raises(ValueError, match=said):
        uses(spread, 405e9, ranks)


def test_a_worst_link_of_twice_its_rate_doubles_what_crosses_and_nothing_inside():
    machine = Machine(4, 1, 900e9, 100e9)
    send = Use("pipeline", "send", 4, 1, 1e12, 1.0, 0.0)
    slow = use_s(send, replace(machine, worst_share=2.0), efficiency=1.0)
    assert slow == pytest.approx(2 * use_s(send, machine, efficiency=1.0), rel=1e-4)
    inside = Use("tensor", "all-reduce", 8, 1, 1e12, 1.0, 0.0)
    one = Machine(1, 8, 900e9, 100e9)
    assert use_s(inside, replace(one, worst_share=2.0), efficiency=1.0) == use_s(inside, one, efficiency=1.0)


@pytest.fixture(scope="module")
def thin():
    """Eight domains of eight adapters, two domains on a leaf of 16 + 8 ports."""
    wiring = clos_wiring(racks=8, per_rack=8, ports=24, link_bit_s=1.0, oversubscription=2.0)
    return Domains(graph_of(wiring), 8, 8)


def test_the_worst_link_of_each_algorithm_is_that_of_counting(thin):
    worst = worst_shares(thin)
    # one of a leaf's two domains sends away, eight adapters over eight uplinks
    assert worst["ring"] == pytest.approx(1.0)
    # 16 adapters send 48/63 away over eight uplinks, over the 56/63 that leave a domain
    assert worst["direct"] == pytest.approx(16 * 48 / 63 / 8 / (56 / 63))
    assert worst["in-network"] == 1.0


def test_members_a_whole_leaf_apart_all_cross(thin):
    machine = Machine(8, 8, 900e9, 100e9)
    assert group_share(Use("data", "all-gather", 4, 16, 1.0, 1.0, 0.0), thin, machine) == pytest.approx(2.0)
    # pairs of neighbours share a leaf; groups of four domains have two thirds of their traffic in the other leaf
    assert group_share(Use("expert", "all-to-all", 16, 1, 1.0, 1.0, 0.0), thin, machine) == 0.0
    share = group_share(Use("expert", "all-to-all", 32, 1, 1.0, 1.0, 0.0), thin, machine)
    assert share == pytest.approx(16 * 2 / 3 / 8)
    assert group_share(Use("tensor", "all-reduce", 8, 1, 1.0, 1.0, 0.0), thin, machine) == 1.0


@pytest.mark.parametrize("count", [2, 3, 4, 7, 16, 33])
def test_no_domain_sends_more_than_all_of_its_rate_in_a_double_tree(count):
    low, high = double_tree(count)
    assert len(low) == 2 * (count - 1)
    sent = np.bincount(np.concatenate([low, high]), minlength=count) / 4
    assert sent.max() <= 1.0
    for tree in (slice(0, count - 1), slice(count - 1, None)):
        assert len(set(low[tree].tolist())) == count - 1  # every domain but the root has one parent
