"""How a server of a test ends: it is asked, killed when it does not, and waited for either way, so that none outlives its test."""

from __future__ import annotations

import signal
import subprocess
from typing import Any


def end(process: subprocess.Popen[Any], how: signal.Signals, within_s: float) -> None:
    """Have it ended by a signal. Raises `subprocess.TimeoutExpired` for one that had to be killed after `within_s`; it is gone, too."""
    with process:  # waits, and closes its pipes
        process.send_signal(how)
        try:
            process.wait(within_s)
        finally:
            process.kill()
