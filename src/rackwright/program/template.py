"""Writing programs: the commented one that `init` gives, and one with every default filled in."""

from __future__ import annotations

import os
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from rackwright.errors import Problem, ProgramError, StoreError
from rackwright.program import tree

if TYPE_CHECKING:
    from rackwright.program.load import Program


def write_template(place: Path, *, replace: bool = False) -> list[Path]:
    """Write the small commented program; returns what was written.

    Raises
    ------
    ProgramError
        When the file is there already and `replace` is false.
    StoreError
        When the disk refuses.
    """
    if place.exists() and not replace:
        raise ProgramError([Problem(str(place), 0, "", "a file that exists", "a new file, or --force to replace it")])
    _write(place, files("rackwright.program").joinpath("template.yaml").read_text(encoding="utf-8"))
    return [place]


def write_whole(program: Program, place: Path) -> None:
    """Write the program with every base and default filled in, each with its standing and source.

    Raises
    ------
    StoreError
        When the disk refuses.
    """
    plain = tree.to_plain(program.whole)
    assert isinstance(plain, dict)
    text = yaml.safe_dump(_flow(plain), sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
    _write(place, f"# {program.name} with every default filled in\n{text}")


def _flow(item: object) -> object:
    """Drop `base:`, whose values now stand in the file."""
    if isinstance(item, dict):
        return {key: _flow(value) for key, value in item.items() if key != "base"}
    return [_flow(value) for value in item] if isinstance(item, list) else item


def _write(place: Path, text: str) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as draft:
            draft.write(text)
        draft_place = Path(name)
        draft_place.chmod(0o644)
        draft_place.replace(place)
    except OSError as error:
        raise StoreError(f"cannot write {place}: {error.strerror or error}") from error
