"""Compiled kernels: numba's `njit` with one folder of machine code per state of the sources.

numba's own cache looks at the file of a function only, not at the functions of other files that it calls. So the
folder's name is a hash over the sources of the whole package and the versions beneath: a changed law can never be
answered by old machine code. Importing this module imports numba (half a second); kernels are imported where used.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import config

from rackwright.cache import default_folder

Function = TypeVar("Function", bound=Callable[..., Any])

#: States of the sources whose machine code is kept.
STATES_KEPT = 4


@cache
def kernel_folder() -> Path:
    """Where the machine code of these sources is kept.

    Every source that makes a kernel counts, and nothing else: a new word in the command line compiles nothing anew.
    """
    total = hashlib.sha256(f"{numba.__version__} {np.__version__} {platform.python_version()}".encode())
    home = Path(__file__).parent
    for path in sorted(home.rglob("*.py")):
        text = path.read_bytes()
        if b"from rackwright.compiled import" in text:
            total.update(str(path.relative_to(home)).encode())
            total.update(text)
    return default_folder() / "kernels" / total.hexdigest()[:16]


@cache
def _keep_machine_code() -> None:
    """Tell numba the folder, unless the user's own NUMBA_CACHE_DIR says where; old states of the sources go."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    folder = kernel_folder()
    vars(config)["CACHE_DIR"] = str(folder)
    if folder.parent.is_dir() and not folder.exists():
        states = sorted(folder.parent.iterdir(), key=lambda state: state.stat().st_mtime)
        for state in states[: 1 - STATES_KEPT]:
            shutil.rmtree(state, ignore_errors=True)


def kernel(function: Function) -> Function:
    """Compile a function of numbers and arrays: no Python objects, kept on disk, free of the interpreter's lock.

    Fused multiply-add is allowed, reordering is not: the same inputs give the same bits on one machine.
    """
    _keep_machine_code()
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})(function)
    return cast("Function", compiled)


def scalar(function: Function) -> Function:
    """Like `kernel`, for a law of a few numbers: made part of every loop that calls it, so that the loop vectorises."""
    _keep_machine_code()
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)(
        function
    )
    return cast("Function", compiled)
