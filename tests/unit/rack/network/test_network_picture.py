"""The fabric's drawing: counts of the design, all-to-all load by tier, words for who does not see it."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from rackwright.rack.network.clos import folded_clos
from rackwright.rack.network_picture import _between, fabric_svg


def test_all_to_all_fills_a_fabric_without_oversubscription_but_for_what_stays_below():
    # 16 units of a DGX SuperPOD: 128 leaves of 32 ends, 4 pods
    cores, spines, leaves = _between(folded_clos(4096, 64, rails=8, block_endpoints=256))
    assert leaves.load_share == 1.0
    assert spines.load_share == pytest.approx((4096 - 32) / 4095)
    assert cores.load_share == pytest.approx((4096 - 1024) / 4095)


def test_an_oversubscribed_leaf_is_more_than_full():
    spines, _ = _between(folded_clos(4608, 144, oversubscription=3.0))
    assert spines.load_share == pytest.approx(3.0, rel=0.05)


def test_each_leaf_joins_each_spine_with_a_whole_number_of_links():
    for endpoints in np.random.default_rng(0).integers(200, 100000, 40).tolist():
        fabric = folded_clos(endpoints, 64, rails=4)
        if not fabric.spines or not fabric.fits:
            continue
        for between in _between(fabric):
            if "to each of" in between.words:
                whole, each, many = (int(word.strip(":,").replace(",", "")) for word in _numbers(between.words))
                assert each * many == whole


def _numbers(words):
    return [word for word in words.split() if word.strip(":,").replace(",", "").isdigit()]


def test_it_is_well_formed_and_says_in_words_what_it_shows(build):
    design = build(cluster={"small": 8}).of("small")
    drawn = fabric_svg(design, alone=True)
    root = ElementTree.fromstring(drawn)
    told = root.find("{http://www.w3.org/2000/svg}desc").text
    assert f"{design.network.cluster_racks:,} racks" in told
    assert "100 % full" in told
