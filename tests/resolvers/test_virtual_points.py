"""Virtual points, and what names of no point may mean, over GraphQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pyoxigraph as ox

from graph.references import statement
from graph.values import Quality, ReadingBatch
from ontology.namespaces import DEMO, PREFIXES
from ontology.terms import QuadBlock, key_of
from resolvers.context import Unbound
from tests.support.served import served
from twin.meant import Meant
from twin.virtual import VirtualFlow

ROW = """
demo:Row a dcx:Rack_Row . demo:V brick:isPointOf demo:Row ; dcx:formula "itPower(this)" .
demo:R1 a brick:ICT_Rack ; brick:hasLocation demo:Row ; brick:hasPoint demo:R1.Power .
demo:R2 a brick:ICT_Rack ; brick:hasLocation demo:Row ; brick:hasPoint demo:R2.Power .
demo:R1.Power a dcx:Rack_Power_Sensor ; brick:hasUnit unit:KiloW . demo:R2.Power a dcx:Rack_Power_Sensor ; brick:hasUnit unit:KiloW .
"""
QUERY = "{ virtualPoints { point formula value quality coverage standsOn notGood restsOn { point quality } } }"


def site_of(turtle: str) -> QuadBlock:
    head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
    triples = ox.parse((head + turtle).encode(), format=ox.RdfFormat.TURTLE)
    return QuadBlock.of((key_of(t.subject), t.predicate.value, key_of(t.object), "urn:test:graph") for t in triples)


def test_a_virtual_point_says_what_it_stands_on_and_what_of_that_is_not_good() -> None:
    """Two racks: one of 4 kW, one that has no number."""
    with served(site_of(ROW)) as site:
        assert site.ask(QUERY)["virtualPoints"] == []  # this process keeps none current
        flow = VirtualFlow(site.face.current, site.ingest, site.bus, site.face.clock, site.twin.vocabulary)
        flow.rebind(site.twin.snapshot)
        at = int(site.face.clock().timestamp() * 1000)
        rows = [(DEMO + "R1.Power", 4.0, at, at, Quality.GOOD), (DEMO + "R2.Power", float("nan"), at, at, Quality.BAD)]
        site.ingest.accept(ReadingBatch.of(rows))
        flow.work()
        site.face.virtual = flow.explained

        (told,) = site.ask(QUERY)["virtualPoints"]

        assert told == {
            "point": DEMO + "V",
            "formula": "itPower(this)",
            "value": 4.0,
            "quality": "UNCERTAIN",
            "coverage": 0.5,
            "standsOn": 2,
            "notGood": 1,
            "restsOn": [{"point": DEMO + "R2.Power", "quality": "BAD"}],
        }
        flow.close()


def test_a_topic_of_no_point_is_offered_the_point_that_it_may_mean() -> None:
    """By words, with a score and the words that speak for it, and as the statement that binds it; where nothing comes near, or two points
    are as likely, nothing is offered."""
    query = "{ status { unbound { topic suggestion candidates { point score reason } } } }"
    form = statement("MQTTReference", {"topic": 'plant/r2/"pwr"'})
    topics = [("plant/r2/pwr", form), ("x", form), ("plant/r2/pwr", ""), ("rack/power", form)]
    with served(site_of(ROW)) as site:
        at = datetime(2026, 3, 3, tzinfo=UTC)
        facts = site.face.facts()
        unbound = tuple(Unbound(topic, 1, at, "no point", said) for topic, said in topics)
        site.face.facts = lambda: type(facts)("memory", False, 0, 0, unbound)
        nothing = site.ask(query)["status"]["unbound"]
        site.face.meant = Meant(site.twin).of

        told = site.ask(query)["status"]["unbound"]

    assert [(each["suggestion"], each["candidates"]) for each in nothing] == [("", [])] * 4
    assert told[0]["candidates"][0] == {"point": DEMO + "R2.Power", "score": 1.0, "reason": "both speak of r, 2, power"}
    says = r'ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "plant/r2/\"pwr\"" ] .'
    assert told[0]["suggestion"] == f"demo:R2.Power {says}"
    assert [(each["suggestion"], each["candidates"]) for each in told[1:3]] == [("", [])] * 2  # nothing near, and nothing sought
    assert told[3]["suggestion"] == ""  # any rack's
