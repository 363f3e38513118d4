"""Quads to text: Turtle, TriG, N-Triples and N-Quads by columns, straight from term keys; JSON-LD and RDF/XML by pyoxigraph.

Rules of this file:

1. Equal quads give equal bytes: by graph, subject, predicate (`a` first), object, each in order of keys, blank nodes last;
   each quad once.
2. What is written reads back as the same dataset: a term that RDF does not allow is refused, not repaired.
3. A prefixed name is written only where it is certainly legal; a prefix is declared only where it is used.
4. Each distinct term of a piece is made text once; memory is the order of the distinct terms and some 24 bytes a quad.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import eq
from typing import BinaryIO

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from ontology.namespaces import PREFIXES, RDF
from ontology.rdf_tags import mark, unmarked
from ontology.terms import XSD, QuadBlock, iri_node, is_blank, is_literal, term_of

Text = Callable[[str], str]
"""How a term's key is written in a syntax."""
_Columns = NDArray[np.int64]

_TYPE = RDF + "type"
_PIECE = 1 << 17
"""Quads that are made text at a time."""
_OWN_TERMS_MIN = 3
"""Distinct terms in a namespace without a known prefix from which on it is given one."""
_OWN_MAX = 40
"""Prefixes that are given at most, so that a file does not begin with a page of them."""

_SAFE_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?").fullmatch  # Turtle's PN_LOCAL in ASCII, without its escapes
_SAFE_LABEL = re.compile(r"_:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?").fullmatch
_XML_LABEL = re.compile(r"_:[A-Za-z_][A-Za-z0-9_.-]*").fullmatch  # the ASCII part of XML's NCName
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]").search  # all but XML 1.0's Char
_TAG = re.compile(r"[A-Za-z]+(?:-[A-Za-z0-9]+)*").fullmatch
_TO_ESCAPE = re.compile(r'["\\\n\r]').search
_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_BARE: Mapping[
    str, Callable[[str, int, int], object]
] = {  # Turtle (2.5.2, 2.5.3): written without quotation marks, in the very form it has
    XSD + "integer": re.compile(r"[+-]?[0-9]+").fullmatch,
    XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+").fullmatch,
    XSD + "double": re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+").fullmatch,
    XSD + "boolean": re.compile(r"true|false").fullmatch,
}


def write_block(block: QuadBlock, kind: str, out: BinaryIO, default_graph: str | None = None) -> None:
    """Write the quads in the syntax `kind`, sorted. Turtle, N-Triples and RDF/XML merge all graphs; the others keep them, with
    `default_graph` (an IRI) written as the default graph. Raises `ValueError` for a term that RDF does not allow.

    Cost: one sort of the distinct terms, one of the quads (both in memory); about a second for a million quads.
    """
    merges = kind in {"turtle", "ntriples", "rdfxml"}
    keys, rows = _sorted(block, default_graph, merges)
    if kind in {"ntriples", "nquads"}:
        for piece in _pieces(rows):
            out.write(_lines(keys, piece, kind == "nquads").encode())
    elif kind in {"turtle", "trig"}:
        _write_grouped(keys, rows, out)
    else:
        _write_by_pyoxigraph(keys, rows, kind, out)


def _sorted(block: QuadBlock, default_graph: str | None, merges: bool) -> tuple[Sequence[str], _Columns]:
    """The used terms in their order, "" for the default graph before them all; and the quads over them, shape (4, n): graph, subject,
    predicate, object, sorted, each once."""
    terms, columns = block.terms, block.quads.T
    seen = np.zeros(len(terms), dtype=bool)
    for column in columns[:3] if merges else columns:
        seen[column] = True
    numbers = sorted(np.flatnonzero(seen).tolist(), key=terms.__getitem__)
    keys = [terms[number] for number in numbers]
    if any(map(eq, keys, keys[1:])):  # one term under two numbers
        return _sorted(QuadBlock.of(block), default_graph, merges)
    low, high = bisect_left(keys, "_:"), bisect_left(keys, "_;")
    numbers = numbers[:low] + numbers[high:] + numbers[low:high]
    keys = ["", *keys[:low], *keys[high:], *keys[low:high]]
    rank = np.zeros(len(terms), dtype=np.int64)
    rank[numbers] = np.arange(1, len(keys))
    s, p, o = (rank[column] for column in columns[:3])
    g = np.zeros_like(s) if merges else rank[columns[3]]
    if not merges and default_graph in keys:
        g[g == keys.index(default_graph)] = 0
    graphs, g = _numbered(g, len(keys))
    predicates, p = _numbered(p, len(keys))
    first = next((at for at, number in enumerate(predicates.tolist()) if keys[number] == _TYPE), None)
    if first is not None:
        predicates = np.concatenate((predicates[first : first + 1], np.delete(predicates, first)))
        p = np.where(p == first, 0, p + (p < first))
    g, s, p, o = _in_order(g, s, p, o)
    return keys, np.stack((graphs[g], s, predicates[p], o))


