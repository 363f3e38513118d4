"""Language tags in the case in which they were written, through a parser and a serialiser that know them in lower case only.

RDF 1.1 (3.3) compares tags without regard to case and lets a tool write them in lower case; people write `@en-US` and want that back.
A tag with capitals goes through with a private-use part (BCP 47, 2.2.7) that says which letters they are, and loses it behind.

Rules of this file:

1. Nothing but tags is touched: strings, names and comments of the document are stepped over as the syntax has them.
2. A document without such a tag is not copied.
3. The mark is drawn anew in each process, so that no document can hold it.
"""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Sequence
from typing import BinaryIO
from xml.parsers import expat

MARK = "r" + secrets.token_hex(3)
_CHUNK = 1 << 20
_OVERLAP = 256
_CAPITAL = {  # each begins with fixed bytes, which are looked for ten times faster
    "turtle": (re.compile(rb'"@[a-zA-Z0-9-]*?[A-Z]'), re.compile(rb"'@[a-zA-Z0-9-]*?[A-Z]")),
    "jsonld": (re.compile(rb'"@language"\s*+:\s*+"[a-zA-Z0-9-]*?[A-Z]'),),
    "rdfxml": (re.compile(rb"""xml:lang\s*+=\s*+["'][a-zA-Z0-9-]*?[A-Z]"""),),
}
_TURTLE = re.compile(  # what must be stepped over: strings, with their tag where they have one; IRIs, comments, escapes in short names
    rb'(?:"""[^"\\]*+(?:(?:\\.|"{1,2}(?!"))[^"\\]*+)*+"""'
    rb"|'''[^'\\]*+(?:(?:\\.|'{1,2}(?!'))[^'\\]*+)*+'''"
    rb'|"[^"\\\n\r]*+(?:\\.[^"\\\n\r]*+)*+"'
    rb"|'[^'\\\n\r]*+(?:\\.[^'\\\n\r]*+)*+')(?P<tag>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)?"
    rb'|<[^<>"\s]*+>|#[^\n\r]*+|\\.',
    re.DOTALL,
)
_JSON = re.compile(rb'("@language"\s*+:\s*+")([A-Za-z]++(?:-[A-Za-z0-9]++)*+)(?=")')  # inside a string its quotation marks are escaped
_XML = re.compile(rb"""(\sxml:lang\s*+=\s*+["'])([A-Za-z]++(?:-[A-Za-z0-9]++)*+)""")
_TAG_LONGEST = 256
_AT_END = re.compile(r"[A-Za-z0-9-]*$")
_DIGITS = re.compile(r"[0-9a-f]+(?:-[0-9a-f]+)*")


def marked(stream: BinaryIO, kind: str) -> BinaryIO:
    """The document in the syntax `kind` with the capitals of its tags marked; the stream itself, at its beginning, when it has none (or
    cannot be read twice)."""
    family = kind if kind in {"jsonld", "rdfxml"} else "turtle"
    if not stream.seekable():
        return stream
    begin = stream.tell()
    found = _has_capital(stream, _CAPITAL[family])
    stream.seek(begin)
    if not found:
        return stream
    data = stream.read()
    stream.seek(begin)
    if family == "turtle":
        return io.BytesIO(_TURTLE.sub(_of_turtle, data))
    return io.BytesIO(_JSON.sub(_of_pair, data) if family == "jsonld" else _of_xml(data))


def _has_capital(stream: BinaryIO, capitals: Sequence[re.Pattern[bytes]]) -> bool:
    rest = b""
    while piece := stream.read(_CHUNK):
        if any(capital.search(rest + piece) for capital in capitals):
            return True
        rest = piece[-_OVERLAP:]
    return False


def _of_turtle(match: re.Match[bytes]) -> bytes:
    tag = match["tag"]
    if tag is None or tag.islower():
        return match[0]
    return match[0][: -len(tag)] + b"@" + mark(tag[1:].decode()).encode()


def _of_pair(match: re.Match[bytes]) -> bytes:
    return match[1] + mark(match[2].decode()).encode()


def _of_xml(data: bytes) -> bytes:
    """Only start tags are looked into; where the XML is broken, the parser of RDF will say so."""
    places: list[int] = []
    parser = expat.ParserCreate()

    def start(_name: str, attributes: dict[str, str]) -> None:
        if not attributes.get("xml:lang", "").islower() and "xml:lang" in attributes:
            places.append(parser.CurrentByteIndex)

    parser.StartElementHandler = start
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        return data
    parts, done = [], 0
    for place in places:
        parts += [data[done:place], _XML.sub(_of_pair, data[place : (end := data.find(b">", place) + 1)], count=1)]
        done = end
    return b"".join([*parts, data[done:]])


def mark(tag: str) -> str:
    """The tag in lower case with its capitals marked; a tag without capitals as it is."""
    capitals = sum(1 << at for at, letter in enumerate(tag) if letter.isupper())
    if not capitals:
        return tag
    digits = f"{capitals:x}"
    groups = "-".join(digits[at : at + 8] for at in range(0, len(digits), 8))
    private = "" if re.search(r"(?:^|-)x-", tag, re.IGNORECASE) else "-x"
    return f"{tag.lower()}{private}-{MARK}-{groups}"


def unmarked(text: str) -> str:
    """The text with every marked tag in it as it was written. Cost: linear in the text."""
    if MARK not in text:
        return text
    before, *others = text.split(f"-{MARK}-")
    parts = []
    for other in others:
        tag, digits = _AT_END.search(before, max(len(before) - _TAG_LONGEST, 0)), _DIGITS.match(other)
        assert tag is not None and digits is not None  # noqa: S101, PT018 - the mark stands between a tag and its digits; nobody else knows it
        parts += [before[: tag.start()], _capitals(tag[0].removesuffix("-x"), digits[0])]
        before = other[digits.end() :]
    return "".join([*parts, before])


def _capitals(tag: str, digits: str) -> str:
    capitals = int(digits.replace("-", ""), 16)
    return "".join(letter.upper() if capitals >> at & 1 else letter for at, letter in enumerate(tag))
