"""The NewWire wire against simulated devices on loopback."""

from __future__ import annotations

import threading

from adapters.new_wire.bindings import bind
from adapters.new_wire.client import NewWireClient
from adapters.new_wire.config import NewWireConfig
from adapters.new_wire.simulator import NewWireSimulator
from tests.support.mosquitto import free_port
from tests.support.wired import Table, snapshot_of, wait_until, wall_clock

POWER, INLET = "urn:ridethrough:demo:Power", "urn:ridethrough:demo:Inlet"
CONFIG = NewWireConfig(timeout_s=1.0, reconnect_s_min=0.05, reconnect_s_max=0.1, period_s_min=0.05)


def site(port: int) -> str:
    """Two points of one device."""
    return f"""demo:Device dcx:host "127.0.0.1" ; dcx:port {port} . demo:UPS brick:hasPoint demo:Power , demo:Inlet .
demo:Power brick:hasUnit unit:KiloW ; dcx:samplePeriod 0.1 ; ref:hasExternalReference [ a dcx:NewWireReference ;
  dcx:gateway demo:Device ; dcx:key "power" ; dcx:sourceUnit unit:W ] .
demo:Inlet brick:hasUnit unit:DEG_C ; dcx:samplePeriod 0.1 ; ref:hasExternalReference [ a dcx:NewWireReference ;
  dcx:gateway demo:Device ; dcx:key "inlet" ; dcx:scale 0.1 ] ."""


def test_values_reach_their_points_in_the_points_own_unit_and_again_after_the_device_was_away() -> None:
    """A value that the device has not is `BAD`; while the device is away both are `NO_COMMUNICATION`, and the number stays."""
    snapshot = snapshot_of(site(free_port()))
    bindings, table, plant = bind(snapshot), Table(snapshot), {POWER: 6.3}
    before = threading.active_count()
    devices = NewWireSimulator(bindings, lambda: plant)
    devices.start()
    client = NewWireClient(CONFIG, bindings, table.ingest, wall_clock)

    client.start()
    assert wait_until(lambda: (table.quality(POWER), table.quality(INLET)) == ("GOOD", "BAD"))
    assert table.value(POWER) == 6.3

    devices.close()
    assert wait_until(lambda: table.quality(POWER) == table.quality(INLET) == "NO_COMMUNICATION")
    assert table.value(POWER) == 6.3
    assert [(each.connected, bool(each.error)) for each in client.status()] == [(False, True)]

    plant |= {POWER: 6.5, INLET: 21.5}
    devices = NewWireSimulator(bindings, lambda: plant)
    devices.start()
    assert wait_until(lambda: (table.value(POWER), table.value(INLET)) == (6.5, 21.5))
    assert [(each.connected, each.error) for each in client.status()] == [(True, "")]

    client.close()
    devices.close()
    client.close()
    assert threading.active_count() == before
