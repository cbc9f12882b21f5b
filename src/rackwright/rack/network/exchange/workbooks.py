"""Excel workbooks of the cut list, one for each row of racks: what a crew takes to that row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from rackwright.rack.network.cabling.cut_list import COLUMNS
from rackwright.rack.network.cabling.totals import rack_tasks

if TYPE_CHECKING:
    from rackwright.rack.network.cabling.cut_list import CutList

#: Rows that a sheet holds, its header among them.
SHEET_ROWS = 1_048_576


def write_workbooks(cuts: CutList, folder: Path, rows: Sequence[int] | None = None) -> list[Path]:
    """Write `<fabric>-R03.xlsx` for each row of racks (or for `rows`, counted from 0) that has cables.

    Sheets: `Cables` with every piece that has an end in the row (a piece between two rows is in both workbooks), `Orders`
    with pieces by SKU, `Racks` with the tasks of each rack of the row, `Columns` with the meaning of every column.
    """
    folder.mkdir(parents=True, exist_ok=True)
    placed = cuts.placement
    row_of = placed.rack_row[placed.device_rack]
    row_a, row_b = row_of[cuts.pieces.lower], row_of[cuts.pieces.upper]
    tasks = rack_tasks(cuts)
    present = np.unique(np.concatenate((row_a, row_b))).tolist()
    found = []
    for row in present if rows is None else [one for one in rows if one in present]:
        own = cuts.frame.filter(pl.Series((row_a == row) | (row_b == row)))
        if own.height >= SHEET_ROWS:
            raise ValueError(
                f"row {row + 1} has {own.height} pieces: a sheet of Excel holds {SHEET_ROWS - 1}; write CSV"
            )
        path = folder / f"{cuts.wiring.name}-R{row + 1:02d}.xlsx"
        _write(path, own, tasks.filter(pl.Series(placed.rack_row == row)))
        found.append(path)
    return found


def _write(path: Path, cables: pl.DataFrame, tasks: pl.DataFrame) -> None:
    import xlsxwriter

    orders = (
        cables.filter(pl.col("leg") == 1)
        .group_by("sku", "stocked_m")
        .agg(pieces=pl.col("cords").sum())
        .sort("sku", "stocked_m")
    )
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        head = book.add_format({"bold": True})
        for name, table in (("Cables", cables), ("Orders", orders), ("Racks", tasks)):
            sheet = book.add_worksheet(name)
            for column, width in enumerate(widths(table)):
                sheet.set_column(column, column, width)
            _printed(sheet)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, table.columns, head)
            _rows(sheet, table.iter_rows())
            sheet.autofilter(0, 0, table.height, len(table.columns) - 1)
        sheet = book.add_worksheet("Columns")
        sheet.set_column(0, 1, 12)
        sheet.set_column(2, 2, 110)
        sheet.write_row(0, 0, ("column", "unit", "meaning"), head)
        _rows(sheet, COLUMNS)


def widths(table: pl.DataFrame) -> list[int]:
    """Characters that each column takes, with room for the filter's button beside its name."""
    longest = table.select(pl.all().cast(pl.String).str.len_chars().max().fill_null(0)).row(0) if table.height else ()
    wide = [*longest] or [0] * len(table.columns)
    return [max(len(name) + 4, int(most) + 2) for name, most in zip(table.columns, wide, strict=True)]


def _printed(sheet: Any) -> None:
    """On paper: across, as wide as one page, with the names on every page."""
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _rows(sheet: Any, rows: Iterable[Sequence[Any]]) -> None:
    for at, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(at, column, value)
            else:
                sheet.write_number(at, column, value)
