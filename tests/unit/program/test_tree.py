"""Program files as trees: what stands where, what is refused, what one takes from another."""

import os
import pickle
from pathlib import Path

import pytest
import yaml

from rackwright.errors import ProgramError
from rackwright.program import read, tree
from rackwright.program.names import chain, shown

PARSERS = [pytest.param(yaml.SafeLoader, id="pure")]
if hasattr(yaml, "CSafeLoader"):
    PARSERS.insert(0, pytest.param(yaml.CSafeLoader, id="libyaml"))


@pytest.fixture(params=PARSERS)
def either_parser(request, monkeypatch):
    monkeypatch.setattr(read, "LOADER", request.param)


def plain(text):
    return tree.to_plain(tree.read_text(text, "lab.yaml"))


def problems(action, *arguments):
    with pytest.raises(ProgramError) as raised:
        action(*arguments)
    return raised.value.problems


def only(action, *arguments):
    found = problems(action, *arguments)
    assert len(found) == 1, found
    return found[0]


def refused(text):
    return only(tree.read_text, text, "lab.yaml")


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / f"{next(iter(texts))}.yaml"


# reading


def test_every_scalar_is_text(either_parser):
    text = "a: 4e9\nb: NO\nc: 1:30\nd: 2026-04-01\ne: ~\nf:\ng: 'x'\nh: [1, 0x10]"
    assert plain(text) == {
        "a": "4e9", "b": "NO", "c": "1:30", "d": "2026-04-01", "e": "~", "f": "", "g": "x", "h": ["1", "0x10"],
    }  # fmt: skip


def test_every_value_knows_its_line(either_parser):
    node = tree.read_text("# top\nrack:\n\n  gb300:\n    power: 132 kW\n    rails: [1,\n      2]\n", "lab.yaml")
    assert tree.at(node, "rack.gb300.power") == tree.Scalar("132 kW", "lab.yaml", 5)
    assert tree.at(node, "rack.gb300.rails.1") == tree.Scalar("2", "lab.yaml", 7)
    assert tree.place(node, "rack") == ("lab.yaml", 2)
    assert tree.place(node, "rack.gb300") == ("lab.yaml", 4)


def test_an_alias_stands_for_its_anchor(either_parser):
    assert plain("a: &x {b: c}\nd: *x\ne: [*x]") == {"a": {"b": "c"}, "d": {"b": "c"}, "e": [{"b": "c"}]}


def test_a_quoted_text_keeps_what_it_holds(either_parser):
    assert plain("a: \"x\\ty: z # no comment\"\nb: ''") == {"a": "x\ty: z # no comment", "b": ""}


def test_a_byte_order_mark_and_windows_line_ends_are_no_text(either_parser):
    assert plain("\ufeffa: b\r\nc: d\r\n") == {"a": "b", "c": "d"}


def test_a_text_of_a_megabyte_is_read_and_shown_short(either_parser):
    assert len(plain("a: '" + "x" * 1_000_000 + "'")["a"]) == 1_000_000
    assert len(refused("x" * 1_000_000 + ": v").found) <= 80


