"""How long the kernels of the failure engine take to compile, at the first start on a machine, and to be read at every later one.

It is never a part of a question: `./dev init` does it, else the first `ridethrough serve` before it says that it is ready.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

NAME = "failure.warm"
_TIMED = "import time; start = time.perf_counter(); from analytics.warm import warm; warm(); print(time.perf_counter() - start)"
Row = dict[str, object]


def run(runs: int) -> Iterator[Row]:
    """One row: processes of their own, the first with an empty cache of machine code."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = [_process(folder) for _ in range(1 + runs)]
    yield {"bench": NAME, "size": 0, "first_s": seconds[0], "ours_s": min(seconds[1:]), "peer": None, "runs": runs}


def _process(folder: str) -> float:
    """Seconds of warming up, imports included, in a new process that keeps its machine code in this folder."""
    told = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", _TIMED], env={**os.environ, "NUMBA_CACHE_DIR": folder}, check=True, capture_output=True, text=True
    )
    return float(told.stdout)
