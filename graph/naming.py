"""What people call things and their points: by the end of an IRI, by a label, by a class. Read once for a snapshot.

Rules of this file:

1. An asset and a point go by the end of their IRI and by their label, a point also by its own name without its asset's (Rack-1-Inlet of
   Rack-1 is `Inlet`) and by its class, where no other point of the asset is of that class. Case does not count, and what is none of
   `A-Z a-z 0-9 _ . -` counts as `-`.
2. A name that means two points means none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from graph.snapshot import RDF_TYPE, Snapshot
from ontology.namespaces import BRICK, RDFS, local_name
from ontology.terms import is_iri, is_literal, literal_parts

_OUTSIDE = re.compile(r"[^A-Za-z0-9_.-]+")
TWICE = ""
"""Stands for a name that means more than one thing."""


@dataclass(frozen=True, slots=True)
class Names:
    """Assets by name, and the points of each by name; names as `segment` makes them."""

    assets: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    """The unit of each point that has one."""


def segment(text: str) -> str:
    """A name as it is compared, and as a topic of MQTT can hold it: at most 64 characters, in small letters."""
    return _OUTSIDE.sub("-", text)[:64].casefold()


def names_of(snapshot: Snapshot) -> Names:
    """The names that a revision of the graph gives. Cost: some ten microseconds for each point."""
    key = snapshot.key
    labels = {s: literal_parts(key(o)).lexical for s, o in snapshot.relation(RDFS + "label").pairs() if is_literal(key(o))}
    classes: dict[int, list[str]] = defaultdict(list)
    class_names: dict[int, str] = {}
    for s, o in snapshot.relation(RDF_TYPE).pairs():
        if o not in class_names:
            class_names[o] = segment(local_name(key(o)))
        classes[s].append(class_names[o])
    assets: dict[str, str] = {}
    points: dict[str, dict[str, str]] = defaultdict(dict)
    called: dict[int, set[str]] = {}
    pairs = set(snapshot.relation(BRICK + "hasPoint").pairs()) | {(o, s) for s, o in snapshot.relation(BRICK + "isPointOf").pairs()}
    for asset, point in sorted(pairs):
        thing, iri = key(asset), key(point)
        if not (is_iri(thing) and is_iri(iri)):
            continue
        before = called.get(asset)
        if before is None:
            before = called[asset] = _names(thing, labels.get(asset))
            for name in before:
                _enter(assets, name, thing)
        own = _names(iri, labels.get(point))
        own |= {name[len(head) :].lstrip("-_.") for name in own for head in before if name.startswith(head)}
        table = points[thing]
        for name in own.union(classes[point]):
            if name:
                _enter(table, name, iri)
    units = {key(s): key(o) for s, o in sorted(snapshot.relation(BRICK + "hasUnit").pairs(), key=lambda pair: key(pair[1]), reverse=True)}
    return Names(assets, points, units)


def _names(iri: str, label: str | None) -> set[str]:
    return {segment(local_name(iri)), segment(label)} if label else {segment(local_name(iri))}


def _enter(table: dict[str, str], name: str, iri: str) -> None:
    known = table.get(name)
    table[name] = iri if known is None or known == iri else TWICE
