"""The plant's values on the site's own references: each fits its register and comes back as it was, to the register's step."""

from __future__ import annotations

import orjson
import pytest

from adapters.modbus.bindings import bind as bind_modbus
from adapters.modbus.codec import decode, encode
from adapters.mqtt.bindings import bind as bind_mqtt
from adapters.mqtt.simulator import payloads
from ontology.namespaces import DEMO
from tests.simulation.conftest import Desk, Site


def test_every_modbus_point_is_bound_and_its_value_fits_its_register(site: Site, desk: Desk) -> None:
    """In normal operation, and with side A on generators and the halls hot."""
    bindings = bind_modbus(site.snapshot)
    for _ in range(2):
        for point, register in bindings.registers.items():
            value = desk.plant.values()[point]
            back = decode(register, encode(register, value).words, register.address)
            assert back == pytest.approx(value, abs=register.scale / 2 + 1e-9), point
        desk.opens("Main-Breaker-A")
        for board in "AB":
            desk.opens(f"Breaker-Mech-Board-{board}")
        desk.run(120)

    assert list(bindings.unbound) == []
    assert len(bindings.registers) > 600


def test_a_rack_says_all_its_points_in_one_message(site: Site, desk: Desk) -> None:
    """One topic a rack: inlet, outlet, power, and kilowatts and amperes of each cord, with the time."""
    bindings = bind_mqtt(site.snapshot)

    said = payloads(bindings, desk.plant.values(), desk.now)

    message = orjson.loads(said["dc/demo/H1/R001"])
    assert {"t", "inlet_c", "outlet_c", "power_kw", "a_kw", "a_a", "b_kw", "b_a"} == set(message)
    assert message["power_kw"] == pytest.approx(desk.reads("Rack-R001.Power"), abs=1e-6)
    assert list(bindings.unbound) == []
    assert len(said) == 200 + 2 + 1  # racks, halls, the site


def test_every_breaker_is_a_coil_that_can_be_written_and_reads_back(site: Site, desk: Desk) -> None:
    """Write 0, read 0 at once: that is how a coil behaves."""
    bindings = bind_modbus(site.snapshot)
    coils = sorted(point for point, register in bindings.registers.items() if register.table == "coil")

    for point in coils[:20]:
        desk.plant.write(point, 0.0)

    assert {0.0} == {desk.plant.values()[point] for point in coils[:20]}
    assert all(point.startswith(DEMO) and point.endswith(".Position") for point in coils)
