"""The keeper of the sandbox lives as long as the service, whichever thread needed it first; its jobs live no longer than it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Event, Thread

import psutil  # type: ignore[import-untyped]  # it has no types
import pytest

from adapters.rdf import query_store
from adapters.rdf.problems import Problem
from adapters.rdf.query_store import Query, QueryStore
from adapters.rdf.rules import MB, QueryLimits
from adapters.rdf.sandbox import door as door_module
from adapters.rdf.sandbox.door import KEEPER, Keeper, Sandbox
from ontology.sources import source_graph
from tests.support.ledgers import Desk


@pytest.fixture
def door() -> Iterator[Sandbox]:
    made = Sandbox()
    yield made
    made.close()


def process_of(_keeper: Keeper) -> psutil.Process:
    """The newest keeper of this test."""
    return max((p for p in psutil.Process().children() if KEEPER in p.cmdline()), key=lambda p: p.create_time())


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_the_keeper_outlives_the_thread_that_needed_it_first(door: Sandbox) -> None:
    """A server's idle threads end: what one of them has started serves the next one all the same, and it is the same keeper."""
    first = Thread(target=lambda: door.keeper().fork().end())
    first.start()
    first.join()
    keeper = door.keeper()
    time.sleep(0.1)  # a death signal would come at once

    door.keeper().fork().end()

    assert door.keeper() is keeper


def test_the_job_of_a_lost_keeper_leaves_the_next_keeper_and_strangers_alone(door: Sandbox) -> None:
    """Its number may be another process's by now: ending it ends nothing. The next keeper starts without an error, and goes on."""
    lost = door.keeper().fork()
    old = process_of(door.keeper())
    old.kill()
    old.wait(10)
    next_one = door.keeper()
    job = next_one.fork()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        lost._pid = stranger.pid  # the number has been given away

        lost.end()

        assert stranger.poll() is None
        assert next_one.reap(stranger.pid) == 0
        assert stranger.poll() is None
        stranger.kill()
    job.end()
    assert door.keeper() is next_one


def test_a_job_whose_keeper_is_lost_is_no_fault_of_what_was_sent(door: Sandbox) -> None:
    """Who waits for its answer is told to try again, not that the body broke its reader."""
    job = door.keeper().fork()
    process_of(door.keeper()).kill()

    with pytest.raises(Problem, match="started anew") as told:
        job.run({"job": "query"}, [], seconds=10, memory=64 * MB, answer=1000)

    assert told.value.status == 503


def test_the_jobs_of_a_keeper_end_with_it(door: Sandbox) -> None:
    """However soon after their birth it is killed."""
    born = [door.keeper().fork() for _ in range(20)]
    keeper = process_of(door.keeper())
    jobs = keeper.children()

    keeper.kill()

    deadline = time.monotonic() + 10
    while alive(jobs) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (len(jobs), alive(jobs)) == (20, [])
    for job in born:
        job.end()


def test_a_job_born_after_its_keeper_has_gone_ends_at_once() -> None:
    """The kernel's signal comes only for an end that is still to come: a parent that is no more is seen."""
    code = "import os, sys; from adapters.rdf.sandbox.confine import die_with_parent; die_with_parent(os.getppid() + 1); sys.exit(7)"

    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)

    assert done.returncode == 1


def test_a_job_tells_how_it_ended_where_the_service_ignores_the_end_of_its_children() -> None:
    """Some starters leave SIGCHLD ignored; the keeper's jobs keep their numbers and their statuses all the same."""
    code = (
        "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "from adapters.rdf.sandbox.door import Sandbox\n"
        "door = Sandbox(); keeper = door.keeper(); job = keeper.fork()\n"
        "print(keeper.reap(job._pid), door.keeper() is keeper); door.close()"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert done.stdout.split() == [str(signal.SIGKILL.value), "True"], done.stderr
    assert os.WTERMSIG(int(done.stdout.split()[0])) == signal.SIGKILL


def test_a_keeper_that_cannot_start_says_why(door: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The answer has its last words and does not say "try again"; the log has all of them."""
    monkeypatch.setattr(door_module, "KEEPER", "adapters.rdf.nowhere")

    with pytest.raises(Problem, match=r"cannot start \(.*No module named adapters.rdf.nowhere\)") as told:
        door.keeper()

    assert (told.value.status, "try again" in told.value.detail, "retry-after" in told.value.headers) == (503, False, False)
    assert "No module named adapters.rdf.nowhere" in caplog.text


def test_a_service_that_ends_waits_for_no_fill(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The first query's fill is under way when the query store is closed: the rest is left, who asked is told, and no loss is logged."""
    desk, fed, closed, graph = Desk(), [0], Event(), source_graph("a")
    desk.say("a", *((f"urn:{n}", "urn:p", "urn:o", graph) for n in range(100)))
    store = QueryStore(desk.ledger, desk.twin.vocabulary, QueryLimits())
    monkeypatch.setattr(query_store, "PART", 1)
    feed, end = Keeper.feed, Keeper.end

    def counted(self: Keeper, act: str, blobs: tuple[bytes, ...] = ()) -> None:
        fed[0] += 1
        if fed[0] == 5:
            closing.start()
            assert closed.wait(30)
        feed(self, act, blobs)

    def ended(self: Keeper) -> None:
        end(self)
        closed.set()

    monkeypatch.setattr(Keeper, "feed", counted)
    monkeypatch.setattr(Keeper, "end", ended)
    closing = Thread(target=store.close)

    with pytest.raises(Problem, match="ending"):
        store.ask(Query("ASK {}", "json", "urn:b"))
    closing.join(30)
    with pytest.raises(Problem, match="ending"):
        store.ask(Query("ASK {}", "json", "urn:b"))

    assert fed == [5]
    assert caplog.text == ""
