"""`ridethrough doctor`: whether this machine and these settings can run the service."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from importlib.metadata import version
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli import doctor_wires
from twin.cli.as_of import By, Why, opened_ledger
from twin.cli.output import FOUND_PROBLEMS, Config, Data, Json, Store, progress, say, say_json, settings_from, shown_facts, table

if TYPE_CHECKING:
    from twin.settings import Settings

FACTS_TOLD = 5
"""Facts of each side of a drift that are named."""
SERVED_S = 2.0
READY_BYTES_MAX = 10_000
DISK_MB_MIN = 500
"""Free space below which the data folder is a problem: the demo's store, journal and caches stay well under it."""


def doctor(
    take_in: Annotated[
        bool, typer.Option("--take-in", help="Make what somebody wrote to the store past the twin a revision of its own.")
    ] = False,
    author: By = None,
    reason: Why = "",
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Check versions, data folder, store, port, broker, gateways, history and clock, and whether the store holds what its revisions say.
    Exit code 3 when something will not work."""
    settings = settings_from(config, data=data, store=store, author=author)
    if take_in:
        _take_in(settings, reason, json=json)
        return
    checks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("versions", _versions),
        ("data folder", _folder),
        ("ontology", _ontology),
        ("store", _store),
        ("journal", _journal),
        ("drift", _drift),
        ("port", _port),
        ("broker", doctor_wires.broker),
        ("gateways", doctor_wires.gateways),
        ("history", doctor_wires.history),
        ("clock", doctor_wires.clock),
    )
    rows = [(name, *_outcome(check, settings)) for name, check in checks]
    if json:
        say_json({"checks": [{"check": name, "ok": ok, "detail": detail} for name, ok, detail in rows]})
    else:
        table(("CHECK", "", "DETAIL"), [(name, "ok" if ok else "PROBLEM", detail) for name, ok, detail in rows])
    if not all(ok for _, ok, _ in rows):
        raise typer.Exit(FOUND_PROBLEMS)


def _outcome(check: Callable[[Settings], str], settings: Settings) -> tuple[bool, str]:
    try:
        return True, check(settings)
    except Exception as error:
        return False, str(error)


def _versions(settings: Settings) -> str:
    del settings
    names = ("ridethrough", "strawberry-graphql", "pyoxigraph", "pymodbus", "paho-mqtt", "neo4j")
    return f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in names)


def _folder(settings: Settings) -> str:
    folder = settings.data.absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free_mb = shutil.disk_usage(there).free // 1_000_000
    if free_mb < DISK_MB_MIN:
        raise OSError(f"{there} has {free_mb} MB free, less than {DISK_MB_MIN} MB: make room, or give another folder with --data")
    probe = Path(there) / ".ridethrough-probe"
    probe.touch()
    probe.unlink()
    return f"{settings.data}: writable, {free_mb:,} MB free"


def _ontology(settings: Settings) -> str:
    from twin.compose_store import vocabulary_of

    return f"{len(vocabulary_of(settings).classes):,} classes"


def _store(settings: Settings) -> str:
    from graph.stores.neo4j import Neo4jStore
    from graph.stores.sqlite import SqliteStore
    from twin.compose_store import is_empty, store_name, store_of

    if is_empty(settings):
        return f"{store_name(settings)}: empty, made at the first load"
    kept = store_of(settings, "doctor", read_only=True)
    try:
        if isinstance(kept, SqliteStore | Neo4jStore):
            kept.check()
        revisions = kept.revisions()
    finally:
        kept.close()
    return f"{store_name(settings)}: revision {revisions[-1].number if revisions else 0}"


def _journal(settings: Settings) -> str:
    from graph.stores.journal import JOURNAL_FILE, SqliteJournal

    file = settings.data / JOURNAL_FILE
    if not file.exists():
        return "no command has been given yet"
    journal = SqliteJournal(settings.data, read_only=True)
    try:
        journal.check()
        count = len(journal.events())
    finally:
        journal.close()
    return f"{file}: {count:,} steps of commands"


def _drift(settings: Settings) -> str:
    """Whether the store holds what its revisions say; the first facts that differ where it does not."""
    from twin.cli.rows import fact_line, first_facts
    from twin.compose_store import is_empty, store_of

    if is_empty(settings):
        return "nothing is kept yet"
    kept = store_of(settings, "doctor", read_only=True)
    try:
        with progress() as tell:
            drift = kept.drift(tell)
    finally:
        kept.close()
    if drift.is_empty:
        return "the store holds what its revisions say"
    rows = [
        f"{sign} {fact_line(quad)}" for sign, block in (("+", drift.added), ("-", drift.removed)) for quad in first_facts(block, FACTS_TOLD)
    ]
    counts = f"{len(drift.added):,} facts that no revision says, {len(drift.removed):,} missing"
    more = len(drift.added) + len(drift.removed) - len(rows)
    told = "; ".join([*rows, *([f"and {more:,} more"] if more else [])])
    raise ValueError(f"somebody wrote to the store past the twin: {counts}: {told}. Take it in with `ridethrough doctor --take-in`")


def _take_in(settings: Settings, reason: str, *, json: bool) -> None:
    from twin.cli.rows import change_row, revision_row

    with opened_ledger(settings, "doctor", read_only=False) as opened, progress() as tell:
        done = opened.ledger.take_in(author=settings.author, reason=reason or "written to the store past the twin", progress=tell)
    if json:
        say_json({"revision": None if done.revision is None else revision_row(done.revision), "change": change_row(done.change)})
        return
    counts = f"{len(done.change.added):,} added, {len(done.change.removed):,} removed"
    say(f"taken in: {counts}; revision {done.revision.number}" if done.revision else "the store holds what its revisions say")
    shown_facts(done.change, FACTS_TOLD)


def _port(settings: Settings) -> str:
    from graph.errors import GraphError
    from twin.main import listener

    place = f"port {settings.port} of {settings.host}"
    try:
        with listener(settings):
            return f"{place} is free"
    except GraphError:
        if _is_served(settings):
            return f"{place}: a twin is served there"
        raise


def _is_served(settings: Settings) -> bool:
    """Whether a service such as ours answers where the settings say."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - where a service on every address is asked
    asked = HTTPConnection(host, settings.port, timeout=SERVED_S)
    try:
        asked.request("GET", "/readyz")
        told = loads(asked.getresponse().read(READY_BYTES_MAX))
        return isinstance(told, dict) and {"ready", "reasons"} <= told.keys()
    except (OSError, ValueError, HTTPException):
        return False
    finally:
        asked.close()