@pytest.mark.parametrize(
    ("text", "line", "path", "found", "expected"),
    [
        ("", 0, "", "an empty file", "rackwright: 1"),
        ("# only\n# comments\n", 0, "", "an empty file", "rackwright: 1"),
        ("---\n", 0, "", "an empty file", "rackwright: 1"),
        ("a: b\n---\nc: d\n", 2, "", "a second document", "one program"),
        ("a: !!python/object:os.system x", 1, "a", "the tag tag:yaml.org,2002:python/object:os.system", "no tags"),
        ("r:\n  - !mine {b: c}", 2, "r.0", "the tag !mine", "no tags"),
        ("%TAG ! x\n--- a", 1, "", "%TAG", "no tags"),
        ("a: &x {b: c}\nd:\n  <<: *x", 3, "d", "the merge key <<", "base: KEY"),
        ("? [a]\n: b", 1, "", "a list, a mapping or an alias as a name", "plain text"),
        ("a: &x b\n*x : c", 2, "", "a list, a mapping or an alias as a name", "plain text"),
        ("a: b\nc:\n  a: 1\n  b: 2\n  a: 3", 5, "c.a", "a again, first on line 3", "once"),
        ("a: *x", 1, "a", "*x without an anchor", "&x"),
        ("a: &x [*x]", 1, "a.0", "*x inside itself", "&x"),
        ("a: &x b\nc: &x d", 2, "c", "&x again", "once"),
        ("a.b: c", 1, "", "a.b", "without dots"),
        ("'': c", 1, "", "nothing", "a name"),
        ('"a\\tb": c', 1, "", "a\\tb", "control characters"),
        ("k" * 101 + ": c", 1, "", "k" * 77 + "...", "100 characters"),
        ("a: \x01", 1, "", "control character \\x01 at offset 3", "text"),
        ("a: b\nc: \0", 2, "", "control character \\x00 at offset 8", "text"),
        ("a: \ud800", 1, "", "control character \\ud800 at offset 3", "text"),
        ("a:\n\tb: c", 2, "a", "\\tb: c", "spaces, not tabs"),
        ("a: b: c", 1, "", "a: b: c", "YAML"),
        ("a:\n  - [1, 2}", 2, "a.0", "  - [1, 2}", "YAML"),
    ],
)
def test_what_no_program_holds_is_one_problem(text, line, path, found, expected, either_parser):
    problem = refused(text)
    assert (problem.file, problem.line, problem.path, problem.found) == ("lab.yaml", line, path, found)
    assert expected in problem.expected


@pytest.mark.parametrize("escape", ["\\ud800", "\\UFFFFFFFF"])
def test_an_escape_that_is_no_character_is_a_problem(escape, either_parser):
    assert refused(f'a: "{escape}"').path == "a"


@pytest.mark.parametrize("text", ["a: !%c0%80 b", "%YAML " + "9" * 5000 + ".1\n--- a"])
def test_what_the_parser_itself_chokes_on_is_a_problem(text, either_parser):
    assert refused(text).file == "lab.yaml"


def test_all_problems_are_gathered():
    found = problems(tree.read_text, "a: 1\na: 2\nb.c: !t x\nd: *none\ne: [", "lab.yaml")
    assert [problem.line for problem in found] == [2, 3, 3, 4, 5]


def test_over_a_thousand_problems_end_the_reading():
    found = problems(tree.read_text, "a: b\n" * 100_000, "lab.yaml")
    assert len(found) == 1001
    assert "over 1,000 problems" in [problem.found for problem in found]


@pytest.mark.parametrize("start", ["[", "{a: ", "- ", "[\n", "? ", "{? "])
def test_a_hundred_thousand_levels_end_at_the_41st(start, either_parser):
    assert refused(start * 100_000).found == "nesting deeper than 40 levels"


def test_forty_levels_are_read_and_no_more():
    assert tree.read_text("[" * 40 + "]" * 40, "lab.yaml")
    assert refused("[" * 41 + "]" * 41).found == "nesting deeper than 40 levels"


def test_aliases_that_nest_count_as_levels():
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 100)]
    problem = refused("\n".join(lines))
    assert (problem.line, problem.found) == (40, "nesting deeper than 40 levels")


def test_a_thousand_aliases_are_read_and_no_more():
    assert plain("a: &a x\nb: [" + "*a, " * 1000 + "]")["b"] == ["x"] * 1000
    assert refused("a: &a x\nb: [" + "*a, " * 1001 + "]").found == "over 1,000 aliases"


def test_aliases_that_blow_up_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert refused("\n".join(lines)).found == "over 200,000 values, aliases written out"


def test_two_hundred_thousand_values_are_read_and_no_more():
    assert tree.read_text("[" + "a," * 199_999 + "]", "lab.yaml")
    assert refused("[" + "a," * 200_000 + "]").found == "over 200,000 values"


# files


