"""The types of history: who said what, when, by which revision; what differs between two states; sources, findings, branches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated

import numpy as np
import strawberry

from graph.changes import AsOf, ChangeSet
from graph.changes import Branch as KeptBranch
from graph.changes import Revision as KeptRevision
from ontology.findings import Finding as Found
from ontology.sources import source_of
from ontology.terms import Ids, KeyQuad, QuadBlock, is_iri, is_literal, literal_parts
from resolvers.context import Face, Info, face_of
from resolvers.errors import BadInput
from twin.ledger.answers import Said
from twin.ledger.answers import Source as KeptSource

FIRST_MAX = 1000
"""Rows of one list of history."""
REVISIONS_DEFAULT = 50
FIRST_DIFFERENCE = 100
SORTED_MAX = 200_000
"""Terms of a change up to which its rows are told in order of their keys; a longer one is told in the order in which it is kept."""

First = Annotated[int | None, strawberry.argument(description=f"Rows at most, 0 to {FIRST_MAX}.")]
Skip = Annotated[int | None, strawberry.argument(description="Rows before the first one that is told: for the next page.")]


def checked_skip(skip: int | None) -> int:
    """How many rows a page leaves out before its first. Raises `BadInput` below 0."""
    if skip is not None and skip < 0:
        raise BadInput(f"skip = {skip}: give the number of rows before the page, 0 or more")
    return skip or 0


def checked_rows(first: int | None, default: int) -> int:
    """How many rows a list may have. Raises `BadInput` outside 0..1000."""
    first = default if first is None else first
    if not 0 <= first <= FIRST_MAX:
        raise BadInput(f"first = {first}: a list has 0 to {FIRST_MAX} rows; ask for the rest page by page")
    return first


@strawberry.enum(description="How bad a finding is: an error contradicts the model's meaning, a warning will surprise.")
class Severity(Enum):
    """After ontology/findings.py."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@strawberry.type(description="What is wrong in a model, where, and what to do about it.")
class Finding:
    """One finding."""

    severity: Severity = strawberry.field(description="How bad it is.")
    code: str = strawberry.field(description="Name of the rule.")
    focus: strawberry.ID = strawberry.field(description="IRI of the entity that it is about.")
    message: str = strawberry.field(description="What is wrong.")
    remedy: str = strawberry.field(description="What to do about it.")
    path: str | None = strawberry.field(description="IRI of the predicate or term concerned.")
    count: int = strawberry.field(description="How many statements it stands for.")

    @staticmethod
    def of(found: Found) -> Finding:
        """From the ontology room."""
        return Finding(
            severity=Severity(found.severity.value),
            code=found.code,
            focus=strawberry.ID(found.focus),
            message=found.message,
            remedy=found.remedy,
            path=found.path or None,
            count=found.count,
        )


@strawberry.type(description="One statement: subject, predicate, object, and the graph that it is made in.")
class Statement:
    """A quad, and who says it."""

    subject: strawberry.ID = strawberry.field(description="IRI of the subject, or the label of a blank node.")
    predicate: str = strawberry.field(description="IRI of the predicate.")
    object: str = strawberry.field(description="IRI of the object, the label of a blank node, or the lexical form of a literal.")
    object_is_id: bool = strawberry.field(description="Whether the object is an entity or a blank node; else it is a literal.")
    datatype: str | None = strawberry.field(description="IRI of the literal's datatype.")
    language: str | None = strawberry.field(description="Language tag of the literal.")
    graph: str | None = strawberry.field(description="IRI of the graph; null where it is inferred.")
    source: str | None = strawberry.field(description="The source that owns the graph; null where it is inferred.")
    revision: Revision | None = strawberry.field(description="The revision that said it; null where it is inferred or not known.")
    inferred: bool = strawberry.field(description="Whether the ontology says it and no source does.")
    because: list[Statement] = strawberry.field(description="Of an inferred one, the statements that it follows from.")

    @staticmethod
    def of(
        quad: KeyQuad,
        owners: Mapping[str, str],
        revision: Revision | None = None,
        *,
        inferred: bool = False,
        because: Sequence[KeyQuad] = (),
    ) -> Statement:
        """From a quad and what is known of it."""
        subject, predicate, obj, graph = quad
        parts = literal_parts(obj) if is_literal(obj) else None
        return Statement(
            subject=strawberry.ID(subject),
            predicate=predicate,
            object=obj if parts is None else parts.lexical,
            object_is_id=parts is None,
            datatype=None if parts is None else parts.datatype,
            language=None if parts is None else parts.language or None,
            graph=None if inferred else graph,
            source=None if inferred else owners.get(graph) or source_of(graph),
            revision=revision,
            inferred=inferred,
            because=[Statement.of(each, owners) for each in because],
        )

    @staticmethod
    def said(said: Said, owners: Mapping[str, str], branch: str = "") -> Statement:
        """From what the ledger knows of a statement; `branch` says whose revision it is."""
        revision = None if said.revision is None else Revision.of(said.revision, branch)
        return Statement.of(said.quad, owners, revision, inferred=said.inferred, because=said.because)


