"""The report as files: HTML, JSON, a folder of Parquet tables, Excel. Nothing is half written."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rackwright.errors import ReportError
from rackwright.outcome import Outcome
from rackwright.report.envelope import envelope, to_text
from rackwright.report.whole import write_text, write_whole
from rackwright.tables import Column
from rackwright.units import convert


def write_format(outcome: Outcome, form: str, place: Path) -> Path:
    """Write one form of the report; returns where it is."""
    if form == "json":
        write_whole(place, lambda draft: write_text(draft, to_text(envelope(outcome))))
    elif form == "parquet":
        _write_parquet(outcome, place)
    elif form == "xlsx":
        write_whole(place, lambda draft: _write_excel(outcome, draft))
    else:
        from rackwright.report.html import write_report

        written, note = write_report(outcome, place)
        if not written:
            raise ReportError(f"no report: {note}")
    return place


def _write_parquet(outcome: Outcome, folder: Path) -> None:
    """One file per table beside `about.json` with columns, units and meanings; the folder is replaced as a whole."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            for name, table in outcome.tables.items():
                table.frame.write_parquet(draft / f"{name}.parquet")
            about = envelope(outcome)
            about["tables"] = {name: {**item, "rows": []} for name, item in about["tables"].items()}
            write_text(draft / "about.json", to_text(about))
            draft.chmod(0o755)
            if folder.is_dir():
                shutil.rmtree(folder)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise ReportError(f"cannot write {folder}: {error.strerror or error}") from error


def _write_excel(outcome: Outcome, place: Path) -> None:
    """A sheet of headlines, one of findings, one per table; every text is text, whatever it begins with."""
    import xlsxwriter

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    book = xlsxwriter.Workbook(str(place), options)
    bold = book.add_format({"bold": True})
    sheet = book.add_worksheet("headlines")
    rows = [[item.name, item.value, item.unit, item.definition] for item in outcome.headlines.values()]
    _fill(sheet, bold, ["name", "value", "unit", "definition"], rows)
    sheet = book.add_worksheet("findings")
    titles = [
        "rule",
        "subject",
        "outcome",
        "value",
        "limit",
        "unit",
        "margin",
        "severity",
        "standing",
        "source",
        "text",
    ]
    _fill(sheet, bold, titles, [[getattr(item, title) for title in titles] for item in outcome.findings])
    used = {"headlines", "findings"}
    for name, table in outcome.tables.items():
        columns = table.spec.columns
        sheet = book.add_worksheet(_sheet_name(name, used))
        body = [
            [_shown(value, column) for value, column in zip(row, columns, strict=True)]
            for row in table.frame.iter_rows()
        ]
        _fill(
            sheet,
            bold,
            [f"{column.name} [{column.shown or column.unit}]" if column.unit else column.name for column in columns],
            body,
        )
        for number, column in enumerate(columns):
            sheet.write_comment(0, number, column.meaning)
    book.close()


def _shown(value: object, column: Column) -> object:
    if isinstance(value, float) and column.shown and column.shown != column.unit:
        return convert(value, column.unit, column.shown)
    return value


def _sheet_name(name: str, used: set[str]) -> str:
    cut = name[:31]
    while cut in used:
        cut = f"{cut[:29]}~{len(used) % 10}"
    used.add(cut)
    return cut


def _fill(sheet: Any, bold: Any, titles: list[str], rows: Sequence[Sequence[object]]) -> None:
    for number, title in enumerate(titles):
        sheet.write_string(0, number, title, bold)
    for line, row in enumerate(rows, start=1):
        for number, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(line, number, value)
            elif isinstance(value, bool):
                sheet.write_boolean(line, number, value)
            elif isinstance(value, int | float):
                sheet.write_number(line, number, value)
    sheet.freeze_panes(1, 0)
