"""The door: how much one sync may withdraw, what is wrong with what a change touches, and what the source's policy makes of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np

from graph.changes import ChangeSet
from graph.difference import without_successor
from graph.errors import FindingsRefused, Refused
from graph.reader import SnapshotReader
from graph.snapshot import Snapshot
from ontology.findings import Finding, Severity
from ontology.incremental import findings_about, findings_of_change
from ontology.namespaces import compact
from ontology.term_check import term_findings
from ontology.terms import QuadBlock
from ontology.vocabulary import Vocabulary
from twin.answers import Policy

DELETIONS_MAX = 0.10
"""The share of what a source said before that one sync may withdraw: an export that came out empty must not empty the twin."""
DELETIONS_FREE = 10
"""Facts that may always go: a tenth of a small file is nothing."""
FINDINGS_TOLD = 3
SOURCE_MAX = 200_000
"""Facts of a source up to which all of it is checked when somebody asks: some ten seconds."""
CHECKED_MAX = 20_000
"""Facts of a change up to which it is checked in full while its author waits: a second or two."""


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


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong with what a change touches, the worst first, and which of it the change itself brings."""

    findings: Sequence[Finding]
    new: Sequence[Finding]


class WhenAsked(Sequence[Finding]):
    """Findings that are worked out when somebody looks at them: a change that nothing holds up does not wait for them."""

    def __init__(self, work: Callable[[], Sequence[Finding]]) -> None:
        self._work = work

    @cached_property
    def _found(self) -> Sequence[Finding]:
        return self._work()

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        """See `Sequence`."""
        return self._found[index]

    def __len__(self) -> int:
        return len(self._found)


def checked(before: Snapshot, after: Snapshot, change: ChangeSet, vocabulary: Vocabulary, policy: Policy) -> Checked:
    """Look at what an exact change from one state to the next touches. Cost: that of the neighbourhood of the change; of a change of more
    than `CHECKED_MAX` facts that nothing could hold up, only the terms are looked at, and that is told."""
    count = len(change.added) + len(change.removed)
    if policy is Policy.ACCEPT and count > CHECKED_MAX:
        told = _terms_only("the change", change.added, count, CHECKED_MAX, vocabulary)
        return Checked(told, told)
    was = None if policy is Policy.ACCEPT else SnapshotReader(before)
    told_of = findings_of_change(SnapshotReader(after), change, vocabulary, before=was)
    return Checked(told_of.found, told_of.found if was is None else told_of.new)


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
