"""No input file, whatever is in it, gives anything but a program or a list of problems."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.errors import ProgramError
from rackwright.program import load
from rackwright.program.load import _build
from rackwright.program.tree import read_text

EXAMPLES = Path(__file__).parents[2] / "examples"
TINY = (EXAMPLES / "tiny.yaml").read_text(encoding="utf-8")
LINES = TINY.splitlines()

ODD_VALUES = [
    "", "null", "~", "auto", "45", "-1", "nan", ".nan", "inf", "-.inf", "1e400", "1e29", "-5 kW", "12 parsecs", "2026-W60", "2026-W14",
    "[]", "{}", "[1, 2]", "{low: 1 h}", "{low: 3 h, mode: 2 h, high: 1 h}", "{value: 1 kW, year: 1066}", "{value: {value: 3}}",
    "&a [*a]", "*a", "!!python/object:os.system x", "</script><img onerror=alert(1)>", "=1+1", "é\u202e", "'\\0'", "y: z", "0 racks",
    "{2026-W02: 1 racks, then: ramp}", "{then: hold, 2026-W02: 1 racks}", "{2026-W02: 1, then: {growth: -5 /year}}", "0", "1000000000000",
]  # fmt: skip


def read(text: str) -> None:
    """Read a program from text; only ProgramError may be raised, and its problems must say everything."""
    try:
        program = _build(read_text(text, "mutated.yaml"), (), EXAMPLES)
    except ProgramError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.file
            assert problem.found
            assert problem.expected
        assert str(error)
    else:
        assert all(figure.value is None or math.isfinite(figure.value) for figure in program.figures)


@st.composite
def mutated(draw, of=LINES):
    """A program with a few lines dropped, doubled, swapped, cut, indented anew or given an odd value."""
    lines = list(of)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "cut", "value", "indent", "key", "insert", "token"])):
            case "drop":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, max(0, len(lines[at]))))]
            case "value" if ":" in lines[at]:
                lines[at] = lines[at].split(":")[0] + ": " + draw(st.sampled_from(ODD_VALUES))
            case "indent":
                lines[at] = " " * draw(st.integers(0, 6)) + lines[at].lstrip()
            case "key" if ":" in lines[at]:
                key, rest = lines[at].split(":", 1)
                lines[at] = f"{key}{draw(st.sampled_from(['x', '.', 's', '{', '0', ' ']))}:{rest}"
            case "insert":
                lines.insert(at, draw(st.text(max_size=40)))
            case "token":
                words = lines[at].split(" ")
                words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(ODD_VALUES))
                lines[at] = " ".join(words)
        if not lines:
            lines = [""]
    return "\n".join(lines)


@settings(max_examples=400)
@given(mutated())
def test_a_mutated_program_is_read_or_refused_in_words(text):
    read(text)


@settings(max_examples=40)
@given(mutated(of=(EXAMPLES / "us-racks.yaml").read_text(encoding="utf-8").splitlines()))
def test_the_real_program_mutated_is_read_or_refused_in_words(text):
    read(text)


@settings(max_examples=200)
@given(st.text(max_size=300))
def test_any_text_is_refused_in_words(text):
    read(text)


@settings(max_examples=100)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_words(tmp_path_factory, content):
    place = tmp_path_factory.mktemp("bytes") / "program.yaml"
    place.write_bytes(content)
    with pytest.raises(ProgramError):
        load(place)


def replaced(old: str, new: str) -> str:
    assert old in TINY, old
    return TINY.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "path", "found", "nearest"),
    [
        (replaced("spares: 10 %", "spare: 10 %"), "demand.spare", "unknown key", "spares"),
        (replaced("spares: 10 %", "spares: 10 kW"), "demand.spares", "10 kW", None),
        (replaced("supply: 40 degC", "supply: 40"), "rack.alpha.cooling.supply", "no unit", None),
        (replaced("supply: 40 degC", "supply: nan degC"), "rack.alpha.cooling.supply", "finite", None),
        (replaced("wage: 40 USD/h", "wage: -40 USD/h"), "plant.works.wage", "outside", None),
        (replaced("wage: 40 USD/h", "wage: 1e300 USD/h"), "plant.works.wage", "outside", None),
        (replaced("volume_from: 2026-W15", "volume_from: 2026-W60"), "rack.beta.volume_from", "2026-W60", None),
        (replaced("generations: [alpha, beta]", "generations: [alpha, bета]"), "demand.generations.1", "b", None),
        (replaced("generations: [alpha, beta]", "generations: [alpha, betta]"), "demand.generations.1", "betta", "beta"),
        (replaced("base: alpha", "base: beta"), "rack.beta.base", "beta", None),
        (replaced("shelf: flat,", "shelf: falt,"), "rack.alpha.power.shelf", "falt", "flat"),
        (replaced("parts: {small: 4, adapter: 4}", "parts: {smal: 4, adapter: 4}"), "rack.alpha.trays.compute.parts.smal", "smal", "small"),
        (replaced("  spares: 10 %", "  spares: 10 %\n  spares: 20 %"), "demand.spares", "", None),
        (replaced("of: beta", "of: gamma"), "agreement.option.of", "gamma", None),
        (replaced("precision: fp8}", "precision: fp9}"), "roadmap.training.first.model.precision", "fp9", "fp8"),
        (replaced("stock: {chip-small: 180", "stock: {chip-smal: 180"), "plan.start.stock.chip-smal", "chip-smal", "chip-small"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_its_path_and_the_nearest_name(text, path, found, nearest):
    with pytest.raises(ProgramError) as caught:
        _build(read_text(text, "p.yaml"), (), EXAMPLES)
    told = [problem for problem in caught.value.problems if problem.path == path]
    assert told, str(caught.value)
    assert found in told[0].found
    assert told[0].line > 0
    if nearest:
        assert told[0].nearest == nearest


def test_all_problems_are_told_at_once():
    text = TINY.replace("spares: 10 %", "spares: 10 kW").replace("wage: 40 USD/h", "wage: free")
    text = text.replace("of: beta", "on: beta").replace("generations: [alpha, beta]", "generations: [alpha, betta]")
    with pytest.raises(ProgramError) as caught:
        _build(read_text(text, "p.yaml"), (), EXAMPLES)
    paths = {problem.path for problem in caught.value.problems}
    assert {"demand.spares", "plant.works.wage", "agreement.option.on", "agreement.option.of"} <= paths
    assert "demand.generations.1" in paths


def test_a_scenario_holds_only_its_differences_and_each_value_keeps_the_line_that_wrote_it(tmp_path):
    base = tmp_path / "base.yaml"
    base.write_text(TINY.replace("evaluation/tiny.csv", str(EXAMPLES / "evaluation/tiny.csv")), encoding="utf-8")
    scenario = tmp_path / "more.yaml"
    scenario.write_text("extends: base.yaml\ndemand:\n  spares: 20 %\nagreement: null\n", encoding="utf-8")
    program = load(scenario)
    assert program.case().demand.spares_share == pytest.approx(0.2)
    assert program.case().agreement is None
    assert program.place("demand.spares") == (str(scenario), 3)
    assert program.place("demand.other")[0] == str(base)


def test_replace_passes_the_same_checks():
    program = load(EXAMPLES / "tiny.yaml")
    changed = program.replace({"rack.alpha.power.feed": "480 V", "catalogue.chips.small.power": "1.2 kW"})
    assert changed.case().rack["alpha"].power.feed_v == 480
    assert changed.case().catalogue.chips["small"].power_w == 1200
    with pytest.raises(ProgramError, match="480"):
        program.replace({"rack.alpha.power.feed": "480 W"})