def test_a_file_is_read_under_its_own_name(tmp_path):
    path = write(tmp_path, lab="a: b")
    assert tree.read_file(path) == tree.Mapping({"a": tree.Scalar("b", str(path), 1)}, str(path), 1, {"a": 1})


@pytest.mark.parametrize(
    ("data", "line", "found"),
    [
        (b"", 0, "an empty file"),
        (b"a" * 5_000_001, 0, "a file of over 5 MB"),
        (b"a: b\nc: \xff", 2, "byte 0xff at offset 8"),
        (b"a: b\nc: \0", 2, "control character \\x00 at offset 8"),
        ("a: b".encode("utf-16"), 1, "byte 0xff at offset 0"),
    ],
)
def test_a_file_that_is_no_text_is_one_problem(data, line, found, tmp_path):
    path = tmp_path / "lab.yaml"
    path.write_bytes(data)
    problem = only(tree.read_file, path)
    assert (problem.file, problem.line, problem.path, problem.found) == (str(path), line, "", found)


def test_a_missing_file_names_the_one_that_is_there(tmp_path):
    write(tmp_path, lab="a: b")
    problem = only(tree.read_file, tmp_path / "lba.yaml")
    assert (problem.line, problem.path, problem.nearest) == (0, "", "lab.yaml")


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 300, "x/" * 3000])
def test_what_is_no_name_of_a_file_is_a_problem(name, tmp_path):
    assert only(tree.read_file, tmp_path / name).line == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert only(tree.read_file, tmp_path / "pipe").found == "a device or a pipe"


def test_a_link_to_itself_is_a_problem(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert only(tree.read_file, tmp_path / "loop").line == 0


# Python values


def test_python_values_become_text():
    value = {"a": 1, "b": 2.5, "c": True, "d": None, "e": ["x", ("y",)], 2026: "z"}
    assert tree.to_plain(tree.from_plain(value)) == {
        "a": "1", "b": "2.5", "c": "true", "d": "null", "e": ["x", ["y"]], "2026": "z",
    }  # fmt: skip


def test_numbers_of_numpy_become_text():
    numpy = pytest.importorskip("numpy")
    assert tree.to_plain(tree.from_plain([numpy.float64(0.5), numpy.int64(3)])) == ["0.5", "3"]


def test_all_values_that_no_file_could_hold_are_named():
    value = {"a": object(), "b": {1, 2}, "c": "\ud800", "d": 10**5000, "e.f": "x", 2.5: "y", "": "z"}
    found = {problem.path for problem in problems(tree.from_plain, value)}
    assert found == {"a", "b", "c", "d", "e.f", "float", "str"}


def test_a_list_that_holds_itself_is_a_problem():
    ring = []
    ring.append(ring)
    assert only(tree.from_plain, ring).found == "nesting deeper than 40 levels"


def test_lists_that_blow_up_are_a_problem():
    value = ["x"] * 10
    for _ in range(20):
        value = [value] * 10
    assert only(tree.from_plain, value).found == "over 200,000 values"


def test_a_tree_survives_the_way_to_another_process():
    node = tree.read_text("a: [b, {c: d}]", "lab.yaml")
    assert pickle.loads(pickle.dumps(node)) == node


# paths


NODE = tree.read_text("rack:\n  gb300:\n    power: 132 kW\n    trays: [a, b]\nseries: {2026-W02: 1}\n", "lab.yaml")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("rack.gb300.power", "132 kW"),
        (["rack", "gb300", "power"], "132 kW"),
        ("rack.gb300.trays.1", "b"),
        ("series.2026-W02", "1"),
    ],
)
def test_a_path_leads_to_its_value(path, text):
    assert tree.at(NODE, path).text == text


@pytest.mark.parametrize(
    "path", ["x", "rack.x", "rack.gb300.power.x", "rack.gb300.trays.2", "rack.gb300.trays.-1", "."]
)
def test_a_path_that_leads_nowhere_has_no_value(path):
    assert tree.at(NODE, path) is None


