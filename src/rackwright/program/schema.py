"""The typed sections walked as a whole: problems with places, leaves with their fields, the JSON Schema."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic import Field as pydantic_field
from pydantic.fields import FieldInfo

from rackwright.errors import Problem
from rackwright.program import tree
from rackwright.program.fields import SOURCED, Field, Reading, Section, shown
from rackwright.program.sections.agreement import Agreement
from rackwright.program.sections.buildout import Buildout
from rackwright.program.sections.demand import Demand
from rackwright.program.sections.evaluation import Evaluation
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.plan import Plan
from rackwright.program.sections.plant import Plant
from rackwright.program.sections.rack import Rack
from rackwright.program.sections.roadmap import Roadmap

Model = TypeVar("Model", bound=BaseModel)


class Root(Section):
    """The program file, top to bottom."""

    rackwright: Any = pydantic_field(description="version of the file's form: 1")
    program: str = pydantic_field(default="program", description="the program's name")
    price_year: Any = pydantic_field(default="2025", description="all money is constant dollars of this year")
    seed: Any = pydantic_field(default="0", description="of every random draw")
    calendar: Any = pydantic_field(default=None, description="{start: 2026-W02, weeks: 156}")
    sources: dict[str, Any] = pydantic_field(default={}, description="sources that the file's values name")
    catalogue: Any = pydantic_field(default=None, description="the program's own parts, in the catalogue's form")
    roadmap: Roadmap | None = None
    demand: Demand | None = None
    rack: dict[str, Rack] = {}
    evaluation: dict[str, Evaluation] = {}
    plant: dict[str, Plant] = {}
    plan: Plan | None = None
    buildout: Buildout | None = None
    agreement: Agreement | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of the program: its path, how it is read, and where it stands."""

    path: str
    field: Field
    node: tree.Node


def problems_of(
    model: type[Model], node: tree.Node, prefix: str, reading: Reading
) -> tuple[Model | None, list[Problem]]:
    """Read a tree as a model; or say everything that keeps it from being one."""
    plain = tree.to_plain(node)
    try:
        return model.model_validate(plain, context=reading), []
    except ValidationError as error:
        return None, [_problem(model, node, prefix, dict(item)) for item in error.errors(include_url=False)]


def _problem(model: type[BaseModel], node: tree.Node, prefix: str, error: dict[str, Any]) -> Problem:
    keys = [str(key) for key in error["loc"] if key not in ("[key]",)]
    context = error.get("ctx") or {}
    if context.get("where"):
        keys.append(str(context["where"]))
    path = ".".join([prefix, *keys] if prefix else keys)
    file, line = tree.place(node, keys)
    kind = error["type"]
    last = keys[-1] if keys else ""
    if kind == "wrong":
        return Problem(file, line, path, context["found"], context["expected"])
    if kind == "extra_forbidden":
        valid = valid_keys(model, keys[:-1])
        near = tree.nearest(last, valid)
        return Problem(file, line, path, f"an unknown key, {shown(last)}", _listed(valid), near)
    if kind == "missing":
        return Problem(file, line, path, "nothing", expected_at(model, keys))
    if kind == "literal_error":
        choices = [choice.strip().strip("'") for choice in str(context["expected"]).replace(" or ", ", ").split(",")]
        found = str(error["input"])
        return Problem(file, line, path, shown(error["input"]), _listed(choices), tree.nearest(found, choices))
    return Problem(file, line, path, shown(error["input"]), expected_at(model, keys))


def _listed(names: list[str]) -> str:
    if not names:
        return "no such key"
    return f"one of {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}"


def _peel(annotation: Any) -> tuple[Any, Field | None]:
    """Take `Annotated` and `| None` off; keep the Field found on the way."""
    found: Field | None = None
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            inner, *metadata = get_args(annotation)
            found = next((item for item in metadata if isinstance(item, Field)), found)
            annotation = inner
        elif origin in (Union, types.UnionType):
            some = [item for item in get_args(annotation) if item is not type(None)]
            if len(some) != 1:
                return annotation, found
            annotation = some[0]
        else:
            return annotation, found


def _field_of(info: FieldInfo) -> tuple[Any, Field | None]:
    annotation, found = _peel(info.annotation)
    return annotation, next((item for item in info.metadata if isinstance(item, Field)), found)


def _alias(name: str, info: FieldInfo) -> str:
    return info.alias or name


