"""A backup: the whole history of the twin in one file, and the twin made again from it, in a store of either kind.

Rules of this file:

1. What is written is what was said: every revision's cause and change set, the branches, the current values, the command journal. The
   quads are not in it: they follow, and the manifest has their hash, which is that of `ridethrough export --format nquads`.
2. A backup is one consistent state of a store that goes on being written: revisions after the newest one at the start are left out.
3. A file is whole or not there: it is written beside its place, read back, and moved there.
4. A file that is cut, edited or of a newer format is refused before anything is written; a store that is not empty, too.
5. A restore that is cut off leaves its mark (`graph.restoring`), which keeps everybody else out; the same restore goes on from there.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import orjson

from graph.changes import Branch, Cause, ChangeSet
from graph.commands import CommandEvent
from graph.disk import sync_folder
from graph.errors import GraphError, StoreUnavailable
from graph.fold import drift_between, history
from graph.packing import pack, unpack
from graph.ports import Clock, Journal, Progress, StoredTwin, TwinStore
from graph.restoring import RESTORE_MARK, mark_of, refuse_part
from graph.steps import reached
from ontology.rdf import canonical_hash
from ontology.rdf_write import write_block
from twin.backup.rows import branch_of, branch_row, command_of, command_row, revision_of, revision_row, values_of, values_row

FORMAT = 1
MANIFEST, MANIFEST_HASH = "manifest.json", "manifest.sha256"
CANONICAL_QUADS_MAX = 300_000
"""Up to this many quads the manifest has the canonical hash (RDFC-1.0), which takes some 10 s for them and is exponential at worst."""
BRANCH_READS_MAX = 5
_NOT_A_WHOLE_ZIP = (BadZipFile, zlib.error, struct.error, KeyError, EOFError, OSError, RuntimeError, ValueError)
"""What `zipfile` raises, depending on where a file is cut or edited."""


class BackupError(GraphError):
    """A backup that cannot be made, or a file that cannot be restored."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `sha256` is that of the sorted N-Quads of its newest revision, `canonical` the RDFC-1.0 hash of the same
    (empty for a large graph), `members` the SHA-256 of every file inside."""

    format: int
    made_at: str
    revision: int
    quads: int
    branches: int
    values: int
    commands: int
    sha256: str
    canonical: str
    members: dict[str, str]


# -- making one ---------------------------------------------------------------------------------------------------


def back_up(store: TwinStore, events: Sequence[CommandEvent], file: Path, clock: Clock, progress: Progress | None = None) -> Manifest:
    """Write the backup, and read it back. Raises `BackupError` when the store holds what no revision tells of, or a restore in the making;
    `StoreUnavailable`; `OSError` when the file cannot be written. Cost: linear; one unpacked change in memory beside the quads."""
    refuse_part(store, "the store")
    twin = store.load(progress)
    part = file.with_name(file.name + ".part")
    try:
        with part.open("w+b") as out:
            with ZipFile(out, "w", ZIP_DEFLATED) as archive:
                manifest = _write(_Members(archive), store, twin, events, clock, progress)
            out.flush()
            os.fsync(out.fileno())
        read_back = read_manifest(part)
        if read_back != manifest:
            raise BackupError(f"{file} did not come back as it was written: check the disk, and write it to another one")
        reached("backup.written")
        part.replace(file)
        sync_folder(file.parent)
    finally:
        part.unlink(missing_ok=True)
    return manifest


class _Members:
    """The files of an archive in the making, with the hash of each."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self.hashes: dict[str, str] = {}

    def add(self, name: str, content: bytes, *, packed: bool = False) -> None:
        """One more file; `packed` when to compress it again would only cost time."""
        self._archive.writestr(name, content, ZIP_STORED if packed else ZIP_DEFLATED)
        self.hashes[name] = hashlib.sha256(content).hexdigest()

    def add_change(self, name: str, change: ChangeSet) -> None:
        """A change set."""
        self.add(name, pack(change), packed=True)

    def seal(self, manifest: Manifest) -> None:
        """The manifest, and its own hash."""
        text = orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        self._archive.writestr(MANIFEST, text)
        self._archive.writestr(MANIFEST_HASH, hashlib.sha256(text).hexdigest() + "\n")


