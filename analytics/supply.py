"""The supply graph of a snapshot: who can supply what to whom, and what each needs. After `docs/guides/supply-model.md`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analytics import loads as load_columns
from analytics.assumed import Assumed, Assumptions
from analytics.capacity.electrical import Basis
from analytics.capacity.required import counted
from analytics.capacity.stated import Things, electrical
from analytics.columns import distinct, without
from analytics.doubts import doubts, drawing_without_class
from analytics.edges import SupplyTriples, supply_triples
from analytics.heat_sinks import heat_sinks
from analytics.requirements import Stated, compile_requirements, needed_members, stated_requirements, without_medium
from analytics.roles import MEDIA_MAX, OPEN, Masks, Roles, roles_of
from analytics.supply_graph import Edges, Flags, Nodes, Requirements, SupplyGraph
from graph.snapshot import LABEL, Snapshot
from ontology.media import LIQUID_COOLING
from ontology.namespaces import DCX
from ontology.terms import Ids, is_literal, literal_parts
from ontology.vocabulary import Vocabulary


def compile_supply(snapshot: Snapshot, vocabulary: Vocabulary) -> SupplyGraph:
    """The supply graph of one revision. Pure and deterministic.

    Its nodes are everything that feeds or is fed, and every rack, service and piece of IT hardware, in order of IRIs. Cost: sorts over
    the relations concerned, some seconds for a million nodes; do it once a revision.
    """
    roles = roles_of(snapshot, vocabulary)
    triples = supply_triples(snapshot, vocabulary, roles)
    stated = stated_requirements(snapshot)
    unsaid = without_medium(snapshot)
    terms = _node_terms(snapshot, vocabulary, triples, [*(need.entity for need in stated), *unsaid])
    node_of = np.full(len(snapshot.terms), -1, dtype=np.int32)
    node_of[terms] = np.arange(len(terms), dtype=np.int32)
    role = roles.role_of[terms]
    media = _media(roles, stated)
    edges = Edges.of(node_of[triples.source], node_of[triples.target], triples.medium)
    loads = load_columns.loads(snapshot, vocabulary, node_of)
    carries = electrical(snapshot, vocabulary, Things(terms, role, roles.classes), edges, loads, media)
    loads = load_columns.with_planned(loads, edges, np.where(carries.basis == Basis.ALLOCATED, carries.draw_kw, 0.0))
    stated += _of_nothing(edges, roles.group[role] & ~_says_true(snapshot, "isSource", terms), stated, terms, media)
    stated = counted(stated, edges, carries.rated_kw, terms, node_of, media)
    by_class, by_node = roles.source_of[role], _says_true(snapshot, "isSource", terms)
    sources = np.where(by_node, np.int64((1 << len(media)) - 1), by_class)
    defaults = np.ones((len(roles.classes), len(media)), dtype=np.int32)
    defaults[:, : len(roles.media)] = roles.at_least
    sinks, returns = heat_sinks(edges, roles.rejects_heat[role], sources, defaults[role, media.index(LIQUID_COOLING)], stated, terms, media)
    requirements = compile_requirements(edges, [*stated, *sinks], needed_members(snapshot), node_of, media, sources, defaults[role])
    unknown = _unknown_suppliers(snapshot, roles.unknown[role], terms, edges, triples)
    nodes = _nodes(snapshot, roles, terms, triples, unknown)
    return SupplyGraph(
        snapshot.revision,
        nodes,
        media,
        edges,
        requirements,
        loads,
        _assumptions(edges, triples, node_of, sources, stated, media, requirements.node * len(media) + requirements.medium)
        .and_also(_left_out(triples, node_of, stated, unsaid, media))
        .and_also(Assumptions.about(Assumed.UNIT, np.flatnonzero(unknown).astype(np.int32)))
        .and_also(Assumptions.about(Assumed.NO_CLASS, drawing_without_class(snapshot, terms, nodes.class_of)))
        .and_also(Assumptions.about(Assumed.FIGURE, np.array(sorted(carries.doubts), dtype=np.int32)))
        .and_also(returns)
        .and_also(_to_sources(edges, sources, requirements, len(media)))
        .and_also(doubts(snapshot, terms, nodes.switch, edges, requirements)),
        carries,
        labels_of(snapshot, terms),
        lambda iri: snapshot.find(iri) is not None,
    )


def _node_terms(snapshot: Snapshot, vocabulary: Vocabulary, triples: SupplyTriples, requiring: list[int]) -> Ids:
    """The term numbers of the nodes, in order of their IRIs."""
    found = distinct(
        np.concatenate(
            (
                triples.source,
                triples.target,
                *triples.stored[:2],
                np.array(requiring, dtype=np.int32),
                load_columns.racks(snapshot, vocabulary),
                load_columns.services(snapshot, vocabulary),
                load_columns.hardware(snapshot, vocabulary),
            )
        )
    )
    return np.array(sorted(found.tolist(), key=snapshot.terms.keys.__getitem__), dtype=np.int32)


def _media(roles: Roles, stated: list[Stated]) -> tuple[str, ...]:
    """The media of the classes, then those that only a requirement names."""
    media = (*roles.media, *sorted({need.medium for need in stated} - set(roles.media)))
    if len(media) > MEDIA_MAX:
        raise ValueError(f"{len(media)} supply media are named, at most {MEDIA_MAX} are possible: check the dcx:medium of the dcx:requires")
    return media


def _unknown_suppliers(snapshot: Snapshot, unknown: Flags, terms: Ids, edges: Edges, triples: SupplyTriples) -> Flags:
    """What supplies something and nothing says what it is: by what is said of it neither a connection nor a group."""
    supplies = np.zeros(len(terms), dtype=np.bool_)
    supplies[edges.source] = True
    groups = snapshot.relation(DCX + "hasMember").subjects
    found: Flags = unknown & supplies & ~np.isin(terms, triples.connections) & ~np.isin(terms, groups)
    return found


def _nodes(snapshot: Snapshot, roles: Roles, terms: Ids, triples: SupplyTriples, unknown: Flags) -> Nodes:
    """The columns of the nodes; an unknown supplier counts as a piece of equipment, so that no failure goes untried."""
    role = roles.role_of[terms]
    names = sorted({name for name in roles.classes if name is not None})
    number = np.array([-1 if name is None else names.index(name) for name in roles.classes], dtype=np.int32)
    keys = snapshot.terms.keys
    return Nodes(
        [keys[term] for term in terms.tolist()],
        number[role],
        tuple(names),
        roles.conduit[role] | np.isin(terms, triples.connections),
        roles.switch[role],
        _normally_open(snapshot, terms, roles.normally_open[role]),
        roles.failure_unit[role] | unknown,
    )


def labels_of(snapshot: Snapshot, terms: Ids) -> Callable[[int], str]:
    """Gives each node's label as `Snapshot.label` does, from a column made once: an answer names thousands of nodes."""
    relation = snapshot.relation(LABEL)
    first = relation.first_objects(terms)
    several = np.isin(terms, relation.subjects[1:][relation.subjects[1:] == relation.subjects[:-1]])
    keys = snapshot.terms.keys

    def label(node: int) -> str:
        key = keys[first[node]] if first[node] >= 0 and not several[node] else ""
        return key[1 : key.rindex('"')] if is_literal(key) else snapshot.label(int(terms[node]))

    return label