def _numbered(column: _Columns, size: int) -> tuple[_Columns, _Columns]:
    """The distinct values of a column, ascending, and each value's place among them; all values are below `size`. Without a sort."""
    seen = np.zeros(size, dtype=bool)
    seen[column] = True
    distinct = np.flatnonzero(seen)
    place = np.empty(size, dtype=np.int64)
    place[distinct] = np.arange(len(distinct))
    return distinct, place[column]


def _in_order(*columns: _Columns) -> list[_Columns]:
    """Sort by the first column, then the next; drop what repeats. Packed into one number where 63 bits hold it, which sorts far faster."""
    bits = [int(column.max(initial=0)).bit_length() for column in columns]
    if sum(bits) > 63:
        order = np.lexsort(columns[::-1])
        rows = np.stack(columns)[:, order]
        keep = np.ones(rows.shape[1], dtype=bool)
        keep[1:] = (rows[:, 1:] != rows[:, :-1]).any(axis=0)
        return list(rows[:, keep])
    packed = np.zeros(len(columns[0]), dtype=np.int64)
    for column, size in zip(columns, bits, strict=True):
        packed <<= size
        packed |= column
    packed.sort()
    if len(packed) > 1:
        packed = packed[np.concatenate(([True], packed[1:] != packed[:-1]))]
    parted = []
    for size in reversed(bits):
        parted.append(packed & ((1 << size) - 1))
        packed = packed >> size
    return parted[::-1]


def _pieces(rows: _Columns) -> Iterator[_Columns]:
    for at in range(0, rows.shape[1], _PIECE):
        yield rows[:, at : at + _PIECE]


def _texts(keys: Sequence[str], column: _Columns, text: Text) -> NDArray[np.object_]:
    """The text of each term of a column; a term that occurs more than once is made text once."""
    distinct, place = _numbered(column, len(keys))
    made = np.empty(len(distinct), dtype=object)
    made[:] = [text(keys[number]) for number in distinct.tolist()]
    return made[place]


# -- N-Triples and N-Quads --------------------------------------------------------------------------------------------------------------


def _lines(keys: Sequence[str], piece: _Columns, graphs: bool) -> str:
    ends = _texts(keys, piece[0], lambda key: f" {plain(key)} .\n" if key and graphs else " .\n")
    nodes = _texts(keys, piece[[1, 3]].reshape(-1), plain).reshape(2, -1)
    predicates = _texts(keys, piece[2], lambda key: f" {plain(key)} ")
    return "".join(np.stack((nodes[0], predicates, nodes[1], ends), axis=1).reshape(-1).tolist())


def plain(key: str) -> str:
    """A term as N-Triples has it; every syntax of the Turtle family reads it. Raises `ValueError` for one that RDF does not allow."""
    if is_literal(key):
        return _literal(key, plain)
    if is_blank(key):
        return key if _SAFE_LABEL(key) else str(ox.BlankNode(key[2:]))
    try:
        return str(iri_node(key))
    except ValueError as error:
        raise ValueError(f"{key!r} is no IRI ({error}): write it in full, other characters by their per cent codes") from error


