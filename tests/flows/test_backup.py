"""A backup and its restore: the same twin again, in a store of either kind, and nothing at all from a file that is not whole."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import pytest

from graph.changes import Branch, Cause, ChangeSet
from graph.commands import Command, CommandEvent, CommandState
from graph.errors import StoreUnavailable
from graph.ports import Progress, StoredTwin, TwinStore
from graph.restoring import mark_of
from graph.stores.folder import SERVICE_LOCK, FolderLock
from graph.stores.journal import SqliteJournal
from graph.stores.memory import MemoryJournal, MemoryStore
from graph.stores.neo4j import Neo4jStore
from graph.stores.opening import open_store, store_to_fill
from graph.stores.sqlite import SqliteStore
from graph.values import Quality, ReadingBatch
from ontology.rdf_write import write_block
from ontology.terms import QuadBlock
from tests.contract.conftest import opener_of
from tests.faults.test_crash import in_child, kept_by, opened
from tests.support.ledgers import Desk
from tests.support.neo4j_server import emptied
from twin.backup.backup import BackupError, back_up, read_manifest, restore
from twin.compose_backup import restore_all
from twin.settings import load_settings

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
G1, G2 = "urn:g:1", "urn:g:2"
EVENTS = [
    CommandEvent(Command("c-1", "k", "urn:p", 21.5, "ada", "wärmer", NOON), state, NOON, "as it is")
    for state in (CommandState.REQUESTED, CommandState.DISPATCHED, CommandState.CONFIRMED)
]
VALUES = ReadingBatch.of([("_:b", float("nan"), 3, 4, Quality.BAD), ("urn:p", 21.5, 1, 2, Quality.GOOD)])
of, none = QuadBlock.of, QuadBlock.empty()


def noon() -> datetime:
    return NOON


def cause(key: str) -> Cause:
    return Cause("ada", "plan", NOON, f"because of {key}", key)


def filled(store: TwinStore) -> TwinStore:
    """Three revisions by two sources, a branch with a change, one without, two values."""
    gone = ("urn:p", LABEL, '"P"@en', G1)
    store.commit(ChangeSet(of([gone, ("_:b", LABEL, '"two\nlines"', G1)]), none, {G1: "plan"}), cause("one"), expected=0)
    store.commit(ChangeSet(of([("urn:p", "urn:isPointOf", "urn:x", G2)]), none, {G2: "bms"}), cause(""), expected=1)
    change = ChangeSet(
        of([("urn:p", LABEL, '"1.50"^^http://www.w3.org/2001/XMLSchema#decimal', G1)]), of([gone]), {}, np.array([1], np.int32)
    )
    store.commit(change, cause("three"), expected=2)
    store.create_branch(Branch("a/ä", 2, cause("")))
    store.create_branch(Branch("empty", 0, cause("b")))
    store.commit(ChangeSet(of([("urn:n", LABEL, '"N"', G2)]), none), cause("on it"), expected=0, branch="a/ä")
    store.write_values(VALUES)
    return store


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A backup of `filled`."""
    file = tmp_path / "whole.zip"
    back_up(filled(MemoryStore()), EVENTS, file, noon)
    return file


