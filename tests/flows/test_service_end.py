"""The end of a service whose failure engine is still being compiled."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

SERVED = """
import atexit, sys, threading
import twin.main
atexit.register(print, "the interpreter has gone away under a compiler")
twin.main.warm = threading.Event().wait
sys.argv = ["ridethrough", "serve", "--port", "0", "--data", sys.argv[1]]
from twin.cli.app import main
main()
"""


def test_an_end_while_the_engine_is_compiled_waits_for_nothing_and_takes_no_interpreter_from_under_it(tmp_path: Path) -> None:
    """An engine that never gets ready: SIGTERM once it listens; the service says that it has ended, and nothing after that is run."""
    root = Path(__file__).parents[2]
    words = [sys.executable, "-c", SERVED, str(tmp_path / "data")]
    with subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            listens = next((line for line in process.stdout if "http://" in line), "")
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()

    assert "Ridethrough serves" in listens
    assert said.splitlines()[-1] == "ended"
    assert process.returncode == 0
