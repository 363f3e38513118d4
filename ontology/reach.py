"""How far a rule looks: the property paths that shapes and checks follow from the node that they judge.

Rules of this file:

1. A *step* is a predicate, followed forward or backward. A reach is a tree of steps from the judged node; all rules share one tree.
2. Of every node that a step leads to its classes are read, too, and what the model itself puts these classes under.
3. Paths are followed `STEPS_MAX` steps far; repeated ones (`*`, `+`) are unrolled `REPEATS` times. A rule that looks farther is not seen.
4. A query in a shape (`sh:sparql`, `sh:target`) is opaque: the properties that it names (lower case) are followed both ways, two steps far.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pyoxigraph as ox

from ontology.namespaces import OWL, PREFIXES, RDF, RDFS, local_name

STEPS_MAX = 5
REPEATS = 3
_SH = "http://www.w3.org/ns/shacl#"
_TYPE, _BELOW = RDF + "type", RDFS + "subClassOf"
_NESTED = tuple(_SH + name for name in ("property", "node", "not", "qualifiedValueShape"))
_LISTS = tuple(_SH + name for name in ("or", "and", "xone"))
_COMPARED = tuple(_SH + name for name in ("equals", "disjoint", "lessThan", "lessThanOrEquals"))
_REPEATED = tuple(_SH + name for name in ("zeroOrMorePath", "oneOrMorePath"))
_TOKEN = re.compile(r"<([^<>\s]+)>|\b([A-Za-z][\w.-]*):([A-Za-z_][\w.-]*)")

Step = tuple[str, bool]
"""A predicate's IRI, and whether it is followed backward."""
Node = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
_Index = Mapping[Node, Mapping[str, list[Node]]]


class Reach:
    """The steps that may follow here, each with the steps that may follow it."""

    __slots__ = ("depth", "objects_of", "steps")

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth
        self.steps: dict[Step, Reach] = {}
        self.objects_of: set[str] = set()
        """Predicates whose objects are judged for being that (`sh:targetObjectsOf`): one subject is enough to see. At the root only."""

    def then(self, predicate: str, backward: bool = False) -> Reach | None:
        """The place one step farther, made when it is new; None where that is too far (rule 3)."""
        if self.depth >= STEPS_MAX:
            return None
        place = self.steps.get((predicate, backward))
        if place is None:
            place = self.steps[predicate, backward] = Reach(self.depth + 1)
            if predicate not in {_TYPE, _BELOW}:
                place.classes()
        return place

    def classes(self) -> None:
        """Rule 2."""
        place = self.then(_TYPE)
        for _ in range(REPEATS):
            place = None if place is None else place.then(_BELOW)

    def along(self, path: Iterable[Step]) -> None:
        """Take a whole path in."""
        place: Reach | None = self
        for predicate, backward in path:
            place = None if place is None else place.then(predicate, backward)

    def edges(self) -> Iterator[tuple[tuple[Step, ...], Step]]:
        """Every step of the tree, with the steps that lead to it."""
        stack: list[tuple[tuple[Step, ...], Reach]] = [((), self)]
        while stack:
            way, place = stack.pop()
            for step, farther in place.steps.items():
                yield way, step
                stack.append(((*way, step), farther))


def reach_of(shapes: Iterable[ox.Triple], paths: Iterable[Iterable[Step]] = ()) -> Reach:
    """The reach of all shapes in some triples, and of further paths that are read beside them."""
    index: dict[Node, dict[str, list[Node]]] = defaultdict(lambda: defaultdict(list))
    for triple in shapes:
        index[triple.subject][triple.predicate.value].append(triple.object)
    root = Reach()
    root.classes()
    for path in paths:
        root.along(path)
    for shape in list(index):
        if any(predicate.startswith(_SH) for predicate in index[shape]):
            _shape(shape, root, index, frozenset())
            _targets(shape, root, index)
    return root


def _shape(shape: Node, place: Reach, index: _Index, within: frozenset[Node]) -> None:
    """What a shape reads from a node that stands at `place`."""
    facts = index.get(shape)
    if facts is None or shape in within:
        return
    within = within | {shape}
    for path in facts.get(_SH + "path", []):
        for end in _ends(path, place, index):
            _asked(facts, end, index, within)
    if _SH + "path" not in facts:
        _asked(facts, place, index, within)


def _asked(facts: Mapping[str, list[Node]], place: Reach, index: _Index, within: frozenset[Node]) -> None:
    inner = [node for name in _NESTED for node in facts.get(name, [])]
    inner += [node for name in _LISTS for head in facts.get(name, []) for node in _members(head, index)]
    for node in inner:
        _shape(node, place, index, within)
    for name in _COMPARED:
        for other in facts.get(name, []):
            place.then(_iri(other))
    for constraint in facts.get(_SH + "sparql", []):
        _query(constraint, place, index)


def _targets(shape: Node, root: Reach, index: _Index) -> None:
    facts = index[shape]
    for predicate in facts.get(_SH + "targetSubjectsOf", []):
        root.then(_iri(predicate))
    for predicate in facts.get(_SH + "targetObjectsOf", []):
        root.objects_of.add(_iri(predicate))
    for target in facts.get(_SH + "target", []):
        _query(target, root, index)


def _query(node: Node, place: Reach, index: _Index) -> None:
    """Rule 4."""
    text = " ".join(o.value for o in index.get(node, {}).get(_SH + "select", []) if isinstance(o, ox.Literal))
    named = {iri or PREFIXES.get(prefix, "") + local for iri, prefix, local in _TOKEN.findall(text)}
    properties = sorted(iri for iri in named if local_name(iri)[:1].islower() and not iri.startswith((RDF, RDFS, OWL)))
    steps = [(iri, backward) for iri in properties for backward in (False, True)]
    for first in steps:
        farther = place.then(*first)
        for second in steps if farther is not None else ():
            farther.then(*second)  # type: ignore[union-attr]  # the loop is empty where there is no place


def _ends(path: Node, place: Reach, index: _Index, backward: bool = False) -> list[Reach]:
    """Where a property path leads from `place`."""
    if isinstance(path, ox.NamedNode):
        end = place.then(path.value, backward)
        return [] if end is None else [end]
    facts = index.get(path, {})
    for inner in facts.get(_SH + "inversePath", []):
        return _ends(inner, place, index, not backward)
    for head in facts.get(_SH + "alternativePath", []):
        return [end for inner in _members(head, index) for end in _ends(inner, place, index, backward)]
    for inner in facts.get(_SH + "zeroOrOnePath", []):
        return [place, *_ends(inner, place, index, backward)]
    for inner in (node for name in _REPEATED for node in facts.get(name, [])):
        return _unrolled(inner, place, index, backward)
    steps = list(_members(path, index))
    ends = [place]
    for inner in reversed(steps) if backward else steps:
        ends = [end for start in ends for end in _ends(inner, start, index, backward)]
    return ends


def _unrolled(inner: Node, place: Reach, index: _Index, backward: bool) -> list[Reach]:
    ends, at = [place], [place]
    for _ in range(REPEATS):
        at = [end for start in at for end in _ends(inner, start, index, backward)]
        ends += at
    return ends


def _members(head: Node, index: _Index) -> Iterator[Node]:
    """The members of an RDF list."""
    seen: set[Node] = set()
    while head in index and head not in seen:
        seen.add(head)
        yield from index[head].get(RDF + "first", [])
        head = next(iter(index[head].get(RDF + "rest", [])), head)


def _iri(node: Node) -> str:
    return node.value if isinstance(node, ox.NamedNode) else ""
