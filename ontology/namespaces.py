"""The prefixes that are known on every face, and the two ways between an IRI and its CURIE."""

from __future__ import annotations

BRICK = "https://brickschema.org/schema/Brick#"
DCX = "https://w3id.org/ridethrough/ontology#"
REF = "https://brickschema.org/schema/Brick/ref#"
REC = "https://w3id.org/rec#"
S223 = "http://data.ashrae.org/standard223#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
UNIT = "http://qudt.org/vocab/unit/"
DEMO = "urn:ridethrough:demo:"

PREFIXES: dict[str, str] = {
    "brick": BRICK,
    "bsh": "https://brickschema.org/schema/BrickShape#",
    "dcx": DCX,
    "demo": DEMO,
    "dcterms": "http://purl.org/dc/terms/",
    "owl": OWL,
    "qudt": "http://qudt.org/schema/qudt/",
    "qudtqk": "http://qudt.org/vocab/quantitykind/",
    "rdf": RDF,
    "rdfs": RDFS,
    "rec": REC,
    "ref": REF,
    "s223": S223,
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": SKOS,
    "tag": "https://brickschema.org/schema/BrickTag#",
    "unit": UNIT,
    "xsd": XSD,
}


def expand(name: str) -> str:
    """The IRI that a CURIE with a known prefix stands for; anything else is taken as an IRI and comes back as it is."""
    prefix, colon, local = name.partition(":")
    namespace = PREFIXES.get(prefix)
    return namespace + local if colon and namespace is not None and not local.startswith("//") else name


def compact(iri: str) -> str:
    """The CURIE of an IRI under a known prefix, by the longest namespace that fits; an IRI under none comes back as it is."""
    best = max(((ns, p) for p, ns in PREFIXES.items() if iri.startswith(ns)), key=lambda pair: len(pair[0]), default=None)
    return iri if best is None else f"{best[1]}:{iri[len(best[0]) :]}"


def local_name(iri: str) -> str:
    """What follows the last `#`, `/` or `:` of an IRI; what a reader takes for its name."""
    cut = max(iri.rfind("#"), iri.rfind("/"), iri.rfind(":"))
    return iri[cut + 1 :] or iri