def test_the_empty_path_is_the_tree_itself():
    assert tree.at(NODE, "") is NODE


@pytest.mark.parametrize(
    ("path", "line"),
    [("", 1), ("x", 1), ("rack", 1), ("rack.x", 1), ("rack.gb300.x.y", 2), ("rack.gb300.power.x", 3), ("series", 5)],
)
def test_the_place_of_a_missing_value_is_that_of_the_last_one_on_the_way(path, line):
    assert tree.place(NODE, path) == ("lab.yaml", line)


def replaced(path, value):
    return tree.to_plain(tree.replace_at(NODE, path, tree.from_plain(value)))


def test_a_value_is_replaced_and_the_tree_before_stays():
    before = tree.to_plain(NODE)
    assert replaced("rack.gb300.power", "140 kW")["rack"]["gb300"] == {"power": "140 kW", "trays": ["a", "b"]}
    assert tree.to_plain(NODE) == before


def test_missing_mappings_are_made():
    assert replaced("plant.ohio.lines", {"l10": 4})["plant"] == {"ohio": {"lines": {"l10": "4"}}}


def test_a_place_in_a_list_is_replaced_or_removed():
    assert replaced("rack.gb300.trays.1", "c")["rack"]["gb300"]["trays"] == ["a", "c"]
    assert replaced("rack.gb300.trays.0", None)["rack"]["gb300"]["trays"] == ["b"]


def test_none_removes_what_stands_there():
    assert replaced("rack.gb300.power", None)["rack"] == {"gb300": {"trays": ["a", "b"]}}
    assert replaced("rack", None) == {"series": {"2026-W02": "1"}}


def test_none_where_nothing_stands_removes_what_a_base_brings():
    section = tree.from_plain({"own": {"base": "sold"}})
    changed = tree.replace_at(section, "own.cooling.flow", tree.from_plain(None))
    sold = tree.from_plain({"cooling": {"flow": "100 L/min", "supply": "45 degC"}})
    whole, found = tree.resolve_bases(changed, {"sold": sold}, "rack")
    assert not found
    assert tree.to_plain(whole) == {"own": {"base": "sold", "cooling": {"supply": "45 degC"}}}


def test_a_replaced_value_keeps_its_own_place():
    node = tree.replace_at(NODE, "rack.gb300.power", tree.Scalar("1 kW", "other.yaml", 9))
    assert tree.place(node, "rack.gb300.power") == ("other.yaml", 9)
    assert tree.place(node, "rack.gb300") == ("lab.yaml", 2)


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("rack.gb300.power.value", "rack.gb300.power.value"),
        ("rack.gb300.trays.2", "rack.gb300.trays.2"),
        ("rack.gb300.trays.x", "rack.gb300.trays.x"),
        ("rack..power", "rack.nothing"),
        (["rack", "a.b"], "rack.a.b"),
        (".".join("a" * 41), ".".join("a" * 40)),
    ],
)
def test_a_path_that_cannot_be_made_is_a_problem(path, where):
    assert only(tree.replace_at, NODE, path, tree.from_plain("x")).path == where


# merge


def merged(under, over):
    return tree.to_plain(tree.merge(tree.from_plain(under), tree.from_plain(over)))


