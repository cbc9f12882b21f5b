"""Names in program files: what one may be, how text is shown in a message, the nearest valid one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

SHOWN = 80
LONGEST_NAME = 100
CLOSE = 0.65
MOST_CANDIDATES = 1000
#: Longer names are compared by form alone: likeness takes time that grows with the square of the length.
LONGEST_LIKENED = 50


def printable(text: str) -> str:
    r"""The text with every control character and lone surrogate escaped.

    >>> printable("a\tb")
    'a\\tb'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shown(text: str) -> str:
    """What stands in the file, as a message shows it: on one line, printable, at most 80 characters."""
    if not text:
        return "nothing"
    text = printable(text[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def chain(names: Iterable[str]) -> str:
    """Names that lead to each other, the middle left out when there are many.

    >>> chain(["a", "b", "a"])
    'a -> b -> a'
    """
    parts = [shown(name) for name in names]
    if len(parts) > 10:
        parts = [*parts[:5], "...", *parts[-4:]]
    return " -> ".join(parts)


def wrong_name(name: str) -> str | None:
    """What a name should have been, or None when it is a valid one.

    >>> wrong_name("gb300"), wrong_name("gb.300")
    (None, 'a name without dots: paths use them')
    """
    if not name:
        return "a name"
    if len(name) > LONGEST_NAME:
        return f"a name of at most {LONGEST_NAME} characters"
    if not name.isprintable():
        return "a name without control characters"
    if "." in name:
        return "a name without dots: paths use them"
    return None


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that was probably meant; case, `-` and `_` count as equal. None when nothing is near.

    Only the first 1,000 valid names are looked at, so that a strange file costs no time.

    >>> nearest("Vera_Rubin", ["gb300", "vera-rubin"]), nearest("coling", ["cooling"]), nearest("x", ["yz"])
    ('vera-rubin', 'cooling', None)
    """
    if not 0 < len(name) <= LONGEST_NAME:
        return None
    by_form: dict[str, str] = {}
    for candidate in islice(valid, MOST_CANDIDATES):
        if candidate == name:
            return candidate
        by_form.setdefault(_form(candidate), candidate)
    form = _form(name)
    if form in by_form:
        return by_form[form]
    if len(form) > LONGEST_LIKENED:
        return None
    likened = [other for other in by_form if len(other) <= LONGEST_LIKENED]
    found = difflib.get_close_matches(form, likened, n=1, cutoff=CLOSE)
    return by_form[found[0]] if found else None


def _form(name: str) -> str:
    return name.lower().replace("_", "-").replace(" ", "-")
