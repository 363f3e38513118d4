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
from typing import Any

import pyoxigraph as ox

from adapters.rdf.sparql_text import NotTaken, data_operations
from ontology.errors import RdfError
from ontology.rdf import read_stream
from ontology.rdf_errors import refusal
from ontology.sources import source_graph
from ontology.terms import XSD, KeyQuad, QuadBlock, is_blank

LABEL = r"b[0-9a-f]{14}n\d+"
_OURS = re.compile(f"_:{LABEL}").fullmatch
_SKOLEM = re.compile(rf"[a-z]+:(?://[^/]*)?/\.well-known/genid/({LABEL})").fullmatch
_ROW = re.compile(
    r"""\s*(?: (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
             | (?P<blank>_:[\w.\-\u00b7]*[\w\-\u00b7])
             | (?P<text>"(?:[^"\\\n\r]|\\.)*"(?:@[A-Za-z]+(?:-[A-Za-z0-9]+)*|\^\^(?:<[^<>"{}|^`\\\x00-\x20]*>|[\w.\-]*:[\w.\-:]*))?)
             | (?P<number>[+-]?\d+(?:\.\d+)?(?=\s|$)|(?:true|false)(?=\s|$))
             | (?P<name>[\w.\-]*:[\w\-:.%]*[\w\-:%]|[\w.\-]*:) )""",
    re.VERBOSE,
)


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
    operations = data_operations(text, header["depth"])
    base = f"BASE <{header['base']}>\n" if header["base"] else ""
    try:
        ox.Store().update(base + text)  # on a store of its own, for its grammar: nothing else than DATA operations has come so far
    except SyntaxError as error:
        raise refusal(header["name"], "SPARQL update", error) from error
    except ValueError as error:
        raise NotTaken(str(error)) from error
    for number, operation in enumerate(operations):
        block = _block(base + operation.trig, "trig", header, f"{scope}/{number}")
        for quad in block:
            yield operation.deletes, quad


def _of_rows(text: str, header: dict[str, Any], scope: str) -> Iterator[tuple[bool, KeyQuad]]:
    prefixes: dict[str, str] = {}
    rows: dict[str, bool] = {}
    for number, line in enumerate(text.splitlines(), 1):
        verb, _, rest = line.strip().partition(" ")
        body = rest.strip().removesuffix(".").rstrip()
        if verb in ("", "H", "TX", "TC") or verb.startswith("#"):
            continue
        if verb == "PA":
            name, _, iri = body.partition(" ")
            prefixes[name.strip('":')] = iri.strip().strip("<>")
        elif verb == "PD":
            prefixes.pop(body.strip('":'), None)
        elif verb in ("A", "D"):
            row = _nquads(body, prefixes, header["name"], number)
            if verb == "D":
                _names_nodes(row)
            rows.pop(row, None)
            rows[row] = verb == "D"
        else:
            raise RdfError(header["name"], number, 1, f"a row begins with {verb[:20]!r}", "rows begin with H, TX, TC, PA, PD, A or D")
    for deletes in (True, False):
        block = _block("\n".join(row for row, of in rows.items() if of is deletes), "nquads", header, scope)
        for quad in block:
            yield deletes, quad


def _names_nodes(row: str) -> None:
    """See that a row to remove names its blank nodes as we do: another label would be a new node, which is nowhere."""
    strange = next((term for term in row.split(" ") if is_blank(term) and _OURS(term) is None), None)
    if strange is not None:
        raise NotTaken(f"{strange} is to be removed and names no node of the graph: write its label as GET shows it")


def _nquads(body: str, prefixes: dict[str, str], name: str, line: int) -> str:
    """One row as a line of N-Quads."""
    terms, at = [], 0
    while at < len(body):
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
    if match.lastgroup == "iri" and text.startswith("<_:"):
        return text[1:-1]
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


def _named(key: str) -> str:
    skolem = _SKOLEM(key)
    return f"_:{skolem[1]}" if skolem else key
