"""RDF files in and out: Turtle, N-Triples, N-Quads, TriG, RDF/XML and JSON-LD, as blocks of quads over term keys.

Rules of this file:

1. Strict: what the syntax forbids is refused with file, line, column, reason and remedy; nothing is guessed or repaired. An IRI that the
   syntax lets stand and RFC 3987 forbids (a bare per cent sign, brackets) is kept as it is: real models have them.
2. Nothing is fetched: no JSON-LD context, no import, no document type of RDF/XML.
3. What a file says outside its named graphs belongs to the graph of its source.
4. Blank nodes are numbered by first appearance within their scope, so that reading a file again gives the same keys.
5. Equal quads give equal bytes: what is written is sorted.
"""

from __future__ import annotations

import hashlib
import io
import re
from array import array
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from ontology.depth import check_depth
from ontology.errors import RdfError
from ontology.rdf_errors import refusal
from ontology.rdf_tags import marked, unmarked
from ontology.rdf_write import write_block
from ontology.sources import source_graph, source_of
from ontology.terms import Ids, KeyQuad, QuadBlock, Term, iri_node, is_blank, is_sound_iri, key_of, term_of

FORMATS: dict[str, ox.RdfFormat] = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "nquads": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
_ENDINGS = {
    "ttl": "turtle",
    "turtle": "turtle",
    "nt": "ntriples",
    "nq": "nquads",
    "trig": "trig",
    "rdf": "rdfxml",
    "xml": "rdfxml",
    "owl": "rdfxml",
    "jsonld": "jsonld",
    "json": "jsonld",
}
_STEP = 50_000
_WRITTEN = rb"([A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*)"
_IN_BRACKETS, _IN_QUOTES = re.compile(rb"<" + _WRITTEN + rb">"), re.compile(rb"\"" + _WRITTEN + rb"\"")
DEPTH_MAX = 1000
"""How deep a document may nest: brackets, objects or elements within each other. No model of a site comes near."""

Progress = Callable[[int, int, int], None]
"""Told now and then how far a reading is: quads so far, bytes so far, bytes in all (0 when unknown)."""


def read(
    path: Path,
    *,
    format: str | None = None,  # noqa: A002 - the field's word for it
    source: str,
    scope: str | None = None,
    progress: Progress | None = None,
) -> QuadBlock:
    """The quads of a file. `format` is one of `FORMATS`; without it the file's ending says. `scope` keeps the blank nodes of several
    files of one source apart (the source when not given). Raises `RdfError`. Cost: some 400,000 triples a second.
    """
    kind = format or format_of(path)
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            return read_stream(stream, name=str(path), format=kind, source=source, scope=scope, progress=progress, size=size)
    except OSError as error:
        raise RdfError(str(path), 0, 0, error.strerror or str(error), "check the path and its rights") from error


def read_stream(
    stream: BinaryIO,
    *,
    name: str,
    format: str,  # noqa: A002 - as in `read`
    source: str,
    scope: str | None = None,
    progress: Progress | None = None,
    size: int = 0,
    base: str | None = None,
    depth: int = DEPTH_MAX,
) -> QuadBlock:
    """The quads of an open stream; as `read`, with the name to say in errors. Relative IRIs are resolved against `base`, or refused. Raises
    `TooDeep`, too, beyond `depth`."""
    kind = _known_format(format)
    if not stream.seekable():
        stream = io.BytesIO(stream.read())
    check_depth(name, stream, kind, depth)
    begin, document = stream.tell(), marked(stream, kind)
    reading = partial(_Reading, name, source, scope or source, kind)
    if kind == "jsonld":  # its parser drops without a word what has an IRI that it does not like
        reading = partial(reading, odd=_odd_iris(stream.read(), kind))
        stream.seek(begin)
    try:
        return _read(document, reading(), base, progress, size)
    except (SyntaxError, ValueError) as error:
        refused = error
    if document is not stream:  # a tag too odd to be marked is read without its capitals; what is wrong is told of the document itself
        stream.seek(begin)
        try:
            return _read(stream, reading(), base, progress, size)
        except (SyntaxError, ValueError) as error:
            refused = error
    stream.seek(begin)
    odd = _odd_iris(stream.read(), kind) if "IRI" in str(refused) and kind != "jsonld" else frozenset[str]()
    if odd:
        document.seek(begin if document is stream else 0)
        try:
            return _read(document, reading(odd=odd), base, progress, size)
        except (SyntaxError, ValueError) as error:
            refused = error
    raise refusal(name, kind, _placed(refused, stream, begin)) from refused


