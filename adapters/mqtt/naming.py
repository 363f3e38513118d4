"""Which point a topic of the native layout speaks of, by names: `…/<asset>/<point>` of an asset and a point of the graph.

Rules of this file:

1. An asset and a point go by the end of their IRI and by their label, a point also by its own name without its asset's (Rack-1-Inlet of
   Rack-1 is `Inlet`) and by its class, where no other point of the asset is of that class. What a topic cannot hold counts as `-`; case
   does not count.
2. A name that means two points means none.
3. For what has no point the nearest name is offered, as the statement that would bind it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from graph.snapshot import RDF_TYPE, Snapshot
from ontology.namespaces import BRICK, RDFS, compact, local_name
from ontology.terms import is_iri, is_literal, literal_parts

_OUTSIDE = re.compile(r"[^A-Za-z0-9_.-]+")
_TWICE = ""
"""Stands for a name that means more than one thing."""


@dataclass(frozen=True, slots=True)
class Found:
    """The point of a topic, by IRI; empty for none, and then why, and what would bind it (empty for no idea)."""

    point: str
    reason: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """Assets by name, and the points of each by name; names as topics hold them, in small letters."""

    assets: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    """The unit of each point that has one."""

    def find(self, topic: str) -> Found:
        """The point of a topic, by its last two segments. Cost: two look-ups; for one without a point, a search among the names."""
        asset, _, point = topic.rpartition("/")
        asset = asset.rpartition("/")[2]
        iri = self.assets.get(asset.casefold())
        if iri is None:
            return self._strange(asset, topic)
        if iri == _TWICE:
            return Found("", f"more than one asset is called {asset!r}", _reference("[the point]", topic))
        points = self.points[iri]
        found = points.get(point.casefold())
        if found:
            return Found(found)
        why = f"more than one point of {compact(iri)} is called {point!r}" if found == _TWICE else f"{compact(iri)} has no point {point!r}"
        near = get_close_matches(point.casefold(), [name for name, one in points.items() if one], 1, 0.5)
        return Found("", why, _reference(compact(points[near[0]]) if near else "[the point]", topic))

    def of_asset(self, asset: str) -> list[str]:
        """The points of an asset, by its name; none of one that there is not."""
        iri = self.assets.get(asset.casefold(), _TWICE)
        return sorted({point for point in self.points.get(iri, {}).values() if point})

    def _strange(self, asset: str, topic: str) -> Found:
        near = get_close_matches(asset.casefold(), self.assets, 1, 0.6)
        like = f": is it {compact(self.assets[near[0]])}?" if near and self.assets[near[0]] else ""
        return Found("", f"the graph has no asset {asset!r}{like}", _reference("[the point]", topic))


def _reference(point: str, topic: str) -> str:
    return f'{point} ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "{topic}" ] .'


def segment(text: str) -> str:
    """A name as a topic of the layout holds it, in small letters."""
    return _OUTSIDE.sub("-", text)[:64].casefold()


def names_of(snapshot: Snapshot) -> Names:
    """The names that a revision of the graph gives. Cost: some ten microseconds for each point."""
    key = snapshot.key
    labels = {s: literal_parts(key(o)).lexical for s, o in _pairs(snapshot, RDFS + "label") if is_literal(key(o))}
    classes: dict[int, list[str]] = defaultdict(list)
    class_names: dict[int, str] = {}
    for s, o in _pairs(snapshot, RDF_TYPE):
        if o not in class_names:
            class_names[o] = segment(local_name(key(o)))
        classes[s].append(class_names[o])
    assets: dict[str, str] = {}
    points: dict[str, dict[str, str]] = defaultdict(dict)
    called: dict[int, set[str]] = {}
    pairs = set(_pairs(snapshot, BRICK + "hasPoint")) | {(o, s) for s, o in _pairs(snapshot, BRICK + "isPointOf")}
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
    units = {key(s): key(o) for s, o in sorted(_pairs(snapshot, BRICK + "hasUnit"), key=lambda pair: key(pair[1]), reverse=True)}
    return Names(assets, points, units)


def _pairs(snapshot: Snapshot, predicate: str) -> list[tuple[int, int]]:
    relation = snapshot.relation(predicate)
    return list(zip(relation.subjects.tolist(), relation.objects.tolist(), strict=True))


def _names(iri: str, label: str | None) -> set[str]:
    return {segment(local_name(iri)), segment(label)} if label else {segment(local_name(iri))}


def _enter(table: dict[str, str], name: str, iri: str) -> None:
    known = table.get(name)
    table[name] = iri if known is None or known == iri else _TWICE
