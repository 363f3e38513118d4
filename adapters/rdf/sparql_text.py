"""What can be told of a SPARQL text before anything is run: its form, what it must not ask for, how deep it nests, and its data operations.

Rules of this file:

1. The text is taken apart by the tokens of SPARQL 1.1 (19.8): a keyword inside a text, an IRI, a comment or a name is none.
2. Code point escapes may be undone before the parser reads (19.2) or not: both readings are looked at, and the stricter counts.
3. A text that does not end is taken to its end: the parser will refuse it, and no part of it is looked at twice.
4. This is the first fence only; what runs later can open no connection and no file whatever it was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

FORMS = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
UPDATES = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"})
TOKENS_MAX = 10_000
"""Words and signs of a query: they are looked through in the service itself, before it goes to the sandbox."""
_TOKEN = re.compile(
    r"""
      (?P<space>\s++|\#[^\n\r]*+)
    | (?P<iri><[^<>"{}|^`\x00-\x20]*+>)
    | (?P<text>\"{3}[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+(?:\"{3}|\\?\Z) | '{3}[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+(?:'{3}|\\?\Z)
             | "[^"\\\n\r]*+(?:\\.[^"\\\n\r]*+)*+(?:"|(?=[\n\r])|\\?\Z) | '[^'\\\n\r]*+(?:\\.[^'\\\n\r]*+)*+(?:'|(?=[\n\r])|\\?\Z))
    | (?P<variable>[?$]\w++)
    | (?P<tag>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)
    | (?P<blank>_:[\w.\-\u00b7]++)
    | (?P<word>[^\W\d_][\w.\-\u00b7]*+(?!:))
    | (?P<name>(?:[^\W\d_][\w.\-\u00b7]*+)?:(?:[\w.\-:\u00b7]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%])*+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_PIECES = re.compile(r"[.\-]|[^.\-]+")
_NOT_A_BREAK = re.compile(r"[^\r\n]")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


class NotTaken(ValueError):
    """A text that is not run; its own text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind, its text, and where it stands."""

    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """A keyword in capitals; empty for everything else."""
        return self.text.upper() if self.kind == "word" else ""


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, without space and comments. Cost: linear in the text, whatever it is."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind == "word":  # words with full stops or minus signs between them, and no name: `true.SERVICE`
            for piece in _PIECES.finditer(match.group()):
                yield Token("other" if piece.group() in ".-" else "word", piece.group(), match.start() + piece.start())
        elif kind != "space":
            yield Token(kind, match.group(), match.start())


def form_of(query: str, depth_max: int) -> tuple[str, bool]:
    """The form of a query (SELECT, ASK, CONSTRUCT or DESCRIBE; empty where there is none), and whether it names its dataset by FROM.
    Raises `NotTaken` for an update, a SERVICE, or too deep a nesting."""
    read = list(islice(tokens(query), TOKENS_MAX + 1))
    for each in (read, list(islice(tokens(_unescaped(query)), TOKENS_MAX + 1)) if "\\" in query else read):
        if len(each) > TOKENS_MAX:
            raise NotTaken(f"the query has more than {TOKENS_MAX:,} words and signs: put long lists of values into several queries")
        _look_through(each, depth_max)
    for token in read:
        if token.word in FORMS:
            return token.word, any(each.word == "FROM" for each in read)
        if token.word in UPDATES:
            raise NotTaken(
                f"{token.word} is an update, and /sparql answers queries only: change a graph by PUT, POST, PATCH or DELETE at /rdf"
            )
    return "", False


def _look_through(read: list[Token], depth_max: int) -> None:
    depth = 0
    for token in read:
        if token.word == "SERVICE":
            raise NotTaken(
                "SERVICE asks another host, which is never done here: query that endpoint yourself and put its answer in by VALUES"
            )
        if token.word == "LOAD":
            raise NotTaken("LOAD fetches a document, which is never done here: fetch it yourself and PUT it to /rdf")
        depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(token.text, 0) if token.kind == "other" else 0
        if depth > depth_max:
            raise NotTaken(f"brackets stand more than {depth_max} deep in each other: write the query flatter")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: chr(min(int(m[1] or m[2], 16), 0x10FFFF)), text)


@dataclass(frozen=True, slots=True)
class DataOperation:
    """An INSERT DATA or a DELETE DATA, its data written as TriG."""

    deletes: bool
    trig: str


@dataclass(frozen=True, slots=True)
class DataUpdate:
    """An update of data: its operations, and the same as texts for a parser that takes declarations at the top only: one for each place
    where declarations stand. Each character stands where it stood."""

    operations: list[DataOperation]
    texts: list[str]


def data_update(text: str, depth_max: int) -> DataUpdate:
    """An update that has no other operations than INSERT DATA and DELETE DATA. Raises `NotTaken`."""
    read = list(tokens(text))
    _look_through(read, depth_max)
    prologue, at = "", 0
    found: list[DataOperation] = []
    declared: list[tuple[int, int]] = []
    tops: list[tuple[int, int]] = [(0, 0)]  # how many declarations were made before, and where what follows them begins
    while at < len(read):
        token = read[at]
        if token.word in ("PREFIX", "BASE"):
            size = 3 if token.word == "PREFIX" else 2
            given = read[at : at + size]
            if found and (not declared or declared[-1][1] <= read[at - 1].at):
                tops.append((len(declared), token.at))
            prologue += " ".join(t.text for t in given) + "\n"
            declared.append((token.at, given[-1].at + len(given[-1].text)))
            at += size
        elif token.word in ("INSERT", "DELETE") and [t.text.upper() for t in read[at + 1 : at + 3]] == ["DATA", "{"]:
            trig, end = _as_trig(text, read, at + 3)
            found.append(DataOperation(token.word == "DELETE", prologue + trig))
            at = end + 1 if end < len(read) and read[end].text == ";" else end
            if at == end and at < len(read):
                raise NotTaken(f"{read[at].text!r} stands after an operation: separate operations by a semicolon")
        else:
            raise NotTaken(
                f"{token.text[:40]!r} is not taken: a patch is made of INSERT DATA {{ … }} and DELETE DATA {{ … }} only, without variables"
            )
    ends = [begin for _, begin in tops[1:]] + [len(text)]
    return DataUpdate(found, [_alone(text, [*declared[:n], (begin, end)]) for (n, begin), end in zip(tops, ends, strict=True)])


def _alone(text: str, kept: list[tuple[int, int]]) -> str:
    """The text with nothing but these stretches of it, each in its place."""
    parts: list[str] = []
    at = 0
    for begin, end in kept:
        parts += (_NOT_A_BREAK.sub(" ", text[at:begin]), text[begin:end])
        at = end
    return "".join(parts)


def _as_trig(text: str, read: list[Token], at: int) -> tuple[str, int]:
    """The data that begin at token `at`, as TriG, and the number of the token after their closing bracket. In TriG, too, a graph is
    written `GRAPH name { … }`; what stands in none is put into brackets."""
    parts, begun, depth = [], at, 0
    while at < len(read):
        token = read[at]
        if token.kind == "other" and token.text in "{([":
            depth += 1
        elif token.kind == "other" and token.text in ")]":
            depth -= 1
        elif token.kind == "other" and token.text == "}":
            if depth == 0:
                parts.append(_loose(text, read, begun, at))
                return "\n".join(parts), at + 1
            depth -= 1
            if depth == 0:
                parts.append(text[read[begun].at : token.at + 1])
                begun = at + 1
        elif token.word == "GRAPH" and depth == 0:
            parts.append(_loose(text, read, begun, at))
            begun = at
        at += 1
    raise NotTaken("the data end without a closing bracket")


def _loose(text: str, read: list[Token], begun: int, end: int) -> str:
    if begun < end and read[begun].text == ".":
        begun += 1
    return f"{{ {text[read[begun].at : read[end].at]} }}" if begun < end else ""