def _literal(key: str, iri: Text) -> str:
    end = key.rindex('"')
    text = key[: end + 1] if _TO_ESCAPE(key, 1, end) is None else f'"{key[1:end].translate(_ESCAPES)}"'
    suffix = key[end + 1 :]
    if not suffix:
        return text
    if suffix[:1] == "^":
        return f"{text}^^{iri(suffix[2:])}"
    if not _TAG(suffix, 1):
        raise ValueError(f"{suffix!r} is no language tag: write one after BCP 47, such as @en or @de-AT")
    return text + suffix


# -- Turtle and TriG --------------------------------------------------------------------------------------------------------------------


def _write_grouped(keys: Sequence[str], rows: _Columns, out: BinaryIO) -> None:
    """Subjects with their predicates on lines of their own; each named graph in its braces."""
    prefixes = _prefixes(keys, rows)
    text = _named(prefixes)
    if prefixes:
        out.write("".join(f"@prefix {prefix}: <{namespace}> .\n" for namespace, prefix in prefixes.items()).encode() + b"\n")
    starts = np.flatnonzero(np.diff(rows[0], prepend=-1)).tolist()
    for at, start in enumerate(starts):
        stop = starts[at + 1] if at + 1 < len(starts) else rows.shape[1]
        graph = keys[int(rows[0, start])]
        gap, margin = ("\n" if at else ""), ("    " if graph else "")
        out.write((f"{gap}{text(graph)} {{\n" if graph else gap).encode())
        _write_graph(keys, rows[1:, start:stop], text, margin, out)
        out.write(b"}\n" if graph else b"")


def _write_graph(keys: Sequence[str], rows: _Columns, text: Text, margin: str, out: BinaryIO) -> None:
    before = np.full((2, 1), -1, dtype=np.int64)
    for piece in _pieces(rows):
        new = np.concatenate((before, piece[:2, :-1]), axis=1) != piece[:2]
        of_subject, of_predicate = new[0], new[0] | new[1]
        subjects = piece[0, of_subject]
        texts = _texts(keys, np.concatenate((subjects, piece[2])), text)
        second = np.arange(piece.shape[1]) * 2 + np.cumsum(of_subject) * 2 + 1  # a row is what leads to its object, and that; where a
        first = second[of_subject] - 3  # subject begins, the end of the one before and the subject stand before
        parts = np.empty(2 * (len(subjects) + piece.shape[1]), dtype=object)
        parts[first], parts[first + 1] = " .\n\n" + margin, texts[: len(subjects)]
        parts[second - 1] = f" ,\n{margin}        "
        parts[second[of_predicate] - 1] = _texts(keys, piece[1, of_predicate], lambda key: f" ;\n{margin}    {_verb(key, text)} ")
        parts[first + 2] = _texts(keys, piece[1, of_subject], lambda key: f" {_verb(key, text)} ")
        parts[second] = texts[len(subjects) :]
        if before[0, 0] < 0:
            parts[0] = margin
        before = piece[:2, -1:]
        out.write("".join(parts.tolist()).encode())
    out.write(b" .\n")


def _verb(key: str, text: Text) -> str:
    return "a" if key == _TYPE else text(key)


def _named(prefixes: Mapping[str, str]) -> Text:
    """Terms by the given prefixes (by namespace) where that is certainly legal."""

    def text(key: str) -> str:
        if key[0] == '"':
            if key[-1] != '"':
                end = key.rindex('"')
                bare = _BARE.get(key[end + 3 :])
                if bare is not None and bare(key, 1, end):
                    return key[1:end]
            return _literal(key, text)
        cut = (key.rfind("#") + 1) or (key.rfind("/") + 1) or (key.rfind(":") + 1)
        prefix = prefixes.get(key[:cut])
        return f"{prefix}:{key[cut:]}" if prefix is not None and _SAFE_LOCAL(key[cut:]) else plain(key)

    return text


