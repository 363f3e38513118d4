"""What the doctor finds of the broker, the gateways, the history and its database: real servers, and the next step in each error."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from adapters.history.embedded import EmbeddedHistory
from graph.points import PointFacts
from graph.values import Quality
from tests.support.histories import NAMES, tell
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.postgres import served
from tests.support.wired import quads_of
from twin.cli import doctor_wires
from twin.compose import open_ledger
from twin.settings import Settings
from twin.sync import Wish


def settings(folder: Path, **given: object) -> Settings:
    """Settings over a folder."""
    return Settings.model_validate({"data": folder, **given})


def test_a_broker_is_asked_to_let_us_in(tmp_path: Path) -> None:
    """One that does; one that knows no such user; one that takes the connection and says nothing; none."""
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir()
    lets_in = Mosquitto(tmp_path / "open").start()
    refuses = Mosquitto(tmp_path / "closed", "allow_anonymous false\n").start()
    try:
        assert doctor_wires.broker(settings(tmp_path, mqtt_url=lets_in.url)) == f"port {lets_in.port} of 127.0.0.1 answers and lets us in"
        with pytest.raises(OSError, match=r"refuses us: Not authorized; correct user and password in mqtt_url"):
            doctor_wires.broker(settings(tmp_path, mqtt_url=refuses.url))
    finally:
        lets_in.stop()
        refuses.stop()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"mqtt://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(OSError, match="says nothing for 3 s: is it a broker"):
            doctor_wires.broker(settings(tmp_path, mqtt_url=url))
    with pytest.raises(OSError, match="start the broker, or correct mqtt_url"):
        doctor_wires.broker(settings(tmp_path, mqtt_url=f"mqtt://127.0.0.1:{free_port()}"))
    assert doctor_wires.broker(settings(tmp_path)) == "none set: no telemetry is read over MQTT"


def test_gateways_that_take_no_connection_are_named(tmp_path: Path) -> None:
    """Two that the graph names, one is there; the other is told with its place."""
    away = free_port()
    with socket.create_server(("127.0.0.1", 0)) as gateway:
        ports = {"GW-1": gateway.getsockname()[1], "GW-2": away}
        site = "".join(
            f'demo:{name} a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port {port} . demo:E brick:hasPoint demo:P-{name} .\n'
            f"demo:P-{name} ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:{name} ; dcx:address 1 ] .\n"
            for name, port in ports.items()
        )
        asked = settings(tmp_path, modbus=True)
        opened = open_ledger(asked, "test", read_only=False)
        opened.ledger.sync(Wish("test", quads_of(site)), author="test", reason="the site")
        opened.close()

        with pytest.raises(OSError, match=rf"1 of 2 do not answer: 127\.0\.0\.1:{away}: Connection refused\. Correct dcx:host"):
            doctor_wires.gateways(asked)
        there = settings(tmp_path, modbus=True, modbus_endpoints=f"demo:GW-2=127.0.0.1:{ports['GW-1']}")
        assert doctor_wires.gateways(there) == "1 of 1 take a connection"
    assert doctor_wires.gateways(settings(tmp_path)) == "Modbus is not polled (setting 'modbus')"


def test_history_is_read_and_its_database_asked(tmp_path: Path) -> None:
    """Files with their count; a database with its clock; one that is away, with what to do."""
    assert doctor_wires.history(settings(tmp_path)) == f"{tmp_path / 'history'}: nothing has been kept yet"
    assert doctor_wires.history(settings(tmp_path, history="off")) == "off: nothing is kept"
    kept = EmbeddedHistory(tmp_path / "history")
    kept.rebind({NAMES[0]: PointFacts()})
    tell(kept, (0, 1_780_315_200_000, 1.0, Quality.GOOD))
    kept.close()
    assert f"{tmp_path / 'history'}: 1 samples in 0.0 MB, 0 % of history_disk_gb" == doctor_wires.history(settings(tmp_path))

    with served() as server:
        told = doctor_wires.history(settings(tmp_path, history=server.emptied()))
        assert told.startswith("PostgreSQL 1")
        assert "at 127.0.0.1 answers, its clock" in told
    with pytest.raises(OSError, match=r"PostgreSQL at 127\.0\.0\.1: .*; start it, or correct history and history_password"):
        doctor_wires.history(settings(tmp_path, history=f"postgresql://x@127.0.0.1:{free_port()}/x"))


def test_the_clock_is_what_the_kernel_says_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept, not kept, not known: never a problem by itself."""
    assert "kept" in doctor_wires.clock(settings(tmp_path)) or "keeps" in doctor_wires.clock(settings(tmp_path))
    told = []
    for state in (True, False, None):
        monkeypatch.setattr(doctor_wires, "_kernel_clock", lambda state=state: state)
        told.append(doctor_wires.clock(settings(tmp_path)))
    assert [text.split(",")[0] for text in told] == ["kept", "nothing keeps it", "the system does not say whether it is kept"]
