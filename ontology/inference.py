"""What follows from a single fact: the vocabulary's rules, compiled to tables that are read backward.

Rules of this file:

1. Property rules: `rdfs:subPropertyOf`, `owl:equivalentProperty`, `owl:inverseOf`, `s223:inverseOf`, symmetric properties; all combinations
   of them to the fixed point. An inverse of a fact about a literal does not exist.
2. Class rules: `rdfs:subClassOf`, `owl:equivalentClass`, and what replaces a deprecated class (`brick:isReplacedBy`); to the fixed point.
   The classes of the modelling languages themselves (`owl:Thing`, `rdfs:Resource`, …) tell nothing and are left out.
3. What needs two facts is not here: 223P connections are read in `graph/inferred.py`, in the feeds that `feeds_of_medium` names.

Which of Brick's own rules are taken, and why others are not: `docs/guides/inference.md`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ontology.namespaces import BRICK, DCX, OWL, RDFS, S223, SKOS
from ontology.vocabulary import Vocabulary

INFERRED_GRAPH = "urn:ridethrough:inferred"
"""The graph in which inferred facts are shown; no source can own it."""

FEEDS = BRICK + "feeds"
_META = (OWL, RDFS, SKOS, "http://www.w3.org/ns/shacl#", BRICK + "Class")
_MEDIUM_FEEDS = {
    S223 + "Electricity-AC": DCX + "feedsPower",
    S223 + "Electricity-DC": DCX + "feedsPower",
    S223 + "Water-ChilledWater": DCX + "feedsLiquidCooling",
    S223 + "Signal-WiredEthernet": DCX + "feedsNetwork",
    S223 + "Signal-FiberEthernet": DCX + "feedsNetwork",
    S223 + "Signal-Modulated": DCX + "feedsControl",
}
"""223P media that settle what is supplied. Air, water and glycol may heat as well as cool: of them only that something is fed is known."""


@dataclass(frozen=True, slots=True)
class Step:
    """One way from a fact to another: the other fact's property, and whether subject and object change places."""

    property: str
    reversed: bool


class Rules:
    """The compiled rules of one vocabulary. Immutable; class closures are worked out at first use and kept."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.implied: Mapping[str, tuple[Step, ...]] = _closures(_property_edges(vocabulary))
        """For a property what a fact of it implies, itself left out, in order of IRIs."""
        self.implying: Mapping[str, tuple[Step, ...]] = _turned(self.implied)
        """For a property the facts that imply one of it, in order of IRIs."""
        self._classes: dict[str, tuple[str, ...]] = {}

    def classes(self, iri: str) -> tuple[str, ...]:
        """The classes that an instance of a class is also of, in order of IRIs; the class itself left out."""
        found = self._classes.get(iri)
        if found is None:
            found = self._classes[iri] = self._above(iri)
        return found

    def _above(self, iri: str) -> tuple[str, ...]:
        seen, stack = {iri}, [iri]
        while stack:
            at = stack.pop()
            status = self._vocabulary.term(at)
            next_to = (*self._vocabulary.superclasses(at), *(status.replaced_by if status.kind == "class" else ()))
            new = set(next_to) - seen
            seen |= new
            stack += new
        return tuple(sorted(c for c in seen - {iri} if not c.startswith(_META)))

    def feeds_of_medium(self, media: Iterable[str]) -> str:
        """The property by which a 223P connection of these media feeds: a sub-property of `brick:feeds` where they settle it."""
        named = {
            next((_MEDIUM_FEEDS[above] for above in self._vocabulary.superclasses(medium) if above in _MEDIUM_FEEDS), FEEDS)
            for medium in media
        }
        return named.pop() if len(named) == 1 else FEEDS


@lru_cache(maxsize=8)
def rules_of(vocabulary: Vocabulary) -> Rules:
    """The rules of a vocabulary, compiled once for each. Cost: some milliseconds."""
    return Rules(vocabulary)


def _property_edges(vocabulary: Vocabulary) -> dict[str, set[Step]]:
    """What a property's facts imply by one rule."""
    edges: dict[str, set[Step]] = defaultdict(set)
    for iri, info in vocabulary.properties.items():
        edges[iri] |= {Step(above, False) for above in info.superproperties}
        for equal in info.equivalents:
            edges[iri].add(Step(equal, False))
            edges[equal].add(Step(iri, False))
        for inverse in info.inverses:
            edges[iri].add(Step(inverse, True))
            edges[inverse].add(Step(iri, True))
        if info.symmetric:
            edges[iri].add(Step(iri, True))
    return edges


def _closures(edges: Mapping[str, set[Step]]) -> dict[str, tuple[Step, ...]]:
    closed = {iri: _closure(iri, edges) for iri in sorted(edges)}
    return {iri: steps for iri, steps in closed.items() if steps}


def _closure(iri: str, edges: Mapping[str, set[Step]]) -> tuple[Step, ...]:
    start = Step(iri, False)
    seen, stack = {start}, [start]
    while stack:
        at = stack.pop()
        new = {Step(step.property, step.reversed != at.reversed) for step in edges.get(at.property, ())} - seen
        seen |= new
        stack += new
    return _ordered(seen - {start})


def _turned(implied: Mapping[str, Sequence[Step]]) -> dict[str, tuple[Step, ...]]:
    found: dict[str, set[Step]] = defaultdict(set)
    for iri, steps in implied.items():
        for step in steps:
            found[step.property].add(Step(iri, step.reversed))
    return {iri: _ordered(found[iri]) for iri in sorted(found)}


def _ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: (step.property, step.reversed)))
