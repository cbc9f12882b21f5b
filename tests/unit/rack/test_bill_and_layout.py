"""Costs, masses and places of a small rack."""

import pytest


def outcome(designs, rule):
    return next(item.outcome for item in designs.findings if item.rule == rule)


def test_the_bill_in_the_rack_by_hand(build):
    # frame 300, trays 2 x 40, gpus 4 x 1000, adapters 4 x 100, drives 4 x 10, manifolds 2 x 50, shelves 5 x 200, bar 30
    assert build().of("small").cost_usd == pytest.approx(5950.0)


def test_the_shared_part_by_hand(build):
    # CDU 4000 / 2; 1.5 switches x 500; 16 modules x 20
    design = build(cluster={"small": 8}).of("small")
    assert design.shared_cost_usd == pytest.approx(2000.0 + 750.0 + 320.0)
    assert design.cost_with_shared_usd == pytest.approx(design.cost_usd + design.shared_cost_usd)


def test_families_count_pieces_for_a_rack_shared_ones_by_their_share(build):
    families = build(cluster={"small": 8}).of("small").families
    assert families == pytest.approx({"gpu": 4.0, "cdu": 0.5, "switch": 1.5})


def test_the_mass_by_hand(build):
    # frame 40 + trays 6 + gpus 4 + manifolds 20 + shelves 25 + bar 2
    design = build().of("small")
    assert design.mass_kg == pytest.approx(97.0)
    assert design.layout.payload_kg == pytest.approx(57.0)
    assert design.floor_load_kg_m2 == pytest.approx(97.0)


def test_shelves_in_a_sidecar_take_neither_height_nor_mass_but_are_paid_for(build):
    inside, beside = build().of("small"), build({"power.shelves_in": "sidecar"}).of("small")
    assert inside.height_ru - beside.height_ru == pytest.approx(5.0)
    assert inside.mass_kg - beside.mass_kg == pytest.approx(25.0)
    assert inside.cost_usd == beside.cost_usd


def test_shelves_stand_at_the_foot_and_nothing_overlaps(build):
    slots = build().of("small").layout.slots
    assert [slot.what for slot in slots] == ["shelf"] * 5 + ["compute tray"] * 2
    tops = [slot.position_ru + slot.height_ru for slot in slots]
    assert [slot.position_ru for slot in slots[1:]] == pytest.approx(tops[:-1])


def test_what_does_not_fit_the_frame_is_counted_and_fails(build):
    designs = build(parts={"frames.frame.height": "7 RU"})
    assert designs.of("small").layout.slots_left_out == 1
    assert outcome(designs, "rack.layout.height") == "failed"


@pytest.mark.parametrize(
    ("rack", "parts", "rule"),
    [
        ({"floor_limit": "90 kg/m2"}, {}, "rack.layout.floor_load"),
        ({}, {"frames.frame.payload": "50 kg"}, "rack.layout.payload"),
        ({"quote": "5000 USD"}, {}, "rack.bill.quote"),
    ],
)
def test_a_limit_set_too_low_fails(build, rack, parts, rule):
    designs = build(rack, parts)
    assert outcome(designs, rule) == "failed"
    assert designs.of("small").findings_failed == 1


def test_a_quote_is_compared_and_never_added(build):
    assert build({"quote": "9000 USD"}).of("small").cost_usd == build().of("small").cost_usd
