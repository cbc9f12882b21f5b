"""What the stage hands on: tables as declared, headlines, traces that hold, pictures that are safe."""

import xml.etree.ElementTree as ElementTree

import pytest

from rackwright.rack import HEADLINES, TABLES, drawings_of
from rackwright.rack.design import RackDesigns
from rackwright.record import decode, encode


def test_every_declared_table_is_there_and_no_other(build):
    assert {table.name for table in build().tables} == {spec.name for spec in TABLES}


def test_every_declared_headline_is_there_with_its_definition(build):
    found = {item.name: item for item in build().headlines}
    assert set(found) == {name.replace("<generation>", "small") for name, _, _ in HEADLINES}
    assert all(item.definition and item.rests_on for item in found.values())


def test_a_result_survives_being_written_down_and_read_back(build):
    designs = build({"power.redundancy": "N+N"}, cluster={"small": 8})
    again = decode(RackDesigns, encode(designs))
    assert again.designs == designs.designs
    assert again.findings == designs.findings
    assert [table.rows() for table in again.tables] == [table.rows() for table in designs.tables]


def test_failed_findings_are_counted(build):
    designs = build({"floor_limit": "1 kg/m2", "power.cord": "0.1 A"})
    assert designs.of("small").findings_failed == 2


def test_an_unknown_generation_has_no_design(build):
    with pytest.raises(KeyError):
        build().of("other")


def leaves(designs, key):
    """Program paths below a trace."""
    traces = {trace.key: trace for trace in designs.traces}
    found: set[str] = set()
    todo = [key]
    while todo:
        for path in traces[todo.pop()].inputs:
            todo.append(path) if path in traces else found.add(path)
    return found


MOVES = {
    "rack.small.trays.compute.count": ({"trays.compute.count": "3"}, {}),
    "rack.small.trays.compute.parts.gpu": ({"trays.compute.parts.gpu": "3"}, {}),
    "rack.small.trays.compute.other_power": ({"trays.compute.other_power": "90 W"}, {}),
    "rack.small.design_load": ({"design_load": "0.9"}, {}),
    "rack.small.power.redundancy": ({"power.redundancy": "N+N"}, {}),
    "catalogue.chips.gpu.power": ({}, {"chips.gpu.power": "1100 W"}),
    "catalogue.chips.gpu.cost": ({}, {"chips.gpu.cost": "1100 USD"}),
    "catalogue.shelves.shelf.psu": ({}, {"shelves.shelf.psu": "900 W"}),
    "catalogue.shelves.shelf.efficiency.*": ({}, {"shelves.shelf.efficiency": [{"load": "1", "efficiency": "0.9"}]}),
    "catalogue.busbars.bar.length": ({}, {"busbars.bar.length": "2 m"}),
    "catalogue.frames.frame.cost": ({}, {"frames.frame.cost": "350 USD"}),
    "catalogue.cdus.unit.cost": ({}, {"cdus.unit.cost": "4100 USD"}),
    "catalogue.switches.box.cost": ({}, {"switches.box.cost": "510 USD"}),
    "catalogue.chips.gpu.mass": ({}, {"chips.gpu.mass": "1.2 kg"}),
    "rack.small.cooling.supply": ({"cooling.supply": "58 degC"}, {}),
    "rack.small.block.racks": ({"block.racks": "4"}, {}),
    "rack.small.network.oversubscription": ({"network.oversubscription": "3"}, {}),
}


@pytest.mark.parametrize("number", ["power_w", "cost_usd", "cost_with_shared_usd", "mass_kg", "shared_power_w"])
@pytest.mark.parametrize("path", MOVES)
def test_a_number_moves_only_with_inputs_that_it_names(build, number, path):
    # a length of zero first becomes one metre, so that every path is one that the file gives
    cluster = {"small": 8}
    before, after = build(cluster=cluster), build(*MOVES[path], cluster=cluster)
    moved = getattr(after.of("small"), number) != pytest.approx(getattr(before.of("small"), number), rel=1e-12)
    named = path in leaves(before, f"rack.small.{number}")
    if moved:
        assert named, f"{number} moved with {path}, which it does not name"


@pytest.mark.parametrize(
    ("number", "path"),
    [
        ("power_w", "rack.small.trays.compute.count"),
        ("power_w", "rack.small.trays.compute.parts.gpu"),
        ("power_w", "rack.small.design_load"),
        ("power_w", "catalogue.chips.gpu.power"),
        ("power_w", "catalogue.shelves.shelf.psu"),
        ("power_w", "catalogue.busbars.bar.length"),
        ("cost_usd", "catalogue.chips.gpu.cost"),
        ("cost_usd", "catalogue.frames.frame.cost"),
        ("cost_with_shared_usd", "catalogue.cdus.unit.cost"),
        ("cost_with_shared_usd", "catalogue.switches.box.cost"),
    ],
)
def test_a_named_input_moves_its_headline(build, number, path):
    cluster = {"small": 8}
    before, after = build(cluster=cluster), build(*MOVES[path], cluster=cluster)
    assert path in leaves(before, f"rack.small.{number}")
    assert getattr(after.of("small"), number) != getattr(before.of("small"), number)


def test_names_in_pictures_are_text(build):
    name = "</text><script>alert(1)</script>\x07"
    design = build({"name": name}).of("small")
    for picture in drawings_of(design, alone=True).values():
        root = ElementTree.fromstring(picture)
        assert not root.findall(".//{http://www.w3.org/2000/svg}script")
        assert root.find("{http://www.w3.org/2000/svg}title").text.endswith("</text><script>alert(1)</script>?")


def test_pictures_say_what_they_show_to_those_who_cannot_see_them(build):
    for picture in drawings_of(build(cluster={"small": 8}).of("small")).values():
        root = ElementTree.fromstring(picture)
        assert root.get("role") == "img"
        assert len(root.find("{http://www.w3.org/2000/svg}desc").text) > 20


def test_an_elevation_draws_every_slot(build):
    design = build().of("small")
    root = ElementTree.fromstring(drawings_of(design)["Elevation"])
    drawn = [item for item in root.iter("{http://www.w3.org/2000/svg}rect") if "rw-slot" in item.get("class")]
    assert len(drawn) == len(design.layout.slots)
