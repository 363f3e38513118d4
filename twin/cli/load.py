"""`ridethrough load`: files become what their sources say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.output import FOUND_PROBLEMS, Config, Data, Failure, Json, Store, progress, say, say_json, settings_from, shown_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graph.ports import Progress
    from twin.compose import Opened
    from twin.ledger.answers import Synced
    from twin.settings import Settings
    from twin.sync import Wish

FINDINGS_TOLD = 10
FACTS_SHOWN = 20
POLICIES = ("refuse", "accept", "quarantine")


def load(
    files: Annotated[list[Path], typer.Argument(help="RDF files: .ttl .nt .nq .trig .rdf .xml .owl .jsonld", show_default=False)],
    source: Annotated[
        str | None,
        typer.Option(help="Load all files as what this one source says; else each file is a source called by its path as given."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing; exit code 3 where it would be refused.")
    ] = False,
    author: Annotated[str | None, typer.Option(help="Who is named as the author of the change.", show_default=False)] = None,
    reason: Annotated[str | None, typer.Option(help="Why; the files' names when not given.", show_default=False)] = None,
    branch: Annotated[str, typer.Option(help="Load into this branch; the site does not change.", show_default=False)] = "",
    max_deletions: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            help="How much of what a source said may be withdrawn, percent, as said; to empty a source: 100 (deletions_max_percent).",
        ),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help=f"What to do where findings are errors: {', '.join(POLICIES)} (the setting policies; accept).")
    ] = None,
    migrate: Annotated[bool, typer.Option("--migrate", help="Bring terms of an older Brick to Brick 1.5 first.")] = False,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Load RDF files into the twin. What a source said before and does not say any more is removed; other sources are not touched."""
    from twin.sync import read_files

    if policy is not None and policy not in POLICIES:
        raise Failure(f"no policy {policy!r}; there are: {', '.join(POLICIES)}", code=2)
    settings = settings_from(
        config,
        data=data,
        store=store,
        author=author,
        deletions_max_percent=max_deletions,
        policies=None if policy is None else {"*": policy},
    )
    with progress() as tell:
        wishes = read_files(files, source, tell)
        if migrate:
            wishes = _migrated(wishes, settings, quiet=json)
        done, revision = _synced(
            settings, wishes, reason or f"load {', '.join(file.name for file in files)}", branch=branch, dry_run=dry_run, tell=tell
        )
        _check(done, tell)
    if json:
        say_json({"dry_run": dry_run, "revision": revision, "sources": [_row(each) for each in done]})
    for each in done if not json else ():
        _tell(each, branch, files, dry_run=dry_run)
    if any(each.refused or each.quarantined for each in done):
        raise typer.Exit(FOUND_PROBLEMS)


def _synced(
    settings: Settings, wishes: Sequence[Wish], reason: str, *, branch: str, dry_run: bool, tell: Progress | None
) -> tuple[Sequence[Synced], int]:
    opened = _opened(settings, dry_run=dry_run, tell=tell)
    try:
        done = opened.ledger.sync_all(
            wishes,
            author=settings.author,
            reason=reason,
            branch=branch,
            deletions_max=settings.deletions_max,
            dry_run=dry_run,
            progress=tell,
        )
        return done, opened.twin.snapshot.revision
    finally:
        opened.close()


def _check(done: Sequence[Synced], tell: Progress | None) -> None:
    """Work out the findings, which nobody has asked for until now."""
    for at, each in enumerate(done):
        if tell is not None:
            tell("checked", at, len(done))
        len(each.findings)


def _migrated(wishes: Sequence[Wish], settings: Settings, *, quiet: bool) -> list[Wish]:
    from twin.cli.migrate import migrated
    from twin.compose_store import vocabulary_of

    vocabulary = vocabulary_of(settings)
    done = [migrated(wish, vocabulary) for wish in wishes]
    for wish, report in done if not quiet else ():
        renamed = [row for row in report if row.new]
        say(f"{wish.source}: {len(renamed):,} old terms brought to Brick 1.5, {len(report) - len(renamed):,} left as they are")
    return [wish for wish, _ in done]


def _opened(settings: Settings, *, dry_run: bool, tell: Progress | None) -> Opened:
    from graph.errors import FolderInUse
    from twin.compose import open_ledger

    try:
        return open_ledger(settings, "load", read_only=dry_run, progress=tell, or_empty=dry_run)
    except FolderInUse as error:
        if not error.address:
            raise
        raise Failure(
            f"{error}; the running service takes the file itself: curl -T FILE -H 'Content-Type: text/turtle' -H 'From: {settings.author}' "
            f"'{error.address}/rdf?source=NAME' (with &dry-run it only shows what would change)"
        ) from None


def _row(each: Synced) -> dict[str, Any]:
    from twin.cli.rows import finding_row

    return {
        "source": each.source,
        "quads": each.quads,
        "added": len(each.change.added),
        "removed": len(each.change.removed),
        "revision": None if each.revision is None else each.revision.number,
        "findings": [finding_row(finding) for finding in each.findings],
        "new_findings": [finding_row(finding) for finding in each.findings.new],
        "gone_findings": [finding_row(finding) for finding in each.findings.gone],
        "quarantined": each.quarantined,
        "refused": each.refused,
    }


def _tell(each: Synced, branch: str, files: Sequence[Path], *, dry_run: bool) -> None:
    change = each.change
    counts = f"{len(change.added):,} added, {len(change.removed):,} removed, {each.quads:,} in all"
    if change.is_empty:
        outcome = "nothing changed"
    elif each.quarantined:
        outcome = f"{'would be ' if dry_run else ''}kept apart in branch {each.quarantined}"
    elif dry_run:
        outcome = "dry run"
    else:
        outcome = f"{f'change of branch {branch}' if branch else 'revision'} {each.revision.number if each.revision else '?'}"
    say(f"{each.source}: {counts}; {outcome}")
    if dry_run:
        shown_facts(change, FACTS_SHOWN)
    _tell_findings(each, files)
    if each.refused:
        say(f"  would be refused: {each.refused}")


def _tell_findings(each: Synced, files: Sequence[Path]) -> None:
    from ontology.namespaces import compact

    found, all_of_them = each.findings, f"ridethrough validate {' '.join(map(str, files))}"
    for finding in found.new[:FINDINGS_TOLD]:
        say(f"  {finding.severity} {finding.code} {compact(finding.focus)}: {finding.message}; {finding.remedy}")
    if found.unchanged or found.gone:
        say(f"  findings: {len(found.new):,} new, {len(found.gone):,} gone, {found.unchanged:,} as before: {all_of_them}")
    elif len(found.new) > FINDINGS_TOLD:
        say(f"  ... and {len(found.new) - FINDINGS_TOLD:,} findings more: {all_of_them}")
    if each.quarantined and not each.change.is_empty:
        say(f"  look at it: ridethrough branch diff {each.quarantined}; then branch apply, or branch drop")
