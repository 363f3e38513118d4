"""The keeper of the sandbox lives as long as the service, whichever thread needed it first."""

from __future__ import annotations

import time
from threading import Thread

from adapters.rdf.sandbox import Sandbox


def test_the_keeper_outlives_the_thread_that_needed_it_first() -> None:
    """A server's idle threads end: what one of them has started serves the next one all the same, and it is the same keeper."""
    sandbox = Sandbox()
    first = Thread(target=lambda: sandbox.fork().end())
    first.start()
    first.join()
    generation = sandbox.generation
    time.sleep(0.1)  # a death signal would come at once

    sandbox.fork().end()

    assert sandbox.generation == generation
    sandbox.close()
