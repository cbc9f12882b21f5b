"""A file is there as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from rackwright.errors import ReportError


def write_whole(place: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file beside `place`, then rename it into place.

    Raises
    ------
    ReportError
        When the disk refuses.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        os.close(handle)
        draft = Path(name)
        try:
            write(draft)
            draft.chmod(0o644)
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ReportError(f"cannot write {place}: {error.strerror or error}") from error


def write_text(place: Path, text: str) -> None:
    """Write UTF-8 text."""
    place.write_text(text, encoding="utf-8")
