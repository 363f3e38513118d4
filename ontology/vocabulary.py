"""The vocabulary: every class and property of Brick 1.5.0, RealEstateCore, ASHRAE 223P, our extension and a user's own ontology files.

Brick and 223P come from the `brickschema` distribution's files, never from the network. They are parsed once (about a second)
and kept in a compiled form under a cache folder; later starts read that (some 30 ms).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from math import isnan, nan
from pathlib import Path

import pyoxigraph as ox

from ontology.cache import facts_for
from ontology.compile import FORMAT_VERSION, Facts, SupplyFacts, TermFacts, compile_facts
from ontology.errors import OntologyError
from ontology.namespaces import BRICK, DCX, OWL, RDFS, REC, local_name
from ontology.rdf import FORMATS, format_of
from ontology.rdf_errors import refusal
from ontology.rdf_xml import check_xml
from ontology.supply import ClassSupply, DefaultValue, RequirementDefault, SupplyDefaults

BRICK_VERSION = "1.5.0"
_HERE = Path(__file__).parent
_NOT_SHOWN = (OWL, RDFS, "http://www.w3.org/ns/shacl#", "http://www.w3.org/2004/02/skos/core#")


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """One class. `superclasses` are its direct ones; `replaced_by` says what to use for a deprecated one; `origin` is its file;
    `alternatives` are other names that people use for it."""

    iri: str
    label: str
    definition: str
    superclasses: tuple[str, ...]
    deprecated: bool
    replaced_by: tuple[str, ...]
    origin: str
    sources: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    equivalents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PropertyInfo:
    """One property. `superproperties` are the direct ones; `symmetric` is one that holds both ways."""

    iri: str
    label: str
    definition: str
    superproperties: tuple[str, ...]
    domains: tuple[str, ...]
    ranges: tuple[str, ...]
    deprecated: bool
    replaced_by: tuple[str, ...]
    origin: str
    sources: tuple[str, ...] = ()
    equivalents: tuple[str, ...] = ()
    inverses: tuple[str, ...] = ()
    symmetric: bool = False


@dataclass(frozen=True, slots=True)
class TermStatus:
    """What the vocabulary knows about an IRI: `kind` is `class`, `property`, `individual` or `unknown`."""

    iri: str
    kind: str
    deprecated: bool = False
    replaced_by: tuple[str, ...] = ()
    origin: str = ""

    @property
    def is_known(self) -> bool:
        """Whether any of the vocabulary's files describes the term."""
        return self.kind != "unknown"


