"""Only what a change touches is validated again: the nodes whose rules can see a changed fact, with the facts that these rules read.

Rules of this file:

1. A node is *rechecked* when a changed fact is said of it, or lies on a path that some rule reads from it (`ontology/reach.py`).
2. A finding about a blank node is shown at the named node that it hangs on: what hangs on a rechecked node is rechecked with it, and where
   something is found at a blank one, so is the node that it is shown at.
3. The rechecked nodes are validated as in `ontology.validate`, over a block that holds all that the rules read from them, and no more.
   A finding of the block about any other node means nothing and is left out.
4. A finding about a term (unknown, deprecated) is that of the rechecked nodes: it names the first of them, and counts their uses alone.
5. What only the whole model can tell is left to whole validation (`WHOLE_MODEL_CODES`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ontology.findings import BLANK_STEPS_MAX, Finding
from ontology.judge import judged
from ontology.reach import Reach, Step
from ontology.rings import RING
from ontology.sanity import BEHIND
from ontology.shacl import Shapes, shapes_of
from ontology.term_check import defines, term_findings
from ontology.terms import KeyQuad, QuadBlock, is_blank, is_literal
from ontology.vocabulary import Vocabulary

PART = 5_000
"""Nodes that are validated at once: up to some 80,000 triples with what is around them, and three quarters of a gigabyte of memory."""


WHOLE_MODEL_CODES = frozenset({RING, BEHIND})
"""Rules that follow chains of any length."""
_ANY_GRAPH = "urn:ridethrough:any"


class Reader(Protocol):
    """One state of the twin, by keys. The same facts may come in any order, and once for each graph that says them."""

    def uses(self, predicate: str) -> bool:
        """Whether anything is said by a predicate."""

    def about(self, subject: str) -> Iterable[KeyQuad]:
        """All quads with the subject."""

    def toward(self, obj: str) -> Iterable[KeyQuad]:
        """All quads with the object."""

    def objects(self, subject: str, predicate: str) -> Collection[str]:
        """The objects of a subject by a predicate."""

    def subjects(self, predicate: str, obj: str) -> Collection[str]:
        """The subjects of an object by a predicate."""

    def a_subject(self, predicate: str, obj: str) -> str | None:
        """One of the subjects of an object by a predicate, or None."""


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
        kept = (f for f in before if f.focus not in self.rechecked or f.code in WHOLE_MODEL_CODES)
        return sorted(dict.fromkeys((*kept, *self.found)), key=lambda finding: finding.order)


def findings_of_change(
    after: Reader, change: Changed, vocabulary: Vocabulary, shapes: Shapes | None = None, before: Reader | None = None
) -> ChangeFindings:
    """What is wrong with what a change touches. `before` is the state that the change was made to: with it the answer says what is new.

    Pure. Cost: some 30 ms, then as `validate` over the neighbourhood of the change; twice that with `before`.
    """
    planned = shapes or shapes_of(vocabulary)
    states = (after,) if before is None else (after, before)
    foci = _with_what_hangs_there(touched(after, change, planned.reach), states)
    found = [_findings(state, foci, vocabulary, planned) for state in states]
    hanging = {f.focus for findings in found for f in findings if is_blank(f.focus)}
    if before is None:  # what was wrong with a blank node is not known then
        hanging |= {node for node in foci if is_blank(node)}
    if more := {_top(state, blank) for blank in hanging for state in states} - foci:
        foci |= _with_what_hangs_there(more, states)
        found = [_findings(state, foci, vocabulary, planned) for state in states]
    shown = [_shown(findings, state) for findings, state in zip(found, states, strict=True)]
    if before is None:
        return ChangeFindings(tuple(shown[0]), frozenset(foci))
    return replace(compared(*map(tuple, shown)), rechecked=frozenset(foci))


def compared(now: tuple[Finding, ...], was: tuple[Finding, ...]) -> ChangeFindings:
    """The findings after a change, told apart by those before it. One that is found more often is new, one found less often is not."""
    there, past = ({replace(f, count=1): f.count for f in found} for found in (now, was))
    new = tuple(f for f in now if f.count > past.get(replace(f, count=1), 0))
    gone = tuple(f for f in was if replace(f, count=1) not in there)
    return ChangeFindings(now, frozenset(), new, gone)


def findings_about(reader: Reader, foci: Collection[str], vocabulary: Vocabulary, shapes: Shapes | None = None) -> list[Finding]:
    """What is wrong with some nodes, the worst first. Cost: as `validate` over their neighbourhood, `PART` nodes at a time."""
    return _shown(_findings(reader, foci, vocabulary, shapes or shapes_of(vocabulary)), reader)


def _shown(findings: Iterable[Finding], reader: Reader) -> list[Finding]:
    """The findings at named nodes, each once, in order."""
    named = (replace(f, focus=_top(reader, f.focus)) if is_blank(f.focus) else f for f in findings)
    return sorted(dict.fromkeys(named), key=lambda finding: finding.order)


def _findings(reader: Reader, foci: Collection[str], vocabulary: Vocabulary, shapes: Shapes) -> list[Finding]:
    ordered = sorted(foci)
    parts = (ordered[at : at + PART] for at in range(0, len(ordered), PART))
    return [finding for part in parts for finding in _of_part(reader, part, vocabulary, shapes)]


def _of_part(reader: Reader, foci: Sequence[str], vocabulary: Vocabulary, shapes: Shapes) -> Iterator[Finding]:
    block = neighbourhood(reader, foci, shapes.reach)
    wanted = frozenset(foci)
    yield from (f for f in judged(block, vocabulary, shapes) if f.focus in wanted)
    own = QuadBlock.of(quad for focus in foci for quad in sorted(reader.about(focus)))
    yield from term_findings(own, vocabulary, lambda term: any(defines(p, o) for _, p, o, _ in reader.about(term)))


# -- which nodes ----------------------------------------------------------------------------------------------------------


def touched(after: Reader, change: Changed, reach: Reach) -> frozenset[str]:
    """The nodes to recheck (rule 1). The state after the change is enough: of the changed facts on one path the nearest decides, and what
    leads to it is unchanged. Cost: that of the ways back from the changed facts."""
    ways: dict[Step, list[tuple[Step, ...]]] = defaultdict(list)
    for way, step in reach.edges():
        ways[step].append(way)
    foci: set[str] = set()
    for subject, predicate, obj in {quad[:3] for block in (change.added, change.removed) for quad in block}:
        foci |= {subject, obj} if predicate in reach.objects_of else {subject}
        for way in ways.get((predicate, False), ()):
            foci |= _back(after, subject, way)
        for way in ways.get((predicate, True), ()) if not is_literal(obj) else ():
            foci |= _back(after, obj, way)
    return frozenset(foci)


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


def _top(reader: Reader, node: str) -> str:
    """The node that a blank one hangs on: by the first of its subjects in order of keys, and on from there."""
    for _ in range(BLANK_STEPS_MAX):
        above = min((quad[0] for quad in reader.toward(node)), default=node) if is_blank(node) else node
        if above == node:
            break
        node = above
    return node


def _with_what_hangs_there(nodes: Iterable[str], states: Iterable[Reader]) -> set[str]:
    """Rule 2: the nodes, and the blank ones that hang on them in any of the states."""
    seen = set(nodes)
    for state in states:
        level = set(seen)
        for _ in range(BLANK_STEPS_MAX):
            level = {obj for node in level for _, _, obj, _ in state.about(node) if is_blank(obj)} - seen
            seen |= level
    return seen


# -- which facts ----------------------------------------------------------------------------------------------------------


def neighbourhood(reader: Reader, foci: Iterable[str], reach: Reach) -> QuadBlock:
    """All that is said of some nodes, and all that the rules read from them. Cost: that of what it gives."""
    reading = _Reading(reader)
    said: dict[str, set[str]] = defaultdict(set)
    nodes, asked = sorted(foci), [predicate for predicate in sorted(reach.objects_of) if reader.uses(predicate)]
    for node in nodes:
        for _, predicate, obj, _ in reader.about(node):
            reading.triples.add((node, predicate, obj))
            said[predicate].add(obj)
        witnesses = ((reader.a_subject(predicate, node), predicate) for predicate in asked)
        reading.triples.update((subject, predicate, node) for subject, predicate in witnesses if subject is not None)
    reading.follow({node for node in nodes if not is_literal(node)}, reach, said)
    return QuadBlock.of((s, p, o, _ANY_GRAPH) for s, p, o in sorted(reading.triples))


class _Reading:
    """What has been read of a state so far."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.triples: set[tuple[str, str, str]] = set()

    def follow(self, nodes: Iterable[str], place: Reach, said: Mapping[str, set[str]] | None = None) -> None:
        """Follow every step from the nodes, and keep what is met. `said` are their objects by predicate, where all is read already."""
        for (predicate, backward), farther in place.steps.items():
            if not self._reader.uses(predicate):
                continue
            if backward:
                reached = self._back(nodes, predicate)
            else:
                reached = self._on(nodes, predicate) if said is None else said.get(predicate, set())
            if farther.steps and reached:
                self.follow({node for node in reached if not is_literal(node)}, farther)

    def _on(self, nodes: Iterable[str], predicate: str) -> set[str]:
        found: set[str] = set()
        for node in nodes:
            objects = self._reader.objects(node, predicate)
            self.triples.update((node, predicate, obj) for obj in objects)
            found.update(objects)
        return found

    def _back(self, nodes: Iterable[str], predicate: str) -> set[str]:
        found: set[str] = set()
        for node in nodes:
            subjects = self._reader.subjects(predicate, node)
            self.triples.update((subject, predicate, node) for subject in subjects)
            found.update(subjects)
        return found