class _NoIri(ValueError):
    """An IRI that a reading found beside odd ones, and that the syntax does not let stand."""

    def __init__(self, reason: str, iri: str) -> None:
        super().__init__(reason)
        self.iri = iri


def _placed(error: Exception, stream: BinaryIO, begin: int) -> Exception:
    """The error with its line, where only the text tells it."""
    if not isinstance(error, _NoIri):
        return error
    stream.seek(begin)
    before, found, _ = stream.read().partition(error.iri.encode())
    return SyntaxError(str(error), (None, before.count(b"\n") + 1, 0, None)) if found else error


def _odd_iris(document: bytes, kind: str) -> frozenset[str]:
    """The IRIs that a document writes in full, as its syntax lets it, and that RFC 3987 forbids."""
    written = _IN_QUOTES if kind in {"jsonld", "rdfxml"} else _IN_BRACKETS
    return frozenset(iri for found in set(written.findall(document)) if not is_sound_iri(iri := found.decode("utf-8", "replace")))


def _read(stream: BinaryIO, reading: _Reading, base: str | None, progress: Progress | None, size: int) -> QuadBlock:
    counted = _Counted(stream)
    quads = iter(ox.parse(cast(BinaryIO, counted), format=reading.syntax, base_iri=base, lenient=reading.odd is not None))
    while True:
        if progress is not None:
            progress(reading.count, counted.done, size)
        if reading.take(islice(quads, _STEP)) < _STEP:
            break
    if progress is not None:
        progress(reading.count, counted.done, size)
    return reading.block()


def format_of(path: Path) -> str:
    """The format that a file's ending stands for. Raises `RdfError` for an ending that is none of RDF's."""
    kind = _ENDINGS.get(path.suffix.lstrip(".").lower())
    if kind is None:
        remedy = f"rename the file to one of {', '.join(f'.{e}' for e in sorted(_ENDINGS))}"
        raise RdfError(str(path), 0, 0, f"the ending {path.suffix!r} is none of RDF's", remedy)
    return kind


class _Reading:
    """A block in the making. A blank node that an export of this very source has named keeps its name, so that what is exported
    and read again changes nothing; so does one of a source whose own graph the file speaks in. The others take the numbers that are
    left in their scope, by first appearance."""

    def __init__(self, name: str, source: str, scope: str, kind: str, *, odd: frozenset[str] | None = None) -> None:
        self._name = name
        self.syntax, self.odd = FORMATS[kind], odd
        self._has_graphs = self.syntax.supports_datasets
        self._source = source
        self._own = source_graph(source)
        self._blank = f"_:b{_digest(source, 4)}{_digest(scope, 3)}n"
        self._ids: dict[object, int] = {}
        self._keys: list[str] = []
        self._blanks: list[int] = []
        self._rows = array("i")

    @property
    def count(self) -> int:
        """Quads so far, repeats included."""
        return len(self._rows) // 4

    def take(self, quads: Iterable[ox.Quad]) -> int:
        """Take quads in; how many there were. By attributes: to iterate over a quad costs twice as much."""
        find, number, extend = self._ids.get, self._number, self._rows.extend
        before, at = len(self._rows), 0
        graph: object = None
        for quad in quads:
            s, p, o = quad.subject, quad.predicate, quad.object
            subject, predicate, obj = find(s), find(p), find(o)
            if graph is None or (self._has_graphs and quad.graph_name != graph):
                graph = quad.graph_name
                at = number(graph)
            extend(
                (
                    number(s) if subject is None else subject,
                    number(p) if predicate is None else predicate,
                    number(o) if obj is None else obj,
                    at,
                )
            )
        return (len(self._rows) - before) // 4

    def _number(self, term: object) -> int:
        if term in self._ids:  # in two places of one quad
            return self._ids[term]
        number = self._ids[term] = len(self._keys)
        if isinstance(term, ox.DefaultGraph):
            self._keys.append(self._own)
            return number
        key = unmarked(key_of(_plain(term, self._name)))
        if self.odd is not None and key not in self.odd:
            _check(term, key)
        if is_blank(key):
            self._blanks.append(number)
        self._keys.append(key)
        return number

    def block(self) -> QuadBlock:
        """All quads, each once, in order of first appearance."""
        sources = {self._source, *(of for key in self._keys if (of := source_of(key)) is not None)} if self._blanks else {self._source}
        named_by_us = re.compile(rf"_:b(?:{'|'.join(_digest(of, 4) for of in sorted(sources))})[0-9a-f]{{6}}n\d+").fullmatch
        unnamed = [number for number in self._blanks if named_by_us(self._keys[number]) is None]
        taken = {key for key in self._keys if key.startswith(self._blank)} if unnamed else set()
        free = (name for n in count() if (name := f"{self._blank}{n}") not in taken)
        for number in unnamed:
            self._keys[number] = next(free)
        rows = np.array(self._rows, dtype=np.int32).reshape(-1, 4)
        if self._keys.count(self._own) > 1:  # a named graph that is called as the source's own graph is that graph
            return QuadBlock.of(QuadBlock(self._keys, rows))
        first = _first_of_each(rows)
        return QuadBlock(self._keys, rows if len(first) == len(rows) else np.ascontiguousarray(rows[first]))


