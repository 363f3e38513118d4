"""Only what a change touches is validated again: the nodes whose rules can see a changed fact, with the facts that these rules read.

Rules of this file:

1. A node is *rechecked* when a changed fact is said of it, or lies on a path that some rule reads from it (`ontology/reach.py`).
2. A blank node belongs to the named node that it hangs on, and is rechecked with it, and with all that hangs there.
3. The rechecked nodes are validated as in `ontology.validate`, over a block that holds all that the rules read from them, and no more.
   A finding of the block about any other node means nothing and is left out.
4. A finding about a term (unknown, deprecated) is that of the rechecked nodes: it names the first of them, and counts their uses alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ontology.findings import BLANK_STEPS_MAX, Finding, at_named_nodes
from ontology.model_check import model_findings
from ontology.reach import Reach, Step
from ontology.shacl import Shapes, shapes_of
from ontology.term_check import defines, term_findings
from ontology.terms import KeyQuad, QuadBlock, is_blank, is_literal
from ontology.vocabulary import Vocabulary

PART = 20_000
"""Nodes that are validated at once: some 100,000 triples, with half a gigabyte of memory."""


_ANY_GRAPH = "urn:ridethrough:any"


class Reader(Protocol):
    """One state of the twin, by keys. The same facts may come in any order, and once for each graph that says them."""

    def about(self, subject: str) -> Iterable[KeyQuad]:
        """All quads with the subject."""

    def toward(self, obj: str) -> Iterable[KeyQuad]:
        """All quads with the object."""

    def objects(self, subject: str, predicate: str) -> Collection[str]:
        """The objects of a subject by a predicate."""

    def subjects(self, predicate: str, obj: str) -> Collection[str]:
        """The subjects of an object by a predicate."""


class Changed(Protocol):
    """What a change says, and what it takes back."""

    @property
    def added(self) -> QuadBlock: ...
    @property
    def removed(self) -> QuadBlock: ...


@dataclass(frozen=True, slots=True)
class ChangeFindings:
    """What is wrong with the rechecked nodes after a change, the worst first, and which nodes these are (keys). `new` are the findings that
    the change brings, `gone` those that it mends; both are empty where the state before was not given."""

    found: tuple[Finding, ...]
    rechecked: frozenset[str]
    new: tuple[Finding, ...] = ()
    gone: tuple[Finding, ...] = ()

    def after(self, before: Iterable[Finding]) -> list[Finding]:
        """All findings of a model, made from those before the change."""
        return sorted([*(f for f in before if f.focus not in self.rechecked), *self.found], key=lambda finding: finding.order)


def findings_of_change(
    after: Reader, change: Changed, vocabulary: Vocabulary, shapes: Shapes | None = None, before: Reader | None = None
) -> ChangeFindings:
    """What is wrong with what a change touches. `before` is the state that the change was made to: with it the answer says what is new.

    Pure. Cost: some 30 ms, then as `validate` over the neighbourhood of the change; twice that with `before`.
    """
    planned = shapes or shapes_of(vocabulary)
    foci = touched(after, change, planned.reach)
    found = findings_about(after, foci, vocabulary, planned)
    if before is None:
        return ChangeFindings(tuple(found), foci)
    was = findings_about(before, foci, vocabulary, planned)
    new, gone = set(found) - set(was), set(was) - set(found)
    return ChangeFindings(tuple(found), foci, tuple(f for f in found if f in new), tuple(f for f in was if f in gone))


def findings_about(reader: Reader, foci: Collection[str], vocabulary: Vocabulary, shapes: Shapes | None = None) -> list[Finding]:
    """What is wrong with some nodes, the worst first. Cost: as `validate` over their neighbourhood, `PART` nodes at a time."""
    planned = shapes or shapes_of(vocabulary)
    ordered = sorted(foci)
    parts = (ordered[at : at + PART] for at in range(0, len(ordered), PART))
    found = [finding for part in parts for finding in _findings(reader, part, vocabulary, planned)]
    return sorted(dict.fromkeys(found), key=lambda finding: finding.order)


def _findings(reader: Reader, foci: Sequence[str], vocabulary: Vocabulary, shapes: Shapes) -> list[Finding]:
    block = neighbourhood(reader, foci, shapes.reach)
    wanted = frozenset(foci)
    judged = [*model_findings(block, vocabulary), *shapes.findings(block)]
    own = QuadBlock.of(quad for focus in foci for quad in sorted(reader.about(focus)))
    terms = term_findings(own, vocabulary, lambda term: any(defines(p, o) for _, p, o, _ in reader.about(term)))
    return at_named_nodes([*terms, *(f for f in judged if f.focus in wanted)], block)


# -- which nodes ----------------------------------------------------------------------------------------------------------


def touched(after: Reader, change: Changed, reach: Reach) -> frozenset[str]:
    """The nodes to recheck (rules 1 and 2). The state after the change is enough: of the changed facts on one path the nearest decides,
    and what leads to it is unchanged. Cost: that of the ways back from the changed facts."""
    ways: dict[Step, list[tuple[Step, ...]]] = defaultdict(list)
    for way, step in reach.edges():
        ways[step].append(way)
    foci: set[str] = set()
    for subject, predicate, obj in {quad[:3] for block in (change.added, change.removed) for quad in block}:
        foci.add(subject)
        for start, backward in ((subject, False), (obj, True)):
            if backward and is_literal(obj):
                foci |= {obj} if predicate in reach.literals_of else set()
                continue
            for way in ways.get((predicate, backward), ()):
                foci |= _back(after, start, way)
    return frozenset(node for focus in foci for node in _entity(after, focus))


def _back(reader: Reader, start: str, way: Sequence[Step]) -> set[str]:
    """The nodes from which a way leads to `start`."""
    nodes = {start}
    for predicate, backward in reversed(way):
        nodes = {
            near
            for node in nodes
            for near in (
                () if backward and is_literal(node) else reader.objects(node, predicate) if backward else reader.subjects(predicate, node)
            )
        }
    return nodes


def _entity(reader: Reader, node: str) -> Iterator[str]:
    """Rule 2: the named node that a blank one hangs on, and all the blank ones that hang on it."""
    top, steps = node, 0
    while is_blank(top) and steps < BLANK_STEPS_MAX:
        above = min((quad[0] for quad in reader.toward(top)), default=top)
        top, steps = above, steps + (BLANK_STEPS_MAX if above == top else 1)
    seen, level = {node, top}, [top]
    for _ in range(BLANK_STEPS_MAX):
        level = [o for s in level for _, _, o, _ in reader.about(s) if is_blank(o) and o not in seen]
        seen.update(level)
    yield from seen


# -- which facts ----------------------------------------------------------------------------------------------------------


def neighbourhood(reader: Reader, foci: Iterable[str], reach: Reach) -> QuadBlock:
    """All that is said of some nodes, all that the rules read from them, and what their blank ones hang on. Cost: that of what it gives."""
    reading = _Reading(reader)
    nodes = sorted(foci)
    for node in nodes:
        reading.about(node)
        if is_blank(node):
            reading.take((s, p, o) for s, p, o, _ in reader.toward(node))
        if is_literal(node):
            reading.take((s, p, node) for p in sorted(reach.literals_of) for s in reader.subjects(p, node))
    reading.follow([node for node in nodes if not is_literal(node)], reach)
    return QuadBlock.of((s, p, o, _ANY_GRAPH) for s, p, o in sorted(reading.triples))


class _Reading:
    """What has been read of a state so far."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._out: dict[str, dict[str, list[str]]] = {}
        self.triples: set[tuple[str, str, str]] = set()

    def take(self, triples: Iterable[tuple[str, str, str]]) -> None:
        """Keep some facts."""
        self.triples.update(triples)

    def about(self, node: str) -> dict[str, list[str]]:
        """The objects of a node by predicate; all of them are kept."""
        found = self._out.get(node)
        if found is None:
            found = self._out[node] = {}
            for _, predicate, obj, _ in self._reader.about(node):
                found.setdefault(predicate, []).append(obj)
                self.triples.add((node, predicate, obj))
        return found

    def follow(self, nodes: Iterable[str], place: Reach) -> None:
        """Follow every step from the nodes, and keep what is met."""
        forward: dict[str, set[str]] = {}
        for node in nodes:
            for predicate, objects in self.about(node).items():
                if (predicate, False) in place.steps:
                    forward.setdefault(predicate, set()).update(objects)
        for (predicate, backward), farther in place.steps.items():
            reached = self._into(nodes, predicate) if backward else forward.get(predicate, set())
            if farther.steps and reached:
                self.follow([node for node in reached if not is_literal(node)], farther)

    def _into(self, nodes: Iterable[str], predicate: str) -> set[str]:
        found: set[str] = set()
        for node in nodes:
            subjects = self._reader.subjects(predicate, node)
            self.triples.update((subject, predicate, node) for subject in subjects)
            found.update(subjects)
        return found
