"""`ridethrough backup` and `ridethrough restore`: the whole twin in one file, and the twin made again from it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.output import Config, Data, Json, Store, instant, progress, say, say_json, settings_from

if TYPE_CHECKING:
    from twin.backup.backup import Manifest


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write: one zip, replaced when it is whole.", show_default=False)],
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Write every revision, the branches, the current values and the command journal to one file. The service may go on running."""
    from twin.compose_backup import back_up_all

    settings = settings_from(config, data=data, store=store)
    with progress() as tell:
        manifest = back_up_all(settings, file, tell)
    _say("backed up", file, manifest, json=json)


def restore(
    file: Annotated[Path, typer.Argument(help="What `ridethrough backup` wrote.", show_default=False)],
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Make the twin of a backup in an empty store, SQLite or Neo4j, and check that it is the one that was backed up."""
    from twin.compose_backup import restore_all

    settings = settings_from(config, data=data, store=store)
    with progress() as tell:
        manifest = restore_all(settings, file, tell)
    _say("restored", file, manifest, json=json)


def _say(done: str, file: Path, manifest: Manifest, *, json: bool) -> None:
    size = file.stat().st_size
    if json:
        fields = ("made_at", "revision", "quads", "branches", "values", "commands", "sha256", "canonical")
        say_json({"file": str(file), "bytes": size, **{name: getattr(manifest, name) for name in fields}})
        return
    say(f"{done}: revision {manifest.revision}, {manifest.quads:,} quads, made {instant(datetime.fromisoformat(manifest.made_at))}")
    say(f"with {manifest.branches} branches, {manifest.values:,} current values, {manifest.commands:,} steps of commands")
    say(f"{file}: {f'{size / 1e6:,.1f} MB' if size >= 1e6 else f'{size / 1e3:,.1f} kB'}")
    say(f"SHA-256 of its N-Quads: {manifest.sha256}")
