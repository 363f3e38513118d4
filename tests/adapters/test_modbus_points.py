"""Points that register maps and SunSpec devices make: in a source of their own, where that is wanted, else told as an offer."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.modbus.bindings import ModbusBindings, bind
from adapters.modbus.client import ModbusClient
from adapters.modbus.config import ModbusConfig
from adapters.modbus.maps import Maps, read
from adapters.modbus.points import GRAPH, PREFIX, facts_of
from graph.points import point_facts
from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, UNIT
from ontology.terms import KeyQuad, QuadBlock
from tests.adapters.test_modbus_lines import inverter
from tests.support.liar import Liar
from tests.support.modbus_words import words_device
from tests.support.wired import Table, quads_of, wait_until, wall_clock
from twin.sync import Wish

UPS = "urn:ridethrough:demo:UPS-1"
OWN = PREFIX + "urn%3Aridethrough%3Ademo%3AUPS-1/"
MAP = """
[groups.slow]
period_s = 300
[[register]]
point = "Output-Power"
class = "brick:Active_Power_Sensor"
address = 10
unit = "W"
[[register]]
point = "On Battery"
address = 30
bit = 4
[[register]]
class = "brick:Frequency_Sensor"
address = 20
unit = "HZ"
[[register]]
point = "Charge"
class = "dcx:State_Of_Charge_Sensor"
address = 32
unit = "PERCENT"
group = "slow"
"""
SITE = """
demo:GW a dcx:Modbus_Gateway ; dcx:host "10.0.0.9" ; dcx:port 502 .
demo:UPS-1 a dcx:UPS ; dcx:registerMap "acme" ; dcx:gateway demo:GW ; dcx:unitId 7 ; brick:hasPoint demo:x1 .
demo:x1 a brick:Frequency_Sensor ; brick:hasUnit unit:HZ .
"""


def bound(site: Sequence[KeyQuad], text: str = MAP, wanted: Sequence[str] = ("demo:UPS-*",)) -> ModbusBindings:
    """The bindings of a graph with the one map."""
    found, _ = read(text, "acme")
    return bind(Snapshot.of(QuadBlock.of(site)), maps=Maps({"acme": found}), wanted=wanted)


def wished(bindings: ModbusBindings) -> list[KeyQuad]:
    """What the source is to say."""
    return facts_of(bindings.described, bindings.said)


def site() -> list[KeyQuad]:
    """The site, without points of the wire."""
    return list(quads_of(SITE))


def test_a_map_makes_the_points_that_the_graph_has_not() -> None:
    """Three of four: somebody else has said the frequency. Class, unit and pace are the map's; what is one bit is a status."""
    found = wished(bound(site()))

    assert {o for s, p, o, _ in found if p == BRICK + "hasPoint"} == {OWN + "output-power", OWN + "on-battery", OWN + "charge"}
    said = {
        (s.removeprefix(OWN), p.rpartition("#")[2].rpartition("/")[2], o.rpartition("#")[2]) for s, p, o, _ in found if s.startswith(OWN)
    }
    assert ("output-power", "type", "Active_Power_Sensor") in said
    assert ("on-battery", "type", "Status") in said
    assert (OWN + "output-power", BRICK + "hasUnit", UNIT + "W", GRAPH) in found
    assert any(name == "charge" and what == "samplePeriod" for name, what, _ in said)


def test_what_a_map_has_made_is_read_and_wished_for_again() -> None:
    """With the points in the graph the same is wished for, so no revision follows; each has its register."""
    first = wished(bound(site()))

    again = bound([*site(), *first])

    assert set(wished(again)) == set(first) == {fact for each in again.said.values() for fact in each}
    assert set(again.registers) == {OWN + "output-power", OWN + "on-battery", OWN + "charge", "urn:ridethrough:demo:x1"}
    assert again.registers[OWN + "charge"].period_s == 300.0


def test_an_entry_that_is_gone_takes_its_point_away_and_one_that_is_broken_does_not() -> None:
    """Without `Charge` its point goes. Where its entry cannot be read it stays as it was, and so do all while there is no map."""
    made = [*site(), *wished(bound(site()))]
    without = MAP[: MAP.index('[[register]]\npoint = "Charge"')]
    broken = MAP.replace("address = 32", "address = 99999")

    assert OWN + "charge" not in {s for s, *_ in wished(bound(made, without))}
    assert OWN + "charge" in {s for s, *_ in wished(bound(made, broken))}
    no_map = bind(Snapshot.of(QuadBlock.of(made)), wanted=["*"])
    assert set(wished(no_map)) == set(wished(bound(made)))


def test_a_device_that_is_not_named_gets_an_offer() -> None:
    """Nothing is wished for; what could be had is told, with the setting that makes it so."""
    bindings = bound(site(), wanted=["demo:CRAH-*"])

    (offer,) = [unbound for each in bindings.described for unbound in each.offer()]

    assert wished(bindings) == []
    assert offer.point == UPS
    assert offer.reason == (
        "3 of the numbers of its map acme have no point: Output-Power, On Battery, Charge: give it such points, or name demo:UPS-1 in "
        "setting modbus_points, and they are made"
    )


def test_a_sunspec_device_makes_points_of_the_numbers_that_are_known_to_be_something() -> None:
    """It is asked which models it has; power, current, frequency and the charge are among what it makes, and come to have values. While it
    is away, after a restart, nothing is taken back."""
    liar = Liar(words_device(inverter())).start()
    quads = list(
        quads_of(f"""demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port {liar.port} .
demo:PV a brick:PV_Panel ; dcx:registerMap "sunspec" ; dcx:gateway demo:GW .""")
    )
    wishes: list[Wish] = []
    bindings = bind(Snapshot.of(QuadBlock.of(quads)), wanted=["*"])
    table = Table(Snapshot.of(QuadBlock.of(quads)))
    client = ModbusClient(ModbusConfig(period_s_min=0.2), bindings, table.ingest, wall_clock, wishes.append)
    client.start()
    try:
        assert wait_until(lambda: bool(wishes))
        made = list(wishes[-1].quads)
        point = PREFIX + "urn%3Aridethrough%3Ademo%3APV/w"
        assert (point, BRICK + "hasUnit", UNIT + "W", GRAPH) in made

        grown = Snapshot.of(QuadBlock.of([*quads, *made]))
        table.ingest.rebind(point_facts(grown))
        client.rebind(bind(grown, wanted=["*"]))

        assert wait_until(lambda: (table.quality(point), table.value(point)) == ("GOOD", -100_000.0))
        assert len(wishes) == 1
    finally:
        client.close()
        liar.close()
    away = bind(grown, wanted=["*"])
    assert set(wished(away)) == set(made)
