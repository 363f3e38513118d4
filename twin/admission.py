"""The door: how much one sync may withdraw, what is wrong with what a change touches, and what the source's policy makes of that."""

from __future__ import annotations

from collections.abc import Sequence

from graph.changes import ChangeSet
from graph.difference import without_successor
from graph.errors import Refused
from graph.snapshot import Snapshot
from ontology.findings import Finding, Severity
from ontology.namespaces import compact
from ontology.term_check import term_findings
from ontology.vocabulary import Vocabulary
from twin.answers import Policy

DELETIONS_MAX = 0.10
"""The share of what a source said before that one sync may withdraw: an export that came out empty must not empty the twin."""
DELETIONS_FREE = 10
"""Facts that may always go: a tenth of a small file is nothing."""
FINDINGS_TOLD = 3


def bound_deletions(source: str, change: ChangeSet, before: int, share: float) -> None:
    """Refuse a change that withdraws too much of the `before` facts that the source said. Facts with a successor of the same subject,
    predicate and graph are not withdrawn but changed. Raises `Refused`, and `ValueError` for a share that is none."""
    if not 0 <= share <= 1:
        raise ValueError(f"the bound on deletions is a share from 0 to 1 (0 to 100 %), not {share:g}")
    if len(change.removed) <= max(DELETIONS_FREE, int(share * before)):
        return
    count, most = without_successor(change), max(DELETIONS_FREE, int(share * before))
    if count > most:
        percent = max(1, -(-100 * count // before))
        raise Refused(
            f"{source} would withdraw {count:,} of its {before:,} facts, and at most {most:,} ({share * 100:g} %) may go at once: "
            f"see whether its export is whole; if it is meant, raise the bound to {percent} % "
            f"(`ridethrough load --max-deletions {percent}`, `deletions={percent}` over HTTP, or the setting deletions_max_percent)"
        )


def findings_of(state: Snapshot, change: ChangeSet, vocabulary: Vocabulary) -> Sequence[Finding]:
    """What is wrong with what the change touches, the worst first; `state` is the one after it."""
    del state
    return sorted(term_findings(change.added, vocabulary), key=lambda finding: finding.order) if len(change.added) else ()


def held_up(source: str, policy: Policy, findings: Sequence[Finding]) -> bool:
    """Whether the policy keeps a change with these findings from the site. Raises `Refused` where it is not even kept."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if not errors or policy is Policy.ACCEPT:
        return False
    if policy is Policy.QUARANTINE:
        return True
    told = "; ".join(f"{compact(each.focus)}: {each.message} ({each.remedy})" for each in errors[:FINDINGS_TOLD])
    more = f"; and {len(errors) - FINDINGS_TOLD:,} more" if len(errors) > FINDINGS_TOLD else ""
    raise Refused(
        f"{source} is refused for {len(errors):,} error{'' if len(errors) == 1 else 's'}: {told}{more}. "
        f"Correct it (`ridethrough validate` lists all), or take it as it is with the policy accept (`ridethrough load --policy accept`)"
    )
