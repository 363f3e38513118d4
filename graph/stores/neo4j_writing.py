"""How a change is written into the property graph, inside one transaction that holds the lock on `Twin`.

Rules of this file:

1. Reads what the touched nodes say already, and writes what they say then: to add what is there and to remove what is not change nothing.
2. A node's labels and properties are worked out anew for what the change touches; other hands' labels and properties stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, LiteralString

import numpy as np

from graph.errors import Refused
from graph.stores import cypher
from graph.stores.neo4j_connection import Tx, batches, run
from graph.stores.property_graph import (
    RDF_TYPE,
    Fact,
    Link,
    Names,
    Split,
    decode,
    encode,
    labels_of,
    native_name,
    properties_of,
    split,
)
from ontology.terms import Ids, QuadBlock, is_iri

IRI_BYTES_MAX = 8_000
"""Neo4j's range index takes keys of some 8,167 bytes (operations manual, index configuration)."""
PAIRS_MAX = 200


@dataclass(slots=True)
class Effect:
    """What a written change came to: by how many quads the twin grew, and the graphs in which something changed."""

    more: int = 0
    graphs: set[str] = field(default_factory=set)

    def take(self, before: Mapping[Any, int], after: Mapping[Any, int], graph_of: int | None) -> None:
        """Note one node's facts (graph in place `graph_of` of the key) or one link's graphs (the keys)."""
        self.more += len(after) - len(before)
        if not before:
            self.graphs.update(after if graph_of is None else [key[graph_of] for key in after])
            return
        for key in before.keys() ^ after.keys() | {key for key in before.keys() & after.keys() if before[key] != after[key]}:
            self.graphs.add(key if graph_of is None else key[graph_of])


@dataclass(frozen=True, slots=True)
class Found:
    """A link that is there: its relationship, further relationships that say the same, and its graphs with their revisions."""

    identity: str
    graphs: dict[str, int]
    others: list[str] = field(default_factory=list)


