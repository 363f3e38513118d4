"""What every change of the graph has in common over GraphQL: may it be made, its author, its reason, its outcome."""

from __future__ import annotations

import strawberry

from resolvers.context import Face, Info, face_of
from resolvers.errors import BadInput, ReadOnly
from resolvers.history import Finding, Revision
from resolvers.mutations.set_point import TEXT_MAX
from twin.ledger.answers import Synced
from twin.may_write import refused

FINDINGS_MAX = 1000


@strawberry.type(description="What became of a wish to change the twin.")
class ChangeResult:
    """Counts are of the exact difference: what was there already is in neither."""

    revision: Revision | None = strawberry.field(description="The revision that it became; null when nothing changed or it was a dry run.")
    added_count: int = strawberry.field(description="How many statements came.")
    removed_count: int = strawberry.field(description="How many statements went.")
    findings: list[Finding] = strawberry.field(
        description="What is wrong with what the change touches, before it or by it; the worst first."
    )
    new_findings: list[Finding] = strawberry.field(description="What of that the change itself brings.")
    gone_findings_count: int = strawberry.field(description="How many findings the change mends; in none of the lists.")
    unchanged_findings_count: int = strawberry.field(description="How many of the findings were there before.")
    dry_run: bool = strawberry.field(description="Whether it was only tried: nothing has changed.")
    quarantined: str | None = strawberry.field(description="The branch that holds it, where the source's policy did not let it in.")

    @staticmethod
    def of(synced: Synced, *, branch: str = "", dry_run: bool = False) -> ChangeResult:
        """From the ledger."""
        found = synced.findings
        return ChangeResult(
            revision=None if synced.revision is None else Revision.of(synced.revision, branch),
            added_count=len(synced.change.added),
            removed_count=len(synced.change.removed),
            findings=[Finding.of(each) for each in found[:FINDINGS_MAX]],
            new_findings=[Finding.of(each) for each in found.new[:FINDINGS_MAX]],
            gone_findings_count=len(found.gone),
            unchanged_findings_count=found.unchanged,
            dry_run=dry_run,
            quarantined=synced.quarantined or None,
        )


def writer(info: Info, **texts: str | None) -> Face:
    """The face, when the graph may be changed from here and every text has a fit length. Raises `ReadOnly`, `BadInput`."""
    face = face_of(info)
    why_not = refused(face.write, _peer(info))
    if why_not:
        raise ReadOnly(why_not)
    for name, text in texts.items():
        if text is not None and not 1 <= len(text.strip()) <= TEXT_MAX:
            raise BadInput(f"{name} has {len(text)} characters: give 1 to {TEXT_MAX}")
    return face


def _peer(info: Info) -> str:
    """The address that the request came from; empty where none is known."""
    client = getattr(info.context.get("request"), "client", None)
    return client.host if client is not None else ""
