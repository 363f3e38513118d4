"""Quads of a site as they come, straight into integer columns; and the names of the demo site.

Rules of this file:

1. Everything made has a readable name of its own: `urn:ridethrough:demo:UPS-A`; its points are `UPS-A.Output-Power`.
2. Nothing is said twice: a writer keeps no set, so callers say each fact once.
3. Blank nodes are for quantities, requirements and references only; equal quantities share one node.
"""

from __future__ import annotations

from array import array

import numpy as np

from ontology.namespaces import BRICK, DCX, DEMO, RDF, RDFS, UNIT
from ontology.sources import source_graph
from ontology.terms import XSD, QuadBlock
from twin.demo.rates import RATES

RDF_TYPE = RDF + "type"
RDFS_LABEL = RDFS + "label"
HAS_POINT = BRICK + "hasPoint"
IS_POINT_OF = BRICK + "isPointOf"
HAS_UNIT = BRICK + "hasUnit"
HAS_LOCATION = BRICK + "hasLocation"
VALUE = BRICK + "value"
FEEDS_POWER = DCX + "feedsPower"
FEEDS_LIQUID = DCX + "feedsLiquidCooling"
FEEDS_AIR = DCX + "feedsAirCooling"
FEEDS_NETWORK = DCX + "feedsNetwork"
FEEDS_COMPUTE = DCX + "feedsCompute"
RATED_POWER = DCX + "ratedPower"
_INTEGER = '"^^' + XSD + "integer"
_DECIMAL = '"^^' + XSD + "decimal"
TRUE = '"true"^^' + XSD + "boolean"


def name(local: str) -> str:
    """The IRI of a thing of the demo site."""
    return DEMO + local


def text(words: str) -> str:
    """The key of a plain string."""
    return f'"{words}"'


def integer(number: int) -> str:
    """The key of an `xsd:integer`."""
    return f'"{number}{_INTEGER}'


def decimal(number: float) -> str:
    """The key of an `xsd:decimal`, three places at most, always with a point."""
    lexical = f"{number:.3f}".rstrip("0")
    return f'"{lexical}{"0" if lexical.endswith(".") else ""}{_DECIMAL}'


class QuadWriter:
    """Takes triples of one source, gives them as a block. Cost: about a microsecond a triple."""

    __slots__ = ("_blanks", "_graph", "_ids", "_quantities", "_rows")

    def __init__(self, source: str) -> None:
        self._ids: dict[str, int] = {}
        self._rows = array("i")
        self._graph = self._ids.setdefault(source_graph(source), 0)
        self._quantities: dict[tuple[float, str], str] = {}
        self._blanks = 0

    def __len__(self) -> int:
        return len(self._rows) // 3

    def add(self, subject: str, predicate: str, obj: str) -> None:
        """One fact, in keys (`ontology.terms`)."""
        ids = self._ids
        self._rows.append(ids.setdefault(subject, len(ids)))
        self._rows.append(ids.setdefault(predicate, len(ids)))
        self._rows.append(ids.setdefault(obj, len(ids)))

    def thing(self, local: str, cls: str, label: str) -> str:
        """A named thing with its class, its label and what its class's rates are; gives its IRI."""
        iri = DEMO + local
        self.add(iri, RDF_TYPE, cls)
        self.add(iri, RDFS_LABEL, f'"{label}"')
        if cls in RATES:
            between, repair = RATES[cls]
            self.add(iri, DCX + "mtbfHours", decimal(between))
            self.add(iri, DCX + "mttrHours", decimal(repair))
        return iri

    def blank(self) -> str:
        """A blank node not used before."""
        self._blanks += 1
        return f"_:d{self._blanks}"

    def quantity(self, value: float, unit: str) -> str:
        """The node of a value and its unit (`KiloW`, `W`, `A`); equal ones are one node."""
        known = self._quantities.get((value, unit))
        if known is None:
            known = self._quantities[(value, unit)] = f"_:q{len(self._quantities) + 1}"
            self.add(known, VALUE, decimal(value))
            self.add(known, HAS_UNIT, UNIT + unit)
        return known

    def requires(self, subject: str, medium: str, at_least: int | None, among: list[str] | None = None) -> None:
        """A `dcx:requires` of the subject; `at_least` None means all of them."""
        node = self.blank()
        self.add(subject, DCX + "requires", node)
        self.add(node, RDF_TYPE, DCX + "Requirement")
        self.add(node, DCX + "medium", DCX + medium)
        if at_least is None:
            self.add(node, DCX + "allOf", TRUE)
        else:
            self.add(node, DCX + "atLeast", integer(at_least))
        for supplier in among or ():
            self.add(node, DCX + "among", supplier)

    def group(self, local: str, label: str, members: list[str], needed: int) -> str:
        """A redundancy group of N + spares over its members; gives its IRI."""
        iri = self.thing(local, DCX + "Redundancy_Group", label)
        for member in members:
            self.add(iri, DCX + "hasMember", member)
        spares = len(members) - needed
        self.add(iri, DCX + "requiredCount", integer(needed))
        self.add(iri, DCX + "spareCount", integer(spares))
        self.add(iri, DCX + "scheme", text(f"N+{spares}" if spares else "N"))
        return iri

    def block(self) -> QuadBlock:
        """All facts so far, in the order in which they came."""
        triples = np.frombuffer(self._rows, dtype=np.int32).reshape(-1, 3)
        graph = np.full((len(triples), 1), self._graph, dtype=np.int32)
        return QuadBlock(list(self._ids), np.concatenate((triples, graph), axis=1))