def _of_nothing(edges: Edges, group: Flags, stated: list[Stated], terms: Ids, media: tuple[str, ...]) -> list[Stated]:
    """A group that feeds something, and that no member and nothing else supplies with it: it needs one, and has none."""
    width = len(media)
    handed_on = distinct((edges.source.astype(np.int64) * width + edges.medium)[group[edges.source]])
    said = {(need.entity, need.medium) for need in stated}
    empty = without(handed_on, distinct(edges.target.astype(np.int64) * width + edges.medium)).tolist() if len(handed_on) else []
    found = [(int(terms[key // width]), media[key % width]) for key in empty]
    return [Stated(term, medium, 1, frozenset({term}), False, False) for term, medium in found if (term, medium) not in said]


def _normally_open(snapshot: Snapshot, terms: Ids, by_class: Flags) -> Flags:
    stands = snapshot.relation(DCX + "normalPosition")

    def stated(position: str) -> Flags:
        number = snapshot.terms.find(position)
        return np.isin(terms, stands.subjects_of(number) if number is not None else [])

    is_open: Flags = stated(OPEN) | (by_class & ~stated(DCX + "Closed"))
    return is_open


def _says_true(snapshot: Snapshot, name: str, terms: Ids) -> Flags:
    relation = snapshot.relation(DCX + name)
    yes = [
        subject
        for subject, obj in relation.pairs()
        if is_literal(snapshot.key(obj)) and literal_parts(snapshot.key(obj)).lexical in ("true", "1")
    ]
    return np.isin(terms, np.array(yes, dtype=np.int32))


def _left_out(triples: SupplyTriples, node_of: Ids, stated: list[Stated], unsaid: list[int], media: tuple[str, ...]) -> Assumptions:
    """What the model says and is not counted: edges from stored energy, requirements without a medium or a whole number."""
    source, target, medium = triples.stored
    edges = Edges.of(node_of[source], node_of[target], medium)
    rows = [(Assumed.NO_MEDIUM, int(node_of[entity]), 0) for entity in sorted(set(unsaid))]
    rows += sorted({(Assumed.NO_COUNT, int(node_of[need.entity]), media.index(need.medium)) for need in stated if need.no_count})
    rows += sorted({(Assumed.ROUNDED, int(node_of[need.entity]), media.index(need.medium)) for need in stated if need.rounded})
    what, node, of = np.array(rows, dtype=np.int32).reshape(-1, 3).T
    return Assumptions(
        np.concatenate((np.full(len(edges), Assumed.STORED, np.int32), what)),
        np.concatenate((edges.source, node)),
        np.concatenate((edges.medium, of)),
        np.concatenate((edges.target, node)),
    )


def _to_sources(edges: Edges, sources: Masks, requirements: Requirements, media: int) -> Assumptions:
    """The edges to what is a source in their medium and states no requirement there: they are no supply."""
    row = np.flatnonzero((sources[edges.target] >> edges.medium) & 1 == 1)
    needed = requirements.node.astype(np.int64) * media + requirements.medium
    row = row[~np.isin(edges.target[row].astype(np.int64) * media + edges.medium[row], needed)]
    what = np.full(len(row), Assumed.TO_SOURCE, np.int32)
    return Assumptions(what, edges.source[row], edges.medium[row], edges.target[row])


def _assumptions(
    edges: Edges, triples: SupplyTriples, node_of: Ids, sources: Masks, stated: list[Stated], media: tuple[str, ...], needed: Ids
) -> Assumptions:
    """What the model leaves open: sources that nothing says are sources, media that no class settles, capacities not computed."""
    width = len(media)
    handed_on = distinct(edges.source.astype(np.int64) * width + edges.medium)
    fed = distinct(np.concatenate((edges.target.astype(np.int64) * width + edges.medium, needed.astype(np.int64))))
    unfed = without(handed_on, fed)
    node, medium = (unfed // width).astype(np.int32), (unfed % width).astype(np.int32)
    unsaid = (sources[node] >> medium) & 1 == 0
    node, medium = node[unsaid], medium[unsaid]
    unclear = Edges.of(node_of[triples.source[triples.assumed]], node_of[triples.target[triples.assumed]], triples.medium[triples.assumed])
    capacity = sorted({(int(node_of[need.entity]), media.index(need.medium)) for need in stated if need.of_capacity})
    of_capacity = np.array(capacity, dtype=np.int32).reshape(-1, 2)
    kinds = np.repeat(np.array([Assumed.SOURCE, Assumed.MEDIUM, Assumed.CAPACITY], np.int32), [len(node), len(unclear), len(of_capacity)])
    return Assumptions(
        kinds,
        np.concatenate((node, unclear.source, of_capacity[:, 0])),
        np.concatenate((medium, unclear.medium, of_capacity[:, 1])),
        np.concatenate((node, unclear.target, of_capacity[:, 0])),
    )
