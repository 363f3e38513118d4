"""Revisions as members of a Linked Data Event Stream, and as RDF Patch.

A member is one revision: who changed the twin, for which source, when, why, how many quads, and which. In a format that can name graphs the
quads stand in graphs of their own, one for what was added to and one for what was removed from each graph; in one that cannot, and on its
own, they are RDF Patch. A large change is told by its counts and a link, and read in parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from adapters.rdf.negotiation import DATASETS
from graph.changes import ChangeSet, Revision
from ontology.namespaces import RDF, XSD
from ontology.rdf_write import plain
from ontology.terms import KeyQuad, QuadBlock, literal

LDES = "https://w3id.org/ldes#"
TREE = "https://w3id.org/tree#"
DCT = "http://purl.org/dc/terms/"
FEED = "https://w3id.org/ridethrough/feed#"
TWIN = "urn:ridethrough:twin"
"""What the revisions are versions of."""
HERE = "urn:ridethrough:feed:document"
"""Stands for the default graph of a document of the feed."""
INLINE_MAX = 1_000
"""Quads of a change that a page still holds itself."""
PART = 20_000
"""Quads of one part of a large change."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a revision's change: its quads, the number of the piece from 0, and how many there are."""

    removed: QuadBlock
    added: QuadBlock
    number: int = 0
    of: int = 1


def parts_of(revision: Revision) -> int:
    """In how many parts a revision's change is read."""
    return max(1, -(-(revision.added + revision.removed) // PART))


def part_of(change: ChangeSet, number: int) -> Part:
    """One part of a change: what is removed comes before what is added, as it is applied."""
    removed, added = len(change.removed), len(change.added)
    low, high = number * PART, (number + 1) * PART
    return Part(
        _slice(change.removed, low, high),
        _slice(change.added, low - removed, high - removed),
        number,
        max(1, -(-(removed + added) // PART)),
    )


def _slice(block: QuadBlock, low: int, high: int) -> QuadBlock:
    rows = block.quads[max(low, 0) : max(high, 0)]
    used, numbers = np.unique(rows, return_inverse=True)
    return QuadBlock([block.terms[n] for n in used.tolist()], numbers.reshape(rows.shape).astype(np.int32))


# -- as RDF ------------------------------------------------------------------------------------------------------------------------------


def member(stream: str, revision: Revision, part: Part | None, form: str) -> Iterator[KeyQuad]:
    """What a document says of one revision; without a part, its counts and the place where its change is read."""
    me = f"{stream}/{revision.number}"
    cause = revision.cause
    told = _safe if form == "rdfxml" else str
    yield me, RDF + "type", FEED + "Revision", HERE
    yield me, DCT + "isVersionOf", TWIN, HERE
    yield me, DCT + "created", literal(cause.at.isoformat(), XSD + "dateTime"), HERE
    yield me, DCT + "creator", literal(told(cause.author)), HERE
    yield me, DCT + "source", literal(told(cause.source)), HERE
    yield me, DCT + "description", literal(told(cause.reason)), HERE
    for name, number in (("number", revision.number), ("addedCount", revision.added), ("removedCount", revision.removed)):
        yield me, FEED + name, literal(str(number), XSD + "integer"), HERE
    if part is None:
        yield me, FEED + "changes", f"{me}?part=0", HERE
        return
    if part.number + 1 < part.of:
        yield me, FEED + "next", f"{me}?part={part.number + 1}", HERE
    if form in DATASETS:
        yield from _graphs(me, "removed", "removes", part.removed)
        yield from _graphs(me, "added", "adds", part.added)
    else:
        yield me, FEED + "patch", literal(_safe(patch_rows(part))), HERE


def _graphs(me: str, word: str, predicate: str, block: QuadBlock) -> Iterator[KeyQuad]:
    """Each graph's quads in a graph of their own, which says whose they are."""
    own = {graph: f"{me}#{word}-{n}" for n, graph in enumerate(block.graphs())}
    for graph, name in own.items():
        yield me, FEED + predicate, name, HERE
        yield name, FEED + "graph", graph, HERE
    for s, p, o, g in block:
        yield s, p, o, own[g]


# -- as RDF Patch ------------------------------------------------------------------------------------------------------------------------


def patch_rows(part: Part) -> str:
    """The part in rows of RDF Patch: `D` and `A`, each with a quad in N-Quads terms, in order of its text."""
    return "".join([*_rows("D", part.removed), *_rows("A", part.added)])


def _rows(letter: str, block: QuadBlock) -> Sequence[str]:
    text = [plain(key) for key in block.terms]
    return sorted(f"{letter} {text[s]} {text[p]} {text[o]} {text[g]} .\n" for s, p, o, g in block.quads.tolist())


def patch(stream: str, revision: Revision, part: Part) -> str:
    """One part of a revision as an RDF Patch document: a transaction of its own."""
    cause = revision.cause
    told = (("author", cause.author), ("source", cause.source), ("at", cause.at.isoformat()), ("reason", cause.reason))
    head = f"H id <{stream}/{revision.number}> .\n" + "".join(f"H {name} {plain(literal(text))} .\n" for name, text in told)
    head += f'H part "{part.number + 1}/{part.of}" .\n' if part.of > 1 else ""
    return f"{head}TX .\n{patch_rows(part)}TC .\n"


def _safe(text: str) -> str:
    """What any syntax can hold, XML too: control characters, which stand inside texts only, by their numbers, as N-Quads writes them."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04X}", text)
