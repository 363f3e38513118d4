"""Small sites for the failure tests: from Turtle, and from a reference plan, to a supply graph."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox

from analytics.conditions import Conditions
from analytics.impact import BlastRadius, impact
from analytics.supply import compile_supply
from analytics.supply_graph import SupplyGraph
from graph.snapshot import RDF_TYPE, Snapshot
from ontology.namespaces import DCX, PREFIXES
from ontology.terms import XSD, KeyQuad, QuadBlock, key_of, literal
from ontology.vocabulary import Vocabulary, load_vocabulary
from tests.analytics.reference import Plan

AT = datetime(2026, 1, 1, tzinfo=UTC)
NOW = Conditions(AT)
SITE = "urn:site:"
_KINDS = Path(__file__).with_name("kinds.ttl")
_HEADER = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items()) + f"@prefix : <{SITE}> .\n"
TWO_SIDES = """
:Utility-A a dcx:Utility_Feed ; dcx:feedsPower :UPS-A .
:Utility-B a dcx:Utility_Feed ; dcx:feedsPower :UPS-B .
:UPS-A a dcx:UPS ; dcx:feedsPower :Dual, :Single .
:UPS-B a dcx:UPS ; dcx:feedsPower :Dual .
:Dual a brick:ICT_Rack . :Single a brick:ICT_Rack .
"""


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The vocabulary, with the kinds of node that random plans are made of."""
    return load_vocabulary(extra=[_KINDS])


def snapshot_of(turtle: str) -> Snapshot:
    """A snapshot of a Turtle text; the known prefixes and `:` are there."""
    quads = ox.parse((_HEADER + turtle).encode(), format=ox.RdfFormat.TURTLE)
    return Snapshot.of(QuadBlock.of((key_of(q.subject), key_of(q.predicate), key_of(q.object), "urn:g") for q in quads), at=AT)


def site(turtle: str) -> SupplyGraph:
    """The supply graph of a Turtle text."""
    return compile_supply(snapshot_of(turtle), vocabulary())


def fail(graph: SupplyGraph, *names: str, media: list[str] | None = None) -> BlastRadius:
    """What becomes of a site when the named things fail."""
    return impact(graph, [SITE + name for name in names], NOW, media)


def told(answer: BlastRadius) -> dict[str, str]:
    """The outcomes of an answer as `name medium` -> outcome."""
    return {f"{o.id.removeprefix(SITE)} {o.medium.removeprefix(DCX)}": o.outcome.value for o in answer.outcomes}


def quads_of(plan: Plan) -> QuadBlock:
    """A reference plan as RDF."""
    rows: list[KeyQuad] = []

    def say(subject: str, predicate: str, obj: str) -> None:
        rows.append((subject, predicate, obj, "urn:g"))

    for node, kind in plan.kinds.items():
        say(SITE + node, RDF_TYPE, DCX + "Redundancy_Group" if kind == "group" else f"urn:kinds:{kind}")
    for u, v, medium in sorted(plan.feeds):
        say(SITE + u, DCX + "feeds" + medium, SITE + v)
    for tie, bus in sorted(plan.ties):
        say(SITE + tie, DCX + "ties", SITE + bus)
    for group, member in sorted(plan.members):
        say(SITE + group, DCX + "hasMember", SITE + member)
    for group, count in plan.required.items():
        say(SITE + group, DCX + "requiredCount", literal(str(count), XSD + "integer"))
    for number, need in enumerate(plan.needs):
        say(SITE + need.node, DCX + "requires", f"_:need{number}")
        say(f"_:need{number}", DCX + "medium", DCX + need.medium)
        if need.at_least is None:
            say(f"_:need{number}", DCX + "allOf", literal("true", XSD + "boolean"))
        else:
            say(f"_:need{number}", DCX + "atLeast", literal(str(need.at_least), XSD + "integer"))
        for supplier in sorted(need.among):
            say(f"_:need{number}", DCX + "among", SITE + supplier)
    for node in sorted(plan.open):
        say(SITE + node, DCX + "normalPosition", DCX + "Open")
    return QuadBlock.of(rows)


def graph_of(plan: Plan) -> SupplyGraph:
    """The supply graph that the product makes of a reference plan."""
    return compile_supply(Snapshot.of(quads_of(plan), at=AT), vocabulary())
