"""Findings as a SHACL validation report: what any SHACL tool expects of one, and nothing lost of what we say."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pyoxigraph as ox

from ontology.findings import Finding, Severity
from ontology.namespaces import BRICK, PREFIXES, RDF, REF
from ontology.rdf import FORMATS, canonical_hash, read_stream, write
from ontology.report import REPORT_GRAPH, SHAPES, report
from ontology.validate import validate
from ontology.vocabulary import load_vocabulary

SH = PREFIXES["sh"]
ERROR = Finding(Severity.ERROR, "rack-is-fed", "urn:x:r", "nothing feeds the rack", "say what feeds it", BRICK + "feeds")
WARNING = Finding(Severity.WARNING, "wired-sensor-has-a-unit", "urn:x:p", "no unit", "add one", "^ref:hasExternalReference")
INFO = Finding(Severity.INFO, "brick-shape", "urn:x:q", "odd", "", "(brick:feeds | ^brick:isFedBy)")


def results(findings: list[Finding]) -> list[dict[str, str]]:
    """The results of a report, by local names, as SPARQL finds them."""
    store = ox.Store()
    out = io.BytesIO()
    write(report(findings), "ntriples", out)
    store.load(out.getvalue(), format=ox.RdfFormat.N_TRIPLES)
    found: list[dict[str, str]] = []
    for (result,) in store.query(f"SELECT ?r WHERE {{ ?report a <{SH}ValidationReport> ; <{SH}result> ?r }}"):  # type: ignore[union-attr]  # a SELECT gives rows
        quads = store.quads_for_pattern(result, None, None)
        found.append({q.predicate.value.removeprefix(SH).removeprefix(RDF): getattr(q.object, "value", "") for q in quads})
    return sorted(found, key=lambda r: r["sourceShape"])


def test_a_result_says_where_what_and_how_bad() -> None:
    """Focus, path, severity, message with the remedy behind its arrow, and the rule by name."""
    (result,) = results([ERROR])

    assert result == {
        "type": SH + "ValidationResult",
        "focusNode": "urn:x:r",
        "resultPath": BRICK + "feeds",
        "resultSeverity": SH + "Violation",
        "resultMessage": "nothing feeds the rack → say what feeds it",
        "sourceShape": SHAPES + "rack-is-fed",
        "sourceConstraintComponent": SHAPES + "rack-is-fed",
    }


def test_severities_are_those_of_shacl() -> None:
    """Error, warning and info are violation, warning and info."""
    found = {r["sourceShape"].removeprefix(SHAPES): r["resultSeverity"].removeprefix(SH) for r in results([ERROR, WARNING, INFO])}

    assert found == {"rack-is-fed": "Violation", "wired-sensor-has-a-unit": "Warning", "brick-shape": "Info"}


def test_a_path_backward_is_an_inverse_path_and_a_longer_one_is_left_out() -> None:
    """A result path is one that SHACL allows, or none."""
    quads = list(report([WARNING, INFO]))

    assert [(p, o) for _, p, o, _ in quads if p in {SH + "inversePath", SH + "resultPath"}] == [
        (SH + "resultPath", "_:result1path"),
        (SH + "inversePath", REF + "hasExternalReference"),
    ]


def test_a_report_conforms_when_nothing_was_found() -> None:
    """As SHACL has it: a warning is a result, too."""
    conforms = [{o for _, p, o, _ in report(found) if p == SH + "conforms"} for found in ([], [WARNING])]

    boolean = "^^http://www.w3.org/2001/XMLSchema#boolean"
    assert conforms == [{f'"true"{boolean}'}, {f'"false"{boolean}'}]


def test_a_report_says_what_it_speaks_of_and_of_when() -> None:
    """The graphs, and the instant of their state."""
    said = {(p, o) for _, p, o, _ in report([], about=["urn:g:b", "urn:g:a"], at=datetime(2026, 3, 3, 14, 2, tzinfo=UTC))}

    dct = PREFIXES["dcterms"]
    assert {(dct + "subject", "urn:g:a"), (dct + "subject", "urn:g:b")} <= said
    assert (dct + "created", '"2026-03-03T14:02:00Z"^^http://www.w3.org/2001/XMLSchema#dateTime') in said


def test_a_report_reads_alike_in_every_format() -> None:
    """Written and read back, it is the same graph."""
    text = b"<urn:x:r> a <https://brickschema.org/schema/Brick#ICT_Rack> . <urn:x:u> a <https://brickschema.org/schema/Brick#UPS> ."
    block = read_stream(io.BytesIO(text), name="m", format="turtle", source="m")
    quads = list(report(validate(block, load_vocabulary())))

    hashes = set()
    for kind in FORMATS:
        out = io.BytesIO()
        write(quads, kind, out, default_graph=REPORT_GRAPH)
        back = read_stream(io.BytesIO(out.getvalue()), name="r", format=kind, source="r")
        hashes.add(canonical_hash((s, p, o, "urn:g") for s, p, o, _ in back))

    assert len(hashes) == 1
    assert sum(p == SH + "result" for _, p, _, _ in quads) == 3  # the rack is fed by nothing and stands nowhere; Brick has no UPS