class Vocabulary:
    """All classes and properties, and what follows from them. Immutable; closures are computed at first use and kept."""

    def __init__(self, facts: Facts, extra: Sequence[Path] = ()) -> None:
        self._facts = facts
        self.extra = tuple(extra)
        """The user's own ontology files."""
        self._supers: dict[str, tuple[str, ...]] = {}
        self._subs: dict[str, frozenset[str]] = {}
        self._subproperties: dict[str, frozenset[str]] = {}
        self._specific: dict[tuple[str, ...], str | None] = {}

    # -- terms ----------------------------------------------------------------------------------------------------

    @cached_property
    def classes(self) -> Mapping[str, ClassInfo]:
        """Every class by its IRI, in order of IRIs."""
        return {iri: _class_info(iri, t) for iri, t in self._facts["terms"].items() if t["kind"] == "class"}

    @cached_property
    def properties(self) -> Mapping[str, PropertyInfo]:
        """Every property by its IRI, in order of IRIs."""
        return {iri: _property_info(iri, t) for iri, t in self._facts["terms"].items() if t["kind"] == "property"}

    @cached_property
    def supply(self) -> SupplyDefaults:
        """The supply model's defaults by class."""
        return SupplyDefaults({iri: _class_supply(facts) for iri, facts in self._facts["supply"].items()}, self.superclasses)

    @cached_property
    def own_namespaces(self) -> tuple[str, ...]:
        """The namespaces in which the user's own ontology files define classes and properties, sorted."""
        names = {path.name for path in self.extra}
        own = (iri for iri, term in self._facts["terms"].items() if term["origin"] in names)
        return tuple(sorted({iri[: len(iri) - len(local_name(iri))] for iri in own}))

    def term(self, iri: str) -> TermStatus:
        """What is known about an IRI."""
        facts = self._facts["terms"].get(iri)
        if facts is not None:
            return TermStatus(iri, facts["kind"], facts["deprecated"], tuple(facts["replaced_by"]), facts["origin"])
        origin = self._facts["others"].get(iri)
        return TermStatus(iri, "unknown") if origin is None else TermStatus(iri, "individual", origin=origin)

    # -- classes --------------------------------------------------------------------------------------------------

    def superclasses(self, iri: str) -> tuple[str, ...]:
        """The class, its equivalents, then its superclasses, nearest first; those at one distance in order of IRIs."""
        found = self._supers.get(iri)
        if found is None:
            found = self._supers[iri] = _upwards(iri, self._class_edges.up, self._class_edges.same)
        return found

    def subclasses(self, iri: str) -> frozenset[str]:
        """The class and everything below it, equivalents included."""
        found = self._subs.get(iri)
        if found is None:
            found = self._subs[iri] = frozenset(_upwards(iri, self._class_edges.down, self._class_edges.same))
        return found

    def is_a(self, iri: str, ancestor: str) -> bool:
        """Whether a class is another one or below it."""
        return ancestor in self.superclasses(iri)

    def most_specific(self, types: Iterable[str]) -> str | None:
        """The class that says most about a thing of several types: known before unknown, current before deprecated, below before above,
        deeper before shallower, then in order of IRIs. None for no types."""
        key = tuple(sorted(set(types)))
        if key not in self._specific:
            self._specific[key] = self._choose(key)
        return self._specific[key]

    def _choose(self, types: tuple[str, ...]) -> str | None:
        shown = [t for t in types if not t.startswith(_NOT_SHOWN)] or list(types)
        above = {s for t in shown for s in self.superclasses(t) if t not in self.superclasses(s)}
        lowest = [t for t in shown if t not in above]
        return min(lowest, key=self._rank, default=None)

    def _rank(self, iri: str) -> tuple[bool, bool, bool, int, str]:
        status = self.term(iri)
        return status.kind != "class", status.deprecated, not iri.startswith((DCX, BRICK, REC)), -len(self.superclasses(iri)), iri

    # -- properties -----------------------------------------------------------------------------------------------

    def subproperties(self, iri: str) -> frozenset[str]:
        """The property and everything below it, equivalents included."""
        found = self._subproperties.get(iri)
        if found is None:
            found = self._subproperties[iri] = frozenset(_upwards(iri, self._property_edges.down, self._property_edges.same))
        return found

    @cached_property
    def _class_edges(self) -> _Edges:
        return _edges(self._facts["terms"], "class")

    @cached_property
    def _property_edges(self) -> _Edges:
        return _edges(self._facts["terms"], "property")


def load_vocabulary(extra: Sequence[Path] = (), cache: Path | None = None) -> Vocabulary:
    """The vocabulary of Brick 1.5.0, 223P, the extension, the supply data and the user's `extra` ontology files.

    With a `cache` folder the compiled form is kept there, under a name that changes with every input. Raises `RdfError` for an extra
    file that is not RDF, and `OntologyError` for one that cannot be read. Cost: some 30 ms from the cache, half a second without.
    """
    files = [*ontology_files(), *((path.name, path) for path in extra)]
    contents = [(origin, path, _bytes(path)) for origin, path in files]
    digest = hashlib.blake2b(f"{FORMAT_VERSION}".encode(), digest_size=12)
    for origin, _, content in contents:
        digest.update(f"\n{origin} {len(content)}\n".encode())
        digest.update(content)
    key = digest.hexdigest()
    known = _LOADED.get(key)
    if known is None:
        facts = facts_for(key, cache, lambda: compile_facts((o, _quads(path, content)) for o, path, content in contents))
        known = Vocabulary(facts, extra)
        if not extra:
            _LOADED[key] = known
    return known


_LOADED: dict[str, Vocabulary] = {}
"""The vocabulary without extra files, once for a process: it is immutable, and everybody needs it."""


def ontology_files() -> list[tuple[str, Path]]:
    """The files that every vocabulary is made of, with the name of each. Raises `OntologyError` when Brick is not installed."""
    spec = find_spec("brickschema")
    if spec is None or not spec.submodule_search_locations:
        raise OntologyError("the Brick ontology is missing: install the distribution brickschema 0.8.0")
    brick = Path(next(iter(spec.submodule_search_locations))) / "ontologies" / "1.5"
    return [
        (f"Brick {BRICK_VERSION}", brick / "Brick.ttl"),
        ("ASHRAE 223P", brick / "extensions" / "223p.ttl"),
        ("Ridethrough", _HERE / "extension.ttl"),
        ("Ridethrough supply model", _HERE / "supply.ttl"),
        ("Ridethrough checks", _HERE / "checks.ttl"),
    ]


