"""How deep a document nests, seen before a parser that would not bear it: parsers of RDF end the whole process some thousand levels down.

Cost: one pass, some 100 MB a second for Turtle and JSON; next to nothing for N-Triples. Memory: some megabytes, or the longest text, or the
longest line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

import numpy as np

from ontology.errors import TooDeep
from ontology.rdf_xml import check_xml

_JSON = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_TURTLE = re.compile(
    rb'"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+(?:"""|\\?\Z)|'
    rb"'''[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+(?:'''|\\?\Z)|"
    rb'"[^"\\\n\r]*+(?:\\.[^"\\\n\r]*+)*+(?:"|(?=[\n\r])|\\?\Z)|'
    rb"'[^'\\\n\r]*+(?:\\.[^'\\\n\r]*+)*+(?:'|(?=[\n\r])|\\?\Z)|"
    rb"<[^<>\"{}|^`\x00-\x20]*+>|#[^\n\r]*+|\\[_~.\-!$&'()*+,;=/?#@%]",
    re.DOTALL,
)
"""Texts, IRIs, comments and a name's characters behind a backslash, which do not count. A text that does not end is taken to its end: no
part is looked at twice."""
_STEP = np.zeros(256, dtype=np.int8)
_STEP[[ord(c) for c in "[({<"]] = 1
_STEP[[ord(c) for c in "])}>"]] = -1


_PIECE = 1 << 20
_END = b"\0"


def check_depth(name: str, document: BinaryIO, kind: str, most: int) -> None:
    """See that a document of the format nests at most so deep: brackets outside of texts, or elements; one that is broken is measured, too.
    The document, which can be read twice, is at its beginning again. Raises `TooDeep`; `RdfError` for what is no XML."""
    begin = document.tell()
    if kind == "rdfxml":
        found = _elements(name, document.read())
    elif kind in ("ntriples", "nquads"):
        found = max((_deepest(0, _TURTLE.sub(b"", line))[0] for line in document if b"<<" in line), default=0)
    else:
        found = _brackets(document, _JSON if kind == "jsonld" else _TURTLE)
    document.seek(begin)
    if found > most:
        raise TooDeep(name, 0, 0, f"nesting {found:,} deep, where {most:,} is the most", "give inner nodes names of their own")


def _brackets(document: BinaryIO, beside: re.Pattern[bytes]) -> int:
    now = deepest = 0
    for bare in _bare(document, beside):
        high, now = _deepest(now, bare)
        deepest = max(deepest, high)
    return deepest


def _bare(document: BinaryIO, beside: re.Pattern[bytes]) -> Iterator[bytes]:
    """The document piece by piece without what does not count. A piece ends with a line, where only a text can go on."""
    rest = b""
    while data := document.read(max(_PIECE, len(rest))):
        whole, line_end, begun = (rest + data).rpartition(b"\n")
        bare = beside.sub(b"", whole + line_end + _END)
        if bare.endswith(_END):
            yield bare
            rest = begun
        else:  # a text took the end for its own
            rest += data
    yield beside.sub(b"", rest)


def _deepest(now: int, bare: bytes) -> tuple[int, int]:
    """The deepest level from level `now` on, and the last one."""
    steps = _STEP[np.frombuffer(bare, dtype=np.uint8)]
    levels = now + np.cumsum(steps[steps != 0], dtype=np.int32)
    return int(levels.max(initial=now)), int(levels[-1]) if len(levels) else now


def _elements(name: str, data: bytes) -> int:
    parser = expat.ParserCreate()
    now = deepest = 0

    def start(_name: str, _attributes: object) -> None:
        nonlocal now, deepest
        now += 1
        deepest = max(deepest, now)

    def end(_name: str) -> None:
        nonlocal now
        now -= 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    check_xml(name, data, parser)
    return deepest