def _member(annotation: Any, key: str) -> tuple[Any, Field | None]:
    """What stands under `key` of a value of this annotation; (None, None) when nothing can."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, info in annotation.model_fields.items():
            if _alias(name, info) == key:
                return _field_of(info)
        return None, None
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is dict:
        return _peel(arguments[1])
    if origin is tuple and arguments:
        if key.isdigit() and len(arguments) > 1 and arguments[1] is not Ellipsis:
            return _peel(arguments[int(key)]) if int(key) < len(arguments) else (None, None)
        return _peel(arguments[0])
    return None, None


def _annotation_at(model: type[BaseModel], keys: list[str]) -> tuple[Any, Field | None]:
    annotation: Any = model
    found: Field | None = None
    for key in keys:
        annotation, found = _member(annotation, key)
        if annotation is None:
            break
    return annotation, found


def valid_keys(model: type[BaseModel], keys: list[str]) -> list[str]:
    """The keys that may stand at a path, [] where names are free."""
    annotation, _ = _annotation_at(model, keys)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [_alias(name, info) for name, info in annotation.model_fields.items()]
    if get_origin(annotation) is dict:
        key_annotation, _ = _peel(get_args(annotation)[0])
        if get_origin(key_annotation) is Literal:
            return [str(choice) for choice in get_args(key_annotation)]
    return []


def expected_at(model: type[BaseModel], keys: list[str]) -> str:
    """What a message says is expected at a path."""
    annotation, found = _annotation_at(model, keys)
    if found is not None:
        return found.kind.expected
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"a mapping with {_listed(valid_keys(model, keys)).removeprefix('one of ')}"
    if get_origin(annotation) is Literal:
        return _listed([str(choice) for choice in get_args(annotation)])
    if get_origin(annotation) is tuple:
        return "a list such as [a, b]"
    if get_origin(annotation) is dict:
        return "a mapping of names"
    return {str: "text", bool: "true or false"}.get(annotation, "something else")


def leaves(model: type[BaseModel], node: tree.Node, path: str) -> Iterator[Leaf]:
    """Every value below `node` that a Field reads, in the file's order."""
    yield from _leaves(model, None, node, path)


def _leaves(annotation: Any, field: Field | None, node: tree.Node, path: str) -> Iterator[Leaf]:
    if field is not None:
        yield Leaf(path, field, node)
        return
    children: list[tuple[str, tree.Node]] = []
    if isinstance(node, tree.Mapping):
        children = list(node.items.items())
    elif isinstance(node, tree.Listing):
        children = [(str(number), item) for number, item in enumerate(node.items)]
    for key, item in children:
        member, found = _member(annotation, key)
        if member is not None:
            yield from _leaves(member, found, item, f"{path}.{key}" if path else key)


def references(
    model: type[BaseModel], node: tree.Node, path: str
) -> Iterator[tuple[str, tuple[str, ...], str, int, str]]:
    """Every name that must exist elsewhere: (path, kinds or sections, file, line, name), keys of mappings included."""
    yield from _references(model, node, path)


def _references(annotation: Any, node: tree.Node, path: str) -> Iterator[tuple[str, tuple[str, ...], str, int, str]]:
    if isinstance(node, tree.Mapping):
        key_field = _peel(get_args(annotation)[0])[1] if get_origin(annotation) is dict else None
        for key, item in node.items.items():
            below = f"{path}.{key}" if path else key
            if key_field is not None and key_field.refers_to:
                yield below, key_field.refers_to, node.file, node.key_lines.get(key, node.line), key
            member, found = _member(annotation, key)
            yield from _reference(member, found, item, below)
    elif isinstance(node, tree.Listing):
        for number, item in enumerate(node.items):
            member, found = _member(annotation, str(number))
            yield from _reference(member, found, item, f"{path}.{number}")


def _reference(
    annotation: Any, field: Field | None, node: tree.Node, path: str
) -> Iterator[tuple[str, tuple[str, ...], str, int, str]]:
    if field is not None and field.refers_to:
        plain = tree.to_plain(node)
        name = plain.get("value", "") if isinstance(plain, dict) else plain
        yield path, field.refers_to, node.file, node.line, str(name)
    elif annotation is not None and field is None:
        yield from _references(annotation, node, path)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the program file, for editors and forms."""

    class Everything(Root):
        catalogue: Catalogue | None = None

    schema = Everything.model_json_schema(by_alias=True)
    schema["title"] = "rackwright program"
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema.setdefault("$defs", {})["Sourced"] = {
        "type": "object",
        "description": "a value with its source, or a range",
        "properties": {
            "value": {"type": ["string", "number"]},
            "low": {"type": ["string", "number"]},
            "mode": {"type": ["string", "number"]},
            "high": {"type": ["string", "number"]},
            "source": {"type": "string"},
            "status": {"enum": ["published", "estimate", "assumed", "given"]},
            "place": {"type": "string"},
            "year": {"type": ["string", "integer"]},
            "note": {"type": "string"},
        },
        "additionalProperties": False,
        "anyOf": [{"required": ["value"]}, {"required": ["low", "mode", "high"]}],
    }
    linked: dict[str, Any] = _linked(schema)
    return linked


def _linked(item: Any) -> Any:
    """Put the reference to the shared definition where a field asked for it."""
    if isinstance(item, dict):
        if item.get("$comment") == SOURCED:
            return {"$ref": "#/$defs/Sourced"}
        return {key: _linked(value) for key, value in item.items()}
    return [_linked(value) for value in item] if isinstance(item, list) else item
