"""Patches of a graph: SPARQL Update with DATA operations only, and RDF Patch, read as quads to add and quads to remove.

Rules of this file:

1. A quad that a patch names twice is what its last word on it says.
2. A blank node is named by its label as every answer of ours shows it (`_:b…n0`), or by the Skolem IRI `/.well-known/genid/` + that
   label (RDF 1.1 Concepts, 3.5), which DELETE DATA needs, as it takes no blank node. Any other label is a new node, the same one for the
   same patch.
3. What stands in no graph belongs to the graph that the request names.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from adapters.rdf.sandbox.sparql_errors import complaint
from adapters.rdf.sparql_text import NotTaken, data_update
from ontology.errors import RdfError
from ontology.rdf import read_stream
from ontology.rdf_errors import refusal
from ontology.sources import source_graph
from ontology.terms import XSD, KeyQuad, QuadBlock, is_blank

LABEL = r"b[0-9a-f]{14}n\d+"
_OURS = re.compile(f"_:{LABEL}").fullmatch
_SKOLEM = re.compile(rf"[a-z]+:(?://[^/]*)?/\.well-known/genid/({LABEL})").fullmatch
_ROW = re.compile(
    r"""[ \t]*(?: (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
             | (?P<blank>_:[\w.\-\u00b7]*[\w\-\u00b7])
             | (?P<text>"(?:[^"\\\n\r]|\\.)*"(?:@[A-Za-z]+(?:-[A-Za-z0-9]+)*|\^\^(?:<[^<>"{}|^`\\\x00-\x20]*>|[\w.\-]*:[\w.\-:]*))?)
             | (?P<number>(?:[+-]?[0-9]+(?:\.[0-9]+)?|true|false)(?=[ \t.\#]|$))
             | (?P<name>[\w.\-]*:[\w\-:.%]*[\w\-:%]|[\w.\-]*:) )""",
    re.VERBOSE,
)
_VERB = re.compile(r"[ \t]*([^ \t\r]*)[ \t]*(.*?)[ \t\r]*\Z", re.DOTALL)
_END = re.compile(r"[ \t]*\.?[ \t]*(?:#.*)?", re.DOTALL)
_PREFIX = re.compile(r'"?(?P<name>[\w.\-]*):?"?(?:[ \t]+(?:<(?P<iri>[^<>]*)>|"(?P<quoted>[^<>"]*)"))?[ \t]*\.?[ \t]*(?:#.*)?\Z')


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that adds or removes: its line, and its quad as N-Quads."""

    line: int
    deletes: bool
    nquads: str


def read_patch(text: str, header: dict[str, Any]) -> tuple[QuadBlock, QuadBlock]:
    """What a patch adds and removes. Header: format (`update` or `rows`), name, source, scope, graph, base, depth.
    Raises `NotTaken`, `RdfError`."""
    scope = f"{header['scope']}#{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"
    said: dict[KeyQuad, bool] = {}
    words = _of_update(text, header, scope) if header["format"] == "update" else _of_rows(text, header, scope)
    for deletes, quad in words:
        said.pop(quad, None)
        said[quad] = deletes
    return QuadBlock.of(q for q, deletes in said.items() if not deletes), QuadBlock.of(q for q, deletes in said.items() if deletes)


def _of_update(text: str, header: dict[str, Any], scope: str) -> Iterator[tuple[bool, KeyQuad]]:
    update = data_update(text, header["depth"])
    base = f"BASE <{header['base']}>\n" if header["base"] else ""
    try:
        for alone in update.texts:  # on a store of its own, for its grammar: nothing else than DATA operations has come so far
            ox.Store().update(alone, base_iri=header["base"])
    except SyntaxError as error:
        raise complaint(header["name"], text, error) from error
    except ValueError as error:
        raise NotTaken(str(error)) from error
    for number, operation in enumerate(update.operations):
        block = _block(base + operation.trig, "trig", header, f"{scope}/{number}")
        for quad in block:
            yield operation.deletes, quad


def _of_rows(text: str, header: dict[str, Any], scope: str) -> Iterator[tuple[bool, KeyQuad]]:
    said: dict[tuple[object, ...], _Row] = {}
    own = source_graph(header["source"])
    rows = _rows(text, header["name"])
    try:
        for quad, row in zip(ox.parse("\n".join(row.nquads for row in rows), format=ox.RdfFormat.N_QUADS), rows, strict=True):
            graph = own if isinstance(quad.graph_name, ox.DefaultGraph) else str(quad.graph_name)[1:-1]
            said[quad.subject, quad.predicate, quad.object, header["graph"] or own if graph == own else graph] = row
    except SyntaxError as error:
        told = refusal(header["name"], "row", error)
        raise RdfError(told.file, rows[max(told.line, 1) - 1].line, 0, told.reason, told.remedy) from error
    for deletes in (True, False):
        block = _block("\n".join(row.nquads for row in said.values() if row.deletes is deletes), "nquads", header, scope)
        for key_quad in block:
            yield deletes, key_quad


def _rows(text: str, name: str) -> list[_Row]:
    """The rows that add or remove, but for those of transactions that were aborted. A transaction without an end was cut off."""
    prefixes: dict[str, str] = {}
    rows: list[_Row] = []
    begun = opened = 0
    for number, line in enumerate(text.split("\n"), 1):
        verb, body = _VERB.match(line).groups()  # type: ignore[union-attr]  # it matches everything
        if verb in ("A", "D"):
            row = _nquads(body, prefixes, name, number)
            if verb == "D":
                _names_nodes(row)
            rows.append(_Row(number, verb == "D", row))
        elif verb in ("PA", "PD"):
            match = _PREFIX.match(body)
            iri = match and (match["iri"] or match["quoted"])
            if match is None or (verb == "PA" and iri is None):
                raise RdfError(name, number, 1, f"{body[:40]!r} declares no prefix", f"write {verb} name: <IRI> .")
            prefixes.pop(match["name"], None)
            if iri is not None:
                prefixes[match["name"]] = iri
        elif verb in ("TX", "TC", "TA"):
            if verb == "TX" and opened:
                raise RdfError(name, number, 1, f"a transaction begins within that of line {opened}", "end that one with TC or TA")
            if verb == "TA":
                del rows[begun:]
            begun, opened = len(rows), number if verb == "TX" else 0
        elif verb not in ("", "H") and not verb.startswith("#"):
            raise RdfError(name, number, 1, f"a row begins with {verb[:20]!r}", "rows begin with H, TX, TC, TA, PA, PD, A or D")
    if opened:
        raise RdfError(name, opened, 1, "the transaction that begins here has no end", "send all of the patch: it ends with TC, or with TA")
    return rows


def _names_nodes(row: str) -> None:
    """See that a row to remove names its blank nodes as we do: another label would be a new node, which is nowhere."""
    strange = next((term for term in row.split(" ") if is_blank(term) and _OURS(term) is None), None)
    if strange is not None:
        raise NotTaken(f"{strange} is to be removed and names no node of the graph: write its label as GET shows it")


def _nquads(body: str, prefixes: dict[str, str], name: str, line: int) -> str:
    """One row as a line of N-Quads."""
    terms, at = [], 0
    while _END.fullmatch(body, at) is None:
        match = _ROW.match(body, at)
        if match is None:
            raise RdfError(name, line, at + 3, f"{body[at : at + 40]!r} is no term", "write <IRI>, prefix:name, _:label or a literal")
        terms.append(_term(match, prefixes, name, line))
        at = match.end()
    if len(terms) not in (3, 4):
        raise RdfError(name, line, 1, f"a row of {len(terms)} terms", "a row has subject, predicate, object and perhaps graph")
    return f"{' '.join(terms)} ."


def _term(match: re.Match[str], prefixes: dict[str, str], name: str, line: int) -> str:
    text = match[match.lastgroup or 0]
    if match.lastgroup == "iri":
        return text[1:-1] if text.startswith("<_:") else text if "/.well-known/" not in text else _said(_named(text[1:-1]))
    if match.lastgroup == "number":
        kind = "boolean" if text in ("true", "false") else "decimal" if "." in text else "integer"
        return f'"{text}"^^<{XSD}{kind}>'
    if match.lastgroup == "name":
        return _expanded(text, prefixes, name, line)
    if match.lastgroup == "text" and not text.endswith((">", '"')) and text.rpartition('"')[2].startswith("^^"):
        head, _, datatype = text.rpartition("^^")
        return f"{head}^^{_expanded(datatype, prefixes, name, line)}"
    return text


def _expanded(text: str, prefixes: dict[str, str], name: str, line: int) -> str:
    prefix, _, local = text.partition(":")
    if prefix not in prefixes:
        raise RdfError(name, line, 1, f"the prefix {prefix}: has not been declared", f"add a row `PA {prefix}: <…> .` before it")
    return f"<{prefixes[prefix]}{local}>"


def _block(text: str, kind: str, header: dict[str, Any], scope: str) -> QuadBlock:
    block = read_stream(io.BytesIO(text.encode()), name=header["name"], format=kind, source=header["source"], scope=scope)
    own = source_graph(header["source"])
    keys = [_named(header["graph"] if header["graph"] and key == own else key) for key in block.terms]
    return QuadBlock(keys, block.quads)


def _said(key: str) -> str:
    return key if is_blank(key) else f"<{key}>"


def _named(key: str) -> str:
    skolem = _SKOLEM(key)
    return f"_:{skolem[1]}" if skolem else key
