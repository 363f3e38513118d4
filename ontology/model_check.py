"""What shapes cannot ask at scale: feeds in a ring of one or two, and wire units that do not convert to a point's own."""

from __future__ import annotations

import numpy as np

from ontology.errors import UnitError
from ontology.findings import Finding, Severity
from ontology.namespaces import BRICK, DCX, REF, compact
from ontology.terms import Ids, QuadBlock
from ontology.units import conversion
from ontology.vocabulary import Vocabulary

READ: tuple[tuple[tuple[str, bool], ...], ...] = (
    *(((DCX + name, backward),) for name in ("feedsPower", "feedsLiquidCooling", "feedsAirCooling") for backward in (False, True)),
    *(((DCX + name, backward),) for name in ("feedsNetwork", "feedsCompute", "feedsControl") for backward in (False, True)),
    *(((BRICK + name, backward),) for name in ("feeds", "isFedBy") for backward in (False, True)),
    ((REF + "hasExternalReference", False), (DCX + "sourceUnit", False)),
    ((BRICK + "hasUnit", False),),
)
"""The paths that these checks read from the node that they judge (`ontology/reach.py`)."""


def model_findings(block: QuadBlock, vocabulary: Vocabulary) -> list[Finding]:
    """Feeds that contradict themselves, and units that do not convert. Cost: one sort of the feeds, one conversion a pair of units."""
    numbers = {term: number for number, term in enumerate(block.terms)}
    return [*_feeds(block, vocabulary, numbers), *_units(block, numbers)]


def _feeds(block: QuadBlock, vocabulary: Vocabulary, numbers: dict[str, int]) -> list[Finding]:
    findings: list[Finding] = []
    for iri in sorted(vocabulary.subproperties(BRICK + "feeds")):
        pairs = _pairs(block, numbers.get(iri, -1))
        if iri == BRICK + "feeds":
            pairs = np.concatenate((pairs, _pairs(block, numbers.get(BRICK + "isFedBy", -1))[:, ::-1]))
        itself = {s for s, o in pairs.tolist() if s == o}
        both = {(s, o) for s, o in pairs.tolist()}
        name = compact(iri)
        findings += [
            Finding(Severity.ERROR, "feeds-itself", block.terms[s], f"the node feeds itself by {name}", "remove the statement", iri)
            for s in itself
        ]
        remedy = "keep the direction of normal flow; what can carry either way is a node of its own: a dcx:Tie_Breaker with dcx:ties"
        findings += [
            Finding(
                Severity.ERROR,
                "feeds-both-ways",
                min(block.terms[s], block.terms[o]),
                f"it feeds {compact(max(block.terms[s], block.terms[o]))} by {name} and is fed by it: feeding has one direction",
                remedy,
                iri,
                2,
            )
            for s, o in both
            if s < o and (o, s) in both
        ]
    return findings


def _units(block: QuadBlock, numbers: dict[str, int]) -> list[Finding]:
    own, wire = _all(block, numbers, BRICK + "hasUnit"), _all(block, numbers, DCX + "sourceUnit")
    findings: list[Finding] = []
    for point, reference in _pairs(block, numbers.get(REF + "hasExternalReference", -1)).tolist():
        for source, unit in ((source, unit) for source in wire.get(reference, ()) for unit in own.get(point, ())):
            try:
                conversion(source, unit)
            except UnitError as error:
                remedy = "correct dcx:sourceUnit or the point's brick:hasUnit"
                findings.append(Finding(Severity.ERROR, "unit-mismatch", block.terms[point], str(error), remedy, DCX + "sourceUnit"))
    return findings


def _all(block: QuadBlock, numbers: dict[str, int], predicate: str) -> dict[int, list[str]]:
    """The keys of each subject's objects."""
    found: dict[int, list[str]] = {}
    for subject, obj in _pairs(block, numbers.get(predicate, -1)).tolist():
        found.setdefault(subject, []).append(block.terms[obj])
    return found


def _pairs(block: QuadBlock, predicate: int) -> Ids:
    """The distinct (subject, object) rows of a predicate's number."""
    rows = block.quads[block.quads[:, 1] == predicate][:, [0, 2]]
    return np.unique(rows, axis=0)
