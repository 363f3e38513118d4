"""How revisions, facts and findings look as JSON and in tables: alike in every verb that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from graph.changes import Branch, ChangeSet, Revision
from ontology.controls import visible
from ontology.findings import Finding
from ontology.namespaces import compact
from ontology.terms import KeyQuad, QuadBlock, is_blank, is_literal
from twin.cli.output import instant


def revision_row(revision: Revision) -> dict[str, Any]:
    """A revision for a program."""
    cause = revision.cause
    return {
        "revision": revision.number,
        "at": cause.at.isoformat(),
        "author": cause.author,
        "source": cause.source,
        "reason": cause.reason,
        "added": revision.added,
        "removed": revision.removed,
    }


def revision_line(revision: Revision) -> tuple[str, ...]:
    """A revision as cells of a table, `REVISION_HEADER` above them."""
    cause = revision.cause
    counts = f"+{revision.added:,}", f"-{revision.removed:,}"
    return f"{revision.number}", instant(cause.at), cause.author, cause.source, *counts, cause.reason


REVISION_HEADER = ("REVISION", "AT", "AUTHOR", "SOURCE", "ADDED", "REMOVED", "REASON")


def branch_row(branch: Branch) -> dict[str, Any]:
    """A branch for a program."""
    return {
        "branch": branch.name,
        "base": branch.base,
        "at": branch.cause.at.isoformat(),
        "author": branch.cause.author,
        "reason": branch.cause.reason,
        "changes": [revision_row(revision) for revision in branch.revisions],
    }


def change_row(change: ChangeSet, most: int | None = None) -> dict[str, Any]:
    """A difference for a program: counts, and the first `most` facts of each side."""
    return {
        "added_count": len(change.added),
        "removed_count": len(change.removed),
        "added": [fact_row(quad) for quad in first_facts(change.added, most)],
        "removed": [fact_row(quad) for quad in first_facts(change.removed, most)],
    }


def fact_row(quad: KeyQuad) -> dict[str, str]:
    """A fact for a program; an object is a key: an IRI, `_:` and a blank node's name, or a literal in quotation marks with its suffix."""
    return dict(zip(("subject", "predicate", "object", "graph"), quad, strict=True))


def fact_line(quad: KeyQuad) -> str:
    """A fact for a person."""
    return " ".join(map(shown, quad[:3]))


def shown(key: str) -> str:
    """A key for a person, in one line: IRIs, those of datatypes too, as CURIEs where there is a prefix."""
    key = visible(key)
    if is_literal(key):
        end = key.rindex('"') + 1
        return key[:end] + (f"^^{compact(key[end + 2 :])}" if key[end:].startswith("^^") else key[end:])
    return key if is_blank(key) else compact(key)


def first_facts(block: QuadBlock, most: int | None) -> Sequence[KeyQuad]:
    """The first facts of a block in order of keys; all of them for None."""
    return sorted(block)[: len(block) if most is None else most]


def finding_row(finding: Finding) -> dict[str, Any]:
    """A finding for a program."""
    return {name: str(value) if name == "severity" else value for name, value in asdict(finding).items()}
