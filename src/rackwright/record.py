"""A stage result written down and read back: JSON for its fields, Parquet for its tables, never pickle."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import types
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import polars as pl

from rackwright.tables import Column, Table, TableSpec

Result = TypeVar("Result")
_DOCUMENT = "result.json"


def encode(result: object) -> dict[str, bytes]:
    """The files of a result: `result.json` and one Parquet file for each table.

    Raises
    ------
    TypeError
        For a field that no record can hold: a bug of ours.
    """
    files: dict[str, bytes] = {}
    document = _encode(result, files)
    files[_DOCUMENT] = json.dumps(document, separators=(",", ":")).encode()
    return files


def _encode(value: Any, files: dict[str, bytes]) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Table):
        return _encode_table(value, files)
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value)
        return {
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "data": base64.b64encode(array.tobytes()).decode(),
        }
    if isinstance(value, np.floating | np.integer):
        return value.item()
    if dataclasses.is_dataclass(value):
        return {field.name: _encode(getattr(value, field.name), files) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError(f"a record's mapping has text keys, not {list(value)[:3]}")
        return [[key, _encode(item, files)] for key, item in value.items()]
    if isinstance(value, tuple | list):
        return [_encode(item, files) for item in value]
    raise TypeError(f"a record cannot hold {type(value).__name__}")


def _encode_table(table: Table, files: dict[str, bytes]) -> dict[str, Any]:
    name = f"{len(files):03d}.parquet"
    buffer = io.BytesIO()
    table.frame.write_parquet(buffer, compression="lz4", statistics=False)
    files[name] = buffer.getvalue()
    return {"spec": dataclasses.asdict(table.spec), "file": name}


def decode(kind: type[Result], files: dict[str, bytes]) -> Result:
    """Read a result of class `kind` back.

    Raises
    ------
    KeyError, TypeError, ValueError
        When the files do not hold one; the caller makes it anew.
    """
    document = json.loads(files[_DOCUMENT])
    result: Result = _decode(kind, document, files)
    return result


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, document: Any, files: dict[str, bytes]) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if document is None:
            return None
        some = [item for item in get_args(kind) if item is not type(None)]
        return _decode(some[0], document, files) if len(some) == 1 else document
    if origin is Literal or kind is Any:
        return document
    if kind is Table:
        return _decode_table(document, files)
    if kind is np.ndarray or origin is np.ndarray:
        raw = base64.b64decode(document["data"])
        return np.frombuffer(raw, dtype=np.dtype(document["dtype"])).reshape(document["shape"]).copy()
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(
            **{
                field.name: _decode(hints[field.name], document[field.name], files)
                for field in dataclasses.fields(kind)
            }
        )
    if origin is dict:
        return {key: _decode(get_args(kind)[1], item, files) for key, item in document}
    if origin is tuple:
        arguments = get_args(kind)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_decode(arguments[0], item, files) for item in document)
        return tuple(_decode(inner, item, files) for inner, item in zip(arguments, document, strict=True))
    if origin is list:
        return [_decode(get_args(kind)[0], item, files) for item in document]
    return float(document) if kind is float else document


def _decode_table(document: dict[str, Any], files: dict[str, bytes]) -> Table:
    spec = document["spec"]
    columns = tuple(Column(**column) for column in spec["columns"])
    frame = pl.read_parquet(io.BytesIO(files[document["file"]]))
    return Table(TableSpec(spec["name"], spec["meaning"], columns), frame)
