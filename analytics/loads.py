"""What stands behind the nodes: racks, services, tenants, and the draw of the IT equipment in kW."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from analytics.supply_graph import Edges, Loads, SupplyGraph
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
    """The draw of each piece of equipment in kW: what is allocated to it, else its rated input, else 0; what is below 0 is no draw."""
    draw = np.full(len(equipment), np.nan)
    for predicate in POWER_STATED_BY:
        unknown = np.isnan(draw)
        stated = quantities(snapshot, predicate, equipment[unknown], KILOWATT)
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


def quantities(snapshot: Snapshot, predicate: str, subjects: Ids, unit: str) -> Floats:
    """The quantity that each subject states by a predicate, `[brick:value n; brick:hasUnit u]`, in `unit`; nan where it states none."""
    result = np.full(len(subjects), np.nan)
    nodes = snapshot.relation(predicate).first_objects(subjects)
    stated = np.flatnonzero(nodes >= 0)
    values = snapshot.relation(BRICK + "value").first_objects(nodes[stated])
    units = snapshot.relation(BRICK + "hasUnit").first_objects(nodes[stated])
    whole = (values >= 0) & (units >= 0)
    stated, values, units = stated[whole], values[whole], units[whole]
    number = _numbers(snapshot, values)
    factors = np.array([_factor(snapshot.key(u), unit) for u in np.unique(units).tolist()]).reshape(-1, 2)
    at = np.searchsorted(np.unique(units), units)
    result[stated] = number * factors[at, 0] + factors[at, 1]
    return result


def amounts(snapshot: Snapshot, predicate: str, subject: int, unit: str) -> set[float]:
    """The different numbers, in `unit`, that one thing states by a predicate of quantities."""
    found = set()
    for node in snapshot.objects(subject, predicate):
        for value in snapshot.objects(node, BRICK + "value"):
            for of in snapshot.objects(node, BRICK + "hasUnit"):
                factor, offset = _factor(snapshot.key(of), unit)
                found.add(round(number_of(snapshot.key(value)) * factor + offset, 9))
    return {each for each in found if each >= 0}


def _numbers(snapshot: Snapshot, terms: Ids) -> Floats:
    distinct, inverse = np.unique(terms, return_inverse=True)
    return np.array([number_of(snapshot.key(term)) for term in distinct.tolist()])[inverse.reshape(-1)] if len(terms) else np.empty(0)


def number_of(key: str) -> float:
    """The figure that a term is, nan where it is none."""
    return figure(literal_parts(key).lexical) if is_literal(key) else float("nan")


def _factor(unit: str, wanted: str) -> tuple[float, float]:
    try:
        return conversion(unit, wanted)
    except UnitError:  # amperes are no kilowatts: the model states no power here
        return float("nan"), float("nan")


def _tenants(snapshot: Snapshot, vocabulary: Vocabulary, named: Ids) -> list[int]:
    """Every tenant, in order of IRIs."""
    terms: Iterable[int] = {*snapshot.instances(vocabulary.subclasses(TENANT)).tolist(), *named.tolist()}
    return sorted((t for t in terms if not is_literal(snapshot.key(t))), key=snapshot.key)
