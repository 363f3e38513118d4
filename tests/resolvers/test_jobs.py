"""Long questions as jobs over GraphQL: the command line's answers in camelCase, followed over a real socket."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import Any

import pytest

from analytics.proofs import answers as proofs
from analytics.proofs.claim import Claim
from analytics.proofs.prove import Question
from analytics.sweeps.answers import sweep, sweep_pairs
from analytics.sweeps.single import By
from graph.errors import GraphError
from graph.ports import Progress
from ontology.namespaces import DEMO
from resolvers.context import Face
from resolvers.failure.jobs import TICK_S, followed
from tests.resolvers.camel import in_camel_case
from tests.support.served import Served, served

WAIT_S = 10.0
COMPILE_S = 120.0
START = "mutation($i: JobInput!, $asOf: AsOf, $branch: String) { startJob(input: $i, asOf: $asOf, branch: $branch) { id kind state } }"
CANCEL = "mutation($id: ID!) { cancelJob(id: $id) { state result { __typename } } }"
FOLLOW = "subscription($id: ID!) { job(id: $id) { state progress { stage done total } error result { __typename } } }"
FAILURE = "failed { kind id label } nodes weakens lost { supplies racks services tenants itLoadKw } noRedundancy { racks itLoadKw }"
BASIS = "revision at assumed positions { id position fromTelemetry }"
COUNTS = "racks services equipment other itLoadKw"
KINDS = "{ equipment room path group }"
BREACH = f"out {{ kind id label }} nodes lost {{ {COUNTS} }} overloads afterS"
RESULT = f"""query($id: ID!) {{ job(id: $id) {{ kind state error result {{ __typename
  ... on Sweep {{ {BASIS} by tried {KINDS} harmful hangByOne {{ racks services }} failures {{ {FAILURE} }} }}
  ... on SweepPairs {{ {BASIS} by units unitCounts {KINDS} pairs: tried run harmful leftOut failures {{ {FAILURE} }} }}
  ... on Certificate {{ {BASIS} question rule askedBy holds media load {{ {COUNTS} }} darkBefore {{ {COUNTS} first }} notes
    lines {{ name holds tried {KINDS} breached {KINDS} ids breaches {{ {BREACH} }}
      counterExample {{ {BREACH} more outcomes {{ id medium outcome evidence path seconds }}
        trips {{ id afterS loadKw ratedKw }} overloaded {{ id loadKw limitKw }} }} }} }} }} }} }}"""


def result_of(site: Served, asked: dict[str, Any], **state: Any) -> dict[str, Any]:
    """What a job has found, once it is done."""
    job = site.ask(START, i=asked, **state)["startJob"]
    until_ended(site, job["id"])
    told: dict[str, Any] = site.ask(RESULT, id=job["id"])["job"]
    assert (told["state"], told["error"], told["kind"]) == ("DONE", None, next(iter(asked)).upper())
    result: dict[str, Any] = told["result"]
    return result


def until_ended(site: Served, job_id: str) -> None:
    """Wait for the end; where nothing is compiled yet that takes a while."""
    over = Event()
    stop = site.face.jobs.hear(job_id, over.set)
    while (job := site.face.jobs.get(job_id)) is None or not job.ended:
        assert over.wait(COMPILE_S)
        over.clear()
    stop()


def comparable(told: Any) -> Any:
    """Without what differs by nature: the instant, the type's name, what is null where the command line leaves it out, 0 of a kind;
    and the words of enumerations as they stand there."""
    if isinstance(told, dict):
        kept = {key: comparable(value) for key, value in told.items() if key not in ("__typename", "at", "order")}
        return {key: value for key, value in kept.items() if value is not None and not (key in UNITS and value == 0)}
    if isinstance(told, list):
        return [comparable(each) for each in told]
    return WORDS.get(told, told) if isinstance(told, str) else told


UNITS = ("equipment", "room", "path", "group")
WORDS = {"EQUIPMENT": "equipment", "ROOM": "room", "PATH": "path", "GROUP": "group", "IT_LOAD": "kw", "RACKS": "racks"}


def test_a_sweep_as_a_job_is_the_command_lines_answer(site: Served) -> None:
    """Every single failure, the worst two."""
    view = site.twin.newest
    found = result_of(site, {"sweep": {"first": 2, "redundancy": True}})

    told = sweep(view.snapshot, view.vocabulary, view.supply(), view.conditions(), first=2, redundancy=True).to_json()
    for row in (told := in_camel_case(told))["failures"]:
        row["noRedundancy"] = {key: row["noRedundancy"][key] for key in ("racks", "itLoadKw")}
    assert comparable(found) == comparable(told)


def test_pairs_as_a_job_are_the_command_lines_answer(site: Served) -> None:
    """Every two failures, the worst three."""
    view = site.twin.newest
    found = result_of(site, {"pairs": {"first": 3, "by": "RACKS"}})
    found["tried"] = found.pop("pairs")

    told = in_camel_case(sweep_pairs(view.snapshot, view.vocabulary, view.supply(), view.conditions(), by=By.RACKS, first=3).to_json())
    assert comparable(found) == comparable(told)


@pytest.mark.parametrize(
    ("asked", "question", "claim"),
    [
        ({"claim": "MAINTAINABLE", "media": ["Power"], "first": 3, "ids": True}, Question(("Power",), first=3, ids=True), "maintainable"),
        ({"claim": "FAULT_TOLERANT", "load": ["demo:Rack-R001"]}, Question(load=(DEMO + "Rack-R001",)), "fault-tolerant"),
    ],
)
def test_a_proof_as_a_job_is_the_command_lines_answer(site: Served, asked: dict[str, Any], question: Question, claim: str) -> None:
    """One certificate with its breaches and all that was tried, one of a single rack with what happens on the way."""
    view = site.twin.newest
    found = result_of(site, {"proof": asked})

    told = proofs.prove(Claim(claim), view.snapshot, view.vocabulary, view.supply(), view.conditions(), question, view.response).to_json()
    assert comparable(found) == comparable(in_camel_case(told))


def test_a_job_is_of_the_state_that_it_was_asked_about(site: Served) -> None:
    """As of revision 1, which is the newest: the same answer; a revision that there is not is refused at once."""
    found = result_of(site, {"sweep": {"first": 1}}, asOf={"revision": 1})
    (error,) = site.post(START, i={"sweep": {}}, asOf={"revision": 9})["errors"]

    assert found["revision"] == 1
    assert error["extensions"]["code"] == "UNKNOWN_REVISION"


def test_a_job_is_followed_over_a_socket_until_it_ends() -> None:
    """Running with its first report, then done; nothing comes after that. Reports within a tick are told as one."""
    begun, go = Event(), Event()

    def work(progress: Progress) -> object:
        progress("single failures", 1, 3)
        begun.set()
        assert go.wait(WAIT_S)
        progress("single failures", 2, 3)
        progress("single failures", 3, 3)
        return None

    with served() as site:
        job = site.face.jobs.start("sweep", work)
        assert begun.wait(WAIT_S)
        with site.subscribed(FOLLOW, id=job.id) as event:
            first = event()["job"]
            go.set()
            second = event()["job"]

    assert first == {"state": "RUNNING", "progress": {"stage": "single failures", "done": 1, "total": 3}, "error": None, "result": None}
    assert second == {"state": "DONE", "progress": {"stage": "single failures", "done": 3, "total": 3}, "error": None, "result": None}


def test_a_job_of_more_steps_than_an_int_holds_is_told_like_any_other() -> None:
    """Three thousand million trials: whoever asks for all jobs is told so, and of the others too."""
    told = Event()

    def work(progress: Progress) -> object:
        progress("trials", 2_900_000_000, 3_000_000_000)
        told.wait(WAIT_S)
        return None

    with served() as site:
        site.face.jobs.start("availability", work)
        while site.face.jobs.all()[0].stage is None:
            told.wait(0.01)
        (job,) = site.ask("{ jobs { progress { done total } } }")["jobs"]
        told.set()

    assert job["progress"] == {"done": 2_900_000_000, "total": 3_000_000_000}


async def reports_of(face: Face, job_id: str) -> list[float]:
    """How far a job was at each report of a follower."""
    return [job.progress.done async for job in followed(face, job_id) if job.progress is not None]


def test_a_report_that_says_the_same_again_is_not_told_again() -> None:
    """The work says three times that nothing is done, over several times the least time between two reports, then that it is at one."""
    said = Event()

    def work(progress: Progress) -> object:
        for _ in range(3):
            progress("slow", 0, 1)
            said.wait(2 * TICK_S)
        progress("slow", 1, 1)
        said.wait(2 * TICK_S)
        return None

    with served() as site:
        job = site.face.jobs.start("sweep", work)
        told = asyncio.run(reports_of(site.face, job.id))

    assert told == [0, 1, 1]


def test_a_job_is_cancelled_while_it_runs_and_its_followers_are_told() -> None:
    """The socket tells CANCELLED; the work learns it from its next report."""
    begun, go, left = Event(), Event(), Event()

    def work(progress: Progress) -> object:
        try:
            begun.set()
            assert go.wait(WAIT_S)
            progress("single failures", 1, 3)
            return None
        finally:
            left.set()

    with served() as site:
        job = site.face.jobs.start("sweep", work)
        assert begun.wait(WAIT_S)
        with site.subscribed(FOLLOW, id=job.id) as event:
            before = event()["job"]["state"]
            cancelled = site.ask(CANCEL, id=job.id)["cancelJob"]
            after = event()["job"]["state"]
        go.set()
        assert left.wait(WAIT_S)
        listed = site.ask("{ jobs { id kind state } }")["jobs"]

    assert (before, after) == ("RUNNING", "CANCELLED")
    assert cancelled == {"state": "CANCELLED", "result": None}
    assert listed == [{"id": job.id, "kind": "SWEEP", "state": "CANCELLED"}]


def test_a_further_job_than_may_run_is_refused() -> None:
    """Four wait for each other's end; the fifth is refused with what to do."""
    go = Event()

    def work(_: Progress) -> object:
        return go.wait(WAIT_S)

    with served() as site:
        for _ in range(4):
            site.face.jobs.start("sweep", work)
        (error,) = site.post(START, i={"sweep": {}})["errors"]
        go.set()

    assert error["message"] == "4 jobs run and 4 may: wait for one to end, or cancel one"
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED"}


