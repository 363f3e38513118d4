"""`ridethrough load`: files become what their sources say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twin.cli.output import Config, Data, Json, Store, progress, say, say_json, settings_from


def load(
    files: Annotated[list[Path], typer.Argument(help="RDF files: .ttl .nt .nq .trig .rdf .xml .owl .jsonld", show_default=False)],
    source: Annotated[
        str | None,
        typer.Option(help="Load all files as what this one source says; else each file is a source called by its path as given."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would change, and change nothing.")] = False,
    author: Annotated[str | None, typer.Option(help="Who is named as the author of the change.", show_default=False)] = None,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Load RDF files into the twin. What a source said before and does not say any more is removed; other sources are not touched."""
    from ontology.term_check import term_findings
    from twin.compose_store import now, store_of, vocabulary_of
    from twin.sync import read_files, snapshot_of, sync

    settings = settings_from(config, data=data, store=store, author=author)
    with progress() as tell:
        wishes = read_files(files, source, tell)
    kept = store_of(settings, "load", read_only=False)
    try:
        reason = f"load {', '.join(file.name for file in files)}"
        done, snapshot = sync(kept, snapshot_of(kept), wishes, author=settings.author, reason=reason, clock=now, dry_run=dry_run)
    finally:
        kept.close()
    if json:
        rows = [
            {"source": each.source, "quads": each.quads, "added": each.added, "removed": each.removed, "revision": each.revision}
            for each in done
        ]
        say_json({"dry_run": dry_run, "revision": snapshot.revision, "sources": rows})
        return
    for each in done:
        counts = f"{each.added:,} added, {each.removed:,} removed, {each.quads:,} in all"
        outcome = "nothing changed" if not each.added and not each.removed else f"revision {each.revision}" if each.revision else "dry run"
        say(f"{each.source}: {counts}; {outcome}")
    vocabulary = vocabulary_of(settings)
    strange = sum(len(term_findings(wish.quads, vocabulary)) for wish in wishes)
    if strange:
        say(f"{strange} terms or namespaces are unknown, old or deprecated, and may count for nothing; which, and what to use instead:")
        say(f"    ridethrough validate {' '.join(map(str, files))}")