@pytest.mark.parametrize(
    ("under", "over", "result"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": "1", "c": "3"}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": ["3"]}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": "2"}}),
        ({"a": {"b": 2}}, {"a": 1}, {"a": "1"}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": "2"}),
        ({"a": 1, "b": 2}, {"a": "~"}, {"b": "2"}),
        ({"a": 1, "b": 2}, {"a": ""}, {"b": "2"}),
        ({"a": 1}, {"a": "Null"}, {"a": "Null"}),
        ({"a": {"b": 1}}, {"a": {"b": None}}, {"a": {}}),
        ({}, {"a": {"b": None, "c": 1}, "d": None}, {"a": {"c": "1"}}),
        ({"a": {"value": 1, "source": "x"}}, {"a": {"value": 2}}, {"a": {"value": "2"}}),
        ({"a": {"low": 1, "mode": 2, "high": 3}}, {"a": {"mode": 5}}, {"a": {"mode": "5"}}),
        ({"a": {"value": 1}}, {"a": {"low": 1, "mode": 2, "high": 3}}, {"a": {"low": "1", "mode": "2", "high": "3"}}),
        ({"a": {"2026-W02": 1, "then": "hold"}}, {"a": {"2027": 2}}, {"a": {"2027": "2"}}),
        ({"a": {"2026-W02": 1}}, {"a": {"b": 2}}, {"a": {"b": "2"}}),
        ({"high": {"x": 1}}, {"high": {"y": 2}}, {"high": {"x": "1", "y": "2"}}),
    ],
)
def test_over_is_laid_on_under(under, over, result):
    assert merged(under, over) == result


def test_keys_come_in_the_order_of_under_then_new_ones():
    assert list(merged({"b": 1, "a": 2}, {"c": 3, "a": 4})) == ["b", "a", "c"]


def test_every_value_keeps_the_file_and_line_that_wrote_it():
    under = tree.read_text("a:\n  b: 1\n  c: 2\n", "under.yaml")
    over = tree.read_text("\n\na:\n  c: 3\n  d: 4\n", "over.yaml")
    node = tree.merge(under, over)
    assert tree.place(node, "a.b") == ("under.yaml", 2)
    assert tree.place(node, "a.c") == ("over.yaml", 4)
    assert tree.place(node, "a.d") == ("over.yaml", 5)
    assert tree.place(node, "a") == ("over.yaml", 3)


@pytest.mark.parametrize(
    ("value", "single"),
    [
        ({"value": "132 kW"}, True),
        ({"value": "7 MUSD", "volatility": "15 %"}, True),
        ({"value": {"low": 1, "mode": 2, "high": 3}}, True),
        ({"low": 1, "mode": 2, "high": 3, "source": "x"}, True),
        ({"2026-W02": 1, "then": "ramp", "2028-W50": 2}, True),
        ({"2026": 1, "2027": 2, "source": "x"}, True),
        ({"2026-04-01": 1}, True),
        ({}, False),
        ({"then": "hold"}, False),
        ({"2026": 1, "power": 2}, False),
        ({"low": {"power": 1}, "high": {"power": 2}}, False),
        ({"value": {"power": 1}}, False),
        ({"power": 1}, False),
    ],
)
def test_a_value_mapping_is_told_by_its_keys(value, single):
    assert tree.is_value(tree.from_plain(value)) is single


def test_without_leaves_one_key_out():
    assert tree.without(tree.read_text("a: 1\nb: 2", "f"), "a") == tree.Mapping(
        {"b": tree.Scalar("2", "f", 2)}, "f", 1, {"b": 2}
    )


# extends


def test_a_scenario_holds_its_differences(tmp_path):
    path = write(
        tmp_path,
        hot="extends: mid.yaml\nrack: {gb300: {supply: 50 degC}}\nseed: 2",
        mid="rack:\n  gb300:\n    flow: null\n  kyber: {count: 1}\nextends: base.yaml",
        base="seed: 1\nrack:\n  gb300: {supply: 40 degC, flow: 1 L/min}\n",
    )
    node, files = tree.resolve_extends(path)
    assert tree.to_plain(node) == {"seed": "2", "rack": {"gb300": {"supply": "50 degC"}, "kyber": {"count": "1"}}}
    assert files == (path, tmp_path / "mid.yaml", tmp_path / "base.yaml")
    assert tree.place(node, "rack.kyber") == (str(tmp_path / "mid.yaml"), 4)


def test_extends_is_relative_to_the_file_that_says_it(tmp_path):
    (tmp_path / "deep").mkdir()
    write(tmp_path, base="a: 1")
    node, _ = tree.resolve_extends(write(tmp_path / "deep", top="extends: ../base.yaml"))
    assert tree.to_plain(node) == {"a": "1"}


