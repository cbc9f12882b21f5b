"""The catalogue is honest: every figure says what it is, where it stands, and adds up to what is published."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from rackwright.figures import STATUSES
from rackwright.program import tree
from rackwright.program.check import families_of
from rackwright.program.load import CATALOGUE, Program, compare_figures, load, shipped
from rackwright.program.schema import Leaf, Root, leaves
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack

EXAMPLES = Path(__file__).parents[2] / "examples"
GENERATIONS = {
    "gb300": "nvidia-gb300-nvl72",
    "vera-rubin": "nvidia-vera-rubin-nvl72",
    "kyber": "nvidia-rubin-ultra-kyber",
    "helios": "amd-helios",
}


@pytest.fixture(scope="module")
def program() -> Program:
    """Every rack of the catalogue as a generation of its own."""
    racks = {name: {"base": base, "volume_from": "2026-W02"} for name, base in GENERATIONS.items()}
    calendar = {"start": "2026-W02", "weeks": "156"}
    return load({"rackwright": "1", "calendar": calendar, "price_year": "2026", "rack": racks})


def entries(kind: str) -> Iterator[tuple[str, tree.Node]]:
    node = shipped().kinds[kind]
    assert isinstance(node, tree.Mapping)
    yield from node.items.items()


def figures() -> list[Leaf]:
    """Every leaf that holds a figure: all but names, references and `auto`."""
    parts = tree.Mapping({kind: node for kind, node in shipped().kinds.items() if kind != "racks"}, "", 0, {})
    found = [*leaves(Catalogue, parts, "catalogue"), *leaves(Root, shipped().defaults, "defaults")]
    for name, node in entries("racks"):
        found += leaves(Rack, node, f"racks.{name}")
    return [leaf for leaf in found if leaf.field.form != "word" and tree.to_plain(leaf.node) != "auto"]


def written(leaf: Leaf) -> dict[str, str]:
    plain = tree.to_plain(leaf.node)
    return plain if isinstance(plain, dict) else {}


def has_value(leaf: Leaf) -> bool:
    """Either `value`, or all of `low`, `mode` and `high`; not both."""
    keys = written(leaf).keys()
    return ("value" in keys) != ({"low", "mode", "high"} <= keys)


def money_and_levels() -> list[dict[str, str]]:
    """The figures of costs.yaml, which are no part of a program."""
    node = tree.read_text((CATALOGUE / "costs.yaml").read_text(encoding="utf-8"), "costs.yaml")
    plain = tree.to_plain(node)
    return [item for section in ("price_level", "compare") for item in plain[section].values()]


def test_there_is_a_figure_behind_every_default_and_every_part():
    assert len(figures()) > 500


def test_every_figure_has_a_value_or_a_range():
    wrong = [leaf.path for leaf in figures() if not has_value(leaf)]
    assert wrong == []


def test_every_figure_has_one_of_the_statuses_and_a_place():
    items = [(leaf.path, written(leaf)) for leaf in figures()] + [("costs", item) for item in money_and_levels()]
    assert [path for path, item in items if item.get("status") not in {*STATUSES} - {"given"}] == []
    assert [path for path, item in items if not item.get("place")] == []


def test_every_figure_names_declared_sources():
    items = [(leaf.path, written(leaf)) for leaf in figures()] + [("costs", item) for item in money_and_levels()]
    undeclared = {
        (path, source)
        for path, item in items
        for source in map(str.strip, item.get("source", "").split(","))
        if source not in shipped().sources
    }
    assert undeclared == set()


def test_every_declared_source_is_used_and_says_what_and_where_it_is():
    items = [written(leaf) for leaf in figures()] + money_and_levels()
    used = {name.strip() for item in items for name in item["source"].split(",")}
    assert set(shipped().sources) == used
    assert [
        name for name, source in shipped().sources.items() if not (source.get("title") and source.get("place"))
    ] == []


def test_an_assumption_is_never_called_published_and_nothing_else_rests_on_it():
    items = [(leaf.path, written(leaf)) for leaf in figures()] + [("costs", item) for item in money_and_levels()]
    assert [path for path, item in items if item.get("source") == "assumption" and item["status"] != "assumed"] == []
    assert [path for path, item in items if item["status"] == "published" and not item.get("source")] == []


def test_every_estimate_says_how_it_was_derived():
    items = [(leaf.path, written(leaf)) for leaf in figures()] + [("costs", item) for item in money_and_levels()]
    assert [path for path, item in items if item["status"] == "estimate" and not item.get("note")] == []


def test_all_money_has_a_price_year():
    wrong = [leaf.path for leaf in figures() if "USD" in leaf.field.kind.unit and "year" not in written(leaf)]
    assert wrong == []
    assert [figure.path for figure in compare_figures() if "USD" in figure.unit and figure.price_year is None] == []


def test_every_figure_reads_in_the_unit_of_its_field(program):
    unread = [
        figure.path
        for figure in program.figures
        if figure.file.startswith("catalogue") and figure.value is None and figure.unit and figure.text != "auto"
    ]
    assert unread == []


def test_there_are_at_most_forty_part_families(program):
    assert len(families_of(program.case())) <= 40


def sum_of_parts(program: Program, generation: str, what: str, tray: str | None = None) -> float:
    """The sum of an attribute over a rack's trays, or over one piece of one tray."""
    case = program.case()
    total = 0.0
    for name, kind in case.rack[generation].trays.items():
        if tray in (None, name):
            parts = {part: case.catalogue.chips.get(part) or case.catalogue.components[part] for part in kind.parts}
            own = {"power_w": kind.other_power_w, "cost_usd": kind.cost_usd, "mass_kg": kind.mass_kg}[what]
            inside = sum(getattr(parts[part], what) * count for part, count in kind.parts.items())
            total += (own + inside) * (1 if tray else kind.count)
    return total


