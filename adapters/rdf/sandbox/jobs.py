"""What the jobs of the sandbox do: parse a document, read a patch, answer a query. Each gets a header and a blob, and gives bytes.

They run in a process that has given up files and network, and that may be ended at any moment.
"""

from __future__ import annotations

import io
import re
import struct
from codecs import BOM_UTF8
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pyoxigraph as ox

from adapters.rdf.sandbox.frames import pack
from adapters.rdf.sandbox.patch import read_patch
from adapters.rdf.sandbox.sparql_errors import complaint
from adapters.rdf.sparql_text import NotTaken
from ontology.errors import RdfError, TooDeep
from ontology.rdf import FORMATS, read_stream
from ontology.sources import source_graph
from ontology.terms import QuadBlock, is_literal

_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]").search
"""What XML 1.0 has no way to write, in UTF-8."""
_SIZE = struct.Struct(">Q")
ROWS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}


class Told(Exception):
    """A job that ends with something to tell: `facts` go back in the header."""

    def __init__(self, what: str, **facts: object) -> None:
        super().__init__(what)
        self.facts = {"what": what, **facts}


def parse(header: dict[str, Any], blob: bytes, _store: ox.Store) -> bytes:
    """The block of a document. Header: format, name, source, scope, base, limits; graph (its default graph, if not the source's own)."""
    kind = header["format"]
    data = blob.removeprefix(BOM_UTF8)
    most = header["triples"]

    def count(done: int, _read: int, _size: int) -> None:
        if done > most:
            raise Told("limit", limit=f"more than {most:,} triples", remedy="send it in several graphs")

    try:
        block = read_stream(
            io.BytesIO(data),
            name=header["name"],
            format=kind,
            source=header["source"],
            scope=header["scope"],
            progress=count,
            base=header["base"],
            depth=header["depth"],
        )
    except TooDeep as error:
        raise Told("limit", limit=error.reason, remedy=error.remedy) from error
    except RdfError as error:
        raise Told("syntax", reason=error.reason, remedy=error.remedy, line=error.line, column=error.column) from error
    own = source_graph(header["source"])
    if header["graph"] and header["graph"] != own:
        block = _renamed(block, own, header["graph"])
    _check_terms(block, header)
    return pack(block)


def _check_terms(block: QuadBlock, header: dict[str, Any]) -> None:
    """See that no text and no IRI, a datatype's too, is longer than its bound."""
    for key in block.terms:
        if len(key) <= header["iri_bytes"] and len(key) * 4 <= header["literal_bytes"]:
            continue
        text, _, suffix = key[1:].rpartition('"') if is_literal(key) else ("", "", key)
        for what, part, most in (("a literal", text, header["literal_bytes"]), ("an IRI", suffix.lstrip("^"), header["iri_bytes"])):
            if (size := len(part.encode())) > most:
                raise Told(
                    "limit",
                    limit=f"{what} of {size:,} bytes, where {most:,} is the most: {part[:60]}…",
                    remedy="keep long texts outside the twin and link to them",
                )


def _renamed(block: QuadBlock, old: str, new: str) -> QuadBlock:
    keys = [new if key == old else key for key in block.terms]
    renamed = QuadBlock(keys, block.quads)
    return renamed if keys.count(new) < 2 else QuadBlock.of(renamed)


def patch(header: dict[str, Any], blob: bytes, _store: ox.Store) -> bytes:
    """The quads that a patch adds and those that it removes, as two blocks. Header: as for `parse`; the format is `update` or `rows`."""
    try:
        text = blob.decode()
    except UnicodeDecodeError as error:
        raise Told("syntax", reason=f"byte {error.start} is not UTF-8", remedy="send UTF-8", line=0, column=0) from error
    try:
        added, removed = read_patch(text, header)
    except NotTaken as error:
        raise Told("not taken", reason=str(error)) from error
    except RdfError as error:
        raise Told("syntax", reason=error.reason, remedy=error.remedy, line=error.line, column=error.column) from error
    if len(added) + len(removed) > header["triples"]:
        raise Told("limit", limit=f"more than {header['triples']:,} triples", remedy="send it in several patches")
    _check_terms(added, header)
    _check_terms(removed, header)
    first = pack(added)
    return _SIZE.pack(len(first)) + first + pack(removed)