def test_a_null_that_removes_nothing_from_the_files_waits_for_the_base(tmp_path):
    path = write(tmp_path, top="extends: base.yaml\nrack: {own: {flow: null}}", base="rack: {own: {base: sold}}")
    node, _ = tree.resolve_extends(path)
    sold = tree.from_plain({"flow": "1 L/min", "supply": "45 degC"})
    whole, _ = tree.resolve_bases(node.items["rack"], {"sold": sold}, "rack")
    assert tree.to_plain(whole) == {"own": {"base": "sold", "supply": "45 degC"}}


def test_a_missing_file_stands_at_its_extends(tmp_path):
    path = write(tmp_path, top="a: 1\nextends: bsae.yaml", base="a: 1")
    problem = only(tree.resolve_extends, path)
    assert (problem.file, problem.line, problem.path, problem.nearest) == (str(path), 2, "extends", "base.yaml")


def test_a_cycle_of_files_shows_its_chain(tmp_path):
    path = write(tmp_path, top="extends: one.yaml", one="extends: two.yaml", two="extends: again/one.yaml")
    (tmp_path / "again").symlink_to(tmp_path)
    problem = only(tree.resolve_extends, path)
    assert (problem.file, problem.line) == (str(tmp_path / "two.yaml"), 1)
    assert problem.found == "top.yaml -> one.yaml -> two.yaml -> one.yaml, a cycle"


def test_eight_levels_of_extends_are_read_and_no_more(tmp_path):
    for number in range(10):
        write(tmp_path, **{f"f{number}": f"extends: f{number + 1}.yaml" if number < 9 else "a: 1"})
    node, files = tree.resolve_extends(tmp_path / "f1.yaml")
    assert (tree.to_plain(node), len(files)) == ({"a": "1"}, 9)
    problem = only(tree.resolve_extends, tmp_path / "f0.yaml")
    assert (problem.file, problem.found) == (str(tmp_path / "f8.yaml"), "over 8 levels of extends")


@pytest.mark.parametrize("link", ["", "null", "[a]", "{a: b}", ".", '"a\\0b"', "x" * 300, "/dev/null", "empty.yaml"])
def test_what_is_no_file_to_extend_is_a_problem(link, tmp_path):
    (tmp_path / "empty.yaml").touch()
    problem = only(tree.resolve_extends, write(tmp_path, top=f"a: 1\nextends: {link}"))
    assert (problem.line, problem.path) == (2, "extends")


@pytest.mark.parametrize("text", ["a", "[a]", "~"])
def test_a_program_is_a_mapping_of_sections(text, tmp_path):
    assert "sections" in only(tree.resolve_extends, write(tmp_path, top=text)).expected


def test_files_count_together(tmp_path):
    values = "[" + "a," * 150_000 + "]"
    path = write(tmp_path, top=f"extends: base.yaml\na: {values}", base=f"b: {values}")
    assert only(tree.resolve_extends, path).file == str(tmp_path / "base.yaml")


# bases


def based(section, catalogue=None):
    entries = {key: tree.from_plain(value) for key, value in (catalogue or {}).items()}
    node, found = tree.resolve_bases(tree.from_plain(section), entries, "rack")
    return tree.to_plain(node), found


def test_a_thing_takes_everything_from_its_base_and_keeps_its_differences():
    whole, found = based(
        {"own": {"base": "sold", "cooling": {"supply": "45 degC"}, "mass": None}},
        {"sold": {"cooling": {"supply": "40 degC", "flow": "1 L/min"}, "mass": "1 kg", "power": "2 kW"}},
    )
    assert not found
    assert whole["own"] == {
        "cooling": {"supply": "45 degC", "flow": "1 L/min"}, "power": "2 kW", "base": "sold",
    }  # fmt: skip


def test_bases_follow_each_other():
    whole, found = based({"c": {"base": "b", "z": 3}, "b": {"base": "a", "y": 2}, "a": {"x": 1}})
    assert not found
    assert whole["c"] == {"x": "1", "base": "b", "y": "2", "z": "3"}
    assert list(whole) == ["c", "b", "a"]


