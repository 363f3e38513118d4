"""Revisions, statements and findings as JSON: alike in every answer, under the names and with the values of the GraphQL face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.changes import Revision
from ontology.findings import Finding
from ontology.terms import KeyQuad, is_literal, literal_parts
from twin.ledger.who_says import owner_of


def revision_json(revision: Revision) -> dict[str, Any]:
    """A revision: its cause and its counts."""
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


def statement_json(quad: KeyQuad, owners: Mapping[str, str]) -> dict[str, Any]:
    """A statement, and the source that says it; `owners` has the source of each graph."""
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


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding; its severity is ERROR, WARNING or INFO."""
    return {
        "severity": finding.severity.value.upper(),
        "code": finding.code,
        "focus": finding.focus,
        "message": finding.message,
        "remedy": finding.remedy,
        "path": finding.path or None,
        "count": finding.count,
    }
