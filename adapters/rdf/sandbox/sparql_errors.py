"""What a parser's complaint about a SPARQL text means for who wrote it: where, why, and what to write instead."""

from __future__ import annotations

import re

from adapters.rdf.sparql_text import tokens
from ontology.errors import RdfError
from ontology.namespaces import PREFIXES

_PLACE = re.compile(r"error at (\d+):(\d+): ")
_REASON_MAX = 200


def complaint(name: str, text: str, error: SyntaxError) -> RdfError:
    """The error for a text that the parser refused. A prefix that is declared nowhere is named first: the parser hardly says it."""
    told = str(error.msg or error)
    place = _PLACE.match(told)
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    unknown = _undeclared(text)
    if unknown is not None:
        prefix, at = unknown
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        remedy = f"add `PREFIX {prefix}: <{PREFIXES.get(prefix, '…')}>` at the top"
        return RdfError(name, line, column, f"the prefix {prefix}: is not declared", remedy)
    reason = " ".join(told[place.end() if place else 0 :].split())
    return RdfError(name, line, column, reason[:_REASON_MAX] + "…" * (len(reason) > _REASON_MAX), "correct this place")


def _undeclared(text: str) -> tuple[str, int] | None:
    """The first prefix that is used and declared nowhere, and where it is used."""
    declared: set[str] = set()
    used: dict[str, int] = {}
    declares = False
    for token in tokens(text):
        if token.kind == "name":
            prefix = token.text.partition(":")[0]
            if declares:
                declared.add(prefix)
            else:
                used.setdefault(prefix, token.at)
        declares = token.word == "PREFIX"
    return next(((prefix, at) for prefix, at in used.items() if prefix not in declared), None)
