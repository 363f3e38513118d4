"""What another hand has changed in the database, told as a change against what the revisions say.

Rules of this file:

1. Each node and relationship is compared with what the revisions come to, by `_facts` and `graphs` and by the native view of them.
2. A label, a property value or a relationship that is more is said by the graph of the source `neo4j`, under the IRI that the table of
   names gives, else `urn:ridethrough:neo4j:NAME`. One that is missing is withdrawn from every graph that said it.
3. Nodes without `iri`, live values, the twin's own nodes, relationships to nodes that are no `Resource`, and values that XSD has no
   datatype for (points, bytes) are nobody's facts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from graph.changes import ChangeSet
from graph.fold import History, drift_between
from graph.ports import Progress
from graph.stores import cypher
from graph.stores.neo4j_connection import READ_S, UNSAYABLE, Connection, duration_text
from graph.stores.neo4j_writing import decoded, read_names
from graph.stores.property_graph import (
    RDF_TYPE,
    RESERVED_LABELS,
    RESERVED_PREDICATES,
    Fact,
    Names,
    native,
    native_iri,
    native_values,
)
from ontology.namespaces import XSD
from ontology.sources import source_graph
from ontology.terms import KeyQuad, QuadBlock, is_iri, is_literal, literal, literal_parts

SOURCE = "neo4j"
GRAPH = source_graph(SOURCE)
PAGE = 5_000
COMPARING = "comparing the graph with its revisions"


def drift(server: Connection, told: History, progress: Progress | None = None) -> ChangeSet:
    """The difference (exact), empty when nobody wrote past the port. Cost: linear; some 20 us a quad."""
    names = server.read(read_names)
    base: dict[str, set[Fact]] = defaultdict(set)
    for s, p, o, g in told.quads:
        if is_literal(o) or p == RDF_TYPE:
            base[s].add((p, o, g))
    found = QuadBlock.of(_found(server, names, base, len(told.quads), progress))
    change = drift_between(found, told)
    graphs = {GRAPH: SOURCE} if len(change.added) and GRAPH not in told.owners else {}
    return ChangeSet(change.added, change.removed, graphs, change.since)


def _found(server: Connection, names: Names, base: Mapping[str, set[Fact]], expected: int, progress: Progress | None) -> Iterator[KeyQuad]:
    """The quads that the database speaks of, in its own way."""
    after, count = "", 0
    while True:
        [page] = server.ask(cypher.VIEW_PAGE, READ_S, after=after, limit=PAGE)
        if not page["iris"]:
            return
        for iri, labels, properties in zip(page["iris"], page["labels"], page["properties"], strict=True):
            for p, o, g in _node_facts(base.get(iri, set()), labels, properties, names):
                count += 1
                yield iri, p, o, g
        last = page["iris"][-1]
        for quad in _link_quads(server.ask(cypher.VIEW_LINKS, READ_S, after=after, last=last), names):
            count += 1
            yield quad
        if progress is not None:
            progress(COMPARING, count, expected)
        after = last


def _node_facts(told: set[Fact], labels: Iterable[str], properties: Mapping[str, Any], names: Names) -> set[Fact]:
    """What a node says: what the revisions say of it, with what differs in `_facts`, in labels and in properties."""
    facts = properties.get("_facts")
    held = set(decoded(facts, names)) if isinstance(facts, list) else set()
    more, fewer = held - told, told - held
    for change_more, change_fewer in (_label_changes(told, labels, names), _property_changes(told, properties, names)):
        more |= change_more
        fewer |= change_fewer
    return (told - fewer) | (more - (fewer - told))


def _label_changes(told: set[Fact], labels: Iterable[str], names: Names) -> tuple[set[Fact], set[Fact]]:
    iris = {name: iri for iri, name in names.labels.items()}
    shown = {iris.get(label) or native_iri(label) for label in labels if label not in RESERVED_LABELS}
    typed = {o for p, o, _ in told if p == RDF_TYPE and is_iri(o)}
    return {(RDF_TYPE, o, GRAPH) for o in shown - typed}, {f for f in told if f[0] == RDF_TYPE and f[1] in typed - shown}


def _property_changes(told: set[Fact], properties: Mapping[str, Any], names: Names) -> tuple[set[Fact], set[Fact]]:
    by_predicate: dict[str, set[str]] = defaultdict(set)
    for p, o, _ in told:
        if is_literal(o):
            by_predicate[p].add(o)
    shown = {names.iris.get(name) or native_iri(name): value for name, value in properties.items() if name not in RESERVED_PREDICATES}
    more: set[Fact] = set()
    fewer: set[Fact] = set()
    for p in by_predicate.keys() | shown.keys():
        keys = by_predicate.get(p, set())
        come, gone = _value_changes(keys, _values(shown.get(p)))
        more |= {(p, key, GRAPH) for key in come}
        fewer |= {f for f in told if f[0] == p and f[1] in gone}
    return more, fewer


def _value_changes(keys: set[str], shown: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The literals that came and those that went, where a property that had the literals `keys` shows these values now."""
    ordered = sorted(keys)
    expected = _values(native_values(ordered)) if ordered else {}
    if expected.keys() == shown.keys():
        return set(), set()
    values = native_values(ordered) if ordered else []
    marks = [_mark(value) for value in (values if isinstance(values, list) else [values])]
    gone = {key for key, mark in zip(ordered, marks, strict=True) if mark not in shown}
    datatypes = {literal_parts(key).datatype for key in ordered}
    datatype = datatypes.pop() if len(datatypes) == 1 else None
    return {_literal(value, datatype) for mark, value in shown.items() if mark not in expected}, gone


