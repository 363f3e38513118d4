"""What shapes cannot ask at scale: feeds in a ring of one or two, and wire units that do not convert to a point's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ontology.errors import UnitError
from ontology.findings import Finding, Severity
from ontology.media import FEEDS_IN, POWER
from ontology.namespaces import BRICK, DCX, RDF, REF, compact
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

_Feeds = dict[tuple[int, int], str]
"""The property that says so, for each pair of a feeder and what it feeds."""


def model_findings(block: QuadBlock, vocabulary: Vocabulary) -> list[Finding]:
    """Feeds that contradict themselves, and units that do not convert. Cost: one sort of the feeds, one conversion a pair of units."""
    numbers = {term: number for number, term in enumerate(block.terms)}
    return [*_feeds(block, vocabulary, numbers), *_units(block, numbers)]


def _feeds(block: QuadBlock, vocabulary: Vocabulary, numbers: dict[str, int]) -> list[Finding]:
    findings: list[Finding] = []
    for kind, feeds in _feeds_by_kind(block, vocabulary, numbers).items():
        itself = sorted((iri, s) for (s, o), iri in feeds.items() if s == o)
        findings += [
            Finding(Severity.ERROR, "feeds-itself", block.terms[s], f"the node feeds itself by {compact(iri)}", "remove the statement", iri)
            for iri, s in itself
        ]
        findings += [_both_ways(block, kind, (s, iri), (o, feeds[o, s])) for (s, o), iri in feeds.items() if s < o and (o, s) in feeds]
    return findings


def _both_ways(block: QuadBlock, kind: str, *ends: tuple[int, str]) -> Finding:
    (low, by), (high, back) = sorted(ends, key=lambda end: block.terms[end[0]])
    back_by = "" if by == back else f" by {compact(back)}"
    return Finding(
        Severity.ERROR,
        "feeds-both-ways",
        block.terms[low],
        f"it feeds {compact(block.terms[high])} by {compact(by)} and is fed by it{back_by}: feeding has one direction",
        "keep the direction of normal flow; what can carry either way is a node of its own: a dcx:Tie_Breaker with dcx:ties",
        kind,
        2,
    )


def _feeds_by_kind(block: QuadBlock, vocabulary: Vocabulary, numbers: dict[str, int]) -> dict[str, _Feeds]:
    """Who feeds whom, and by which property, for each kind of feed: the properties of one medium are one kind. A plain `brick:feeds` is a
    kind of its own; where it meets a feed the other way and can only mean that feed's medium, it is of that kind too."""
    kinds: dict[str, _Feeds] = defaultdict(dict)
    within = {iri: prop for prop in FEEDS_IN for iri in vocabulary.subproperties(prop)}
    for iri in sorted(vocabulary.subproperties(BRICK + "feeds")):
        kinds[within.get(iri, iri)].update(((s, o), iri) for s, o in _pairs(block, numbers.get(iri, -1)).tolist())
    plain = kinds[BRICK + "feeds"]
    plain.update(((s, o), BRICK + "isFedBy") for o, s in _pairs(block, numbers.get(BRICK + "isFedBy", -1)).tolist() if (s, o) not in plain)
    said = {pair for prop in FEEDS_IN for pair in kinds[prop]}
    meeting = {(s, o): iri for (s, o), iri in plain.items() if (o, s) in said and (s, o) not in said and (o, s) not in plain}
    types = _all(block, numbers, RDF + "type") if meeting else {}
    for (s, o), iri in meeting.items():
        only = _medium(vocabulary, types.get(s, ()), types.get(o, ()))
        for prop, medium in FEEDS_IN.items():
            if medium == only and (o, s) in kinds[prop]:
                kinds[prop][s, o] = iri
    return kinds


def _medium(vocabulary: Vocabulary, feeder: Sequence[str], fed: Sequence[str]) -> str:
    """The one medium that a plain feed can mean by the classes at its ends; power where they say nothing, as the supply model has it; ""
    where there are several."""
    handed = frozenset[str]().union(*(vocabulary.supply.hands_on(cls) for cls in feeder))
    taken = frozenset[str]().union(*(vocabulary.supply.takes_in(cls) for cls in fed))
    able = handed if len(handed) == 1 or not taken else handed & taken if handed else taken
    if not handed and not taken:
        return POWER
    return min(able) if len(able) == 1 else ""


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
