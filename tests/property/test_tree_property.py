"""Whatever stands in a file, it becomes a tree or a list of problems, and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.errors import ProgramError
from rackwright.program import tree
from rackwright.program.nodes import MOST_LEVELS, MOST_VALUES, levels, size

PROGRAM = """\
rackwright: 1
extends: base.yaml  # the rest
rack:
  gb300: &gb
    base: nvidia
    power: {value: 132 kW, source: "a: b"}
    cooling: {supply: 45 degC, flow: auto}
    trays: [a, b, [c]]
  kyber:
    base: gb300
    like: *gb
    demand: {2026-W02: 20000 racks, then: ramp, 2028-W50: 150000 racks}
    note: |
      two
      lines
    burn_in: {low: 24 h, mode: 48 h, high: 72 h}
plan:
  policy: null
"""
NAMES = st.sampled_from(["a", "b", "base", "value", "low", "mode", "then", "2026-W02", "2027", "high", "thing"])
TEXTS = st.sampled_from(["1 kW", "x", "auto", "null", "~", "", "hold"])
TREES = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
).map(tree.from_plain)
MAPPINGS = st.dictionaries(NAMES, TREES, max_size=4).map(
    lambda items: tree.Mapping(items, "<python>", 0, dict.fromkeys(items, 0))
)
SIGNS = ["\t", "---\n", "...\n", "? ", ": ", "'", '"', "|\n", ">", "#", "}", "]", "\\", "\r"]
BEYOND_ASCII = ["\0", "\ud800", "\x85", "\u2028", "\ufeff"]
REFUSED = ["&a ", "*a", "*gb", "<<: *gb", "!!python/name:x ", "%TAG ! x\n", "a.b: c\n", "[" * 50, "{" * 50, "- " * 50]
PIECES = st.sampled_from([*SIGNS, *BEYOND_ASCII, *REFUSED])


@st.composite
def mutated(draw):
    lines = PROGRAM.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 6))):
        here, there = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        change = draw(st.sampled_from(["delete", "double", "swap", "insert", "indent", "cut"]))
        if change == "delete" and len(lines) > 1:
            del lines[here]
        elif change == "double":
            lines.insert(there, lines[here])
        elif change == "swap":
            lines[here], lines[there] = lines[there], lines[here]
        elif change == "insert":
            column = draw(st.integers(0, len(lines[here])))
            lines[here] = lines[here][:column] + draw(PIECES) + lines[here][column:]
        elif change == "indent":
            lines[here] = " " * draw(st.integers(0, 8)) + lines[here].lstrip(" ")
        else:
            lines[here] = lines[here][: draw(st.integers(0, len(lines[here])))]
    return "".join(lines)


def check_problems(error):
    assert error.problems
    for problem in error.problems:
        assert len(problem.found) <= 250
        assert f"{problem.found}{problem.expected}{problem.path}".isprintable()
    str(error).encode()


def read_or_refused(action, *arguments):
    """The tree, with what holds for every tree; or None, with what holds for every problem."""
    try:
        node = action(*arguments)
    except ProgramError as error:
        check_problems(error)
        return None
    assert levels(node) <= MOST_LEVELS
    assert size(node) <= MOST_VALUES
    assert tree.to_plain(tree.from_plain(tree.to_plain(node))) == tree.to_plain(node)
    return node


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    read_or_refused(tree.read_file, path)


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text):
    read_or_refused(tree.read_text, text, "any.yaml")


@settings(max_examples=300)
@given(st.text(alphabet="ab:-?[]{},&*!|>'\"%#\\@ \n\t.~<=0", max_size=200))
def test_any_text_of_signs_is_read_or_refused(text):
    read_or_refused(tree.read_text, text, "signs.yaml")


@settings(max_examples=500)
@given(mutated())
def test_a_damaged_program_is_read_or_refused(text):
    node = read_or_refused(tree.read_text, text, "damaged.yaml")
    if isinstance(node, tree.Mapping):
        section = node.items.get("rack")
        if isinstance(section, tree.Mapping):
            whole, found = tree.resolve_bases(section, {"nvidia": tree.from_plain({"power": "1 kW"})}, "rack")
            assert whole.items.keys() == section.items.keys()
            assert all(problem.path.endswith(".base") for problem in found)


@given(mutated(), st.binary(max_size=40))
def test_a_damaged_chain_of_files_is_read_or_refused(tmp_path_factory, text, data):
    folder = tmp_path_factory.getbasetemp()
    (folder / "damaged.yaml").write_bytes(text.encode(errors="surrogatepass"))
    (folder / "base.yaml").write_bytes(b"seed: 1\n" + data)
    read_or_refused(lambda: tree.resolve_extends(folder / "damaged.yaml")[0])


@given(st.lists(st.sampled_from("[{"), min_size=41, max_size=3000))
def test_deep_nesting_is_refused_whatever_it_is_made_of(starts):
    text = "".join("[" if start == "[" else "{a: " for start in starts)
    assert read_or_refused(tree.read_text, text, "deep.yaml") is None


PYTHON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.none(), inner) | st.tuples(inner),
)


@given(PYTHON)
def test_any_python_value_becomes_a_tree_or_problems(value):
    read_or_refused(tree.from_plain, value)


@given(MAPPINGS, st.lists(NAMES | st.sampled_from(["0", "1", "", "a.b", "-1"]), max_size=5), TREES)
def test_what_is_replaced_stands_there(node, path, value):
    changed = read_or_refused(tree.replace_at, node, path, value)
    if changed is not None and not tree.removes(value):
        assert tree.at(changed, path) == value
    tree.place(node, path)


@given(MAPPINGS, MAPPINGS)
def test_no_key_that_over_removes_is_left(under, over):
    result = tree.merge(under, over)
    if not tree.is_value(over):
        assert not [key for key, item in over.items.items() if tree.removes(item) and key in result.items]


@given(MAPPINGS)
def test_a_tree_laid_over_nothing_or_itself_loses_only_its_nulls(node):
    once = tree.merge(tree.from_plain({}), node)
    assert tree.merge(once, once) == once
    assert tree.merge(once, tree.from_plain({})) == once or tree.is_value(once)


@given(MAPPINGS, MAPPINGS)
def test_a_value_of_over_wins_wherever_it_is_no_mapping(under, over):
    result = tree.merge(under, over)
    for key, item in over.items.items():
        if not isinstance(item, tree.Mapping) and not tree.removes(item):
            assert result.items[key] == item


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, TEXTS | NAMES, max_size=3), max_size=6), st.randoms())
def test_bases_resolve_alike_in_any_order(things, random):
    shuffled = list(things.items())
    random.shuffle(shuffled)
    one, found = tree.resolve_bases(tree.from_plain(things), {}, "rack")
    other, found_other = tree.resolve_bases(tree.from_plain(dict(shuffled)), {}, "rack")
    assert bool(found) == bool(found_other)
    if not found:
        assert tree.to_plain(one) == tree.to_plain(other)
