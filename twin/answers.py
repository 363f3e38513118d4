"""What the ledger answers: what became of a wish, who says a fact, which sources there are, and what a source's policy is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from graph.changes import ChangeSet, Revision
from ontology.findings import Finding
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


@dataclass(frozen=True, slots=True)
class Synced:
    """What became of a wish: the quads that the source says by it, the exact difference, its revision (None when nothing changed, in a dry
    run, or in quarantine), what is wrong with what the change touches, and the branch that holds it when it is in quarantine."""

    source: str
    quads: int
    change: ChangeSet
    revision: Revision | None
    findings: Sequence[Finding] = ()
    quarantined: str = ""


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
