"""The door: how much one sync may withdraw, what is wrong with what a change touches, and what the source's policy makes of that."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

import numpy as np

from graph.changes import ChangeSet
from graph.difference import without_successor
from graph.errors import FindingsRefused
from graph.reader import SnapshotReader
from graph.snapshot import Snapshot
from ontology.findings import Finding, Severity
from ontology.incremental import ChangeFindings, compared, findings_about, findings_of_change
from ontology.namespaces import compact
from ontology.term_check import term_findings
from ontology.terms import QuadBlock
from ontology.validate import validate
from ontology.vocabulary import Vocabulary
from twin.ledger.answers import Policy

DELETIONS_MAX = 0.10
"""The share of what a source said before that one sync may withdraw where no other is given: an export that came out empty must not empty
the twin."""
DELETIONS_FREE = 10
"""Facts that may go where no share is given and the source still says something: a tenth of a small file is nothing."""
FINDINGS_TOLD = 3
SOURCE_MAX = 200_000
"""Facts of a source up to which all of it is checked when somebody asks: some ten seconds."""
WHOLE_FACTS, WHOLE_SHARE = 2_000, 0.2
"""Facts and share of a state from which on a change is checked by validating all of it: looking for what it touches would take longer."""
CHECKED_MAX = 20_000
"""Facts of a change up to which it is checked in full while its author waits: a second or two."""


def too_much_withdrawn(source: str, change: ChangeSet, before: int, share: float | None, *, to_nothing: bool = False) -> str:
    """Why a change that withdraws too much of the `before` facts that the source said is refused, or "". Facts with a successor of the
    same subject, predicate and graph are not withdrawn but changed. `share` is meant as said; None is `DELETIONS_MAX`, or
    `DELETIONS_FREE` facts where something stays (`to_nothing`: the source would say nothing any more). Raises `ValueError` for a share
    that is none."""
    if share is not None and not 0 <= share <= 1:
        raise ValueError(f"the bound on deletions is a share from 0 to 1 (0 to 100 %), not {share:g}")
    free = DELETIONS_FREE if share is None and not to_nothing else 0
    share = DELETIONS_MAX if share is None else share
    part = floor(share * before + 1e-9)
    most = max(free, part)
    if len(change.removed) <= most or (count := without_successor(change)) <= most:
        return ""
    may_go = f"{free} facts" if free > part else f"{most:,} ({share * 100:g} %)"
    percent = -(-100 * count // before)
    return (
        f"{source} would withdraw {count:,} of its {before:,} facts, and at most {may_go} may go at once: "
        f"see whether its export is whole; if it is meant, raise the bound to {percent} % "
        f"(`ridethrough load --max-deletions {percent}`, `deletions={percent}` over HTTP, or the setting deletions_max_percent)"
    )


def fallen_silent(change: ChangeSet, wanted: QuadBlock) -> Sequence[Finding]:
    """The graphs of a source in which it said something, and which its whole wish leaves out while it speaks in others."""
    if len(wanted) == 0:
        return []
    rows, speaking = change.removed.quads[:, 3], set(wanted.graphs())
    counted = zip(*(each.tolist() for each in np.unique(rows, return_counts=True)), strict=True)
    gone = {change.removed.terms[graph]: count for graph, count in counted if change.removed.terms[graph] not in speaking}
    remedy = "see whether the export is whole: it speaks for all graphs of its source; to change one graph alone, name it"
    return [
        Finding(
            Severity.WARNING, "graph-fell-silent", graph, f"graph <{graph}> says nothing any more ({_facts(count)})", remedy, count=count
        )
        for graph, count in sorted(gone.items())
    ]


def _facts(count: int) -> str:
    return f"{count:,} fact{'' if count == 1 else 's'}"


def checked(before: Snapshot, after: Snapshot, change: ChangeSet, vocabulary: Vocabulary, policy: Policy) -> ChangeFindings:
    """Look at what an exact change from one state to the next touches. Cost: that of the neighbourhood of the change in both states; of a
    large part of the twin, that of validating both. Of a change of more than `CHECKED_MAX` facts that nothing could hold up, only the
    terms are looked at, and that is told."""
    count = len(change.added) + len(change.removed)
    if policy is Policy.ACCEPT and count > CHECKED_MAX:
        told = tuple(_terms_only("the change", change.added, count, CHECKED_MAX, vocabulary))
        return ChangeFindings(told, frozenset(), told)
    if count >= max(WHOLE_FACTS, WHOLE_SHARE * len(after)):
        return compared(*(tuple(validate(state.block(), vocabulary)) for state in (after, before)))
    return findings_of_change(SnapshotReader(after), change, vocabulary, before=SnapshotReader(before))


def findings_of_source(source: str, snapshot: Snapshot, vocabulary: Vocabulary) -> Sequence[Finding]:
    """What is wrong with all that a source says, in the light of what the others say. Cost: as whole validation, some seconds; of a source
    of more than `SOURCE_MAX` facts only the terms are looked at, and that is told."""
    block = snapshot.block(source)
    if len(block) > SOURCE_MAX:
        return _terms_only(source, block, len(block), SOURCE_MAX, vocabulary)
    subjects = [block.terms[subject] for subject in np.unique(block.quads[:, 0]).tolist()]
    return findings_about(SnapshotReader(snapshot), subjects, vocabulary)


def _terms_only(what: str, block: QuadBlock, count: int, most: int, vocabulary: Vocabulary) -> Sequence[Finding]:
    text = f"{what} has {count:,} facts: of more than {most:,} only the terms are checked here"
    remedy = "`ridethrough validate FILE` checks the shapes and the supply model too"
    found = (*term_findings(block, vocabulary), Finding(Severity.INFO, "terms-only", "", text, remedy))
    return sorted(found, key=lambda finding: finding.order)


def held_up(source: str, policy: Policy, brought: Sequence[Finding]) -> bool:
    """Whether the policy keeps a change that brings these findings from the site. Raises `Refused` where it is not even kept."""
    errors = [finding for finding in brought if finding.severity is Severity.ERROR]
    if not errors or policy is Policy.ACCEPT:
        return False
    if policy is Policy.QUARANTINE:
        return True
    told = "; ".join(f"{compact(each.focus)}: {each.message} ({each.remedy})" for each in errors[:FINDINGS_TOLD])
    more = f"; and {len(errors) - FINDINGS_TOLD:,} more" if len(errors) > FINDINGS_TOLD else ""
    raise FindingsRefused(
        f"{source} is refused for {len(errors):,} error{'' if len(errors) == 1 else 's'}: {told}{more}. "
        f"Correct it (`ridethrough validate` lists all), or take it as it is with the policy accept (`ridethrough load --policy accept`)"
    )