def _prefixes(keys: Sequence[str], rows: _Columns) -> dict[str, str]:
    """The prefixes that the terms need, by namespace, in order of prefixes: the known ones, and for other namespaces with several terms one
    after their last word."""
    counts: dict[str, int] = {}
    needed: set[str] = set()
    as_a = _TYPE if _TYPE in keys and not (rows[[0, 1, 3]] == keys.index(_TYPE)).any() else None
    for iri in _written_iris(keys):
        cut = (iri.rfind("#") + 1) or (iri.rfind("/") + 1) or (iri.rfind(":") + 1)
        namespace = iri[:cut]
        counts[namespace] = counts.get(namespace, 0) + 1
        if namespace not in needed and iri != as_a and _SAFE_LOCAL(iri[cut:]):
            needed.add(namespace)
    known = {namespace: prefix for prefix, namespace in PREFIXES.items() if namespace in needed}
    others = sorted((-counts[ns], ns) for ns in needed if counts[ns] >= _OWN_TERMS_MIN and ns not in known and _is_iri(ns))
    taken = set(PREFIXES)
    for namespace, word in [(ns, word) for _, ns in others if (word := _last_word(ns))][:_OWN_MAX]:
        known[namespace] = next(name for n in range(1, len(taken) + 2) if (name := word if n == 1 else f"{word}{n}") not in taken)
        taken.add(known[namespace])
    return dict(sorted(known.items(), key=lambda pair: pair[1]))


def _written_iris(keys: Sequence[str]) -> list[str]:
    """The terms that are IRIs, and the datatypes that are written out."""
    found = [key for key in keys if key[:1] not in {'"', ""} and key[:2] != "_:"]
    typed = [key for key in keys if key[:1] == '"' and key[-1:] != '"']
    for key in typed:
        end = key.rindex('"')
        if key[end + 1] == "^" and not ((bare := _BARE.get(key[end + 3 :])) and bare(key, 1, end)):
            found.append(key[end + 3 :])
    return found


def _is_iri(text: str) -> bool:
    try:
        plain(text)
    except ValueError:
        return False
    return True


def _last_word(namespace: str) -> str:
    """The last word of a namespace that can be a prefix; nothing where there is none."""
    words = [word for word in re.split(r"[^a-z0-9]+", namespace.partition(":")[2].lower()) if word[:1].isalpha()]
    return words[-1] if words else ""


# -- JSON-LD and RDF/XML ----------------------------------------------------------------------------------------------------------------


def _write_by_pyoxigraph(keys: Sequence[str], rows: _Columns, kind: str, out: BinaryIO) -> None:
    """Through pyoxigraph's terms, made once for each key."""
    made: dict[int, object] = {}

    def term(number: int) -> object:
        found = made.get(number)
        if found is None:
            key = keys[number]
            plain(key)
            found = made[number] = term_of(_with_mark(_for_xml(key) if kind == "rdfxml" else key))
        return found

    quads = (
        ox.Quad(term(s), term(p), term(o), term(g) if g else ox.DefaultGraph())  # type: ignore[arg-type] # a key in a subject's place stands for a subject
        for piece in _pieces(rows)
        for g, s, p, o in piece.T.tolist()
    )
    prefixes = {prefix: namespace for namespace, prefix in _prefixes(keys, rows).items()}
    capitals = any(key[:1] == '"' and _with_mark(key) != key for key in keys)
    text = io.BytesIO() if capitals else out
    if kind == "rdfxml":
        ox.serialize((quad.triple for quad in quads), text, ox.RdfFormat.RDF_XML, prefixes=prefixes)
    else:
        ox.serialize(quads, text, ox.RdfFormat.JSON_LD, prefixes=prefixes)
    if isinstance(text, io.BytesIO) and capitals:
        out.write(unmarked(text.getvalue().decode()).encode())


def _with_mark(key: str) -> str:
    """The key with the capitals of its language tag marked, as pyoxigraph's terms are in lower case."""
    at = key.rfind('"') + 1
    return f"{key[:at]}@{mark(key[at + 1 :])}" if key[at : at + 1] == "@" and at > 1 else key


def _for_xml(key: str) -> str:
    """The key of the same term in RDF/XML, where a blank node's label is an XML name, and a text holds no control characters."""
    if is_blank(key):
        return key if _XML_LABEL(key) else f"_:x{key[2:].encode().hex()}"
    if is_literal(key) and (found := _NOT_XML(key)) is not None:
        raise ValueError(f"a text holds the character U+{ord(found[0]):04X}, which no XML may hold: export in another syntax")
    return key