def shapes_file() -> Path:
    """Our own shapes: what a data-center model must have."""
    return _HERE / "shapes.ttl"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OntologyError(f"cannot read the ontology file {path}: {error.strerror}: check the path and its rights") from error


def _quads(path: Path, content: bytes) -> list[ox.Quad]:
    kind = format_of(path)
    if kind == "rdfxml":
        check_xml(str(path), content)
    try:
        return list(ox.parse(content, format=FORMATS[kind]))
    except (SyntaxError, ValueError) as error:
        raise refusal(str(path), kind, error) from error


@dataclass(frozen=True, slots=True)
class _Edges:
    up: dict[str, list[str]] = field(default_factory=dict)
    down: dict[str, list[str]] = field(default_factory=dict)
    same: dict[str, list[str]] = field(default_factory=dict)


def _edges(terms: Mapping[str, TermFacts], kind: str) -> _Edges:
    edges = _Edges()
    for iri, term in terms.items():
        if term["kind"] != kind:
            continue
        for above in term["supers"]:
            edges.up.setdefault(iri, []).append(above)
            edges.down.setdefault(above, []).append(iri)
        for equal in term["equivalents"]:
            edges.same.setdefault(iri, []).append(equal)
            edges.same.setdefault(equal, []).append(iri)
    return edges


def _upwards(start: str, onward: Mapping[str, list[str]], same: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Breadth first from a term; equivalents stand at the distance of their term."""
    found: dict[str, None] = {}
    level = [start]
    while level:
        here: dict[str, None] = {}
        stack = sorted(level, reverse=True)
        while stack:
            term = stack.pop()
            if term not in found and term not in here:
                here[term] = None
                stack.extend(sorted(same.get(term, ()), reverse=True))
        found |= here
        level = [above for term in here for above in onward.get(term, ()) if above not in found]
    return tuple(found)


def _class_info(iri: str, t: TermFacts) -> ClassInfo:
    label = t["label"] or local_name(iri).replace("_", " ")
    above, instead = tuple(t["supers"]), tuple(t["replaced_by"])
    return ClassInfo(
        iri,
        label,
        t["definition"],
        above,
        t["deprecated"],
        instead,
        t["origin"],
        tuple(t["sources"]),
        tuple(t["alternatives"]),
        tuple(t["equivalents"]),
    )


def _property_info(iri: str, t: TermFacts) -> PropertyInfo:
    return PropertyInfo(
        iri,
        t["label"] or local_name(iri),
        t["definition"],
        tuple(t["supers"]),
        tuple(t["domains"]),
        tuple(t["ranges"]),
        t["deprecated"],
        tuple(t["replaced_by"]),
        t["origin"],
        tuple(t["sources"]),
        tuple(t["equivalents"]),
        tuple(t["inverses"]),
        t["symmetric"],
    )


def _class_supply(facts: SupplyFacts) -> ClassSupply:
    media, flags = facts.get("media", {}), facts.get("flags", {})
    needs = facts.get("requirements")
    return ClassSupply(
        hands_on=frozenset(media["handsOn"]) if "handsOn" in media else None,
        takes_in=frozenset(media["takesIn"]) if "takesIn" in media else None,
        source_of=frozenset(media["sourceOf"]) if "sourceOf" in media else None,
        is_storage=flags.get("isStorage"),
        is_conduit=flags.get("isConduit"),
        is_switch=flags.get("isSwitch"),
        is_failure_unit=flags.get("isFailureUnit"),
        supplies_parts=flags.get("suppliesParts"),
        rejects_heat=flags.get("rejectsHeat"),
        requirements=None if needs is None else tuple(RequirementDefault(m, n, a) for m, n, a in needs),
        default_position=facts.get("position"),
        values=tuple(DefaultValue(*value) for value in facts.get("values", ())),
        takes_one_input=flags.get("takesOneInput"),
        is_standby=flags.get("isStandby"),
        signs={name: _sign(value) for name, value in facts.get("signs", {}).items()},
        says_of=frozenset(media["saysOf"]) if "saysOf" in media else None,
        down_above=(facts["above"][0], facts["above"][1]) if "above" in facts else None,
        trip_curve=tuple((multiple, seconds) for multiple, seconds in facts["curve"]) if "curve" in facts else None,
    )


def _sign(text: str) -> float:
    """A number; of those that are none always the same one, so that equal facts are equal."""
    return nan if isnan(value := float(text)) else value