def _write(
    members: _Members, store: TwinStore, twin: StoredTwin, events: Sequence[CommandEvent], clock: Clock, progress: Progress | None
) -> Manifest:
    newest = twin.revision.number if twin.revision else 0
    revisions = [revision for revision in store.revisions() if revision.number <= newest]

    def changes() -> Iterator[tuple[int, ChangeSet]]:
        for revision in revisions:
            change = store.change(revision.number)
            members.add_change(_change_name(revision.number), change)
            yield revision.number, change
            _tell(progress, "revisions written", revision.number, newest)

    drift = drift_between(twin.quads, history(changes()))
    if not drift.is_empty:
        raise BackupError(
            f"the store holds {len(drift.added)} facts that no revision tells of, and lacks {len(drift.removed)}: "
            "see them with `ridethrough doctor`, take them in with `ridethrough doctor --take-in`, and back up again"
        )
    members.add("revisions.json", orjson.dumps([revision_row(revision) for revision in revisions]))
    branches = _write_branches(members, store)
    values = store.values()
    members.add("values.json", orjson.dumps(values_row(values)))
    members.add("journal.json", orjson.dumps([command_row(event) for event in events]))
    sha256, canonical = hashes_of(twin)
    counts = (newest, len(twin.quads), len(branches), len(values), len(events))
    manifest = Manifest(FORMAT, clock().isoformat(), *counts, sha256, canonical, dict(sorted(members.hashes.items())))
    members.seal(manifest)
    return manifest


def _write_branches(members: _Members, store: TwinStore) -> Sequence[Branch]:
    """The branches with their changes; read again when one is dropped in between."""
    for _ in range(BRANCH_READS_MAX):
        branches = store.branches()
        try:
            changes = [[store.change(revision.number, branch.name) for revision in branch.revisions] for branch in branches]
        except KeyError:
            continue
        for at, (branch, own) in enumerate(zip(branches, changes, strict=True)):
            for revision, change in zip(branch.revisions, own, strict=True):
                members.add_change(_change_name(revision.number, at), change)
        members.add("branches.json", orjson.dumps([branch_row(branch) for branch in branches]))
        return branches
    raise StoreUnavailable("branches were dropped all the time while they were read: back up again when that has ended")


def _change_name(number: int, branch: int | None = None) -> str:
    return f"changes/{number:08d}" if branch is None else f"branches/{branch:04d}/{number:08d}"


def hashes_of(twin: StoredTwin) -> tuple[str, str]:
    """SHA-256 of the quads as N-Quads in the order of an export, and their canonical hash where they are few enough (else empty)."""
    digest = _Digest()
    try:
        write_block(twin.quads, "nquads", cast(BinaryIO, digest))
    except ValueError as error:
        raise BackupError(f"the store holds what RDF does not know ({error}): take it out, and back up again") from error
    return digest.hash.hexdigest(), canonical_hash(twin.quads) if len(twin.quads) <= CANONICAL_QUADS_MAX else ""


class _Digest:
    """A stream that keeps the hash of what is written, and nothing else."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Take more in."""
        self.hash.update(data)
        return len(data)


def _tell(progress: Progress | None, what: str, done: int, total: int) -> None:
    if progress is not None:
        progress(what, done, total)


# -- reading one --------------------------------------------------------------------------------------------------


def read_manifest(file: Path, progress: Progress | None = None) -> Manifest:
    """What a backup says that it holds, after all of it has been checked against its hashes. Raises `BackupError`."""
    stream = file.open("rb")
    try:
        with stream, ZipFile(stream) as archive:
            text = archive.read(MANIFEST)
            manifest = _manifest(file, text, archive.read(MANIFEST_HASH).decode().strip())
            names = sorted(set(archive.namelist()) - {MANIFEST, MANIFEST_HASH})
            if names != sorted(manifest.members):
                raise _damaged(file, "its files are not those of its manifest")
            for at, name in enumerate(names):
                if hashlib.sha256(archive.read(name)).hexdigest() != manifest.members[name]:
                    raise _damaged(file, f"{name} is not what was written")
                _tell(progress, "backup checked", at + 1, len(names))
    except _NOT_A_WHOLE_ZIP as error:
        raise _damaged(file, str(error) or type(error).__name__) from error
    return manifest


