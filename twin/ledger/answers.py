"""What the ledger answers: what became of a wish, who says a fact, which sources there are, and what a source's policy is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import overload

from graph.changes import ChangeSet, Revision
from ontology.findings import Finding
from ontology.incremental import ChangeFindings
from ontology.terms import KeyQuad

QUARANTINE = "quarantine/"
"""The branch that holds what a source was not let say begins with this, and ends with the source's name."""


class Policy(StrEnum):
    """What happens to a change of a source whose findings are errors. Findings that are no errors are told and hold up nothing."""

    REFUSE = "refuse"
    """It is refused; nothing changes."""
    ACCEPT = "accept"
    """It is taken, and the findings are told."""
    QUARANTINE = "quarantine"
    """It is kept as a branch of its own, to be looked at, applied or dropped; the site does not change."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The policy of each source, by patterns of names (`*` and `?`); the first that fits counts, and `otherwise` where none does."""

    table: Mapping[str, Policy] = field(default_factory=dict)
    otherwise: Policy = Policy.ACCEPT

    def of(self, source: str) -> Policy:
        """The policy of a source."""
        return next((policy for pattern, policy in self.table.items() if fnmatchcase(source, pattern)), self.otherwise)


class Findings(Sequence[Finding]):
    """What is wrong with what a change touches, the worst first, and of that what the change itself brings (`new`) and mends (`gone`).
    Worked out when somebody looks: a change that nothing holds up does not wait for it."""

    def __init__(self, work: Callable[[], ChangeFindings]) -> None:
        self._work = work

    @cached_property
    def _told(self) -> ChangeFindings:
        return self._work()

    def also(self, told: Sequence[Finding]) -> Findings:
        """These and what else the change brings."""

        def both() -> ChangeFindings:
            found, new = (tuple(sorted((*each, *told), key=lambda finding: finding.order)) for each in (self._told.found, self.new))
            return replace(self._told, found=found, new=new)

        return Findings(both) if told else self

    @property
    def new(self) -> Sequence[Finding]:
        """What the change brings."""
        return self._told.new

    @property
    def gone(self) -> Sequence[Finding]:
        """What was wrong before the change, and is not any more."""
        return self._told.gone

    @property
    def unchanged(self) -> int:
        """How many of these were there before the change."""
        return len(self) - len(self.new)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        """See `Sequence`."""
        return self._told.found[index]

    def __len__(self) -> int:
        return len(self._told.found)


NO_FINDINGS = Findings(lambda: ChangeFindings((), frozenset()))


@dataclass(frozen=True, slots=True)
class Synced:
    """What became of a wish: the quads that were wished (of an undoing: that came), the exact difference, its revision (None when nothing
    changed, in a dry run, or in quarantine), what is wrong with what the change touches, the branch that holds it when it is in
    quarantine, and of a dry run why it would be refused."""

    source: str
    quads: int
    change: ChangeSet
    revision: Revision | None
    findings: Findings = NO_FINDINGS
    quarantined: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One fact and who says it, by which revision. An inferred one has no source of its own: `because` has the facts it follows from."""

    quad: KeyQuad
    source: str
    revision: Revision | None
    inferred: bool = False
    because: tuple[KeyQuad, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A source: the graphs that are its own, the quads that it says now, the revision by which it last spoke, and its policy."""

    name: str
    graphs: tuple[str, ...]
    quads: int
    last: Revision | None
    policy: str
