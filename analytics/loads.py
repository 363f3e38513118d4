"""What stands behind the nodes: racks, services, tenants, and the draw of the IT equipment in kW."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isnan, nan

import numpy as np

from analytics.supply_graph import Edges, Flags, Loads, SupplyGraph
from graph.relation import Relation
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.errors import UnitError
from ontology.namespaces import BRICK, DCX, UNIT
from ontology.terms import Ids, is_literal, literal_parts
from ontology.units import conversion, figure
from ontology.vocabulary import Vocabulary

RACK = BRICK + "ICT_Rack"
HARDWARE = BRICK + "ICT_Hardware"
NETWORK_EQUIPMENT = BRICK + "Data_Network_Equipment"
SERVICE = DCX + "Service"
TENANT = DCX + "Tenant"
KILOWATT = UNIT + "KiloW"
POWER_STATED_BY = (DCX + "allocatedPower", BRICK + "ratedPowerInput")
"""In order of preference."""
ALIKE = 12
"""Digits to which two figures are the same."""


def racks(snapshot: Snapshot, vocabulary: Vocabulary) -> Ids:
    """The racks, by term number."""
    return snapshot.instances(vocabulary.subclasses(RACK))


def services(snapshot: Snapshot, vocabulary: Vocabulary) -> Ids:
    """The services, by term number."""
    return snapshot.instances(vocabulary.subclasses(SERVICE))


def hardware(snapshot: Snapshot, vocabulary: Vocabulary) -> Ids:
    """The IT equipment whose draw counts, by term number: racks draw nothing of their own beside it."""
    below = vocabulary.subclasses(HARDWARE) - vocabulary.subclasses(RACK)
    return np.setdiff1d(snapshot.instances(below), racks(snapshot, vocabulary)).astype(np.int32)


def loads(snapshot: Snapshot, vocabulary: Vocabulary, node_of: Ids) -> Loads:
    """All loads, in node numbers; `node_of` gives the node of a term number, or -1. Cost: a few vectorised look-ups."""
    equipment = hardware(snapshot, vocabulary)
    draw = draw_kw(snapshot, equipment)
    order = np.argsort(node_of[equipment])
    owned = snapshot.relation(DCX + "hasTenant")
    tenants = _tenants(snapshot, vocabulary, owned.objects)
    numbers = {term: number for number, term in enumerate(tenants)}
    keep = node_of[owned.subjects] >= 0
    keep &= np.isin(owned.objects, np.array(tenants, dtype=np.int32))
    tenant = np.array([numbers[term] for term in owned.objects[keep].tolist()], dtype=np.int32)
    mounted = snapshot.relation(DCX + "mountedIn")
    known = (node_of[mounted.subjects] >= 0) & (node_of[mounted.objects] >= 0)
    return Loads(
        np.sort(node_of[racks(snapshot, vocabulary)]),
        np.sort(node_of[services(snapshot, vocabulary)]),
        node_of[equipment][order],
        draw[order],
        tuple(snapshot.key(term) for term in tenants),
        np.stack((node_of[owned.subjects[keep]], tenant), axis=1),
        np.stack((node_of[mounted.subjects[known]], node_of[mounted.objects[known]]), axis=1),
    )


def with_planned(loads: Loads, edges: Edges, planned_kw: Floats) -> Loads:
    """The loads with the racks of which nothing says what it draws: each counts with what is planned for it, as if it were equipment.

    `planned_kw` is by node, 0 where nothing is planned or something behind it, or mounted in it, says what it draws. Cost: a sort.
    """
    draws = np.zeros(len(planned_kw), dtype=np.bool_)
    draws[loads.equipment[loads.equipment_kw > 0]] = True
    covered = np.concatenate((loads.mounted[draws[loads.mounted[:, 0]], 1], edges.source[draws[edges.target]]))
    planned = np.setdiff1d(loads.racks[planned_kw[loads.racks] > 0], covered).astype(np.int32)
    if len(planned) == 0:
        return loads
    equipment, kw = np.concatenate((loads.equipment, planned)), np.concatenate((loads.equipment_kw, planned_kw[planned]))
    order = np.argsort(equipment)
    return replace(loads, equipment=equipment[order], equipment_kw=kw[order])


def draw_kw(snapshot: Snapshot, equipment: Ids) -> Floats:
    """The draw of each piece of equipment in kW: what is allocated to it, else its rated input, else 0; what is below 0 is no draw,
    and of several that differ the greatest counts."""
    draw = np.full(len(equipment), np.nan)
    for predicate in POWER_STATED_BY:
        unknown = np.isnan(draw)
        stated = quantities(snapshot, predicate, equipment[unknown], KILOWATT, most=True)
        draw[unknown] = np.where(stated >= 0, stated, np.nan)
    return np.where(draw > 0, draw, 0.0)


def draws(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, terms: Ids) -> Floats:
    """What each piece of IT and network equipment draws, and each rack where nothing in it or behind it says what it draws; kW by node.

    `terms` are the nodes' term numbers. Timelines empty batteries and warm rooms with it, placements cool it.
    """
    draw = np.zeros(len(graph.nodes))
    network = [vocabulary.is_a(cls, NETWORK_EQUIPMENT) for cls in graph.nodes.classes]
    switches = np.flatnonzero(np.array([*network, False])[graph.nodes.class_of]).astype(np.int32)
    draw[switches] = draw_kw(snapshot, terms[switches])
    draw[graph.loads.equipment] = graph.loads.equipment_kw
    inside = np.zeros(len(draw))
    np.add.at(inside, graph.loads.mounted[:, 1], draw[graph.loads.mounted[:, 0]])
    silent = graph.loads.racks[(inside + draw)[graph.loads.racks] == 0]
    if graph.electrical is not None:
        draw[silent] = graph.electrical.draw_kw[silent]
    return draw


def quantities(snapshot: Snapshot, predicate: str, subjects: Ids, unit: str, *, most: bool = False) -> Floats:
    """The quantity that each subject states by a predicate, `[brick:value n; brick:hasUnit u]`, in `unit`; nan where it states none.

    Of several that differ, whoever says them and in whatever order, the safe side counts: the smallest above 0 of what a thing has or may
    give, the greatest (`most`) of what is asked of others. Cost: vectorised searches, and Python for each subject that states several.
    """
    result = np.full(len(subjects), np.nan)
    relation, value, has_unit = (snapshot.relation(each) for each in (predicate, BRICK + "value", BRICK + "hasUnit"))
    nodes = relation.first_objects(subjects)
    stated = np.flatnonzero(nodes >= 0)
    several = stated[_several(snapshot, relation, subjects[stated], nodes[stated])]
    values, units = (each.first_objects(nodes[stated]) for each in (value, has_unit))
    whole = (values >= 0) & (units >= 0)
    stated, values, units = stated[whole], values[whole], units[whole]
    number = _numbers(snapshot, values)
    factors = np.array([_factor(snapshot.key(u), unit) for u in np.unique(units).tolist()]).reshape(-1, 2)
    at = np.searchsorted(np.unique(units), units)
    result[stated] = number * factors[at, 0] + factors[at, 1]
    for row in several.tolist():
        result[row] = safest(amounts(snapshot, predicate, int(subjects[row]), unit), most=most)
    return result


def safest(stated: Sequence[float], *, most: bool = False) -> float:
    """Of several figures of one thing the one that counts: the smallest above 0 or, of what is asked of others, the greatest; else nan."""
    usable = [each for each in stated if each > 0] or [each for each in stated if not isnan(each)]
    return (max if most else min)(usable, default=nan)


def amounts(snapshot: Snapshot, predicate: str, subject: int, unit: str) -> tuple[float, ...]:
    """The different figures, in `unit`, that one thing states by a predicate of quantities, ascending; nan last, once, for what is none."""
    found = set()
    for node in snapshot.objects(subject, predicate):
        values, units = (snapshot.objects(node, BRICK + name) for name in ("value", "hasUnit"))
        pairs = [(figure_of(snapshot.key(value)), _factor(snapshot.key(of), unit)) for value in values for of in units]
        found |= {float(f"{number * factor + offset:.{ALIKE}g}") for number, (factor, offset) in pairs or [(nan, (1.0, 0.0))]}
    known = sorted(each for each in found if not isnan(each))
    return (*known, nan) if len(known) < len(found) else tuple(known)


def stating_several(snapshot: Snapshot, predicate: str, subjects: Ids) -> Ids:
    """The rows of the subjects that state a quantity more than once, or one of several values or units. Cost: vectorised searches."""
    relation = snapshot.relation(predicate)
    nodes = relation.first_objects(subjects)
    stated = np.flatnonzero(nodes >= 0)
    found: Ids = stated[_several(snapshot, relation, subjects[stated], nodes[stated])].astype(np.int32)
    return found


def _several(snapshot: Snapshot, relation: Relation, subjects: Ids, nodes: Ids) -> Flags:
    parts = (snapshot.relation(BRICK + name).several(nodes) for name in ("value", "hasUnit"))
    found: Flags = np.logical_or.reduce((relation.several(subjects), *parts))
    return found


def _numbers(snapshot: Snapshot, terms: Ids) -> Floats:
    distinct, inverse = np.unique(terms, return_inverse=True)
    return np.array([figure_of(snapshot.key(term)) for term in distinct.tolist()])[inverse.reshape(-1)] if len(terms) else np.empty(0)


def number_of(key: str) -> float:
    """The number that a term is, nan where it is none."""
    try:
        return float(literal_parts(key).lexical) if is_literal(key) else nan
    except ValueError:
        return nan


def figure_of(key: str) -> float:
    """The figure of a quantity that a term is (`ontology.units.figure`), nan where it is none."""
    return figure(literal_parts(key).lexical) if is_literal(key) else nan


def _factor(unit: str, wanted: str) -> tuple[float, float]:
    try:
        return conversion(unit, wanted)
    except UnitError:  # amperes are no kilowatts: the model states no power here
        return float("nan"), float("nan")


def _tenants(snapshot: Snapshot, vocabulary: Vocabulary, named: Ids) -> list[int]:
    """Every tenant, in order of IRIs."""
    terms: Iterable[int] = {*snapshot.instances(vocabulary.subclasses(TENANT)).tolist(), *named.tolist()}
    return sorted((t for t in terms if not is_literal(snapshot.key(t))), key=snapshot.key)