def test_a_sibling_wins_over_the_catalogue_unless_it_is_the_thing_itself():
    catalogue = {"a": {"from": "catalogue"}}
    assert based({"b": {"base": "a"}, "a": {"from": "sibling"}}, catalogue)[0]["b"]["from"] == "sibling"
    assert based({"a": {"base": "a"}}, catalogue)[0]["a"]["from"] == "catalogue"


def test_a_catalogue_entry_may_have_a_base_of_its_own():
    whole, found = based({"own": {"base": "new"}}, {"new": {"base": "old", "x": 1}, "old": {"y": 2}})
    assert not found
    assert whole["own"] == {"y": "2", "base": "new", "x": "1"}


def test_a_dangling_base_names_the_nearest():
    whole, found = based({"own": {"base": "Vera_Rubin", "x": 1}}, {"vera-rubin": {}, "gb300": {}})
    assert whole == {"own": {"base": "Vera_Rubin", "x": "1"}}
    assert [(item.path, item.found, item.nearest) for item in found] == [("rack.own.base", "Vera_Rubin", "vera-rubin")]


def test_a_ring_of_bases_is_one_problem_with_its_chain():
    _, found = based({"d": {"base": "a"}, "a": {"base": "b"}, "b": {"base": "c"}, "c": {"base": "a"}})
    assert [(item.path, item.found) for item in found] == [("rack.a.base", "a -> b -> c -> a, a cycle")]


def test_a_thing_based_on_itself_is_a_cycle():
    _, found = based({"a": {"base": "a"}})
    assert [item.found for item in found] == ["a -> a, a cycle"]


@pytest.mark.parametrize("base", [["a"], {"a": "b"}, "text", ""])
def test_what_is_no_base_is_a_problem(base):
    _, found = based({"own": {"base": base}, "text": "x"})
    assert [item.path for item in found] == ["rack.own.base"]


def test_the_problem_stands_at_the_line_of_the_base():
    section = tree.read_text("own:\n  x: 1\n  base: none", "lab.yaml")
    assert [(item.file, item.line) for item in tree.resolve_bases(section, {}, "rack")[1]] == [("lab.yaml", 3)]


def test_a_chain_of_many_thousand_bases_ends():
    _, found = based({f"a{i}": {"base": f"a{i + 1}", f"k{i}": 1} for i in range(20_000)} | {"a20000": {}})
    assert [item.found for item in found] == ["over 200,000 values with all bases written out"]


# names


@pytest.mark.parametrize(
    ("name", "valid", "meant"),
    [
        ("coolin", ["cooling", "power"], "cooling"),
        ("GB300", ["gb300"], "gb300"),
        ("heat_rejection", ["heat-rejection"], "heat-rejection"),
        ("supply", ["flow", "coolant"], None),
        ("", ["a"], None),
        ("x" * 100_000, ["x"], None),
        ("a", [], None),
    ],
)
def test_the_nearest_name(name, valid, meant):
    assert tree.nearest(name, valid) == meant


def test_what_is_shown_is_short_and_printable():
    assert shown("a\x07\n") == "a\\x07\\n"
    assert shown("\x07" * 1000) == ("\\x07" * 20)[:77] + "..."


def test_a_long_chain_leaves_its_middle_out():
    assert chain(map(str, range(100))) == "0 -> 1 -> 2 -> 3 -> 4 -> ... -> 96 -> 97 -> 98 -> 99"


def test_the_order_of_lines_is_the_order_of_problems():
    text = "b: 1\nb: 2\na: 1\na: 2\n"
    assert [problem.line for problem in problems(tree.read_text, text, "lab.yaml")] == [2, 4]


def test_file_and_text_read_alike(tmp_path):
    path = write(tmp_path, lab="a: [b]")
    assert tree.read_file(Path(path)) == tree.read_text("a: [b]", str(path))