def again(file: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same archive with other content, as somebody may make it who knows what a zip is."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    edited = file.with_name("edited.zip")
    with zipfile.ZipFile(edited, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return edited


def member_of(file: Path, name: str) -> bytes:
    """One file of an archive."""
    with zipfile.ZipFile(file) as archive:
        return archive.read(name)


@pytest.mark.parametrize(("kind", "to"), [("sqlite", "neo4j"), ("neo4j", "sqlite"), ("sqlite", "sqlite")])
def test_what_is_restored_is_what_was_backed_up(kind: str, to: str, tmp_path: Path) -> None:
    """Revisions, change sets, who said each quad, owners, branches, values and commands; from each store into the other."""
    store = filled(opener_of(kind, tmp_path / "one")())
    expected = kept_by(store)
    manifest = back_up(store, EVENTS, tmp_path / "twin.zip", noon)
    store.close()
    other, journal = opener_of(to, tmp_path / "other", filling=True)(), MemoryJournal()

    restored = restore(tmp_path / "twin.zip", other, journal)

    assert restored == manifest
    assert kept_by(other) == expected
    assert journal.events() == EVENTS
    assert list(other.values().points) == list(VALUES.points)
    assert other.values().values.tolist()[1:] == [21.5]
    assert other.values().quality.tolist() == VALUES.quality.tolist()
    other.close()


def test_an_empty_twin_is_backed_up_and_restored(tmp_path: Path) -> None:
    """Revision 0: nothing, and nothing is lost."""
    back_up(MemoryStore(), (), tmp_path / "twin.zip", noon)
    store = MemoryStore()

    restore(tmp_path / "twin.zip", store, MemoryJournal())

    assert store.load().revision is None
    assert list(store.branches()) == []


def test_the_hash_of_a_backup_is_that_of_its_export(whole: Path) -> None:
    """SHA-256 over what `ridethrough export --format nquads` writes, so that anybody can compare."""
    out = io.BytesIO()
    write_block(filled(MemoryStore()).load().quads, "nquads", out)

    assert read_manifest(whole).sha256 == hashlib.sha256(out.getvalue()).hexdigest()
    assert len(read_manifest(whole).canonical) == 64


def test_equal_twins_give_equal_manifests(whole: Path, tmp_path: Path) -> None:
    """Nothing in it depends on the moment but the moment itself."""
    assert back_up(filled(MemoryStore()), EVENTS, tmp_path / "two.zip", noon) == read_manifest(whole)


def test_a_file_that_is_cut_is_refused(whole: Path, tmp_path: Path) -> None:
    """Wherever it is cut; the store stays empty, and the text says what to do."""
    content, store = whole.read_bytes(), MemoryStore()
    cut = tmp_path / "cut.zip"

    for size in (0, 10, len(content) // 3, len(content) // 2, len(content) - 1):
        cut.write_bytes(content[:size])
        with pytest.raises(BackupError, match=r"cut\.zip is no whole backup .*: take another copy"):
            restore(cut, store, MemoryJournal())

    assert store.load().revision is None


def test_a_file_with_one_other_byte_is_refused_or_the_same(whole: Path, tmp_path: Path) -> None:
    """At fifty places: whatever passes says the same (a zip has bytes that mean nothing)."""
    content, expected = whole.read_bytes(), read_manifest(whole)
    other = tmp_path / "other.zip"
    refused = 0

    for at in range(0, len(content), max(1, len(content) // 50)):
        other.write_bytes(content[:at] + bytes([content[at] ^ 0x20]) + content[at + 1 :])
        try:
            assert read_manifest(other) == expected, f"byte {at}"
        except BackupError:
            refused += 1

    assert refused > 25


@pytest.mark.parametrize("name", ["changes/00000001", "revisions.json", "journal.json", "values.json", "branches.json", "manifest.json"])
def test_a_file_that_was_edited_is_refused(whole: Path, name: str) -> None:
    """Also when the archive itself is in order."""
    edited = again(whole, lambda members: members.update({name: members[name] + b" "}))

    with pytest.raises(BackupError, match=r"is no whole backup"):
        restore(edited, MemoryStore(), MemoryJournal())


def test_a_file_with_more_or_less_inside_is_refused(whole: Path) -> None:
    """A revision taken out, a stranger put in."""
    for change in (lambda m: m.pop("changes/00000002"), lambda m: m.update({"changes/00000009": b""})):
        with pytest.raises(BackupError, match="not those of its manifest"):
            restore(again(whole, change), MemoryStore(), MemoryJournal())


def test_a_newer_format_is_told_as_such(whole: Path) -> None:
    """The next step is the newer program."""
    edited = again(
        whole, lambda members: members.update({"manifest.json": orjson.dumps({**orjson.loads(members["manifest.json"]), "format": 2})})
    )

    with pytest.raises(BackupError, match=r"format 2.*up to 1: restore it with the newer program"):
        restore(edited, MemoryStore(), MemoryJournal())


def test_a_store_that_is_not_empty_is_left_alone(whole: Path) -> None:
    """Even with the same twin in it."""
    store = filled(MemoryStore())
    expected = kept_by(store)

    with pytest.raises(BackupError, match="not empty: it has 3 revisions"):
        restore(whole, store, MemoryJournal())

    assert kept_by(store) == expected


def test_commands_of_another_site_are_not_mixed_in(whole: Path) -> None:
    """A journal that says something else is refused before anything is written."""
    journal, store = MemoryJournal(), MemoryStore()
    journal.append(EVENTS[1])

    with pytest.raises(BackupError, match="commands of its own"):
        restore(whole, store, journal)

    assert store.load().revision is None


def test_what_no_revision_tells_of_cannot_be_backed_up(tmp_path: Path) -> None:
    """It would be lost in the restore; the text says how to take it in, and no file is left."""

    class Drifted(MemoryStore):
        def __init__(self) -> None:
            super().__init__()
            filled(self)
            self._quads["urn:by", LABEL, '"hand"', G1] = 3

    with pytest.raises(BackupError, match=r"1 facts that no revision tells of.*--take-in"):
        back_up(Drifted(), EVENTS, tmp_path / "twin.zip", noon)

    assert list(tmp_path.iterdir()) == []


def test_a_backup_is_of_the_moment_at_which_it_began(tmp_path: Path) -> None:
    """A revision that comes while it is written is left to the next one; a branch that goes meanwhile is not in it."""

    class Busy(MemoryStore):
        def load(self, progress: Progress | None = None) -> StoredTwin:
            twin = super().load(progress)
            self.commit(ChangeSet(of([("urn:late", LABEL, '"late"', G1)]), none), cause("late"), expected=3)
            return twin

        def change(self, number: int, branch: str = "") -> ChangeSet:
            if branch:
                self.drop_branch(branch)
            return super().change(number, branch)

    expected = kept_by(filled(MemoryStore())).site
    store = MemoryStore()

    back_up(filled(Busy()), EVENTS, tmp_path / "twin.zip", noon)
    restore(tmp_path / "twin.zip", store, MemoryJournal())

    assert kept_by(store).site == expected
    assert [branch.name for branch in store.branches()] == ["empty"]


def test_a_backup_that_cannot_be_written_leaves_the_old_one(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fills up in the middle; the file of yesterday is still there, and no part of today's."""
    content = whole.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "twin.zip")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        back_up(filled(MemoryStore()), (), whole, noon)

    assert whole.read_bytes() == content
    assert [file.name for file in whole.parent.iterdir()] == [whole.name]


@pytest.mark.parametrize("kind", ["sqlite", "neo4j"])
def test_a_restore_that_is_cut_off_goes_on_where_it_was(kind: str, whole: Path, tmp_path: Path) -> None:
    """Killed at every step; no backup is taken of the half, and the same restore again makes it whole; another one is refused."""
    expected = kept_by(filled(MemoryStore()))

    def fill(place: Callable[[], TwinStore], folder: Path) -> None:
        restore(whole, opened(place), SqliteJournal(folder))

    first = opener_of(kind, tmp_path / "whole", filling=True)
    reached = in_child(lambda: fill(first, tmp_path / "whole"), kill_at=-1)
    other = tmp_path / "other.zip"
    back_up(MemoryStore(), (), other, noon)
    for number in range(len(reached)):
        folder = tmp_path / str(number)
        place = opener_of(kind, folder, filling=True)
        in_child(lambda place=place, folder=folder: fill(place, folder), kill_at=number)  # type: ignore[misc] # the loop's own
        store, journal = opened(place), SqliteJournal(folder)
        if mark_of(store) is not None:
            with pytest.raises(StoreUnavailable, match=r"unfinished restore of whole\.zip"):
                back_up(store, (), tmp_path / "half.zip", noon)
            with pytest.raises(BackupError, match=r"another backup, .* was cut off|commands of its own"):
                restore(other, store, journal)
        if kept_by(store) != expected:
            restore(whole, store, journal)
        assert kept_by(store) == expected, reached[number]
        assert list(journal.events()) == EVENTS
        store.close()
        journal.close()


def test_a_restore_that_was_cut_off_keeps_everybody_else_out(whole: Path, tmp_path: Path) -> None:
    """Who ran before it began cannot write, whoever comes is told to repeat it, so does the doctor; the same restore goes on."""
    url, expected = emptied(), kept_by(filled(MemoryStore()))
    running = Desk(Neo4jStore(url))
    in_child(lambda: restore(whole, Neo4jStore(url, filling=True), MemoryJournal()), kill_at=6)

    with running, pytest.raises(StoreUnavailable, match=r"holds an unfinished restore of whole\.zip"):
        running.say("x", ("urn:x", LABEL, '"x"', "urn:x"))
    for read_only in (True, False):
        with pytest.raises(StoreUnavailable, match=rf"{url} holds an unfinished restore of whole\.zip: .* repeat the restore"):
            open_store(url, tmp_path, read_only=read_only)
    sick = ridethrough(tmp_path, "doctor", "--store", url)
    with store_to_fill(url, tmp_path) as store:
        restore(whole, store, MemoryJournal())

    assert "unfinished restore of whole.zip" in sick.stdout
    store = open_store(url, tmp_path, read_only=True)
    assert kept_by(store) == expected
    store.close()


def test_a_branch_called_restore_is_one_like_any_other(tmp_path: Path) -> None:
    """It is backed up, and restored."""
    store, other = filled(MemoryStore()), MemoryStore()
    store.create_branch(Branch("restore", 1, cause("r")))

    back_up(store, (), tmp_path / "twin.zip", noon)
    restore(tmp_path / "twin.zip", other, MemoryJournal())

    assert kept_by(other) == kept_by(store)


# -- on the command line ------------------------------------------------------------------------------------------

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "backup.md"
PROGRAM = str(Path(sys.executable).with_name("ridethrough"))


def ridethrough(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The program in a folder, with the data folder `data` there if not said otherwise."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RIDETHROUGH_")}
    return subprocess.run([PROGRAM, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with a twin and a journal in `data`, and its backup `twin.zip`."""
    store, journal = SqliteStore(tmp_path / "data"), SqliteJournal(tmp_path / "data")
    filled(store).close()
    for event in EVENTS:
        journal.append(event)
    journal.close()
    made = ridethrough(tmp_path, "backup", "twin.zip", "--json")
    assert (made.returncode, made.stderr) == (0, "")
    (tmp_path / "told.json").write_text(made.stdout, encoding="utf-8")
    return tmp_path


def test_the_program_backs_up_and_restores(desk: Path) -> None:
    """Into another folder: the export is the same to the byte, the hash that was told is the export's, the commands are there."""
    restored = ridethrough(desk, "restore", "twin.zip", "--data", "other")

    exports = [ridethrough(desk, "export", "--format", "nquads", "--data", data).stdout for data in ("data", "other")]
    told = json.loads((desk / "told.json").read_text(encoding="utf-8"))
    journal = SqliteJournal(desk / "other", read_only=True)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert "restored: revision 3, 3 quads" in restored.stdout
    assert exports[0] == exports[1]
    assert told["sha256"] == hashlib.sha256(exports[0].encode()).hexdigest()
    assert (told["revision"], told["branches"], told["values"], told["commands"]) == (3, 2, 2, 3)
    assert list(journal.events()) == EVENTS
    journal.close()


def test_the_guide_does_what_it_says(desk: Path) -> None:
    """Its commands, typed into a shell one after the other: both exports have the hash that the backup told."""
    commands = re.findall(r"```console\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    environment = {**os.environ, "PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}"}

    printed = [
        subprocess.run(command, shell=True, cwd=desk, env=environment, capture_output=True, text=True, check=True).stdout  # noqa: S602 - as a reader types it
        for command in commands
    ]

    sha256 = printed[0].split()[-1]
    assert len(commands) == 4
    assert [printed[1].split()[0], printed[3].split()[0]] == [sha256, sha256]


def test_the_program_refuses_to_restore_over_a_twin(desk: Path) -> None:
    """In one line, with the next step; the twin is as it was."""
    refused = ridethrough(desk, "restore", "twin.zip")

    assert refused.returncode == 1
    assert "the store is not empty: it has 3 revisions" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_folder_that_a_service_uses_is_not_restored_into(desk: Path) -> None:
    """It is told who uses it; the twin there is as it was."""
    lock = FolderLock(desk / "data", "serve", SERVICE_LOCK)

    with pytest.raises(StoreUnavailable, match=rf"in use by process {os.getpid()} \(serve\)"):
        restore_all(load_settings(None, data=desk / "data"), desk / "twin.zip")

    lock.release()


def test_a_killed_restore_leaves_no_twin_in_a_file(desk: Path) -> None:
    """The file appears when it is whole: until then the folder is as empty as before, and the next restore needs no help."""

    def work() -> None:
        restore_all(load_settings(None, data=desk / "other"), desk / "twin.zip")

    reached = in_child(work, kill_at=-1)
    for number, step in enumerate(reached):
        if step != "fill.done":
            shutil.rmtree(desk / "other")
            in_child(work, kill_at=number)
            assert not (desk / "other" / "twin.sqlite").exists(), step

    assert ridethrough(desk, "restore", "twin.zip", "--data", "other").returncode == 0
    store = SqliteStore(desk / "other", read_only=True)
    assert len(store.load().quads) == 3
    store.close()
