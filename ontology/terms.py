"""RDF terms as plain strings, and blocks of quads over them: the form in which RDF crosses every room.

Rules of this file:

1. One term, one string, its *key*: an IRI is itself (`urn:a`), a blank node begins with `_:`, a literal with `"`.
2. A literal's key is `"lexical"` + `@language` or `^^datatype`, unescaped; a plain `xsd:string` carries no suffix.
   It is read from its last quotation mark, which neither a language tag nor a datatype IRI can hold.
3. A key loses nothing: lexical form, datatype and language come back as they went in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

XSD = "http://www.w3.org/2001/XMLSchema#"
XSD_STRING = XSD + "string"
RDF_LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"

_WRITABLE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*").fullmatch
"""An absolute IRI as the grammar of Turtle and N-Quads (`IRIREF`) lets it stand."""
Term = ox.NamedNode | ox.BlankNode | ox.Literal
Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class LiteralParts:
    """A literal taken apart: lexical form, datatype IRI, language tag (empty when it has none)."""

    lexical: str
    datatype: str
    language: str


def key_of(term: Term) -> str:
    """The key of a pyoxigraph term (rules 1 and 2)."""
    if isinstance(term, ox.NamedNode):
        return term.value
    if isinstance(term, ox.BlankNode):
        return "_:" + term.value
    if term.language:
        return f'"{term.value}"@{term.language}'
    if term.datatype.value == XSD_STRING:
        return f'"{term.value}"'
    return f'"{term.value}"^^{term.datatype.value}'


def term_of(key: str) -> Term:
    """The pyoxigraph term of a key; the inverse of `key_of`."""
    if key.startswith("_:"):
        return ox.BlankNode(key[2:])
    if not key.startswith('"'):
        return iri_node(key)
    parts = literal_parts(key)
    if parts.language:
        return ox.Literal(parts.lexical, language=parts.language)
    return ox.Literal(parts.lexical, datatype=iri_node(parts.datatype))


def iri_node(iri: str) -> ox.NamedNode:
    """The node of an IRI, one among them that RFC 3987 forbids and RDF's syntaxes hold all the same, such as `urn:100%`.

    Raises `ValueError` for what is no absolute IRI or holds a character that no syntax lets stand.
    """
    try:
        return ox.NamedNode(iri)
    except ValueError:
        if _WRITABLE_IRI(iri) is None:
            raise
    (quad,) = ox.parse(f"<{iri}> <urn:p> <urn:o> .", format=ox.RdfFormat.N_TRIPLES, lenient=True)
    return cast(ox.NamedNode, quad.subject)


def is_sound_iri(iri: str) -> bool:
    """Whether an IRI that stands in a model is one by RFC 3987, too. Cost: about a microsecond."""
    try:
        return bool(ox.NamedNode(iri))
    except ValueError:
        return False


def literal(lexical: str, datatype: str = XSD_STRING) -> str:
    """The key of a typed literal."""
    return f'"{lexical}"' if datatype == XSD_STRING else f'"{lexical}"^^{datatype}'


def literal_parts(key: str) -> LiteralParts:
    """Take a literal's key apart. Raises `ValueError` for a key that is no literal."""
    if not is_literal(key):
        raise ValueError(f"{key!r} is no literal: a literal's key begins with a quotation mark")
    end = key.rindex('"')
    lexical, suffix = key[1:end], key[end + 1 :]
    if suffix.startswith("@"):
        return LiteralParts(lexical, RDF_LANG_STRING, suffix[1:])
    return LiteralParts(lexical, suffix[2:] or XSD_STRING, "")


def is_literal(key: str) -> bool:
    """Whether the key is a literal's."""
    return key.startswith('"')


def is_blank(key: str) -> bool:
    """Whether the key is a blank node's."""
    return key.startswith("_:")


def is_iri(key: str) -> bool:
    """Whether the key is an IRI."""
    return not key.startswith(('"', "_:"))


KeyQuad = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class QuadBlock:
    """Quads as columns: a list of term keys, and an `(n, 4)` int32 array of indices into it (subject, predicate, object, graph).

    Every quad has a graph: the source's own graph stands where RDF says "default graph".
    """

    terms: Sequence[str]
    quads: Ids

    def __post_init__(self) -> None:
        if self.quads.ndim != 2 or self.quads.shape[1] != 4 or self.quads.dtype != np.int32:
            raise ValueError(f"quads must be int32 of shape (n, 4), not {self.quads.dtype} of {self.quads.shape}")

    def __len__(self) -> int:
        return int(self.quads.shape[0])

    def __iter__(self) -> Iterator[KeyQuad]:
        terms = self.terms
        for s, p, o, g in self.quads.tolist():
            yield terms[s], terms[p], terms[o], terms[g]

    def graphs(self) -> list[str]:
        """The graphs that the quads speak in, sorted."""
        return sorted({self.terms[graph] for graph in np.unique(self.quads[:, 3]).tolist()})

    @staticmethod
    def of(quads: Iterable[KeyQuad]) -> QuadBlock:
        """A block of the given quads, duplicates dropped, in order of first appearance."""
        ids: dict[str, int] = {}
        rows = [[ids.setdefault(key, len(ids)) for key in quad] for quad in dict.fromkeys(quads)]
        return QuadBlock(list(ids), np.array(rows, dtype=np.int32).reshape(-1, 4))

    @staticmethod
    def empty() -> QuadBlock:
        """A block of no quads."""
        return QuadBlock([], np.empty((0, 4), dtype=np.int32))