@strawberry.type(description="What differs between two states: statements that came and statements that went.")
class Difference:
    """A change set, told in parts."""

    change: strawberry.Private[ChangeSet]
    owners: strawberry.Private[Mapping[str, str]]
    first: strawberry.Private[int] = FIRST_DIFFERENCE
    said_by: strawberry.Private[KeptRevision | None] = None
    """The one revision that it is the change of."""
    branch: strawberry.Private[str] = ""
    """The branch that the older of the two states belongs to."""
    newer: strawberry.Private[AsOf | None] = None
    """The newer of the two states, which knows the revisions of what came."""

    @strawberry.field(description="How many statements came.")
    def added_count(self) -> int:
        return len(self.change.added)

    @strawberry.field(description="How many statements went.")
    def removed_count(self) -> int:
        return len(self.change.removed)

    @strawberry.field(description="Statements that came, in order of subject, predicate and object.")
    async def added(self, info: Info, first: First = None, skip: Skip = 0) -> list[Statement]:
        face = face_of(info)
        rows = await _rows(face, self.change.added, checked_rows(first, self.first), checked_skip(skip))
        if self.newer is not None:
            known = await face.history.run(_said_by, face, [quad for quad, _ in rows], self.newer)
            return [Statement.of(quad, self.owners, revision) for (quad, _), revision in zip(rows, known, strict=True)]
        revision = None if self.said_by is None else Revision.of(self.said_by, self.branch)
        return [Statement.of(quad, self.owners, revision) for quad, _ in rows]

    @strawberry.field(description="Statements that went, in order of subject, predicate and object, with the revision that had made them.")
    async def removed(self, info: Info, first: First = None, skip: Skip = 0) -> list[Statement]:
        face = face_of(info)
        rows = await _rows(face, self.change.removed, checked_rows(first, self.first), checked_skip(skip))
        since = self.change.since
        numbers = [int(since[row]) if len(since) else 0 for _, row in rows]
        known = await face.history.run(_revisions, face, sorted(set(numbers) - {0}), self.branch)
        return [Statement.of(quad, self.owners, known.get(number)) for (quad, _), number in zip(rows, numbers, strict=True)]

    @strawberry.field(description="IRIs of the entities that a statement which came or went is about, in order.")
    def entities(self, first: First = None) -> list[strawberry.ID]:
        subjects = {b.terms[n] for b in (self.change.added, self.change.removed) for n in np.unique(b.quads[:, 0]).tolist()}
        return [strawberry.ID(iri) for iri in sorted(filter(is_iri, subjects))[: checked_rows(first, self.first)]]


async def _rows(face: Face, block: QuadBlock, first: int, skip: int) -> list[tuple[KeyQuad, int]]:
    """Some quads of a block with their row numbers."""
    chosen = (await face.history.run(_first_rows, block, skip + first))[skip:]
    terms = block.terms
    return [
        ((terms[s], terms[p], terms[o], terms[g]), row)
        for row, (s, p, o, g) in zip(chosen.tolist(), block.quads[chosen].tolist(), strict=True)
    ]


def _first_rows(block: QuadBlock, first: int) -> Ids:
    used = np.unique(block.quads)
    if len(used) > SORTED_MAX:
        return np.arange(min(first, len(block)), dtype=np.int32)
    rank = np.zeros(len(block.terms), dtype=np.int32)
    rank[sorted(used.tolist(), key=block.terms.__getitem__)] = np.arange(len(used), dtype=np.int32)
    s, p, o, g = rank[block.quads].T
    return np.lexsort((g, o, p, s))[:first].astype(np.int32)


def _said_by(face: Face, quads: Sequence[KeyQuad], as_of: AsOf) -> list[Revision | None]:
    """The revision that said each quad, as that state has it."""
    snapshot = face.ledger.view(as_of).snapshot
    terms = snapshot.terms.numbers([term for quad in quads for term in quad]).reshape(-1, 4).tolist()
    numbers = [None if min(row) < 0 else snapshot.since(row[0], row[1], row[2], row[3]) for row in terms]
    known = _revisions(face, sorted({number for number in numbers if number}), as_of.branch)
    return [None if number is None else known.get(number) for number in numbers]


