"""Findings as a SHACL validation report (https://www.w3.org/TR/shacl/#validation-report), so that any SHACL tool can read them.

Each finding is a `sh:ValidationResult`: its focus, its path (a predicate, or one followed backward), severity and message; the remedy
stands behind an arrow, as in our shapes. The rule is named as source shape and as constraint component by
`https://w3id.org/ridethrough/shapes#CODE`: ours are that shape, checks that are no shapes have such a name alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from ontology.findings import Finding, Severity
from ontology.namespaces import RDF, XSD, expand
from ontology.terms import KeyQuad, literal

SHAPES = "https://w3id.org/ridethrough/shapes#"
REPORT_GRAPH = "urn:ridethrough:report"
_SH = "http://www.w3.org/ns/shacl#"
_DCT = "http://purl.org/dc/terms/"
_SEVERITY = {Severity.ERROR: _SH + "Violation", Severity.WARNING: _SH + "Warning", Severity.INFO: _SH + "Info"}
_NODE = "_:report"
_SINGLE = re.compile(r'(?P<backward>\^?)(?P<predicate>[a-z0-9]+:[\w.-]+|(?:https?://|urn:)[^\s<>"{}|\\^`()]+)')
"""One predicate, or one followed backward, by CURIE or IRI."""


def report(findings: Iterable[Finding], *, about: Sequence[str] = (), at: datetime | None = None) -> Iterator[KeyQuad]:
    """The report of some findings, in the graph `REPORT_GRAPH`: `about` are the graphs that it speaks of, `at` the instant of their state
    (aware UTC). It conforms when nothing at all was found. Cost: linear."""
    yield _NODE, RDF + "type", _SH + "ValidationReport", REPORT_GRAPH
    yield from ((_NODE, _DCT + "subject", graph, REPORT_GRAPH) for graph in sorted(about))
    if at is not None:
        yield _NODE, _DCT + "created", literal(at.isoformat().replace("+00:00", "Z"), XSD + "dateTime"), REPORT_GRAPH
    count = 0
    for count, finding in enumerate(sorted(findings, key=lambda f: f.order), 1):
        yield _NODE, _SH + "result", f"_:result{count}", REPORT_GRAPH
        yield from ((s, p, o, REPORT_GRAPH) for s, p, o in _result(f"_:result{count}", finding))
    yield _NODE, _SH + "conforms", literal("false" if count else "true", XSD + "boolean"), REPORT_GRAPH


def _result(node: str, finding: Finding) -> Iterator[tuple[str, str, str]]:
    message = f"{finding.message} → {finding.remedy}" if finding.remedy else finding.message
    yield node, RDF + "type", _SH + "ValidationResult"
    yield node, _SH + "focusNode", finding.focus or literal("the whole")
    yield node, _SH + "resultSeverity", _SEVERITY[finding.severity]
    yield node, _SH + "resultMessage", literal(message)
    yield node, _SH + "sourceShape", SHAPES + finding.code
    yield node, _SH + "sourceConstraintComponent", SHAPES + finding.code
    single = _SINGLE.fullmatch(finding.path)
    if single is None:  # a longer path is told in the message alone
        return
    if single["backward"]:
        yield node, _SH + "resultPath", node + "path"
        yield node + "path", _SH + "inversePath", expand(single["predicate"])
    else:
        yield node, _SH + "resultPath", expand(single["predicate"])
