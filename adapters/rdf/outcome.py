"""What a client is told of its write: what it changed or would change, its findings (which are new, how many went) and its revision."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import orjson

from adapters.rdf.as_json import finding_json, revision_json, statement_json
from twin.ledger.answers import Synced

STATEMENTS_TOLD = 1000
"""Statements added, and removed, that one answer lists; their number is told in full."""
FINDINGS_TOLD = 1000


def outcome(done: Synced, owners: Mapping[str, str], *, dry_run: bool) -> bytes:
    """The answer's body, JSON."""
    change = done.change
    body = {
        "source": done.source,
        "dryRun": dry_run,
        "addedCount": len(change.added),
        "removedCount": len(change.removed),
        "added": [statement_json(quad, owners) for quad in islice(change.added, STATEMENTS_TOLD)],
        "removed": [statement_json(quad, owners) for quad in islice(change.removed, STATEMENTS_TOLD)],
        "findings": [finding_json(finding) for finding in islice(done.findings, FINDINGS_TOLD)],
        "newFindings": [finding_json(finding) for finding in islice(done.findings.new, FINDINGS_TOLD)],
        "goneFindingsCount": len(done.findings.gone),
        "unchangedFindingsCount": done.findings.unchanged,
        "revision": None if done.revision is None else revision_json(done.revision),
        "quarantined": done.quarantined or None,
        "refused": done.refused or None,
    }
    return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)
