"""The setting `modbus_maps`: the service as a process of its own, a folder of register maps, and devices that answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.liar import Liar
from tests.support.modbus_words import words_device
from tests.support.processes import Process
from tests.support.wired import snapshot_of, wait_until
from twin.compose import open_twin
from twin.settings import Settings
from twin.sync import Wish

GOOD = """
name = "acme"
[[register]]
point = "Load"
address = 10
type = "uint32"
unit = "W"
[[register]]
point = "Charge"
class = "dcx:State_Of_Charge_Sensor"
address = 32
unit = "PERCENT"
[[register]]
point = "Broken"
address = 40
unit = "BUSHEL"
[[register]]
point = "Wide"
address = 70000
"""
SITE = """
demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port {port} .
demo:UPS-1 a dcx:UPS ; dcx:registerMap "acme" ; dcx:gateway demo:GW ; brick:hasPoint demo:UPS-1-Load .
demo:UPS-1-Load a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW ; dcx:samplePeriod 1 .
demo:PDU-1 a brick:PDU ; dcx:registerMap "acme" ; dcx:gateway demo:GW ; brick:hasPoint demo:PDU-1-Load .
demo:PDU-1-Load a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW ; dcx:samplePeriod 1 .
demo:ATS-1 a brick:Automatic_Transfer_Switch ; dcx:registerMap "nowhere" ; dcx:gateway demo:GW .
"""


@pytest.fixture
def device() -> Iterator[Liar]:
    """Every unit has 75,000 W and 87 %."""
    liar = Liar(words_device({10: 1, 11: 9464, 32: 87})).start()
    yield liar
    liar.close()


@pytest.mark.quality("modbus", "maps-and-devices-make-points")
def test_devices_are_read_by_the_maps_of_a_folder_and_what_cannot_be_used_is_told(tmp_path: Path, device: Liar) -> None:
    """Both loads come by the map. The UPS, which the setting names, has a point for its charge, in the source `modbus`; the PDU is told
    that it could. A file that is no map, entries of one that cannot be used, and a map that there is not are told with file, entry, limit
    and next step, and stop nothing."""
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "acme.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "maps" / "torn.toml").write_text('name = "torn"\n[[register]]\npoint = ', encoding="utf-8")
    opened = open_twin(Settings.model_validate({"data": tmp_path / "data"}), "test", read_only=False)
    opened.ledger.sync(Wish("site", snapshot_of(SITE.format(port=device.port)).block()), author="test", reason="the site")
    opened.close()
    process = Process(tmp_path, modbus="true", modbus_maps=tmp_path / "maps", modbus_points="demo:UPS-*").start()
    try:
        process.wait()

        assert wait_until(lambda: values(process) == {"UPS-1-Load": 75.0, "PDU-1-Load": 75.0, "charge": 87.0}), values(process)
        problems = process.ask("{ status { unbound { topic reason } } }")["status"]["unbound"]
        told = {each["topic"]: each["reason"] for each in problems}
        assert told["torn.toml"].startswith("torn.toml: it is no TOML, Invalid value (at end of document): correct that place")
        of_acme = sorted(each["reason"] for each in problems if each["topic"] == "acme.toml")
        assert len(of_acme) == 2
        assert of_acme[0].startswith("acme.toml: register 3 (Broken): ")
        assert "BUSHEL" in of_acme[0]
        assert of_acme[1] == "acme.toml: register 4 (Wide): dcx:address is zero-based, 0 to 65535, not 70000"
        assert "there is no register map 'nowhere'; there are: acme, sunspec; setting modbus_maps" in told["urn:ridethrough:demo:ATS-1"]
        assert "1 of the numbers of its map acme have no point: Charge" in told["urn:ridethrough:demo:PDU-1"]
        assert [each["name"] for each in process.ask("{ sources { name } }")["sources"]] == ["modbus", "site"]
    finally:
        process.stop()


def test_a_folder_of_maps_that_is_none_stops_the_start(tmp_path: Path) -> None:
    """The message names setting, folder and next step; nothing is served."""
    process = Process(tmp_path, modbus="true", modbus_maps=tmp_path / "maps").start()
    try:
        assert process.ended() != 0
        assert f"setting 'modbus_maps': {tmp_path / 'maps'} is no folder: make it, or correct the setting" in " ".join(
            process.log().split()
        )
    finally:
        process.kill()


def values(process: Process) -> dict[str, Any]:
    """Good values of points by the end of their id."""
    asked = "query ($id: ID!) { entity(id: $id) { points { id value { value quality } } } }"
    things = [process.ask(asked, id=f"urn:ridethrough:demo:{name}")["entity"] for name in ("UPS-1", "PDU-1")]
    good = [point for thing in things for point in thing["points"] if point["value"]["quality"] == "GOOD"]
    return {point["id"].rpartition("/")[2].rpartition(":")[2]: point["value"]["value"] for point in good}
