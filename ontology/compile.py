"""Ontology files into plain facts: classes, properties, other terms and supply data, as one JSON-ready value.

Rules of this file:

1. The facts are what the files say, not what follows from it: closures are the vocabulary's work.
2. Every list is sorted, so that equal files give equal bytes.
3. A term belongs to the file that first describes it, in the order of the files; labels and definitions are taken in English first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypedDict

import pyoxigraph as ox

from ontology.namespaces import BRICK, DCX, OWL, RDF, RDFS, S223, SKOS
from ontology.supply import SIGNS

FORMAT_VERSION = 11
"""Part of the cache's key: a new form of `Facts` needs a new number."""

_CLASS_TYPES = {OWL + "Class", RDFS + "Class", S223 + "Class", S223 + "AbstractClass"}
_PROPERTY_TYPES = {
    RDF + "Property",
    OWL + "ObjectProperty",
    OWL + "DatatypeProperty",
    OWL + "AnnotationProperty",
    BRICK + "Relationship",
    BRICK + "EntityProperty",
    S223 + "Relation",
    S223 + "RelationWithInverse",
    S223 + "SymmetricRelation",
}
_SYMMETRIC = {OWL + "SymmetricProperty", S223 + "SymmetricRelation"}
_SH_PATH = "http://www.w3.org/ns/shacl#path"
_FLAGS = ("isStorage", "isConduit", "isSwitch", "isFailureUnit", "suppliesParts", "rejectsHeat", "takesOneInput", "isStandby")
_MEDIA = ("handsOn", "takesIn", "sourceOf", "saysOf")


class TermFacts(TypedDict):
    """What the files say about one class or property. `supers` are direct; `kind` is `class` or `property`."""

    kind: str
    label: str
    definition: str
    alternatives: list[str]
    supers: list[str]
    equivalents: list[str]
    inverses: list[str]
    symmetric: bool
    domains: list[str]
    ranges: list[str]
    deprecated: bool
    replaced_by: list[str]
    sources: list[str]
    origin: str


class SupplyFacts(TypedDict, total=False):
    """What the files say about the supply of one class; requirements are (medium, at least or None, all of), `position` is an IRI,
    values are (property, medium or "", low, high, unit or ""), the points of a trip curve (multiple of the rating, seconds), `above` is
    (property, unit)."""

    media: dict[str, list[str]]
    flags: dict[str, bool]
    requirements: list[tuple[str, int | None, bool]]
    position: str
    values: list[tuple[str, str, float, float, str]]
    curve: list[tuple[float, float]]
    signs: dict[str, str]
    above: tuple[str, str]


class Facts(TypedDict):
    """All facts, and the other terms that the files know (individuals, shapes) with the file that they come from."""

    terms: dict[str, TermFacts]
    others: dict[str, str]
    supply: dict[str, SupplyFacts]


Index = dict[str, dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]]]


def compile_facts(files: Iterable[tuple[str, Sequence[ox.Quad]]]) -> Facts:
    """The facts of the given files, each an origin (`Brick 1.5.0`, a file name) with its quads. Cost: linear in the quads."""
    index: Index = defaultdict(lambda: defaultdict(list))
    origins: dict[str, str] = {}
    paths: dict[str, str] = {}
    for origin, quads in files:
        for quad in quads:
            subject, obj = quad.subject, quad.object
            if not isinstance(subject, ox.NamedNode | ox.BlankNode) or not isinstance(obj, ox.NamedNode | ox.BlankNode | ox.Literal):
                continue
            key = _id(subject)
            index[key][quad.predicate.value].append(obj)
            if isinstance(subject, ox.NamedNode):
                origins.setdefault(key, origin)
            if quad.predicate.value == _SH_PATH and isinstance(obj, ox.NamedNode):
                paths.setdefault(obj.value, origin)
    terms = {iri: _term(iri, index, origin) for iri, origin in origins.items() if _kind(index[iri]) or iri in paths}
    terms |= {iri: _term(iri, index, origin) for iri, origin in paths.items() if iri not in terms}
    supply = {iri: facts for iri in origins if (facts := _supply(index, iri))}
    others = {iri: origin for iri, origin in origins.items() if iri not in terms}
    return Facts(terms=dict(sorted(terms.items())), others=dict(sorted(others.items())), supply=dict(sorted(supply.items())))


