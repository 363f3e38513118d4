"""Live answers over a real socket."""

from __future__ import annotations

from ontology.namespaces import BRICK, DEMO, RDF
from ontology.terms import QuadBlock
from tests.resolvers.storied import block
from tests.support.served import served, small_site
from tests.support.wired import wait_until
from twin.events import CommandChanged
from twin.sync import Wish

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


def test_readings_of_an_entity_and_of_all_below_a_place_are_told() -> None:
    """A hall has the points of its racks and of what they hold; a rack its own; the counts are those of the graph."""
    rack = '{ entity(id: "demo:Rack-R001") { points { id } } }'
    with served() as site:
        own = [point["id"] for point in site.ask(rack)["entity"]["points"]]
        with site.subscribed('subscription { readings(entity: "demo:Rack-R001") { point } }') as next_event:
            of_rack = [row["point"] for row in next_event()["readings"]]
        with site.subscribed('subscription { readings(subTree: "demo:Hall-1") { point value { value } } }') as next_event:
            of_hall = [row["point"] for row in next_event()["readings"]]
            site.read((own[0], 21.0), (POINT, 5.0))
            changed = next_event()["readings"]

    assert own == of_rack
    assert set(own) < set(of_hall)
    assert POINT not in of_hall
    assert changed == [{"point": own[0], "value": {"value": 21.0}}]


def test_a_point_that_the_graph_gets_is_told_to_who_follows_the_place() -> None:
    """A sensor is added to a rack: the next event has it, without a value."""
    new = DEMO + "Rack-R001.New-Sensor"
    with served() as site, site.subscribed('subscription { readings(entity: "demo:Rack-R001") { point value { quality } } }') as next_event:
        before = [row["point"] for row in next_event()["readings"]]
        facts = block("sensors", (DEMO + "Rack-R001", BRICK + "hasPoint", new), (new, RDF + "type", BRICK + "Temperature_Sensor"))
        site.ledger.sync(Wish("sensors", facts), author="ann", reason="a sensor")
        after = next_event()["readings"]

    assert new not in before
    assert after == [{"point": new, "value": {"quality": "NO_VALUE"}}]


def test_readings_of_two_kinds_of_things_at_once_are_refused() -> None:
    """Exactly one of the three."""
    with served() as site, site.socket() as socket:
        socket.send('{"type": "connection_init"}')
        socket.recv(timeout=20)
        query = 'subscription { readings(entity: \\"demo:UPS-A\\", points: [\\"demo:UPS-A.Load\\"]) { point } }'
        socket.send('{"id": "1", "type": "subscribe", "payload": {"query": "' + query + '"}}')
        told = str(socket.recv(timeout=60))

    assert "exactly one of points, entity and subTree" in told


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
        assert wait_until(lambda: bool(site.bus._callbacks.get(CommandChanged)))  # the subscription has no first event of its own
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
