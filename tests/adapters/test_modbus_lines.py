"""The Modbus wire over its three kinds of line, against pymodbus' own servers, and devices that describe themselves."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from adapters.modbus.bindings import bind
from adapters.modbus.client import ModbusClient
from adapters.modbus.config import Endpoint, ModbusConfig
from adapters.modbus.maps import Maps, read
from adapters.modbus.sunspec import Model, NotSunSpec, discover
from graph.values import Reason
from tests.support.liar import Liar
from tests.support.modbus_words import serial_line, served, words_device
from tests.support.mosquitto import free_port
from tests.support.wired import Table, snapshot_of, wait_until, wall_clock

D = "urn:ridethrough:demo:"
CONFIG = ModbusConfig(timeout_s=2.0, reconnect_s_min=0.05, reconnect_s_max=0.2)
SITE = """demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port %d ; dcx:framing "%s" . demo:E brick:hasPoint demo:A , demo:B .
demo:A dcx:samplePeriod 0.2 ; ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:address 3 ] .
demo:B dcx:samplePeriod 0.2 ; ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:address 5 ;
  dcx:dataType "float32" ; dcx:wordOrder "little" ; dcx:byteOrder "little" ] ."""
WORDS = {3: 7, 5: 0x0000, 6: 0xF742}
"""7, and 123.5 as DCBA."""


@contextmanager
def polling(site: str, endpoint: str = "", maps: Maps | None = None) -> Iterator[tuple[Table, ModbusClient]]:
    """A client that polls a site into a table; `endpoint` says where its gateway is."""
    snapshot = snapshot_of(site)
    table = Table(snapshot)
    bindings = bind(snapshot, {D + "GW": Endpoint.parse(endpoint)} if endpoint else None, maps or Maps())
    client = ModbusClient(CONFIG, bindings, table.ingest, wall_clock)
    client.start()
    try:
        yield table, client
    finally:
        client.close()


def values(table: Table) -> tuple[float, float]:
    return table.value(D + "A"), table.value(D + "B")


def test_rtu_frames_over_tcp_are_read() -> None:
    """As a terminal server carries them; the gateway says so."""
    port = free_port()

    with served(WORDS, rtu_port=port), polling(SITE % (port, "rtu")) as (table, client):
        assert wait_until(lambda: values(table) == (7.0, 123.5))
        assert client.status()[0].endpoint == f"rtu://127.0.0.1:{port}"


@pytest.mark.quality("modbus", "serial-lines-and-rtu")
def test_a_serial_line_is_read() -> None:
    """Two pseudo-terminals; the gateway is named by the setting, and both points come in one request."""
    with (
        serial_line() as (ours, theirs),
        served(WORDS, line=theirs),
        polling(SITE % (502, "tcp"), f"serial:{ours}:115200:8N1") as (table, client),
    ):
        assert wait_until(lambda: values(table) == (7.0, 123.5))
        assert client.status()[0].counts.wrong == 0


def test_a_serial_line_that_is_not_there_is_a_quality() -> None:
    """The device file is missing: away, not a crash."""
    with polling(SITE % (502, "tcp"), "serial:/dev/ttyNONE99:9600") as (table, client):
        assert wait_until(lambda: table.quality(D + "A") == "NO_COMMUNICATION")
        assert "cannot connect" in client.status()[0].error


@pytest.mark.quality("modbus", "devices-are-paced")
def test_a_device_is_left_alone_between_requests_as_its_map_says() -> None:
    """Two requests 200 ms apart at least, though both are due at once; with none in between for longer than that in all."""
    text = '[limits]\ngap_ms = 200\n[[register]]\npoint = "A"\naddress = 3\n[[register]]\npoint = "B"\naddress = 300\n'
    site = """demo:E dcx:registerMap "m" ; dcx:gateway demo:GW ; brick:hasPoint demo:A , demo:B .
