"""What the command line refuses, and what the doctor finds: real processes, exit codes, and the next step in each error."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from graph.stores.folder import STORE_LOCK, FolderLock
from graph.stores.journal import SqliteJournal

RIDETHROUGH = str(Path(sys.executable).with_name("ridethrough"))
CHILLERS = "@prefix brick: <https://brickschema.org/schema/Brick#> .\n" + "".join(f"<urn:c{n}> a brick:Chiller .\n" for n in range(20))
BAD = "@prefix brick: <https://brickschema.org/schema/Brick#> .\n<urn:u> a brick:UPS .\n"


class Desk:
    """A folder in which commands are typed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def type(self, *words: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "NO_COLOR": "1", "RIDETHROUGH_DATA": str(self.folder / "data")}
        return subprocess.run([RIDETHROUGH, *words], cwd=self.folder, env=env, capture_output=True, text=True, timeout=300, check=False)

    def load(self, text: str, *words: str) -> subprocess.CompletedProcess[str]:
        """The text as what source `s` says."""
        (self.folder / "model.ttl").write_text(text)
        return self.type("load", "model.ttl", "--source", "s", *words)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty folder."""
    return Desk(tmp_path)


def test_an_empty_export_is_refused_until_it_is_meant(desk: Desk) -> None:
    """20 facts, none sent; the refusal gives the option that lets it through."""
    desk.load(CHILLERS)

    refused, tried = desk.load(""), desk.load("", "--dry-run")
    meant = desk.load("", "--max-deletions", "100", "--json")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: s would withdraw 20 of its 20 facts, and at most 2 (10 %) may go at once")
    assert "`ridethrough load --max-deletions 100`" in refused.stderr
    assert tried.returncode == 3
    assert tried.stdout.startswith("s: 0 added, 20 removed, 0 in all; dry run\n  - ")
    assert "\n  would be refused: s would withdraw 20 of its 20 facts" in tried.stdout
    assert json.loads(meant.stdout)["sources"][0]["removed"] == 20


def test_nothing_that_was_said_steers_the_terminal(desk: Desk) -> None:
    """Escape sequences in a text, a file's name or a reason stand there by their numbers; a source cannot be called so."""
    desk.load('<urn:a> <urn:p> "x\\u001B[2J\\u009b1m\\ny" .\n', "--reason", "by\x1b]0;hand\x07")
    named = desk.type("load", "model.ttl", "--source", "a\x1b[31m")
    outputs = [desk.type(*words).stdout for words in (("log",), ("show", "1"), ("provenance", "urn:a"), ("sources",))]

    assert not any(character in text for text in (*outputs, named.stderr) for character in "\x1b\x07\x9b")
    assert r"by\x1b]0;hand\x07" in outputs[0]
    assert r'"x\x1b[2J\x9b1m\ny"' in outputs[1]
    assert r'"x\x1b[2J\x9b1m\ny"' in outputs[2]
    assert (named.returncode, r"'a\x1b[31m' cannot name a source" in named.stderr) == (1, True)


def test_policies_refuse_and_keep_apart(desk: Desk) -> None:
    """`brick:UPS` does not exist: refused with what to write instead; kept apart as a branch; a policy that there is not is wrong usage."""
    refused = desk.load(BAD, "--policy", "refuse")
    apart = desk.load(BAD, "--policy", "quarantine")
    branches = json.loads(desk.type("branch", "list", "--json").stdout)["branches"]

    assert (refused.returncode, "use dcx:UPS" in refused.stderr) == (1, True)
    assert "kept apart in branch quarantine/s" in apart.stdout
    assert apart.returncode == 3
    assert [branch["branch"] for branch in branches] == ["quarantine/s"]
    assert desk.load(BAD, "--policy", "perhaps").returncode == 2


def test_a_folder_that_a_service_holds_is_written_over_http(desk: Desk) -> None:
    """The error tells how, and where that service really is; a dry run needs no lock, and goes through. Where a verb holds it, there is
    no service to go to."""
    desk.load(CHILLERS)
    held = FolderLock(desk.folder / "data", "serve at http://127.0.0.1:9090", STORE_LOCK)

    refused, dry = desk.load(BAD), desk.load(CHILLERS + BAD, "--dry-run")
    undone = desk.type("revert", "1")
    held.release()
    held = FolderLock(desk.folder / "data", "load", STORE_LOCK)
    beside = desk.load(BAD)
    held.release()

    assert refused.returncode == 1
    assert undone.stderr.endswith("the explorer and GraphQL at http://127.0.0.1:9090\n")
    assert beside.stderr.endswith("(load): stop that process, or give another folder with --data\n")
    assert "is in use by process" in refused.stderr
    assert "'http://127.0.0.1:9090/rdf?source=NAME' (with &dry-run" in refused.stderr
    assert "dry run" in dry.stdout


def test_states_that_there_are_not_are_told(desk: Desk) -> None:
    """A revision, a branch, an instant without its offset, and what is no state at all."""
    desk.load(CHILLERS)

    answers = [
        desk.type("export", *words)
        for words in (("--at", "9"), ("--branch", "b"), ("--at", "2026-03-01T00:00:00"), ("--at", "soon"), ("--at", ""))
    ]

    assert [answer.returncode for answer in answers] == [1, 1, 2, 2, 2]
    assert [answer.stderr for answer in answers] == [
        "error: no revision 9: there are 1 to 1\n",
        "error: no branch 'b'; there are: none\n",
        "error: the instant 2026-03-01T00:00:00 says no offset from UTC: give one, as in 2026-03-01T00:00:00Z\n",
        "error: 'soon' is neither a revision's number nor an instant such as 2026-03-03T14:00:00Z\n",
        "error: '' names no state: give a revision's number or an instant; for the newest state leave it out\n",
    ]


