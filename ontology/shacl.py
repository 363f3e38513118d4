"""Brick's own shapes, ours and the user's, run by shifty (SHACL; https://www.w3.org/TR/shacl/).

Rules of this file:

1. Shapes are checked without their rules: no triple is inferred into the model that a user did not write. Subclass triples are seen.
2. Of Brick only what shapes and their targets need is given to the engine (16,000 of 62,000 triples); the findings are the same.
3. What the vocabulary check says better is left out: Brick's rule on deprecated classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import quote

import pyoxigraph as ox
import shifty

from ontology.findings import Finding, Severity
from ontology.media import MEDIA
from ontology.model_check import READ
from ontology.namespaces import BRICK, DCX, RDF, RDFS, SKOS, UNIT, compact, expand
from ontology.rdf import read
from ontology.reach import reach_of
from ontology.sanity import paths
from ontology.terms import QuadBlock, is_blank, is_iri, is_sound_iri, key_of, term_of
from ontology.vocabulary import Vocabulary, ontology_files, shapes_file

_SH = "http://www.w3.org/ns/shacl#"
_SHAPES = "https://w3id.org/ridethrough/shapes#"
_UNUSED = {
    _SH + "rule",
    _SH + "subject",
    _SH + "predicate",
    _SH + "object",
    RDFS + "label",
    RDFS + "comment",
    SKOS + "definition",
    BRICK + "hasAssociatedTag",
    BRICK + "isAssociatedWith",
}
_SAID_ELSEWHERE = ("https://brickschema.org/schema/BrickShape#Deprecation",)
_SEVERITY = {"Violation": Severity.ERROR, "Warning": Severity.WARNING, "Info": Severity.INFO}
_LITERAL_TYPE = re.compile(r"\^\^<[^>]*>")
_TEST = re.compile(r"test\(((?:[^()]|\([^()]*\))*)\)")
_WORDS_MAX = 240
_IN_IRIS = ":/?#@!$&'()*+,;=~"
_SINGLE = re.compile(r"<([^>]*)>|([a-z0-9]+:\w+)")
_IRI = re.compile(r"<([^>]*)>")


class Shapes:
    """All shapes, parsed and planned once for a vocabulary (about a third of a second), used for any number of models. `shapes_of` keeps
    them."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        triples = list(_shape_triples(vocabulary))
        self._validator = shifty.PreparedValidator(ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"")
        self.reach = reach_of(triples, (*READ, *paths(vocabulary)))
        """How far the shapes and the other checks look from the node that they judge."""

    def findings(self, block: QuadBlock) -> list[Finding]:
        """What the shapes say about a model, all its graphs merged. Cost: some 25 ms, and a second for 20,000 triples."""
        sound = {key: quote(key, safe=_IN_IRIS) for key in block.terms if is_iri(key) and not is_sound_iri(key)}
        meant = {written: key for key, written in sound.items()}
        data = ox.serialize(_triples(block, sound), format=ox.RdfFormat.N_TRIPLES) or b""
        result = self._validator.validate_algebra(data, graph_mode="union", infer=False)
        found = [
            _finding(violation, reason)
            for violation in result.violations
            for reason in violation.reasons
            if self._is_of_the_model(_key(violation.focus_node)) and not (violation.shape_name or "").startswith(_SAID_ELSEWHERE)
        ]
        return list(dict.fromkeys(replace(each, focus=meant.get(each.focus, each.focus)) for each in found))

    def _is_of_the_model(self, focus: str) -> bool:
        """Shapes look at classes, too; what the ontologies say about theirs is not the model's fault."""
        return self._vocabulary.term(focus).kind not in {"class", "property"}


@lru_cache(maxsize=4)
def shapes_of(vocabulary: Vocabulary) -> Shapes:
    """The shapes of a vocabulary, planned once for the process."""
    return Shapes(vocabulary)


def _finding(violation: shifty.Violation, reason: shifty.Reason) -> Finding:
    shape = (violation.shape_name or "").strip("<>")
    focus = _key(violation.focus_node)
    own = shape.startswith(_SHAPES)
    said = reason.author_message or reason.message
    message, arrow, remedy = said.partition(" → ")
    if not own or not arrow:
        said = _shorter(_IRI.sub(lambda m: compact(m[1]), _LITERAL_TYPE.sub("", said)))
        value = _key(reason.value)
        about = f"{compact(value)}: " if reason.path and value != focus and not is_blank(value) else ""
        message = f"{about}{said} (asked by {compact(shape) or 'a shape'})"
        remedy = "see the class's definition in Brick, and correct the statement or the class"
    return Finding(
        _SEVERITY.get(reason.severity, Severity.ERROR),
        shape.removeprefix(_SHAPES) if own else "brick-shape",
        focus,
        message,
        remedy,
        _path(reason.path or ""),
    )


def _shorter(said: str) -> str:
    """The engine's own words without its inner notation, and not longer than a few lines: alternatives beyond that help nobody."""
    plain = _TEST.sub(r"\1", said)
    return plain if len(plain) <= _WORDS_MAX else plain[:_WORDS_MAX].rsplit(" or ", 1)[0] + " or …"


def _path(path: str) -> str:
    """A property path with the IRI of a single predicate in full, and those of a longer one as CURIEs."""
    alone = _SINGLE.fullmatch(path)
    return expand(alone[1] or alone[2]) if alone else _IRI.sub(lambda m: compact(m[1]), path)


def _key(node: str) -> str:
    """The key of a node in the engine's notation, which is that of N-Triples."""
    if node.startswith('"'):
        (quad,) = ox.parse(f"<urn:s> <urn:p> {node} .", format=ox.RdfFormat.N_TRIPLES)
        return key_of(quad.object) if isinstance(quad.object, ox.Literal) else node
    return node[1:-1] if node.startswith("<") else node


def _triples(block: QuadBlock, sound: Mapping[str, str] = MappingProxyType({})) -> Iterable[ox.Triple]:
    """The model, and that its units are units: Brick asks for a `qudt:Unit`, and QUDT's own files are not loaded. `sound` has what stands
    for IRIs that the engine's parser would refuse."""
    terms = [term_of(sound.get(key, key)) for key in block.terms]
    for key in block.terms:
        if key.startswith(UNIT):
            yield ox.Triple(ox.NamedNode(key), ox.NamedNode(RDF + "type"), ox.NamedNode("http://qudt.org/schema/qudt/Unit"))
    yield from (ox.Triple(terms[s], terms[p], terms[o]) for s, p, o, _ in block.quads.tolist())


def _shape_triples(vocabulary: Vocabulary) -> Iterable[ox.Triple]:
    """Brick's shapes, ours, the user's own, the media, and every class under its superclasses, a user's own ones included."""
    brick = ontology_files()[0][1]
    for path in (brick, shapes_file()):
        for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE):
            if quad.predicate.value not in _UNUSED:
                yield quad.triple
    for path in vocabulary.extra:
        yield from _triples(read(path, source=path.name))
    above, kind = ox.NamedNode(RDFS + "subClassOf"), ox.NamedNode(RDF + "type")
    for info in vocabulary.classes.values():
        for superclass in info.superclasses:
            yield ox.Triple(ox.NamedNode(info.iri), above, ox.NamedNode(superclass))
    for medium in MEDIA:
        yield ox.Triple(ox.NamedNode(medium), kind, ox.NamedNode(DCX + "Medium"))
