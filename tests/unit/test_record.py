"""A result written down is the same result when read back; a damaged entry of the cache is no entry."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rackwright.cache import FolderCache, digest_of
from rackwright.record import decode, encode
from rackwright.tables import Column, Finding, StageResult, Table, TableSpec, finding

SPEC = TableSpec(
    "plan.build", "racks by week", (Column("week", "week", type="week"), Column("racks", "built", "rack", "number"))
)


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    count: float
    share: float | None


@dataclass(frozen=True, slots=True)
class Result(StageResult):
    lines: tuple[Line, ...] = ()
    by_name: dict[str, NDArray[np.float64]] = None  # type: ignore[assignment]
    pair: tuple[int, str] = (0, "")


def _result() -> Result:
    return Result(
        tables=(SPEC.table([("2026-W02", 1.5), ("2026-W03", None)]),),
        findings=(finding("a", "b", 1.0, 2.0, "kg", standing="standard", source="s", text="t"),),
        lines=(Line("x", 1 / 3, None), Line("y", 2.0, 0.5)),
        by_name={"gpu": np.arange(6, dtype=np.float64).reshape(2, 3)},
        pair=(3, "z"),
    )


def test_a_result_read_back_is_the_same_to_the_last_bit():
    result = _result()
    back = decode(Result, encode(result))
    assert back.lines == result.lines
    assert back.findings == result.findings
    assert isinstance(back.findings[0], Finding)
    assert back.pair == (3, "z")
    assert np.array_equal(back.by_name["gpu"], result.by_name["gpu"])
    assert isinstance(back.tables[0], Table)
    assert back.tables[0].spec == SPEC
    assert back.tables[0].frame.equals(result.tables[0].frame)
    assert digest_of(encode(back)) == digest_of(encode(result))


def test_the_cache_keeps_an_entry_and_drops_a_damaged_one(tmp_path):
    cache = FolderCache(tmp_path / "cache")
    assert cache.get("k") is None
    cache.put("k", {"a": b"1", "b": b"2"})
    assert cache.get("k") == {"a": b"1", "b": b"2"}
    (tmp_path / "cache" / "k" / "a").write_bytes(b"9")
    assert cache.get("k") is None
    assert not (tmp_path / "cache" / "k").exists()


def test_the_cache_stays_within_its_size_and_the_newest_entry_stays(tmp_path):
    cache = FolderCache(tmp_path, largest_bytes=2500)
    for number in range(5):
        cache.put(f"k{number}", {"a": bytes(1000)})
    kept = [number for number in range(5) if cache.get(f"k{number}")]
    assert 4 in kept
    assert len(kept) <= 2


def test_a_cache_that_cannot_be_written_keeps_nothing_and_says_nothing(tmp_path):
    (tmp_path / "file").write_text("no folder")
    cache = FolderCache(tmp_path / "file")
    cache.put("k", {"a": b"1"})
    assert cache.get("k") is None


def test_a_table_refuses_columns_that_were_not_declared():
    frame = pl.DataFrame({"week": ["2026-W02"], "rakcs": [1.0]})
    try:
        SPEC.table(frame)
    except ValueError as error:
        assert "declared" in str(error)
    else:
        raise AssertionError("taken")