def _manifest(file: Path, text: bytes, sha256: str) -> Manifest:
    """The manifest of its text. A newer format is told before anything else: its hash may be made otherwise."""
    try:
        fields = orjson.loads(text)
        number = int(fields["format"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(file, "its manifest cannot be read") from error
    if number > FORMAT:
        raise BackupError(
            f"{file} has backup format {number}, this program knows up to {FORMAT}: restore it with the newer program that wrote it"
        )
    if hashlib.sha256(text).hexdigest() != sha256:
        raise _damaged(file, "its manifest is not what was written")
    return Manifest(**fields)


def _damaged(file: Path, why: str) -> BackupError:
    return BackupError(f"{file} is no whole backup ({why}): take another copy of it, or an older backup")


# -- restoring ----------------------------------------------------------------------------------------------------


def restore(file: Path, store: TwinStore, journal: Journal, progress: Progress | None = None) -> Manifest:
    """Make the twin of the backup in an empty store, and its commands in an empty journal; in both also what a restore of the same backup
    has left that was cut off. Raises `BackupError`, `StoreUnavailable`. Cost: that of all commits, one after the other."""
    manifest = read_manifest(file, progress)
    identity = hashlib.sha256(repr(sorted(manifest.members.items())).encode()).hexdigest()
    with ZipFile(file) as archive:
        backup = _Backup(archive)
        missing = backup.commands[_agreed(file, journal.events(), backup.commands) :]
        done = _begun(file, store, backup, identity, datetime.fromisoformat(manifest.made_at))
        reached("restore.begun")
        for event in missing:
            journal.append(event)
        for revision in backup.revisions[done:]:
            store.commit(backup.change(revision.number), revision.cause, expected=revision.number - 1)
            _tell(progress, "revisions restored", revision.number, manifest.revision)
        for at, branch in enumerate(backup.branches):
            _restore_branch(store, backup, at, branch)
        store.write_values(backup.values)
    _verify(file, store.load(progress), manifest)
    store.drop_branch(RESTORE_MARK)
    reached("restore.done")
    return manifest


class _Backup:
    """The content of a checked archive; change sets are read one at a time."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self.revisions = [revision_of(row) for row in self._rows("revisions.json")]
        self.branches = [branch_of(row) for row in self._rows("branches.json")]
        self.commands = [command_of(row) for row in self._rows("journal.json")]
        self.values = values_of(orjson.loads(archive.read("values.json")))

    def _rows(self, name: str) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = orjson.loads(self._archive.read(name))
        return rows

    def change(self, number: int, branch: int | None = None) -> ChangeSet:
        """The change set of a revision, of the site or of the branch at that place."""
        return unpack(self._archive.read(_change_name(number, branch)))


def _agreed(file: Path, there: Sequence[CommandEvent], wanted: Sequence[CommandEvent]) -> int:
    """How many steps of commands are there already, all of them of this backup."""
    if list(there) != list(wanted[: len(there)]):
        raise BackupError(f"the data folder has commands of its own that {file} does not have: restore into an empty folder, with --data")
    return len(there)


def _begun(file: Path, store: TwinStore, backup: _Backup, identity: str, at: datetime) -> int:
    """See that the store is empty, or one in which this very restore was cut off; leave the mark; how many revisions are there already."""
    there, branches = list(store.revisions()), store.branches()
    mark = mark_of(store)
    if mark is None:
        if not (there or branches):
            store.create_branch(Branch(RESTORE_MARK, 0, Cause("restore", "restore", at, file.name, identity)))
            there = list(store.revisions())  # what somebody has written before the mark stood
            if not there:
                return 0
            store.drop_branch(RESTORE_MARK)
        raise BackupError(
            f"the store is not empty: it has {len(there)} revisions; restore {file} into an empty one, with --data or --store"
        )
    if mark.cause.key != identity or there != backup.revisions[: len(there)]:
        raise BackupError(
            f"a restore of another backup, {mark.cause.reason}, was cut off in this store: finish that one, "
            f"or restore {file} into an empty store"
        )
    return len(there)


def _restore_branch(store: TwinStore, backup: _Backup, at: int, branch: Branch) -> None:
    there = next((each for each in store.branches() if each.name == branch.name), None)
    if there is None:
        store.create_branch(replace(branch, revisions=()))
    for revision in branch.revisions[len(there.revisions) if there else 0 :]:
        store.commit(backup.change(revision.number, at), revision.cause, expected=revision.number - 1, branch=branch.name)


def _verify(file: Path, twin: StoredTwin, manifest: Manifest) -> None:
    newest = twin.revision.number if twin.revision else 0
    if (newest, len(twin.quads), *hashes_of(twin)) != (manifest.revision, manifest.quads, manifest.sha256, manifest.canonical):
        raise BackupError(
            f"what was restored of {file} is not what was backed up (revision {newest} with {len(twin.quads)} quads, "
            f"expected revision {manifest.revision} with {manifest.quads}): take an older backup, and keep this one for a report"
        )