def refuse_unkeepable(*blocks: QuadBlock) -> None:
    """Raise `Refused` for what no Neo4j can keep, before anything is written: a name longer than `IRI_BYTES_MAX`."""
    for block in blocks:
        terms = block.terms
        for n in np.flatnonzero(np.fromiter((len(term) > IRI_BYTES_MAX // 4 for term in terms), dtype=np.bool_, count=len(terms))).tolist():
            if not terms[n].startswith('"') and len(terms[n].encode()) > IRI_BYTES_MAX and (block.quads == n).any():
                size = len(terms[n].encode())
                raise Refused(
                    f"<{terms[n][:60]}…> is {size:,} bytes long, Neo4j keeps names up to {IRI_BYTES_MAX:,}: "
                    "shorten it, or keep the twin in a file"
                )


def read_names(tx: Tx) -> Names:
    """The table of names."""
    tables = {row["kind"]: dict(zip(row["iris"], row["names"], strict=True)) for row in tx.run(cypher.NAMES)}
    return Names.of(tables.get("label", {}), tables.get("predicate", {}))


@dataclass(slots=True)
class Places:
    """The server's own numbers of nodes, by IRI."""

    ids: dict[str, int] = field(default_factory=dict)
    _new: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """A transaction begins: what one noted that did not go through is forgotten."""
        for iri in self._new:
            self.ids.pop(iri, None)
        self._new = []

    def keep(self) -> None:
        """The present transaction went through."""
        self._new = []

    def note(self, tx: Tx, text: LiteralString, rows: Sequence[Any]) -> None:
        """Run a text that writes nodes and answers with their numbers."""
        for batch in batches(rows):
            row = tx.run(text, rows=batch).single(strict=True)
            self.ids.update(zip(row["iris"], row["ids"], strict=True))
            self._new += row["iris"]


def write(tx: Tx, added: QuadBlock, removed: QuadBlock, since: Ids, *, number: int) -> Effect:
    """Take back `removed`, then say `added`, by the revisions `since`.

    `number` is the revision that the graphs are marked with. What nothing speaks of any more is left for `sweep`.
    """
    places = Places()
    names = read_names(tx)
    learn(tx, names, added)
    more, fewer = split(added, since.tolist()), split(removed)
    subjects = sorted(more.facts.keys() | fewer.facts.keys())
    before = _read_facts(tx, subjects, names)
    effect = Effect()
    rows = [_node_row(subject, before.get(subject, {}), more, fewer, names, effect) for subject in subjects]
    places.note(tx, cypher.NODES, rows)
    places.note(tx, cypher.ENDS, sorted({end for s, _, o in more.links for end in (s, o) if end not in places.ids}))
    _write_links(tx, more, fewer, names, effect, places)
    run(tx, cypher.CHANGED, sorted(effect.graphs), number=number)
    return effect


def sweep(tx: Tx, removed: QuadBlock) -> None:
    """Take away the live values of what is no subject any more, and the nodes that nothing speaks of, among what `removed` spoke of.

    All are found before the first is deleted: after that, the server copies the list of what a transaction deleted at each look-up by
    name, and 40,000 of them take minutes.
    """
    fewer = split(removed)
    loose = sorted(fewer.facts.keys() | {end for s, _, o in fewer.links for end in (s, o)})
    run(tx, cypher.FORGET_VALUES, loose)
    found = [identity for batch in batches(loose) for identity in tx.run(cypher.LOOSE, rows=batch).single(strict=True)["ids"]]
    run(tx, cypher.PRUNE, found)


def learn(tx: Tx, names: Names, added: QuadBlock) -> None:
    """Name the classes and predicates that have no name yet."""
    terms = added.terms
    predicates = [terms[p] for p in np.unique(added.quads[:, 1]).tolist()]
    of_type = np.array([terms[p] == RDF_TYPE for p in range(len(terms))], dtype=np.bool_)
    objects = np.unique(added.quads[of_type[added.quads[:, 1]], 2]).tolist() if len(added) else []
    labels, links = names.learn((terms[o] for o in objects if is_iri(terms[o])), predicates)
    for kind, new in (("label", labels), ("predicate", links)):
        run(tx, cypher.ADD_NAMES, [list(pair) for pair in sorted(new.items())], kind=kind)


def _node_row(subject: str, before: Mapping[Fact, int], added: Split, removed: Split, names: Names, effect: Effect) -> list[Any]:
    """IRI, labels to set, labels to take away, properties to set (None takes one away)."""
    more, fewer = added.facts.get(subject, {}), removed.facts.get(subject, {})
    after = {fact: since for fact, since in before.items() if fact not in fewer}
    for fact, since in more.items():
        after.setdefault(fact, since)
    effect.take(before, after, 2)
    labels = labels_of(after, names)
    touched = {p for p, _, _ in more} | {p for p, _, _ in fewer if p in names.predicates}
    properties: dict[str, Any] = {name: None for p in sorted(touched) for name in _spellings(p, names.predicates[p])}
    properties |= properties_of((fact for fact in after if fact[0] in touched), names)
    properties["_facts"] = sorted(encode(fact, since, names) for fact, since in after.items()) or None
    gone = {name for p, o, _ in (*before, *more, *fewer) if p == RDF_TYPE and o in names.labels for name in _spellings(o, names.labels[o])}
    return [subject, labels, sorted(gone.difference(labels)), properties]


def _spellings(iri: str, name: str) -> set[str]:
    """The names under which a term may stand on a node: its own, and the one that another hand gave it."""
    return {name, native_name(iri) or name}


def _write_links(tx: Tx, added: Split, removed: Split, names: Names, effect: Effect, places: Places) -> None:
    """Reads what is there already and writes by id: to search a pair of dense nodes for a dynamic type takes milliseconds each."""
    create: dict[tuple[str, tuple[tuple[str, int], ...]], list[list[int]]] = defaultdict(list)
    _change_links(tx, added, removed, names, effect, places, create)
    for (predicate, said_by), rows in create.items():
        told = {"predicate": predicate, "graphs": [graph for graph, _ in said_by], "since": [since for _, since in said_by]}
        run(tx, cypher.NEW_LINKS, rows, type=names.predicates[predicate], **told)


def _change_links(
    tx: Tx,
    added: Split,
    removed: Split,
    names: Names,
    effect: Effect,
    places: Places,
    create: dict[tuple[str, tuple[tuple[str, int], ...]], list[list[int]]],
) -> None:
    """Change the links that are there; those that are not go to `create`, by predicate and who says them since when."""
    wanted = added.links.keys() | removed.links.keys()
    there = _read_links(tx, wanted, names)
    regraph: list[list[Any]] = []
    unlink: list[str] = []
    for link in sorted(wanted):
        found = there.get(link)
        before = found.graphs if found else {}
        after = {graph: since for graph, since in before.items() if graph not in removed.links.get(link, {})}
        for graph, since in added.links.get(link, {}).items():
            after.setdefault(graph, since)
        effect.take(before, after, None)
        unlink += found.others if found else []
        if found is None or not found.identity:
            if after:
                create[link[1], tuple(sorted(after.items()))].append([places.ids[link[0]], places.ids[link[2]]])
        elif not after:
            unlink.append(found.identity)
        elif after != before:
            graphs = sorted(after)
            regraph.append([found.identity, link[1], graphs, [after[graph] for graph in graphs]])
    run(tx, cypher.UNLINK, unlink)
    run(tx, cypher.REGRAPH, regraph)


def _read_facts(tx: Tx, subjects: Sequence[str], names: Names) -> dict[str, dict[Fact, int]]:
    facts: dict[str, dict[Fact, int]] = {}
    for batch in batches(subjects):
        row = tx.run(cypher.FACTS, rows=batch).single(strict=True)
        for iri, entries in zip(row["iris"], row["facts"], strict=True):
            facts[iri] = decoded(entries, names)
    return facts


def decoded(entries: Iterable[str], names: Names) -> dict[Fact, int]:
    """The facts of a node's `_facts`; an entry that another hand has spoilt is passed over."""
    facts: dict[Fact, int] = {}
    for entry in entries:
        try:
            fact, since = decode(entry, names)
        except (ValueError, AttributeError):
            continue
        facts[fact] = since
    return facts


def _read_links(tx: Tx, wanted: AbstractSet[Link], names: Names) -> dict[Link, Found]:
    """Each wanted link that is there. Few are asked for one by one; for many, all that their subjects are linked to is read."""
    types = dict(names.iris)
    types |= {spelling: iri for iri in names.predicates if (spelling := native_name(iri)) and spelling not in types}
    found: dict[Link, Found] = {}
    few = len(wanted) <= PAIRS_MAX
    pairs = sorted({(s, o) for s, _, o in wanted}) if few else []
    rows: list[Any] = [list(pair) for pair in pairs] if few else sorted({s for s, _, _ in wanted})
    for batch in batches(rows):
        row = tx.run(cypher.LINKS_BETWEEN if few else cypher.LINKS_OF, rows=batch).single(strict=True)
        columns = (row["subjects"], row["names"], row["objects"], row["ids"], row["graphs"], row["since"])
        for s, name, o, identity, graphs, since in zip(*columns, strict=True):
            link = (s, types.get(name, ""), o)
            if link in wanted:
                _note(found, link, name == names.predicates[link[1]], identity, said_by(graphs, since))
    return found


def _note(found: dict[Link, Found], link: Link, rightly_named: bool, identity: str, graphs: dict[str, int]) -> None:
    """A link has one relationship, of the name in the table; any other that says the same goes."""
    if link not in found:
        found[link] = Found(identity, graphs) if rightly_named else Found("", {}, [identity])
    elif rightly_named and (not found[link].identity or (graphs and not found[link].graphs)):
        first = found[link]
        found[link] = Found(identity, graphs, first.others + ([first.identity] if first.identity else []))
    else:
        found[link].others.append(identity)


def said_by(graphs: Sequence[str] | None, since: Sequence[int] | None) -> dict[str, int]:
    """The graphs that say a link with their revisions, 0 where another hand has spoilt the list of these."""
    graphs = [graph for graph in graphs or [] if isinstance(graph, str)]
    if not isinstance(since, list) or len(since) != len(graphs):
        since = [0] * len(graphs)
    return dict(zip(graphs, since, strict=True))