demo:A dcx:samplePeriod 0.2 . demo:B dcx:samplePeriod 0.2 ."""
    times: list[float] = []
    device = words_device({3: 7, 300: 8})

    def answer(unit: int, code: int, data: bytes) -> bytes | None:
        times.append(time.monotonic())
        said = device(unit, code, data)
        return said if isinstance(said, bytes) else None

    liar = Liar(answer).start()
    gateway = f'demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port {liar.port} .'
    with polling(site + gateway, maps=Maps({"m": read(text, "m")[0]})) as (table, _):
        assert wait_until(lambda: len(times) >= 6)
        assert values(table) == (7.0, 8.0)
    liar.close()

    assert min(after - before for before, after in pairwise(times)) > 0.19


def test_a_gateway_that_stands_it_is_asked_again_before_it_has_answered() -> None:
    """The first of three requests is answered when the third has come: with one in flight the second would never be asked."""
    units = " ".join(
        f"demo:{p} ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:unitId {u} ; dcx:address 0 ] ."
        for u, p in enumerate("ABC", 1)
    )
    held: list[tuple[int, int]] = []

    def answer(unit: int, code: int, data: bytes) -> object:
        def act(connection: object, number: int, of: int) -> None:
            held.append((number, of))
            if len(held) == 3:
                for each, whose in reversed(held):
                    connection.sendall(struct.pack(">HHHBBBH", each, 0, 5, whose, 3, 2, whose * 11))  # type: ignore[attr-defined]  # a socket

        return act

    liar = Liar(answer).start()  # type: ignore[arg-type]  # an act
    gateway = f'demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port {liar.port} ; dcx:requestsInFlight 3 .'
    with polling("demo:E brick:hasPoint demo:A , demo:B , demo:C . " + units + gateway) as (table, client):
        assert wait_until(lambda: [table.value(D + p) for p in "ABC"] == [11.0, 22.0, 33.0])
        assert client.status()[0].counts.late == 0
    liar.close()


@pytest.mark.quality("modbus", "hundreds-of-devices-on-one-loop")
def test_three_hundred_devices_are_polled_by_two_threads() -> None:
    """Three hundred gateways, each an address of the loopback's network, one register each; the wire has its loop and the thread that hands
    over, and no more."""
    liar = Liar(words_device({3: 7}), "").start()
    site = "".join(
        f"""demo:G{n} a dcx:Modbus_Gateway ; dcx:host "127.0.{n // 200 + 1}.{n % 200 + 1}" ; dcx:port {liar.port} .
