"""Which form of an answer a client gets, by what it accepts (RFC 9110, 12.5.1), and which form a body has, by what it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.rdf.problems import Problem

RDF_TYPES: dict[str, str] = {
    "turtle": "text/turtle",
    "trig": "application/trig",
    "ntriples": "application/n-triples",
    "nquads": "application/n-quads",
    "jsonld": "application/ld+json",
    "rdfxml": "application/rdf+xml",
}
"""Media type of each format of `ontology.rdf.FORMATS`, the preferred one first."""
DATASETS = ("trig", "nquads", "jsonld")
"""The formats that can name graphs, the preferred one first."""
ROW_TYPES: dict[str, str] = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}
_ALSO = {
    "application/x-turtle": "turtle",
    "application/json": "jsonld",
    "application/xml": "rdfxml",
    "text/xml": "rdfxml",
    "text/plain": "ntriples",
    "text/nquads": "nquads",
    "text/x-nquads": "nquads",
    "application/x-trig": "trig",
}
_ALSO_ROWS = {"application/json": "json", "application/xml": "xml", "text/xml": "xml", "text/plain": "csv"}
SIMPLE = frozenset({"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
"""What any web page may send here without asking first (Fetch standard, CORS-safelisted): never a write."""


@dataclass(frozen=True, slots=True)
class Range:
    """One media range of an Accept header, with its quality."""

    kind: str
    quality: float
    place: int

    @property
    def precision(self) -> int:
        """How exactly it names a type: `*/*` least."""
        return 0 if self.kind == "*/*" else 1 if self.kind.endswith("/*") else 2

    def fits(self, media: str) -> bool:
        """Whether the type falls under it."""
        return self.kind in ("*/*", media) or (self.kind.endswith("/*") and media.startswith(self.kind[:-1]))


def ranges(accept: str) -> list[Range]:
    """The media ranges of an Accept header; none at all means everything. What cannot be read is left out."""
    found = []
    for place, part in enumerate(accept.split(",")):
        kind, *parameters = (piece.strip() for piece in part.lower().split(";"))
        quality = next((_quality(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        if kind.count("/") == 1:
            found.append(Range(kind, quality, place))
    return found or [Range("*/*", 1.0, 0)]


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def chosen(accept: str, offers: Mapping[str, str], also: Mapping[str, str] | None = None) -> str | None:
    """The name of the offer that fits best: the highest quality; among equals what the client names exactly, then first, then what we offer
    first. `offers` gives the media type of each name, `also` further types that stand for a name. None where nothing is accepted."""
    asked = ranges(accept)
    best: tuple[tuple[float, int, int, int], str] | None = None
    types = [*((media, name) for name, media in offers.items()), *((m, n) for m, n in (also or {}).items() if n in offers)]
    for order, (media, name) in enumerate(types):
        fitting = [r for r in asked if r.fits(media) and (order < len(offers) or r.precision == 2)]
        if not fitting:
            continue
        closest = max(fitting, key=lambda r: (r.precision, -r.place))
        rank = (closest.quality, closest.precision, -closest.place, -order)
        if closest.quality > 0 and (best is None or rank > best[0]):
            best = (rank, name)
    return best[1] if best else None


def _not_acceptable(offers: Mapping[str, str]) -> Problem:
    return Problem(406, "no such format", f"accept one of {', '.join(offers.values())}", {"vary": "Accept"})


def rdf_format(accept: str, formats: Sequence[str] = tuple(RDF_TYPES)) -> str:
    """The RDF format to answer in. Raises `Problem` (406)."""
    offers = {name: RDF_TYPES[name] for name in formats}
    name = chosen(accept, offers, _ALSO)
    if name is None:
        raise _not_acceptable(offers)
    return name


def rows_format(accept: str, formats: Sequence[str] = tuple(ROW_TYPES)) -> str:
    """The format for rows and for yes or no. Raises `Problem` (406)."""
    offers = {name: ROW_TYPES[name] for name in formats}
    name = chosen(accept, offers, _ALSO_ROWS)
    if name is None:
        raise _not_acceptable(offers)
    return name


def media_type(header: str) -> tuple[str, str]:
    """The media type and the charset of a Content-Type header, in lower case; empty where it does not say."""
    kind, *parameters = (piece.strip() for piece in header.split(";"))
    charset = next((p[8:].strip('"').lower() for p in parameters if p.lower().startswith("charset=")), "")
    return kind.lower(), charset


def body_format(header: str) -> str:
    """The RDF format of a body by its Content-Type. Raises `Problem` (415): also for what any web page may send without asking."""
    kind, charset = media_type(header)
    known = {media: name for name, media in RDF_TYPES.items()} | {m: n for m, n in _ALSO.items() if m not in SIMPLE}
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise Problem(415, "unknown charset", f"RDF is sent in UTF-8 here, not in {charset!r}")
    if kind in known:
        return known[kind]
    named = f"{kind!r} is no RDF format" if kind else "the body has no Content-Type"
    raise Problem(
        415, "unknown format", f"{named}: send one of {', '.join(RDF_TYPES.values())}", {"accept-post": ", ".join(RDF_TYPES.values())}
    )
