"""A program's files watched: every save is answered, a broken one told and left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rackwright.errors import RackwrightError
from rackwright.plan.mends import mend_lines
from rackwright.study.session import Session, reply_lines

#: How often the files are looked at, and how long they must rest before they are read.
LOOK_S, REST_S = 0.2, 0.1
#: What a file is known by: time of its last change and size; None while it is away, as in the middle of a save.
Seen = tuple[tuple[int, int] | None, ...]


def answers(session: Session, file: Path, *, wait: Callable[[float], None] = time.sleep) -> Iterator[str]:
    """The answer to each save of the program's files, as text; ends never by itself.

    A save that cannot be read or planned is answered with its problems, and the last plan stays.
    """
    yield f"watching {file}: save it to plan again, Ctrl-C to end"
    seen = _seen(session)
    while True:
        wait(LOOK_S)
        now = _seen(session)
        if now == seen or None in now:
            continue
        wait(REST_S)
        if _seen(session) != now:
            continue
        seen, answered = now, session.reply
        yield _answer(session)
        if session.reply is not answered:
            yield from _mended(session)
        seen = _seen(session) if len(_seen(session)) != len(seen) else seen


def _answer(session: Session) -> str:
    try:
        return "\n".join(("", *reply_lines(session.reload())))
    except RackwrightError as error:
        return f"\n{error}\nThe last plan stays."


def _mended(session: Session) -> Iterator[str]:
    """Where a save made the plan later and the program has levers: the cheapest ways back."""
    assert session.question is not None
    levers = session.question.plan.levers
    if session.reply.plan.lateness_usd > session.target_usd + 1.0 and levers != type(levers)():
        yield "\n".join(("", "mends", *mend_lines(session.mends())))


def _seen(session: Session) -> Seen:
    return tuple(_known_by(Path(name)) for name in session.program.files)


def _known_by(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size)