def test_the_parts_of_a_gb300_compute_tray_draw_the_published_6600_w(program):
    assert sum_of_parts(program, "gb300", "power_w", "compute") == pytest.approx(6600)


def test_nine_nvlink_switch_trays_draw_the_published_budget_of_11160_w(program):
    assert 9 * sum_of_parts(program, "gb300", "power_w", "switch") == pytest.approx(11160)


@pytest.mark.parametrize(
    ("generation", "compute", "switch", "published_usd"),
    [
        ("gb300", "cold-plate-set-gb300", "switch-plate-set-gb300", 49_860),
        ("vera-rubin", "cold-plate-set-vr", "switch-plate-set-vr", 55_710),
    ],
)
def test_cooling_parts_cost_what_the_analyst_published(generation, compute, switch, published_usd):
    racks = {generation: {"base": GENERATIONS[generation], "volume_from": "2026-W02"}}
    calendar = {"start": "2026-W02", "weeks": "1"}
    parts = (
        load({"rackwright": "1", "calendar": calendar, "price_year": "2025", "rack": racks}).case().catalogue.components
    )
    tray_usd = parts[compute].cost_usd + 2 * parts["quick-coupling"].cost_usd
    assert 18 * tray_usd + 9 * parts[switch].cost_usd == pytest.approx(published_usd)


@pytest.mark.parametrize("generation", ["gb300", "vera-rubin"])
def test_the_bill_of_a_rack_lands_near_its_published_price(program, generation):
    rack = program.case().rack[generation]
    trays_usd = sum_of_parts(program, generation, "cost_usd")
    assert rack.quote_usd is not None
    assert 0.85 * rack.quote_usd < trays_usd < rack.quote_usd  # shelves, cartridges and frame are not in trays


def test_memory_of_the_two_nvidia_racks_costs_what_was_published_in_prices_of_2026(program):
    parts = program.case().catalogue.components
    assert 36 * parts["memory-vera"].cost_usd == pytest.approx(2_001_600)
    assert 36 * parts["memory-grace"].cost_usd == pytest.approx(374_131, rel=1e-4)


def test_the_real_program_states_the_standing_of_every_value():
    real = load(EXAMPLES / "us-racks.yaml")
    own = [
        figure
        for figure in real.figures
        if Path(figure.file).suffix == ".yaml" and not figure.file.startswith("catalogue")
    ]
    words = {leaf.path for leaf in leaves(Root, real.whole, "") if leaf.field.form == "word"}
    assert len(own) > 250
    assert [figure.path for figure in own if figure.status == "given" and figure.path not in words] == []


def test_every_source_of_the_real_program_is_used_in_it():
    real = load(EXAMPLES / "us-racks.yaml")
    own = set(tree.to_plain(tree.at(real.written, "sources")))
    used = {name.strip() for figure in real.figures for name in figure.source.split(",")}
    assert own <= used


def test_the_committed_measurements_are_what_the_script_writes(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("make_measurements", EXAMPLES / "evaluation" / "make_measurements.py")
    script = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "make_measurements", script)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "HERE", tmp_path)
    script.main()
    for path in tmp_path.glob("*.csv"):
        committed = EXAMPLES / "evaluation" / path.name
        assert committed.read_bytes() == path.read_bytes(), path.name
        assert committed.stat().st_size < 300_000
