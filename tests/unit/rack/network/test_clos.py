"""Folded Clos fabrics by hand."""

import pytest

from rackwright.rack.network.clos import folded_clos, leaf_split, least_divisor, usable_ports


def test_one_switch_joins_as_many_as_it_has_ports():
    fabric = folded_clos(8, 8)
    assert (fabric.tiers, fabric.leaves, fabric.links) == (1, 1, 8)


def test_one_endpoint_more_needs_two_tiers():
    # 9 endpoints on 4 downlinks each: 3 leaves, 12 uplinks, 2 spines of 8 ports with 2 links from every leaf
    fabric = folded_clos(9, 8)
    assert (fabric.tiers, fabric.leaves, fabric.spines, fabric.leaf_spine_links) == (2, 3, 2, 12)


def test_two_tiers_of_p_ports_hold_half_p_squared():
    assert folded_clos(32, 8).tiers == 2
    assert folded_clos(33, 8).tiers == 3


def test_three_tiers_of_p_ports_hold_a_quarter_p_cubed():
    fabric = folded_clos(128, 8)
    assert (fabric.leaves, fabric.spines, fabric.cores, fabric.fits) == (32, 32, 16, True)
    assert not folded_clos(129, 8).fits


def test_spines_divide_the_uplinks_evenly():
    # 32 leaves x 72 uplinks fill 16 spines of 144 ports; 72 splits over 18
    fabric = folded_clos(2304, 144)
    assert fabric.spines == 18
    assert fabric.leaf_up % fabric.spines == 0


def test_a_leaf_serves_one_rail():
    assert folded_clos(64, 8, rails=4).leaves == 16
    assert folded_clos(36, 8, rails=4).leaves == 12  # nine on a rail need three leaves


def test_blocks_have_whole_leaves_of_their_own():
    # three blocks of 5 on leaves of 4: two leaves each; the rest of 3 needs one more
    fabric = folded_clos(18, 8, block_endpoints=5)
    assert (fabric.leaves, fabric.block_leaves) == (7, 2)


def test_oversubscription_takes_uplinks_for_downlinks():
    assert leaf_split(8, 3.0) == (6, 2)
    fabric = folded_clos(24, 8, oversubscription=3.0)
    assert (fabric.leaves, fabric.spines) == (4, 1)
    assert fabric.delivered_share == pytest.approx(1 / 3)


def test_a_fabric_that_does_not_fit_delivers_nothing():
    assert folded_clos(10, 1).delivered_share == 0.0


def test_nothing_to_join_needs_no_switch():
    fabric = folded_clos(0, 64)
    assert (fabric.switches, fabric.links) == (0, 0)


def test_a_breakout_is_bounded_by_what_the_switch_can_address():
    assert usable_ports(64, 800e9, 100e9, 256) == 256
    assert usable_ports(64, 800e9, 200e9, None) == 64


@pytest.mark.parametrize(("number", "at_least", "divisor"), [(12, 5, 6), (12, 12, 12), (7, 2, 7), (1, 1, 1)])
def test_the_least_divisor(number, at_least, divisor):
    assert least_divisor(number, at_least) == divisor