def test_a_question_that_cannot_be_worked_out_is_a_failed_job_that_says_why(site: Served) -> None:
    """What only the work can find out."""

    def work(_: Progress) -> object:
        raise GraphError("the site has no rack")

    job = site.face.jobs.start("placement", work)
    until_ended(site, job.id)
    told = site.ask(RESULT, id=job.id)["job"]

    assert (told["state"], told["result"], told["error"]) == ("FAILED", None, "the site has no rack")


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ({"sweep": {"first": 0}}, "BAD_INPUT", "first = 0: give 1 to 1000"),
        ({"sweep": {"units": []}}, "BAD_INPUT", "units is empty"),
        ({"proof": {"claim": "MAINTAINABLE", "load": []}}, "BAD_INPUT", "load has 0 ids: give 1 to 1000, or leave it out for all"),
        ({"proof": {"claim": "MAINTAINABLE", "load": ["demo:UPS-Q"]}}, "UNKNOWN_ENTITY", "did you mean demo:UPS-"),
        ({"proof": {"claim": "FAULT_TOLERANT", "media": ["Foo"]}}, "UNKNOWN_ENTITY", "no medium 'Foo': this site has dcx:Power"),
        ({"proof": {"claim": "MAINTAINABLE", "media": []}}, "BAD_INPUT", "no medium is asked for: name one or more of dcx:Power"),
        ({"proof": {"claim": "MAINTAINABLE", "close": ["demo:UPS-A"]}}, "BAD_INPUT", "demo:UPS-A is no switch, so it cannot be closed"),
        ({"availability": {"load": "demo:Rack-R001", "media": ["Foo"]}}, "UNKNOWN_ENTITY", "no medium 'Foo': this site has dcx:Power"),
        ({"availability": {"load": "demo:Rack-R001", "media": []}}, "BAD_INPUT", "no medium is asked for"),
        ({"proof": {"claim": "FAULT_TOLERANT", "close": ["demo:UPS-A"]}}, "BAD_INPUT", "no fault waits until a switch is closed"),
        ({"sweep": {}, "pairs": {}}, "GRAPHQL_VALIDATION_FAILED", "must specify exactly one key"),
    ],
)
def test_what_is_wrong_with_a_question_is_said_before_a_job_begins(site: Served, asked: dict[str, Any], code: str, message: str) -> None:
    """No job is made of it."""
    (error,) = site.post(START, i=asked)["errors"]

    assert error["extensions"]["code"] == code
    assert message in error["message"]


def test_an_unknown_job_is_null_when_asked_and_an_error_when_cancelled(site: Served) -> None:
    """Jobs are not kept over a restart, so an id may well be unknown."""
    (error,) = site.post(CANCEL, id="nope")["errors"]

    assert site.ask('{ job(id: "nope") { id } }') == {"job": None}
    assert error["extensions"]["code"] == "UNKNOWN_JOB"