def query(header: dict[str, Any], blob: bytes, store: ox.Store) -> bytes:
    """The serialised answer of a query. Header: query, base, format; default and named (lists of graphs, or null); union (of
    all graphs as the default graph); answer (bytes at most);
    removed (how many bytes of the blob are quads to take away before; the rest is to be added)."""
    cut = header["removed"]
    for quad in ox.parse(blob[:cut], format=ox.RdfFormat.N_QUADS, lenient=True):
        store.remove(quad)
    store.extend(ox.parse(blob[cut:], format=ox.RdfFormat.N_QUADS, lenient=True))
    default, named = header["default"], header["named"]
    given = default is not None or named is not None
    try:
        found = store.query(
            header["query"],
            base_iri=header["base"],
            use_default_graph_as_union=header["union"],
            default_graph=[ox.NamedNode(iri) for iri in default or []] if given else None,
            named_graphs=[ox.NamedNode(iri) for iri in named or []] if given else None,
        )
        out = _Bounded(header["answer"])
        if isinstance(found, ox.QueryTriples):
            found.serialize(out, FORMATS[header["format"]])  # type: ignore[arg-type]  # writes bytes, as the binary file that is asked for does
        else:
            found.serialize(out, ROWS[header["format"]])  # type: ignore[arg-type]  # see above
    except SyntaxError as error:
        why = complaint("the query", header["query"], error)
        raise Told("syntax", reason=f"{why.reason}: {why.remedy}", line=why.line, column=why.column) from error
    except (ValueError, RuntimeError) as error:  # also a function that there is not, which it names
        raise Told("not taken", reason=f"{error}: use what SPARQL 1.1 itself has") from error
    except OSError as error:
        raise Told("not taken", reason=f"the query asks for what is never done here, or its evaluation failed: {error}") from error
    answer = out.value()
    if header["format"] in ("xml", "rdfxml") and (strange := _NOT_XML(answer)) is not None:
        raise Told("format", reason=f"the answer has the character {strange[0].decode()!r}, which XML cannot hold")
    return answer


class _Bounded:
    """A file in memory that takes so much and no more."""

    def __init__(self, most: int) -> None:
        self._parts: list[bytes] = []
        self._left = self._most = most

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self._left -= len(data)
        if self._left < 0:
            raise Told(
                "limit", limit=f"an answer of more than {self._most:,} bytes", remedy="add LIMIT and OFFSET, or select fewer variables"
            )
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def value(self) -> bytes:
        """All that was written."""
        return b"".join(self._parts)


JOBS: dict[str, Callable[[dict[str, Any], bytes, ox.Store], bytes]] = {"parse": parse, "patch": patch, "query": query}


def warm(store: ox.Store) -> None:
    """Do a little of everything, so that no job needs to import or open anything: it could not."""
    limits: dict[str, Any] = {"triples": 10, "depth": 10, "literal_bytes": 100, "iri_bytes": 100}
    for kind in FORMATS:
        for blob in (b"", b"\xff <", b"<a>"):
            _ignore(
                parse, {"format": kind, "name": "n", "source": "s", "scope": "s", "graph": "urn:g", "base": None, **limits}, blob, store
            )
    for kind, text in (("update", "INSERT DATA { <urn:a> <urn:b> _:c }"), ("rows", "A <urn:a> <urn:b> <urn:c> .")):
        head = {"format": kind, "name": "n", "source": "s", "scope": "s", "graph": "urn:g", "base": None, **limits}
        _ignore(patch, head, text.encode(), store)
        _ignore(patch, head, b"CLEAR", store)
    base = {"base": None, "default": None, "named": None, "union": True, "answer": 10_000, "removed": 0}
    for form, text in (
        ("json", "SELECT * {?s ?p ?o}"),
        ("csv", "ASK {}"),
        ("turtle", "CONSTRUCT WHERE {?s ?p ?o}"),
        ("json", "SELECT"),
        ("xml", "ASK {}"),
    ):
        _ignore(query, {**base, "query": text, "format": form}, b"", store)
    np.cumsum(np.zeros(1, dtype=np.int8)).max(initial=0)


def _ignore(job: Callable[[dict[str, Any], bytes, ox.Store], bytes], header: dict[str, Any], blob: bytes, store: ox.Store) -> None:
    with suppress(Told):
        job(header, blob, store)