def _term(iri: str, index: Index, origin: str) -> TermFacts:
    facts = index.get(iri, {})
    is_class = _kind(facts) == "class"
    relations = (RDFS + "subClassOf", OWL + "equivalentClass") if is_class else (RDFS + "subPropertyOf", OWL + "equivalentProperty")
    return TermFacts(
        kind="class" if is_class else "property",
        label=_text(facts, RDFS + "label"),
        definition=_text(facts, SKOS + "definition") or _text(facts, RDFS + "comment"),
        alternatives=sorted(_lexical(o) for o in facts.get(SKOS + "altLabel", [])),
        supers=_iris(facts, relations[0]),
        equivalents=_iris(facts, relations[1]),
        inverses=sorted({*_iris(facts, OWL + "inverseOf"), *_iris(facts, S223 + "inverseOf")}),
        symmetric=bool(_SYMMETRIC & set(_iris(facts, RDF + "type"))),
        domains=_iris(facts, RDFS + "domain"),
        ranges=_iris(facts, RDFS + "range"),
        deprecated=_text(facts, OWL + "deprecated") in {"true", "1"},
        replaced_by=_iris(facts, BRICK + "isReplacedBy"),
        sources=sorted(_lexical(o) for o in facts.get("http://purl.org/dc/terms/source", [])),
        origin=origin,
    )


def _supply(index: Index, iri: str) -> SupplyFacts:
    facts = index[iri]
    out = SupplyFacts()
    if media := {name: _iris(facts, DCX + name) for name in _MEDIA if DCX + name in facts}:
        out["media"] = media
    if flags := {name: _text(facts, DCX + name) in {"true", "1"} for name in _FLAGS if DCX + name in facts}:
        out["flags"] = flags
    if nodes := facts.get(DCX + "defaultRequirement"):
        out["requirements"] = sorted((_requirement(index[_id(n)]) for n in nodes), key=lambda r: (r[0], r[1] or 0, r[2]))
    if signs := {name: sign for name in SIGNS if (sign := _sign(facts, name)) is not None}:
        out["signs"] = signs
    if above := [pair for n in facts.get(DCX + "downAbove", ()) if (pair := _above(index[_id(n)])) is not None]:
        out["above"] = min(above)
    if positions := _iris(facts, DCX + "defaultPosition"):
        out["position"] = positions[0]
    if nodes := facts.get(DCX + "defaultValue"):
        out["values"] = sorted(value for n in nodes if (value := _value(index[_id(n)])) is not None)
    if nodes := facts.get(DCX + "tripCurve"):
        out["curve"] = sorted(point for n in nodes if (point := _curve_point(index[_id(n)])) is not None)
    return out


def _value(facts: dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]]) -> tuple[str, str, float, float, str] | None:
    """What is taken for a property, in one medium or in any; None for what names no property or no number."""
    of, medium, unit = (next(iter(_iris(facts, name)), "") for name in (DCX + "ofProperty", DCX + "medium", BRICK + "hasUnit"))
    try:
        ends = [float(text) for name in ("low", "high") if (text := _text(facts, DCX + name))]
    except ValueError:
        return None
    return (of, medium, min(ends), max(ends), unit) if of and ends else None


def _sign(facts: dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]], name: str) -> str | None:
    """The value of a point that is a sign, as text: JSON has no NaN. None for what is no number."""
    try:
        return str(float(_text(facts, DCX + name)))
    except ValueError:
        return None


def _above(facts: dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]]) -> tuple[str, str] | None:
    """The property and the unit of what values are compared with; None for what does not name both."""
    of, unit = (next(iter(_iris(facts, name)), "") for name in (DCX + "ofProperty", BRICK + "hasUnit"))
    return (of, unit) if of and unit else None


def _curve_point(facts: dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]]) -> tuple[float, float] | None:
    """A multiple of the rating and the seconds after which it trips; None for what are no two numbers above 0."""
    try:
        multiple, seconds = (float(_text(facts, DCX + name)) for name in ("multiple", "seconds"))
    except ValueError:
        return None
    return (multiple, seconds) if multiple > 0 and seconds > 0 else None


def _requirement(facts: dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]]) -> tuple[str, int | None, bool]:
    medium = next(iter(_iris(facts, DCX + "medium")), DCX + "Power")
    count = _text(facts, DCX + "atLeast")
    return medium, int(count) if count else None, _text(facts, DCX + "allOf") in {"true", "1"}


def _kind(facts: dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]]) -> str:
    types = {o.value for o in facts.get(RDF + "type", []) if isinstance(o, ox.NamedNode)}
    if types & _CLASS_TYPES or RDFS + "subClassOf" in facts:
        return "class"
    return "property" if types & _PROPERTY_TYPES or RDFS + "subPropertyOf" in facts else ""


def _id(node: object) -> str:
    return "_:" + node.value if isinstance(node, ox.BlankNode) else _lexical(node)


def _lexical(node: object) -> str:
    return node.value if isinstance(node, ox.NamedNode | ox.Literal) else ""


def _iris(facts: dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]], predicate: str) -> list[str]:
    return sorted({o.value for o in facts.get(predicate, []) if isinstance(o, ox.NamedNode)})


def _text(facts: dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]], predicate: str) -> str:
    """The literal of a predicate: English, then without a language, then the first in order."""
    literals = [o for o in facts.get(predicate, []) if isinstance(o, ox.Literal)]
    return min(((o.language not in {"en", "en-us"}, o.language is not None, o.value) for o in literals), default=(True, True, ""))[2]
