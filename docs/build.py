"""Writes docs/reference/ from the declarations: program file, tables, headlines, units, command line, catalogue.

Run by `make docs`; a test holds that what is committed is what the declarations say.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel

from rackwright import cli
from rackwright.outcome import STAGES
from rackwright.program import fields, schema, tree
from rackwright.program.load import shipped
from rackwright.study.network_specs import TABLES as NETWORK_STUDIED
from rackwright.study.planning_specs import TABLES as PLAN_STUDIED
from rackwright.study.power_specs import TABLES as POWER_STUDIED
from rackwright.study.simulate import TABLES as PLANT_STUDIED
from rackwright.study.specs import TABLES as COOLING_STUDIED
from rackwright.units import Kind

HOME = Path(__file__).parent / "reference"
WRITTEN = "Written from the declarations by `make docs`; do not edit."


def pages() -> dict[str, str]:
    """Every reference page by its file name."""
    return {
        "program.md": "\n".join(program_page()) + "\n",
        "tables.md": "\n".join(tables_page()) + "\n",
        "headlines.md": "\n".join(headlines_page()) + "\n",
        "units.md": "\n".join(units_page()) + "\n",
        "command-line.md": "\n".join(command_page()) + "\n",
        "catalogue.md": "\n".join(catalogue_page()) + "\n",
    }


def program_page() -> Iterator[str]:
    yield "# The program file"
    yield ""
    yield WRITTEN
    yield ""
    yield (
        "Every key, its kind and an example. A value may be bare, `{value, source, status, place, note}`, a range "
        "`{low, mode, high}`, where it says *weekly* a series of dated points, and where it says *auto* the word `auto`."
    )
    yield from _model_section("The file", schema.Root, skip={"catalogue"})
    seen: set[type[BaseModel]] = {schema.Root}
    waiting = [model for model in _models_of(schema.Root) if model not in seen]
    while waiting:
        model = waiting.pop(0)
        if model in seen:
            continue
        seen.add(model)
        yield from _model_section(model.__name__, model)
        waiting.extend(_models_of(model))
    yield ""
    yield "# Parts, under `catalogue:`"
    for name, info in schema.Catalogue.model_fields.items():
        model = get_args(info.annotation)[1]
        yield from _model_section(f"{name}: {model.__name__}", model)
        for inner in _models_of(model):
            yield from _model_section(inner.__name__, inner)


def _models_of(model: type[BaseModel]) -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []
    for info in model.model_fields.values():
        annotation, _ = schema._field_of(info)
        found.extend(_models_in(annotation))
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for item in get_args(annotation) for model in _models_in(schema._peel(item)[0])]


def _comments(model: type[BaseModel]) -> dict[str, str]:
    """The `#:` comment above each attribute."""
    comments: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if not (isinstance(owner, type) and issubclass(owner, BaseModel)) or owner is BaseModel:
            continue
        pending: list[str] = []
        for line in inspect.getsource(owner).splitlines():
            text = line.strip()
            if text.startswith("#:"):
                pending.append(text.removeprefix("#:").strip())
            elif pending:
                comments[text.split(":")[0].strip()] = " ".join(pending)
                pending = []
    return comments


def _model_section(title: str, model: type[BaseModel], skip: set[str] | None = None) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    yield inspect.getdoc(model) or ""
    yield ""
    yield "| key | kind | example | |"
    yield "|---|---|---|---|"
    comments = _comments(model)
    for name, info in model.model_fields.items():
        if name in (skip or set()):
            continue
        annotation, field = schema._field_of(info)
        kind, example = _kind(annotation, field)
        required = "" if not info.is_required() else "required. "
        about = comments.get(name, info.description or "")
        yield f"| `{info.alias or name}` | {kind} | {example} | {_cell(required + about)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _kind(annotation: Any, field: fields.Field | None) -> tuple[str, str]:
    if field is not None:
        words = [field.kind.name]
        words += ["weekly"] if field.form == "weekly" else ["yearly"] if field.form == "yearly" else []
        words += ["auto"] if field.auto else []
        return ", ".join(words), f"`{field.kind.example}`"
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(f"`{item}`" for item in get_args(annotation)), ""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"a mapping: {annotation.__name__}", ""
    if get_origin(annotation) is dict:
        key, _ = schema._peel(get_args(annotation)[0])
        inner, inner_field = schema._peel(get_args(annotation)[1])
        names = " or ".join(map(str, get_args(key))) if get_origin(key) is Literal else "name"
        kind, example = _kind(inner, inner_field)
        return f"{names}: {kind}", example
    if get_origin(annotation) is tuple:
        inner, inner_field = schema._peel(get_args(annotation)[0])
        kind, example = _kind(inner, inner_field)
        return f"a list of {kind}", example
    return {str: "text", bool: "true or false", int: "a whole number"}.get(annotation, "text"), ""


def _stage_modules() -> Iterator[tuple[str, Any]]:
    for stage in STAGES:
        yield stage, importlib.import_module(f"rackwright.{stage}")


def tables_page() -> Iterator[str]:
    yield "# Tables"
    yield ""
    yield WRITTEN
    for stage, module in _stage_modules():
        yield ""
        yield f"## {stage}"
        for spec in (
            *module.TABLES,
            *(
                item
                for item in (*COOLING_STUDIED, *POWER_STUDIED, *NETWORK_STUDIED, *PLANT_STUDIED, *PLAN_STUDIED)
                if item.name.startswith(f"{stage}.")
            ),
        ):
            yield ""
            yield f"### {spec.name}"
            yield ""
            yield f"{spec.meaning}"
            yield ""
            yield "| column | unit | shown in | type | meaning |"
            yield "|---|---|---|---|---|"
            for column in spec.columns:
                yield f"| `{column.name}` | {column.unit} | {column.shown} | {column.type} | {_cell(column.meaning)} |"


def headlines_page() -> Iterator[str]:
    yield "# Headlines"
    yield ""
    yield WRITTEN
    yield ""
    yield "| name | unit | definition |"
    yield "|---|---|---|"
    for _, module in _stage_modules():
        for name, unit, definition in module.HEADLINES:
            yield f"| `{name}` | {unit} | {_cell(definition)} |"


def units_page() -> Iterator[str]:
    yield "# Units and kinds of value"
    yield ""
    yield WRITTEN
    yield ""
    yield "Text at the border, floats in the unit inside; a bare number where a unit is meant is a problem."
    yield ""
    yield "| kind | unit inside | example | range |"
    yield "|---|---|---|---|"
    kinds = {value for value in vars(fields).values() if isinstance(value, Kind)}
    for kind in sorted(kinds, key=lambda kind: (kind.name, kind.unit, kind.example, kind.lowest, kind.highest)):
        yield f"| {kind.name} | {kind.unit or '-'} | `{kind.example}` | {kind.range_text().lstrip(', ')} |"


def command_page() -> Iterator[str]:
    yield "# The command line"
    yield ""
    yield WRITTEN
    yield ""
    yield (
        "Exit codes: 0 done, 1 findings failed under `--strict`, 2 the program could not be read, 3 no answer, "
        "4 disk, engine or build around us failed, 130 stopped."
    )
    group = typer.main.get_command(cli.app)
    for name, command in group.commands.items():
        yield ""
        yield f"## rackwright {name}"
        yield ""
        yield (command.help or "").strip()
        yield ""
        yield "| option | meaning |"
        yield "|---|---|"
        for parameter in command.params:
            words = ", ".join(parameter.opts) if parameter.param_type_name == "option" else str(parameter.metavar)
            yield f"| `{words}` | {_cell(getattr(parameter, 'help', '') or '')} |"


def catalogue_page() -> Iterator[str]:
    yield "# The catalogue"
    yield ""
    yield WRITTEN
    yield ""
    yield "Entries by kind; `rackwright catalogue KIND KEY` shows every figure with its standing and source."
    yield ""
    ship = shipped()
    for kind, node in ship.kinds.items():
        if isinstance(node, tree.Mapping):
            yield f"- **{kind}**: {', '.join(f'`{key}`' for key in node.items)}"
    yield ""
    yield "## Sources"
    yield ""
    yield "| id | title | where |"
    yield "|---|---|---|"
    for key, item in sorted(ship.sources.items()):
        yield f"| `{key}` | {_cell(item.get('title', ''))} | {_cell(item.get('url', item.get('place', '')))} |"


def main() -> int:
    """Write the pages that changed; say which."""
    HOME.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        place = HOME / name
        if not place.is_file() or place.read_text(encoding="utf-8") != text:
            place.write_text(text, encoding="utf-8")
            print(f"wrote {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