def test_an_instant_that_the_log_prints_can_be_asked_for(desk: Desk) -> None:
    """It is rounded up to the second: the state of then has that revision."""
    desk.load(CHILLERS)
    at = " ".join(desk.type("log").stdout.splitlines()[1].split()[1:3])

    asked = desk.type("export", "--format", "nquads", "--at", at)

    assert at.endswith("Z")
    assert len(asked.stdout.splitlines()) == 20


def test_the_doctor_tells_what_was_written_past_the_twin_and_takes_it_in(desk: Desk) -> None:
    """A row of the file is deleted by hand: one fact is missing; taken in, it is a revision, and all is well."""
    desk.load(CHILLERS)
    with sqlite3.connect(desk.folder / "data" / "twin.sqlite") as db:
        db.execute("DELETE FROM subjects WHERE s = (SELECT max(s) FROM subjects)")
    db.close()

    sick = desk.type("doctor", "--json")
    cured = desk.type("doctor", "--take-in", "--json")
    well = {check["check"]: check for check in json.loads(desk.type("doctor", "--json").stdout)["checks"]}

    drift = next(check for check in json.loads(sick.stdout)["checks"] if check["check"] == "drift")
    assert (sick.returncode, drift["ok"]) == (3, False)
    assert "0 facts that no revision says, 1 missing: - urn:c" in drift["detail"]
    assert json.loads(cured.stdout)["change"]["removed_count"] == 1
    assert json.loads(cured.stdout)["revision"]["revision"] == 2
    assert well["drift"] == {"check": "drift", "ok": True, "detail": "the store holds what its revisions say"}


@pytest.mark.parametrize(("check", "name"), [("store", "twin.sqlite"), ("journal", "journal.sqlite")])
def test_the_doctor_finds_a_damaged_file(desk: Desk, check: str, name: str) -> None:
    """A page in its middle is overwritten; the row of its file says so, and the next step."""
    desk.load(CHILLERS)
    SqliteJournal(desk.folder / "data").close()
    file = desk.folder / "data" / name
    content = file.read_bytes()
    half = len(content) // 8192 * 4096
    file.write_bytes(content[:half] + b"\x55" * (len(content) - half))

    sick = desk.type("doctor", "--json")

    row = next(row for row in json.loads(sick.stdout)["checks"] if row["check"] == check)
    assert (sick.returncode, row["ok"]) == (3, False)
    assert name in row["detail"]
    assert "restore a backup" in row["detail"]


def test_a_source_is_withdrawn_by_name_only(desk: Desk) -> None:
    """All 20 facts go, whatever the bound; a dry run changes nothing; a name that there is not is told, with those that there are."""
    desk.load(CHILLERS)

    wrong, dry, done = desk.type("withdraw", "t"), desk.type("withdraw", "s", "--dry-run"), desk.type("withdraw", "s", "--json")

    assert (wrong.returncode, wrong.stderr) == (1, "error: no source 't'; there are: s\n")
    assert dry.stdout.startswith("s: 20 removed; dry run\n")
    assert (json.loads(done.stdout)["removed_count"], json.loads(done.stdout)["revision"]["revision"]) == (20, 2)


def test_a_source_in_whose_name_a_branch_speaks_is_named_when_it_is_applied(desk: Desk) -> None:
    """Its next load would undo it; what was in its own quarantine it has said itself."""
    desk.load(CHILLERS)
    (desk.folder / "out.ttl").write_text("<urn:c1> a <https://brickschema.org/schema/Brick#Chiller> .")
    desk.type("branch", "create", "b")
    desk.type("branch", "edit", "b", "--remove", "out.ttl")
    desk.load(CHILLERS + BAD, "--policy", "quarantine")

    by_hand, own = desk.type("branch", "apply", "b"), desk.type("branch", "apply", "quarantine/s")

    assert by_hand.stdout.splitlines()[1] == "source s has not said so itself: change it there, too, or its next load undoes this"
    assert len(own.stdout.splitlines()) == 1, own.stderr


def test_a_dry_run_makes_no_data_folder(desk: Desk) -> None:
    """Nor does looking at a file: nothing is kept of either."""
    dry, looked = desk.load(CHILLERS, "--dry-run"), desk.type("validate", "model.ttl")

    assert (dry.returncode, looked.returncode, "20 added" in dry.stdout) == (0, 0, True)
    assert [path.name for path in desk.folder.iterdir()] == ["model.ttl"]


def test_a_fact_is_shown_with_its_datatype_as_a_curie(desk: Desk) -> None:
    """In `show`, in a dry run and in `provenance`; a text in a language keeps its tag."""
    text = '<urn:c1> <urn:height> 1.5 ; <http://www.w3.org/2000/01/rdf-schema#label> "Kühler"@de .'
    dry = desk.load(text, "--dry-run")
    desk.load(text)

    for told in (dry, desk.type("show", "1"), desk.type("provenance", "urn:c1")):
        assert '"1.5"^^xsd:decimal' in told.stdout
        assert '"Kühler"@de' in told.stdout