def _check(term: object, key: str) -> None:
    """Raise `ValueError` for a term that a strict reading refuses."""
    try:
        if isinstance(term, ox.NamedNode):
            ox.NamedNode(key)
        elif isinstance(term, ox.Literal):
            term_of(key)
    except ValueError as error:
        raise _NoIri(str(error), key) from error


def _first_of_each(rows: Ids) -> NDArray[np.int64]:
    """Where each distinct row stands first, ascending. Rows are packed into one number where 63 bits hold them, which sorts far faster."""
    bits = [int(column.max(initial=0)).bit_length() for column in rows.T]
    if sum(bits) > 63:
        packed = rows.view([("", np.int32)] * 4).reshape(-1)
    else:
        packed = np.zeros(len(rows), dtype=np.int64)
        for column, size in zip(rows.T, bits, strict=True):
            packed = packed << size | column
    distinct, first = np.unique(packed, return_index=True)
    return np.sort(first) if len(distinct) < len(rows) else np.arange(len(rows))


def _digest(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()


def _plain(term: object, name: str) -> Term:
    if isinstance(term, ox.NamedNode | ox.BlankNode) or (isinstance(term, ox.Literal) and term.direction is None):
        return term
    raise RdfError(name, 0, 0, f"{term} is RDF 1.2 (a quoted triple or a text with a direction)", "say it in RDF 1.1, as a node of its own")


class _Counted(io.RawIOBase):
    """A stream that counts what is read from it, without the byte order mark that some editors write and no RDF syntax knows."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._head = stream.read(len(BOM_UTF8))
        self.done = 0
        if self._head == BOM_UTF8:
            self._head, self.done = b"", len(BOM_UTF8)

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the stream."""
        data = self._head + self._stream.read(size if size < 0 else max(size - len(self._head), 0))
        self._head = b""
        self.done += len(data)
        return data


def _known_format(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"format {name!r} is none of {', '.join(FORMATS)}")
    return name


def write(
    quads: QuadBlock | Iterable[KeyQuad],
    format: str,  # noqa: A002 - as in `read`
    out: BinaryIO,
    *,
    default_graph: str | None = None,
) -> None:
    """Write quads in a format of `FORMATS`, sorted. Turtle, N-Triples and RDF/XML merge all graphs; N-Quads, TriG and JSON-LD keep them,
    with `default_graph` (an IRI) written as the default graph. Cost: one sort of all quads.
    """
    kind = _known_format(format)
    write_block(quads if isinstance(quads, QuadBlock) else QuadBlock.of(quads), kind, out, default_graph)


def canonical_hash(quads: Iterable[KeyQuad]) -> str:
    """A number of the dataset that does not depend on names of blank nodes or on order: SHA-256 over the canonical N-Quads.

    RDF Dataset Canonicalization (W3C, RDFC-1.0). Exponential in the worst case; files of real models take milliseconds to seconds.
    """
    dataset = ox.Dataset(ox.Quad(term_of(s), term_of(p), term_of(o), _graph(g)) for s, p, o, g in quads)  # type: ignore[arg-type]  # see `write`
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = sorted((ox.serialize(dataset, format=ox.RdfFormat.N_QUADS) or b"").splitlines())
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def _graph(key: str) -> ox.NamedNode | ox.BlankNode:
    return ox.BlankNode(key[2:]) if is_blank(key) else iri_node(key)
