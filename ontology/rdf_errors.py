"""What a parser's complaint means for the person who wrote the file: where, why, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from ontology.errors import RdfError
from ontology.namespaces import PREFIXES

_PLACE = re.compile(
    r"^(?:Parser error|Syntax error)? ?(?:at |on )?line (\d+)(?: between columns (\d+) and (?:line \d+ column )?\d+| column (\d+))?[^:]*: "
)
_TAIL = re.compile(r" \(line \d+\)$")
_REMOTE = re.compile(r"LoadDocumentCallback|remote context")
"""What the parser says of a JSON-LD context that is an address."""
Remedy = Callable[[re.Match[str]], str]
_REMEDIES: tuple[tuple[re.Pattern[str], Remedy], ...] = (
    (re.compile(r"Invalid IRI code point '(.+)'"), lambda m: f"write the character {m[1]!r} as {quote(m[1], safe='')} inside an IRI"),
    (re.compile(r"Invalid IRI percent encoding '(.*)'"), lambda m: f"write a per cent sign that stands for itself as %25 (here {m[1]!r})"),
    (re.compile(r"The prefix (.*): has not been declared"), lambda m: f"add `@prefix {m[1]}: <{PREFIXES.get(m[1], '…')}> .` at the top"),
    (re.compile(r"No scheme found"), lambda _: "the IRI is relative: write it in full, or add `@base <…> .` at the top"),
    (
        re.compile(r"Invalid IRI port|authority|IPv6|IP address"),
        lambda _: "correct the host part of the IRI; brackets are written %5B and %5D",
    ),
    (re.compile(r"Unexpected end"), lambda _: "the file ends inside a statement: look for a missing full stop, bracket or quotation mark"),
    (re.compile(r"contexts are never fetched"), lambda _: "copy the context's content into the file"),
    (re.compile(r"(?i)utf-?8"), lambda _: "save the file as UTF-8"),
    (re.compile(r"(?i)language tag"), lambda _: "write a language tag after BCP 47, such as @en or @de-AT"),
)


def refusal(name: str, kind: str, error: Exception) -> RdfError:
    """The error for a file that its parser refused."""
    text = str(getattr(error, "msg", None) or error)
    place = _PLACE.match(text)
    line = getattr(error, "lineno", None) or (int(place[1]) if place else 0)
    column = getattr(error, "offset", None) or (int(place[2] or place[3] or 0) if place else 0)
    reason = _TAIL.sub("", text[place.end() :] if place else text).strip()
    if _REMOTE.search(reason):
        reason = "contexts are never fetched"
    remedy = next((say(match) for pattern, say in _REMEDIES if (match := pattern.search(reason))), f"correct this place: it is no {kind}")
    return RdfError(name, line, column, reason, remedy)
