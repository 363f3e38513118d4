"""What is told of a write: what it changed or would change, its findings and its revision, in the words of the GraphQL face."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import orjson

from graph.changes import Revision
from ontology.findings import Finding
from ontology.terms import KeyQuad, is_literal, literal_parts
from twin.ledger import Synced
from twin.who_says import owner_of

STATEMENTS_TOLD = 1000
"""Statements added, and removed, that one answer lists; their number is told in full."""
FINDINGS_TOLD = 1000


def told(done: Synced, owners: Mapping[str, str], *, dry_run: bool) -> bytes:
    """The answer's body."""
    change = done.change
    body = {
        "source": done.source,
        "dryRun": dry_run,
        "addedCount": len(change.added),
        "removedCount": len(change.removed),
        "added": [_statement(quad, owners) for quad in islice(change.added, STATEMENTS_TOLD)],
        "removed": [_statement(quad, owners) for quad in islice(change.removed, STATEMENTS_TOLD)],
        "findings": _findings(done.findings),
        "revision": None if done.revision is None else _revision(done.revision),
        "quarantined": done.quarantined or None,
    }
    return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)


def _statement(quad: KeyQuad, owners: Mapping[str, str]) -> dict[str, Any]:
    subject, predicate, obj, graph = quad
    literal = literal_parts(obj) if is_literal(obj) else None
    return {
        "subject": subject,
        "predicate": predicate,
        "object": literal.lexical if literal else obj,
        "objectIsId": literal is None,
        "datatype": literal.datatype if literal else None,
        "language": (literal.language or None) if literal else None,
        "graph": graph,
        "source": owner_of(graph, owners),
    }


def _findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "severity": finding.severity.value.upper(),
            "code": finding.code,
            "focus": finding.focus,
            "message": finding.message,
            "remedy": finding.remedy,
            "path": finding.path or None,
            "count": finding.count,
        }
        for finding in islice(findings, FINDINGS_TOLD)
    ]


def _revision(revision: Revision) -> dict[str, Any]:
    cause = revision.cause
    return {
        "number": revision.number,
        "at": cause.at.isoformat(),
        "author": cause.author,
        "source": cause.source,
        "reason": cause.reason,
        "added": revision.added,
        "removed": revision.removed,
    }
