"""How the inner loops are compiled: without the interpreter lock, and kept on disk where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """Compile without the interpreter lock, keeping the machine code on disk where some cache folder can be written."""
    try:
        kernel: Any = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba finds no folder that it may write: compile anew in each process
        kernel = numba.njit(nogil=True)(function)
    return cast(Kernel, kernel)


def inlined(function: Kernel) -> Kernel:
    """Compile as a part of whoever calls it: for small steps with many arrays, of which a call would cost more than the step."""
    return cast(Kernel, numba.njit(inline="always", nogil=True)(function))