def _values(shown: Any) -> dict[str, Any]:
    """The values of a property by their marks (rule 3)."""
    if shown is None:
        return {}
    return {_mark(value): value for value in (shown if isinstance(shown, list) else [shown]) if not isinstance(value, UNSAYABLE)}


def _mark(value: Any) -> str:
    """What tells two values apart: 1, 1.0 and true are three; an instant is the same in whatever class."""
    value = value.to_native() if hasattr(value, "to_native") else value
    kind = "instant" if isinstance(value, datetime) else type(value).__name__
    return f"{kind} {value.isoformat() if isinstance(value, date | time) else value!r}"


def _literal(value: Any, datatype: str | None) -> str:
    """A native value as a literal: of the datatype that the property has had, where the value can be one of it, else of its own kind."""
    value = value.to_native() if hasattr(value, "to_native") else value
    if isinstance(value, bool):
        lexical, own = ("true" if value else "false"), XSD + "boolean"
    elif isinstance(value, int):
        lexical, own = str(value), XSD + "integer"
    elif isinstance(value, float):
        lexical, own = {"inf": "INF", "-inf": "-INF", "nan": "NaN"}.get(repr(value), repr(value)), XSD + "double"
    elif isinstance(value, datetime):
        lexical, own = value.isoformat(), XSD + "dateTime"
    elif isinstance(value, date):
        lexical, own = value.isoformat(), XSD + "date"
    elif isinstance(value, time):
        lexical, own = value.isoformat(), XSD + "time"
    elif (lasts := duration_text(value)) is not None:
        lexical, own = lasts, XSD + "duration"
    else:
        lexical, own = (value if isinstance(value, str) else str(value)), XSD + "string"
    if datatype is not None and datatype.startswith(XSD):
        kept = literal(lexical, datatype)
        if _mark(native(kept)) == _mark(value):
            return kept
    return literal(lexical, own)


def _link_quads(rows: Sequence[Mapping[str, Any]], names: Names) -> Iterator[KeyQuad]:
    [row] = rows
    for s, name, o, graphs in zip(row["subjects"], row["names"], row["objects"], row["graphs"], strict=True):
        p = names.iris.get(name) or native_iri(name)
        for g in [g for g in graphs if isinstance(g, str)] or [GRAPH]:
            yield s, p, o, g
