"""A headline moves with what it names and with nothing else.

Every bare number of the tiny program is moved a little (a count by one); a headline that moves must name the value that
was written there. A value that is inherited through `base:` stands at one place and is named by every path that takes it
from there, so places are compared, not paths.
"""

import math
from pathlib import Path

import pytest

from rackwright.errors import RackwrightError
from rackwright.pipeline import run
from rackwright.program import load, tree
from rackwright.report.explain import leaf_paths

TINY = Path(__file__).parents[2] / "examples" / "tiny.yaml"
#: What rests on the binding resource or on the solver's choice names what binds; a whole count more may change that.
SMOOTH_ONLY = ("plant.", "plan.", "buildout.", "agreement.", "demand.")


@pytest.fixture(scope="module")
def base():
    return run(load(TINY))


def moved_text(text: str, whole: bool) -> str | None:
    """The value a thousandth more, or one more when it counts things; None when it is no number above zero."""
    number, _, unit = text.partition(" ")
    try:
        value = float(number.replace("_", ""))
    except ValueError:
        return None
    if value <= 0:
        return None
    changed = f"{int(value) + 1}" if whole else f"{value * 0.999!r}"
    return f"{changed} {unit}".strip()


def moves(program):
    """(figure, changed text, whole) of every bare number in the file."""
    for figure in program.figures:
        node = program.at(figure.path)
        if figure.value is None or not figure.file.endswith("tiny.yaml") or not isinstance(node, tree.Scalar):
            continue
        whole = (
            figure.unit == "" and figure.value == int(figure.value) and "." not in node.text and "%" not in node.text
        )
        text = moved_text(node.text, whole and figure.value < 1000)
        if text is not None:
            yield figure, text, whole


def same(a, b) -> bool:
    if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
        return a == b
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def test_what_a_headline_does_not_name_does_not_move_it(base):
    program = base.program
    place = {figure.path: (figure.file, figure.line, figure.text) for figure in program.figures}
    named = {name: {place[path] for path in leaf_paths(base, name)} for name in base.headlines}
    unnamed = []
    for figure, text, whole in moves(program):
        try:
            outcome = run(program.replace({figure.path: text}))
        except RackwrightError:
            continue
        for name, headline in outcome.headlines.items():
            if whole and name.startswith(SMOOTH_ONLY):
                continue
            if not same(base.headlines[name].value, headline.value) and place[figure.path] not in named[name]:
                unnamed.append(f"{figure.path} = {text} moves {name}")
    assert unnamed == []


def test_every_number_that_the_power_of_a_rack_names_moves_it(base):
    program = base.program
    named = leaf_paths(base, "rack.alpha.power_w")
    still = []
    for figure, text, _ in moves(program):
        if figure.path in named and figure.path.startswith(("rack.alpha", "catalogue")):
            if figure.path.endswith((".load", ".length", ".section", ".psu_count", ".psu", ".output")):
                continue  # a flat efficiency and a busbar without length: the tiny program's own choice
            outcome = run(program.replace({figure.path: text}), until="rack")
            if same(base.headlines["rack.alpha.power_w"].value, outcome.headlines["rack.alpha.power_w"].value):
                still.append(figure.path)
    assert still == []


def test_the_binding_supply_moves_the_lateness(base):
    path = "plan.suppliers.acme.parts.chip-large.cap.2026-W15"
    more = run(base.program.replace({path: "80 /week"}))
    assert more.headlines["plan.late_rack_weeks"].value < base.headlines["plan.late_rack_weeks"].value
