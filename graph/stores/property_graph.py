"""How quads look as a property graph, for `graph.stores.neo4j`; pure.

Rules of this file:

1. A subject, or an object that is no literal, is a node `Resource` with `iri`: its IRI, or a blank node's key (`_:b0`).
2. `rdf:type` gives labels, not relationships. A literal gives a property. Any other quad is a relationship from subject to object.
3. A class, a predicate has one *name*: the local part of its IRI, each character outside `[A-Za-z0-9_]` as `_`, with `_` before a
   leading digit. Is the name reserved or taken by another IRI, it is `prefix_local`; without a known prefix, or taken again, `local_2`,
   `local_3` and so on. A name, once given, stays: the table of names is kept in the graph. So no label, type or property name holds a
   caller's text.
4. A property is an integer, a float, a boolean, an instant (with or without an offset), a date or a text; several values make an array
   of one of these, of texts when they do not agree.
5. What a property cannot carry stands beside it in `_facts`: one text `NAME SINCE GRAPH KEY` for each type and literal, exact
   (`ontology.terms`); SINCE is the revision that said it, GRAPH has no space (`escaped`). A relationship carries its `predicate`, the
   list `graphs` of the graphs that say it, and the list `since` of the revisions by which they did.
6. What another hand wrote has the IRI `urn:ridethrough:neo4j:NAME` unless the table knows the name; such an IRI is named NAME again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import repeat
from urllib.parse import quote, unquote

from ontology.namespaces import BRICK, DCX, PREFIXES, RDF, REC, XSD, compact, local_name
from ontology.terms import KeyQuad, is_iri, is_literal, literal_parts

RDF_TYPE = RDF + "type"
NATIVE = "urn:ridethrough:neo4j:"
RESERVED_LABELS = frozenset(
    {"Resource", "Twin", "Revision", "Graph", "Name", "TwinStaged", "TwinPart", "TwinBranch", "TwinBranchRevision"},
)
RESERVED_PREDICATES = frozenset({"iri", "value", "quality", "qualityReason", "observedAt", "receivedAt", "_facts"})

Fact = tuple[str, str, str]
"""Predicate, object, graph of a quad that its subject's node carries."""
Link = tuple[str, str, str]
"""Subject, predicate, object of a quad that is a relationship."""
Native = bool | int | float | str | datetime | date

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


def native_iri(name: str) -> str:
    """The IRI of a label, type or property that another hand named (rule 6)."""
    return NATIVE + quote(name, safe="")


def native_name(iri: str) -> str | None:
    """What another hand called it, for the IRI of such a name; None for any other."""
    return unquote(iri[len(NATIVE) :]) if iri.startswith(NATIVE) else None


def _candidates(iri: str) -> Iterable[str]:
    local = safe_name(native_name(iri) or local_name(iri))
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
    """Quads by where they stand in the property graph, each once, with the revision that says it."""

    facts: dict[str, dict[Fact, int]] = field(default_factory=lambda: defaultdict(dict))
    """By subject."""
    links: dict[Link, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    """The graphs that say a link."""


def split(quads: Iterable[KeyQuad], since: Iterable[int] | None = None) -> Split:
    """Part the quads by rule 2; `since` gives the revision of each, 0 where it does not matter."""
    parts = Split()
    facts, links = parts.facts, parts.links
    for (s, p, o, g), revision in zip(quads, repeat(0) if since is None else since, strict=False):
        if o.startswith('"') or p == RDF_TYPE:
            facts[s][p, o, g] = revision
        else:
            links[s, p, o][g] = revision
    return parts


def encode(fact: Fact, since: int, names: Names) -> str:
    """A fact as an entry of `_facts` (rule 5)."""
    predicate, obj, graph = fact
    return f"{names.predicates[predicate]} {since} {escaped(graph)} {obj}"


def escaped(graph: str) -> str:
    """A graph's name without spaces, for `_facts`: `\\s` stands for one, and `\\b` for `\\`."""
    return graph.replace("\\", "\\b").replace(" ", "\\s")


def unescaped(text: str) -> str:
    """The inverse of `escaped`."""
    return text.replace("\\s", " ").replace("\\b", "\\") if "\\" in text else text


def decode(entry: str, names: Names) -> tuple[Fact, int]:
    """The fact of an entry of `_facts` and the revision that said it; the inverse of `encode`. Raises `ValueError` for another text."""
    name, since, graph, obj = entry.split(" ", 3)
    if name not in names.iris:
        raise ValueError(f"{entry!r} has no known name")
    return (names.iris[name], obj, unescaped(graph)), int(since)


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
    kinds = {_kind(value) for value in values}
    if len(kinds) == 1:
        return values
    if kinds == {"int", "float"}:
        return [float(value) for value in values if isinstance(value, int | float)]
    return [literal_parts(key).lexical for key in ordered]


def _kind(value: Native) -> str:
    """An array of Neo4j holds values of one kind; instants with and without an offset are two."""
    return "instant" if isinstance(value, datetime) and value.tzinfo else type(value).__name__


def native(key: str) -> Native:
    """A literal as an integer of 64 bits, a float, a boolean, an instant or a date where it reads as one, else its lexical form."""
    parts = literal_parts(key)
    reader = _READERS.get(parts.datatype)
    if reader is None:
        return parts.lexical
    try:
        value = reader(parts.lexical.strip(" \t\r\n"))
    except ValueError:
        return parts.lexical
    return parts.lexical if value is None else value


def _integer(text: str) -> int | None:
    number = int(text) if _DIGITS.fullmatch(text) else None
    return number if number is not None and number in _INT64 else None


def _float(text: str) -> float | None:
    return float(text.replace("INF", "inf")) if _NUMBER.fullmatch(text) else None


def _instant(text: str) -> datetime | None:
    """To the microsecond; Neo4j knows the years from 1 to 9999 that Python does, and offsets of whole minutes to 18 hours."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    moment, fraction, offset = found.groups()
    return datetime.fromisoformat(moment + (fraction or "")[:7] + (offset or "").replace("Z", "+00:00"))


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if _DATE.fullmatch(text) else None


_DIGITS = re.compile(r"[+-]?[0-9]{1,30}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_READERS: dict[str, Callable[[str], Native | None]] = {
    **dict.fromkeys(_INTEGERS, _integer),
    **dict.fromkeys(_FLOATS, _float),
    XSD + "boolean": _BOOLEANS.get,
    XSD + "dateTime": _instant,
    XSD + "dateTimeStamp": _instant,
    XSD + "date": _date,
}