demo:E brick:hasPoint demo:P{n} .
demo:P{n} ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:G{n} ; dcx:address 3 ] .
"""
        for n in range(300)
    )
    before = {thread.name for thread in threading.enumerate()}
    with polling(site) as (table, client):
        assert wait_until(lambda: all(table.quality(f"{D}P{n}") == "GOOD" for n in range(300)))
        ours = {thread.name for thread in threading.enumerate()} - before
        assert {name for name in ours if name.startswith("modbus")} == {"modbus", "modbus-ingest_0"}
        assert len(client.status()) == 300
        assert all(each.connected for each in client.status())
    liar.close()


# -- SunSpec ------------------------------------------------------------------------------------------------------------


def inverter() -> dict[int, int]:
    """Common, a three-phase inverter (103) and a battery (802), as the standard places them from 40000 on."""
    words = dict(zip(range(40000, 40004), (0x5375, 0x6E53, 1, 66), strict=True))
    at = 40002 + 2 + 66
    words |= {at: 103, at + 1: 50, at + 2: 4520, at + 6: 0xFFFE, at + 14: 0xD8F0, at + 15: 1, at + 16: 5001, at + 17: 0xFFFE}
    words |= {at + 21: 0x8000, at + 33: 0x8000, at + 38: 4}  # no power factor, no cabinet temperature, running
    at += 52
    words |= {at: 802, at + 1: 62, at + 14 - 3: 875, at + 52: 0xFFFF, at + 64: 0xFFFF}
    return words


def test_discovery_walks_from_model_to_model() -> None:
    """SunS at 40000, models 1, 103 and 802, then the end; a device that refuses 40000 and 50000 is asked at 0."""
    assert walked(inverter()) == [Model(1, 40002, 66), Model(103, 40070, 50), Model(802, 40122, 62)]
    assert walked({0: 0x5375, 1: 0x6E53, 2: 1, 3: 66, 70: 0xFFFF}, refuses=40000) == [Model(1, 2, 66)]


@pytest.mark.parametrize(("words", "reason"), [({}, "no SunSpec marker at 40000, 50000, 0"), ({0: 0x5375, 1: 0x6E53}, "there is no end")])
def test_what_is_no_sunspec_device_is_told(words: dict[int, int], reason: str) -> None:
    """No marker; or a chain of models of length 0 without an end, which is not followed for ever."""
    with pytest.raises(NotSunSpec, match=reason):
        walked(words)


def walked(words: dict[int, int], refuses: int = 65_536) -> list[Model]:
    """What discovery finds in a device with these words, which has no registers from `refuses` on."""
    walk = discover()
    address, count = next(walk)
    try:
        while True:
            said = struct.pack(f">{count}H", *(words.get(address + n, 0) for n in range(count)))
            address, count = walk.send(None if address >= refuses else said)
    except StopIteration as end:
        return list(end.value)


@pytest.mark.quality("modbus", "sunspec-devices-describe-themselves")
def test_a_sunspec_device_describes_itself() -> None:
    """Power -10,000 * 10^1 W is -100 kW, 4520 * 10^-2 A is 45.2 A, 5001 * 10^-2 Hz. What it has not is a failed sensor; the points go by
    name, by model and name, and by class."""
    site = """demo:PV a brick:PV_Panel ; dcx:registerMap "sunspec" ; dcx:gateway demo:GW ; dcx:unitId 1 ;
  brick:hasPoint demo:PV-W , demo:PV-current , demo:freq , demo:PV-TmpCab , demo:PV-St , demo:PV-802.SoC .
demo:PV-W brick:hasUnit unit:KiloW ; dcx:samplePeriod 0.2 .
demo:PV-current a brick:Current_Sensor ; brick:hasUnit unit:A ; dcx:samplePeriod 0.2 .
demo:freq rdfs:label "103.Hz" ; dcx:samplePeriod 0.2 . demo:PV-TmpCab dcx:samplePeriod 0.2 . demo:PV-St dcx:samplePeriod 0.2 .
"""
    liar = Liar(words_device(inverter())).start()
    gateway = f'demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port {liar.port} .'
    with polling(site + gateway) as (table, client):
        assert wait_until(lambda: table.quality(D + "PV-W") == "GOOD")
        assert table.value(D + "PV-W") == -100.0
        assert wait_until(lambda: table.quality(D + "freq") == table.quality(D + "PV-current") == "GOOD")
        assert table.value(D + "PV-current") == pytest.approx(45.2)
        assert table.value(D + "freq") == pytest.approx(50.01)
        assert table.value(D + "PV-St") == 4.0
        found = table.current.get(D + "PV-TmpCab")
        assert found is not None
        assert (found.quality.name, found.reason) == ("BAD", Reason.SENSOR)
        (offer,) = client.unusable()
        assert "numbers of its map sunspec have no point" in offer.reason
    liar.close()


def test_a_device_that_describes_nothing_is_told() -> None:
    """A UPS that is no SunSpec device: its points say nothing, and the reason is with what is unbound."""
    liar = Liar(words_device({}, size=100)).start()
    site = f"""demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port {liar.port} .
demo:U a dcx:UPS ; dcx:registerMap "sunspec" ; dcx:gateway demo:GW ; brick:hasPoint demo:U-W ."""
    with polling(site) as (table, client):
        assert wait_until(lambda: [one.point for one in client.unusable()] == [D + "U"])
        assert "no SunSpec marker" in client.unusable()[0].reason
        assert table.quality(D + "U-W") == "NO_VALUE"
    liar.close()