def _revisions(face: Face, numbers: Sequence[int], branch: str) -> dict[int, Revision]:
    """The revisions of the given numbers, as far as they are kept; beyond the base of a branch the numbers are of its own."""
    own = own_revisions(face, branch)
    base = next((each.base for each in face.ledger.branches() if each.name == branch), 0)
    found: dict[int, Revision] = {}
    for number in numbers:
        if own and number > base:
            found[number] = Revision.of(own[min(number - base, len(own)) - 1], branch)
            continue
        kept = face.ledger.revisions(before=number + 1, first=1)
        if kept and kept[0].number == number:
            found[number] = Revision.of(kept[0])
    return found


def own_revisions(face: Face, branch: str) -> Sequence[KeptRevision]:
    """A branch's own revisions, oldest first; none for the site."""
    return next((each.revisions for each in face.ledger.branches() if each.name == branch), ()) if branch else ()


@strawberry.type(description="One accepted change of the twin: who changed it, on behalf of which source, when and why.")
class Revision:
    """A revision of the site, or of a branch."""

    number: int = strawberry.field(description="Its number; the first is 1. A branch counts its own.")
    branch: str | None = strawberry.field(description="The branch that it belongs to; null for the site.")
    at: datetime = strawberry.field(description="When it was made.")
    author: str = strawberry.field(description="Who made it.")
    source: str = strawberry.field(description="The source on whose behalf it was made.")
    reason: str = strawberry.field(description="Why it was made.")
    added: int = strawberry.field(description="How many statements it added.")
    removed: int = strawberry.field(description="How many statements it removed.")

    @staticmethod
    def of(revision: KeptRevision, branch: str = "") -> Revision:
        """From the graph room."""
        cause = revision.cause
        return Revision(
            number=revision.number,
            branch=branch or None,
            at=cause.at,
            author=cause.author,
            source=cause.source,
            reason=cause.reason,
            added=revision.added,
            removed=revision.removed,
        )

    @strawberry.field(description="What it changed.")
    async def changes(self, info: Info, first: First = FIRST_DIFFERENCE) -> Difference:
        face = face_of(info)
        rows, branch = checked_rows(first, FIRST_DIFFERENCE), self.branch or ""
        kept, change = await face.history.run(face.ledger.revision, self.number, branch)
        return Difference(change=change, owners=face.twin.snapshot.owners, first=rows, said_by=kept, branch=branch)


@strawberry.type(description="A source: whoever owns graphs of the twin and says there what it knows.")
class Source:
    """One source."""

    name: str = strawberry.field(description="Its name.")
    graphs: list[str] = strawberry.field(description="IRIs of the graphs that are its own.")
    quads: int = strawberry.field(description="How many statements it makes now.")
    policy: str = strawberry.field(
        description="What becomes of a change of it with findings that are errors: refuse, accept or quarantine."
    )
    last: Revision | None = strawberry.field(description="Its newest revision.")

    @staticmethod
    def of(source: KeptSource) -> Source:
        """From the ledger."""
        last = None if source.last is None else Revision.of(source.last)
        return Source(name=source.name, graphs=list(source.graphs), quads=source.quads, policy=source.policy, last=last)

    @strawberry.field(description="What is wrong in what it says, worst first. Worked out when first asked for: may take seconds.")
    async def findings(self, info: Info, first: First = FIRST_MAX) -> list[Finding]:
        rows = checked_rows(first, FIRST_MAX)
        face = face_of(info)
        found = await face.checks.run(face.ledger.findings, self.name)
        return [Finding.of(each) for each in found[:rows]]


@strawberry.type(description="A what-if: changes of its own on top of a revision of the site, which they do not touch.")
class Branch:
    """One branch."""

    name: str = strawberry.field(description="Its name.")
    base: int = strawberry.field(description="The revision of the site that it stands on.")
    at: datetime = strawberry.field(description="When it was made.")
    author: str = strawberry.field(description="Who made it.")
    reason: str = strawberry.field(description="Why it was made.")
    own: strawberry.Private[Sequence[KeptRevision]]

    @staticmethod
    def of(branch: KeptBranch) -> Branch:
        """From the graph room."""
        cause = branch.cause
        return Branch(name=branch.name, base=branch.base, at=cause.at, author=cause.author, reason=cause.reason, own=branch.revisions)

    @strawberry.field(description="Its own changes, newest first.")
    def revisions(self, first: First = REVISIONS_DEFAULT) -> list[Revision]:
        return [Revision.of(each, self.name) for each in self.own[::-1][: checked_rows(first, REVISIONS_DEFAULT)]]

    @strawberry.field(description="What it changes of the revision that it stands on, all in all.")
    async def difference(self, info: Info) -> Difference:
        face = face_of(info)
        change = await face.history.run(face.ledger.compare_branch, self.name)
        owners = {**face.twin.snapshot.owners, **change.graphs}
        return Difference(change=change, owners=owners, newer=AsOf(branch=self.name))
