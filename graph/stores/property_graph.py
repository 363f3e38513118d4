"""How quads look as a property graph, for `graph.stores.neo4j`; pure.

Rules of this file:

1. A subject, or an object that is no literal, is a node `Resource` with `iri`: its IRI, or a blank node's key (`_:b0`).
2. `rdf:type` gives labels, not relationships. A literal gives a property. Any other quad is a relationship from subject to object.
3. A class, a predicate has one *name*: the local part of its IRI, each character outside `[A-Za-z0-9_]` as `_`, with `_` before a
   leading digit. Is the name reserved or taken by another IRI, it is `prefix_local`; without a known prefix, or taken again, `local_2`,
   `local_3` and so on. A name, once given, stays: the table of names is kept in the graph. So no label, type or property name holds a
   caller's text.
4. A property is an integer, a float, a boolean or a text; several values make an array of one of these, of texts when they do not agree.
5. What a property cannot carry stands beside it in `_facts`: one text `NAME GRAPH KEY` for each type and literal, exact (`ontology.terms`).
   A relationship carries its `predicate` and the list `graphs` of the graphs that say it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ontology.namespaces import BRICK, DCX, PREFIXES, RDF, REC, XSD, compact, local_name
from ontology.terms import KeyQuad, is_iri, is_literal, literal_parts

RDF_TYPE = RDF + "type"
RESERVED_LABELS = frozenset({"Resource", "Twin", "Revision", "Graph", "Name"})
RESERVED_PREDICATES = frozenset({"iri", "value", "quality", "observedAt", "receivedAt", "_facts"})

Fact = tuple[str, str, str]
"""Predicate, object, graph of a quad that its subject's node carries."""
Link = tuple[str, str, str]
"""Subject, predicate, object of a quad that is a relationship."""
Native = bool | int | float | str

_INTEGERS = frozenset(
    XSD + name
    for name in (
        *("integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "negativeInteger", "nonPositiveInteger"),
        *("unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"),
    )
)
_FLOATS = frozenset({XSD + "decimal", XSD + "double", XSD + "float"})
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_INT64 = range(-(2**63), 2**63)
_FIRST = (BRICK, DCX, REC)  # whose terms get the plain name when several new ones want it


@dataclass(slots=True)
class Names:
    """The names of classes (labels) and of predicates (relationship types and properties), both ways."""

    labels: dict[str, str] = field(default_factory=dict)
    predicates: dict[str, str] = field(default_factory=dict)
    iris: dict[str, str] = field(default_factory=dict)
    """The predicate of each name."""

    @staticmethod
    def of(labels: Mapping[str, str], predicates: Mapping[str, str]) -> Names:
        """The table of the given IRI-to-name pairs."""
        return Names(dict(labels), dict(predicates), {name: iri for iri, name in predicates.items()})

    def learn(self, classes: Iterable[str], predicates: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Name what has no name yet (rule 3); returns the new labels and the new predicates' names by IRI."""
        labels = _named(set(classes) - self.labels.keys(), RESERVED_LABELS.union(self.labels.values()))
        types = _named(set(predicates) - self.predicates.keys(), RESERVED_PREDICATES.union(self.iris))
        self.labels.update(labels)
        self.predicates.update(types)
        self.iris.update({name: iri for iri, name in types.items()})
        return labels, types


def _named(iris: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    used = set(taken)
    names: dict[str, str] = {}
    for iri in sorted(iris, key=lambda iri: (not iri.startswith(_FIRST), iri)):
        names[iri] = next(name for name in _candidates(iri) if name not in used)
        used.add(names[iri])
    return names


def _candidates(iri: str) -> Iterable[str]:
    local = safe_name(local_name(iri))
    yield local
    prefix, colon, _ = compact(iri).partition(":")
    if colon and prefix in PREFIXES:
        yield safe_name(f"{prefix}_{local}")
    number = 2
    while True:
        yield f"{local}_{number}"
        number += 1


def safe_name(text: str) -> str:
    """The text as a name of letters, digits and `_` that does not begin with a digit; `_` for an empty one."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)
    return name if name and not name[0].isdigit() else "_" + name


@dataclass(slots=True)
class Split:
    """Quads by where they stand in the property graph, each once."""

    facts: dict[str, dict[Fact, None]] = field(default_factory=lambda: defaultdict(dict))
    """By subject."""
    links: dict[Link, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    """The graphs that say a link."""


def split(quads: Iterable[KeyQuad]) -> Split:
    """Part the quads by rule 2."""
    parts = Split()
    facts, links = parts.facts, parts.links
    for s, p, o, g in quads:
        if o.startswith('"') or p == RDF_TYPE:
            facts[s][p, o, g] = None
        else:
            links[s, p, o][g] = None
    return parts


def encode(fact: Fact, names: Names) -> str:
    """A fact as an entry of `_facts` (rule 5)."""
    predicate, obj, graph = fact
    return f"{names.predicates[predicate]} {graph} {obj}"


def decode(entry: str, names: Names) -> Fact:
    """The fact of an entry of `_facts`; the inverse of `encode`."""
    name, graph, obj = entry.split(" ", 2)
    return names.iris[name], obj, graph


def labels_of(facts: Iterable[Fact], names: Names) -> list[str]:
    """The labels that the facts give their node, sorted, without `Resource`."""
    return sorted({names.labels[o] for p, o, _ in facts if p == RDF_TYPE and is_iri(o)})


def properties_of(facts: Iterable[Fact], names: Names) -> dict[str, Native | list[Native]]:
    """The properties that the facts give their node (rule 4), by name."""
    literals: dict[str, set[str]] = {}
    for p, o, _ in facts:
        if is_literal(o):
            literals.setdefault(p, set()).add(o)
    return {names.predicates[p]: native_values(keys) for p, keys in literals.items()}


def native_values(keys: Iterable[str]) -> Native | list[Native]:
    """The property of one or more literals: alone its value, else an array in order of keys."""
    ordered = sorted(keys)
    values: list[Native] = [native(key) for key in ordered]
    if len(values) == 1:
        return values[0]
    kinds = {type(value) for value in values}
    if len(kinds) == 1:
        return values
    if kinds == {int, float}:
        return [float(value) for value in values]
    return [literal_parts(key).lexical for key in ordered]


def native(key: str) -> Native:
    """A literal as an integer of 64 bits, a float or a boolean where it is well-formed as one, else its lexical form."""
    parts = literal_parts(key)
    text = parts.lexical.strip()
    try:
        if parts.datatype in _INTEGERS:
            number = int(text)
            return number if number in _INT64 else parts.lexical
        if parts.datatype in _FLOATS:
            return float(text)
    except ValueError:
        return parts.lexical
    if parts.datatype == XSD + "boolean":
        return _BOOLEANS.get(text, parts.lexical)
    return parts.lexical
