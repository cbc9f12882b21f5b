"""Where machine code is kept: one folder a state of the kernels' sources, four states at most."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core import config

from rackwright import compiled

MARK = b"from rackwright.compiled import"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small package with one kernel's source and one other, in the place of ours."""
    home = tmp_path / "package"
    (home / "deep").mkdir(parents=True)
    (home / "compiled.py").write_text("")
    (home / "deep" / "drops.py").write_text("from rackwright.compiled import kernel\nLEAST = 1e-7\n")
    (home / "words.py").write_text("GREETING = 'good morning'\n")
    monkeypatch.setattr(compiled, "__file__", str(home / "compiled.py"))
    monkeypatch.setenv("RACKWRIGHT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    before = vars(config).get("CACHE_DIR")
    compiled.kernel_folder.cache_clear()
    compiled._keep_machine_code.cache_clear()
    yield home
    vars(config)["CACHE_DIR"] = before
    compiled.kernel_folder.cache_clear()
    compiled._keep_machine_code.cache_clear()


def folder_now() -> Path:
    """The folder as a fresh process would name it."""
    compiled.kernel_folder.cache_clear()
    return compiled.kernel_folder()


def keep_now() -> None:
    """What the first kernel of a fresh process does."""
    compiled.kernel_folder.cache_clear()
    compiled._keep_machine_code.cache_clear()
    compiled._keep_machine_code()


def states(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def aged(parent: Path, name: str, seconds: float) -> Path:
    """A state of the sources whose machine code was written so long ago."""
    state = parent / name
    state.mkdir(parents=True)
    (state / "code.nbc").write_text("machine code")
    os.utime(state, (1e9 - seconds, 1e9 - seconds))
    return state


def test_the_same_sources_have_the_same_folder(package: Path) -> None:
    assert folder_now() == folder_now()


def test_a_changed_kernel_has_another_folder_and_changed_back_the_old_one(package: Path) -> None:
    source = package / "deep" / "drops.py"
    text, first = source.read_text(), folder_now()
    source.write_text(text.replace("1e-7", "1e-8"))
    assert folder_now() != first
    source.write_text(text)
    assert folder_now() == first


def test_a_change_in_words_that_are_no_kernel_compiles_nothing_anew(package: Path) -> None:
    first = folder_now()
    (package / "words.py").write_text("GREETING = 'good night'\n")
    assert folder_now() == first


def test_a_new_kernel_a_moved_one_and_a_lost_one_each_have_another_folder(package: Path) -> None:
    source = package / "deep" / "drops.py"
    found = {folder_now()}
    (package / "laws.py").write_text("from rackwright.compiled import kernel\n")
    found.add(folder_now())
    (package / "laws.py").unlink()
    source.rename(package / "drops.py")
    found.add(folder_now())
    (package / "drops.py").unlink()
    found.add(folder_now())
    assert len(found) == 4


@pytest.mark.parametrize("module", ["numba", "np"])
def test_another_version_beneath_has_another_folder(
    package: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    first = folder_now()
    monkeypatch.setattr(getattr(compiled, module), "__version__", "99.0")
    assert folder_now() != first


def test_the_four_newest_states_are_kept_counting_the_one_to_come(package: Path) -> None:
    parent = folder_now().parent
    for age in range(6):
        aged(parent, f"state {age}", age)
    keep_now()
    folder_now().mkdir()
    assert states(parent) == {"state 0", "state 1", "state 2", folder_now().name}


def test_a_state_that_is_there_already_costs_no_other_its_place(package: Path) -> None:
    parent = folder_now().parent
    for age in range(6):
        aged(parent, f"state {age}", age)
    folder_now().mkdir()
    keep_now()
    assert len(states(parent)) == 7


def test_the_first_kernel_ever_finds_no_folder_and_does_not_mind(package: Path) -> None:
    keep_now()
    assert vars(config)["CACHE_DIR"] == str(folder_now())


def test_a_users_own_folder_for_machine_code_is_left_to_the_user(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = folder_now().parent
    for age in range(6):
        aged(parent, f"state {age}", age)
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/somewhere/else")
    before = vars(config)["CACHE_DIR"]
    keep_now()
    assert vars(config)["CACHE_DIR"] == before
    assert len(states(parent)) == 6


@pytest.mark.parametrize("made", [compiled.kernel, compiled.scalar])
def test_a_kernel_answers_as_the_function_that_it_was_made_of(made: Any) -> None:
    def root(x: float) -> float:
        return float(np.sqrt(x) + 1.0 / x)

    fast = made(root)
    for x in (0.5, 2.0, 9.0):
        assert fast(x) == pytest.approx(root(x), rel=1e-15)
    # numbers as numpy has them: a division by zero is infinite and stops nobody
    assert fast(0.0) == np.inf


def used_by_kernels(path: Path) -> set[str]:
    """Names that the functions under `@kernel` or `@scalar` in a source read from outside themselves."""
    tree = ast.parse(path.read_text())
    kernels = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(mark, ast.Name) and mark.id in {"kernel", "scalar"} for mark in node.decorator_list)
    ]
    return {name.id for item in kernels for line in item.body for name in ast.walk(line) if isinstance(name, ast.Name)}


def test_no_kernel_rests_on_a_source_that_the_folders_name_leaves_out() -> None:
    """Machine code has constants of other modules written into it: each such module must count in the name."""
    home = Path(compiled.__file__).parent
    sources = {path for path in home.rglob("*.py") if MARK in path.read_bytes()}
    assert len(sources) > 5
    left_out = []
    for path in sources:
        used = used_by_kernels(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("rackwright."):
                continue
            for alias in node.names:
                if (alias.asname or alias.name) not in used:
                    continue
                whole = home.joinpath(*f"{node.module}.{alias.name}".split(".")[1:]).with_suffix(".py")
                origin = (
                    whole if whole.exists() else home.joinpath(*(node.module or "").split(".")[1:]).with_suffix(".py")
                )
                if origin not in sources and origin.name != "compiled.py":
                    left_out.append(f"{path.relative_to(home)} takes {alias.name} from {origin.relative_to(home)}")
    assert not left_out
