"""Live answers over a real socket."""

from __future__ import annotations

from ontology.namespaces import BRICK, DEMO, RDF
from ontology.terms import QuadBlock
from tests.support.served import served, small_site

POINT = DEMO + "UPS-A.Output-Power"
OTHER = DEMO + "UPS-B.Output-Power"
SWITCH = DEMO + "Breaker-UPS-A-Output.Position"


def test_readings_come_all_at_first_then_those_that_change() -> None:
    """Two points are asked for, one changes twice within a tick: one event, with the newest value."""
    query = 'subscription { readings(points: ["demo:UPS-A.Output-Power", "demo:UPS-B.Output-Power"]) { point value { value quality } } }'
    with served() as site, site.subscribed(query) as next_event:
        first = next_event()["readings"]
        site.read((POINT, 1.0), (DEMO + "UPS-A.Load", 9.0))
        site.read((POINT, 2.0))
        second = next_event()["readings"]

    assert [row["point"] for row in first] == [POINT, OTHER]
    assert {row["value"]["quality"] for row in first} == {"NO_VALUE"}
    assert second == [{"point": POINT, "value": {"value": 2.0, "quality": "GOOD"}}]


def test_an_impact_is_told_again_when_a_switch_moves() -> None:
    """Losing UPS-B is worse after the A side has been cut; readings that move no switch tell nothing."""
    query = 'subscription { impact(failed: ["demo:UPS-B"]) { totals { racks { lost } } } }'
    with served() as site, site.subscribed(query) as next_event:
        before = next_event()["impact"]["totals"]["racks"]["lost"]
        site.read((POINT, 1.0))
        site.read((SWITCH, 0.0))
        after = next_event()["impact"]["totals"]["racks"]["lost"]

    assert before < after


def test_an_impact_is_told_again_when_something_goes_out_of_service() -> None:
    """Losing UPS-B is worse while UPS-A reports a fault; no switch has moved."""
    site, fault = small_site(), DEMO + "UPS-A.Fault"
    facts = [tuple(site.terms[term] for term in row) for row in site.quads.tolist()]
    graph = facts[0][3]
    model = QuadBlock.of([*facts, (DEMO + "UPS-A", BRICK + "hasPoint", fault, graph), (fault, RDF + "type", BRICK + "Fault_Status", graph)])
    query = 'subscription { impact(failed: ["demo:UPS-B"]) { totals { racks { lost } } } }'
    with served(model) as twin, twin.subscribed(query) as next_event:
        before = next_event()["impact"]["totals"]["racks"]["lost"]
        twin.read((fault, 1.0))
        after = next_event()["impact"]["totals"]["racks"]["lost"]

    assert before < after


def test_every_step_of_a_command_is_told() -> None:
    """A wish that is refused is told as two steps."""
    with served() as site, site.subscribed("subscription { commands { state point reasons } }") as next_event:
        site.ask('mutation { setPoint(input: {point: "demo:CRAH-1.Setpoint", value: 18, reason: "test"}) { id } }')
        states = [next_event()["commands"]["state"], next_event()["commands"]["state"]]

    assert states == ["REQUESTED", "REFUSED"]


def test_a_subscription_to_an_unknown_point_is_an_error() -> None:
    """The error names the nearest points."""
    with served() as site, site.socket() as socket:
        socket.send('{"type": "connection_init"}')
        socket.recv(timeout=5)
        socket.send(
            '{"id": "1", "type": "subscribe", "payload": {"query": "subscription { readings(points: [\\"demo:Nope\\"]) { point } }"}}'
        )
        told = str(socket.recv(timeout=5))

    assert "UNKNOWN_ENTITY" in told
