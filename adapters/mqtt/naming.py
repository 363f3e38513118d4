"""Which point a topic of the native layout speaks of, by names: `…/<asset>/<point>` of an asset and a point of the graph.

For what has no point the nearest name is offered, as the statement that would bind it. What counts as a name: `graph/naming.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from graph import naming
from graph.naming import segment
from graph.references import statement
from graph.snapshot import Snapshot
from ontology.namespaces import compact


@dataclass(frozen=True, slots=True)
class Found:
    """The point of a topic, by IRI; empty for none, and then why, and what would bind it (empty for no idea)."""

    point: str
    reason: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Names(naming.Names):
    """The names of `graph.naming`, as topics hold them."""

    def find(self, topic: str) -> Found:
        """The point of a topic, by its last two segments. Cost: two look-ups; for one without a point, a search among the names."""
        asset, _, point = topic.rpartition("/")
        asset = asset.rpartition("/")[2]
        iri = self.assets.get(asset.casefold())
        if iri is None:
            return self._strange(asset, topic)
        if iri == naming.TWICE:
            return Found("", f"more than one asset is called {asset!r}", _reference("", topic))
        points = self.points[iri]
        found = points.get(point.casefold())
        if found:
            return Found(found)
        why = (
            f"more than one point of {compact(iri)} is called {point!r}"
            if found == naming.TWICE
            else f"{compact(iri)} has no point {point!r}"
        )
        near = get_close_matches(point.casefold(), [name for name, one in points.items() if one], 1, 0.6)
        return Found("", why, _reference(points[near[0]] if near else "", topic))

    def point_of(self, asset: str, point: str) -> str:
        """The point that goes by a name, or the nearest to it, at an asset that goes by another; empty for none."""
        points = self.points.get(self.assets.get(segment(asset), naming.TWICE), {})
        near = get_close_matches(segment(point), [name for name, one in points.items() if one], 1, 0.6)
        return points[near[0]] if near else ""

    def of_asset(self, asset: str) -> list[str]:
        """The points of an asset, by its name; none of one that there is not."""
        iri = self.assets.get(asset.casefold(), naming.TWICE)
        return sorted({point for point in self.points.get(iri, {}).values() if point})

    def _strange(self, asset: str, topic: str) -> Found:
        near = get_close_matches(asset.casefold(), self.assets, 1, 0.6)
        like = f": is it {compact(self.assets[near[0]])}?" if near and self.assets[near[0]] else ""
        return Found("", f"the graph has no asset {asset!r}{like}", _reference("", topic))


def _reference(point: str, topic: str) -> str:
    return statement("MQTTReference", {"topic": topic}, point)


def names_of(snapshot: Snapshot) -> Names:
    """The names that a revision of the graph gives. Cost: some ten microseconds for each point."""
    found = naming.names_of(snapshot)
    return Names(found.assets, found.points, found.units)
