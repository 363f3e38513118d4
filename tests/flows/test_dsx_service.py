"""A plant on the DSX Exchange BMS bus, from a publisher that knows the contract and nothing of us, to questions about it: a real broker,
the whole service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from graph.values import Quality, Reason
from ontology.namespaces import DCX
from tests.support.dsx_publisher import BmsPoint, DsxPublisher, small_plant
from tests.support.mosquitto import Mosquitto
from tests.support.wired import wait_until
from twin.compose import Opened, open_ledger, open_twin
from twin.compose_service import Service
from twin.settings import Settings

N = "urn:dsx-exchange:"
UPS = N + "PM-UPS/UPS"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker of the test's own."""
    (tmp_path / "broker").mkdir()
    running = Mosquitto(tmp_path / "broker").start()
    yield running
    running.stop()


class Running:
    """The service over a data folder; ended by `close`."""

    def __init__(self, folder: Path, broker: Mosquitto, **settings: object) -> None:
        given = {"data": folder / "data", "mqtt_url": broker.url, **settings}
        self.opened: Opened = open_twin(Settings.model_validate(given), "test", read_only=False)
        self.service = Service(self.opened)
        self.service.start()
        assert wait_until(lambda: not self.service.away(), timeout_s=20), self.service.away()

    @property
    def newest(self) -> int:
        """The number of the newest revision."""
        return self.opened.twin.snapshot.revision

    def row(self, point: BmsPoint) -> tuple[float | None, Quality, Reason]:
        """The current value of a point of the bus."""
        found = self.opened.twin.current.get(N + "point/" + point.address)
        return (None, Quality.NO_VALUE, Reason.NONE) if found is None else (found.value, found.quality, found.reason)

    def close(self) -> None:
        """End the service, then the twin."""
        self.service.stop()
        self.opened.close()


def test_a_plant_plugs_in_by_the_contract_alone(tmp_path: Path, broker: Mosquitto) -> None:
    """Values, then metadata: a graph in one revision, supply edges, live values, what hangs by the UPS; a restart keeps the graph; a rack
    less is one revision that takes that rack away."""
    plant = small_plant()
    bms = DsxPublisher(broker.port)
    bms.report(plant)
    running = Running(tmp_path, broker)
    try:
        bms.report(plant)
        bms.describe(plant)
        assert wait_until(lambda: running.newest == 1, timeout_s=15)
        power = plant[0]
        assert wait_until(lambda: running.row(power)[1] == Quality.GOOD, timeout_s=5)

        assert [running.row(p)[:2] for p in plant if p.value is not None] == [(p.value, Quality.GOOD) for p in plant if p.value is not None]
        found = running.opened.twin.newest.impact([UPS])
        lost = {each.id for each in found.outcomes if str(each.outcome) == "LOST"}
        assert {N + "PM-UPS", N + "PM-RPP", N + "R01", N + "R02"} <= lost
        assert found.totals.racks["LOST"] == 2

        bms.describe(plant)
        bms.report(plant)
        running.close()
        running = Running(tmp_path, broker)
        assert wait_until(lambda: running.row(power)[1] == Quality.STALE or running.row(power)[1] == Quality.GOOD)
        assert running.newest == 1
        bms.report(plant)
        assert wait_until(lambda: running.row(power)[1] == Quality.GOOD)
        gone = [point for point in plant if point.metadata.get("rackLocationId") == "R02"]
        for point in gone:
            bms.forget(point)
        assert wait_until(lambda: running.newest == 2, timeout_s=10)
        _, change = running.opened.ledger.revision(2)
        withdrawn = {quad[2] for quad in change.removed if quad[1] == DCX + "dsxMetadata"}
        assert len(withdrawn) == len(gone)
        assert {quad[0] for quad in change.added} <= {N + "R02"}
    finally:
        running.close()
        bms.close()


def test_every_value_said_after_its_metadata_is_in_history(tmp_path: Path, broker: Mosquitto) -> None:
    """A hundred, 5 ms apart, while the graph does not have their point yet; then the unit changes, and the next is converted at once."""
    meter = small_plant()[0]
    iri, began = N + "point/" + meter.address, round(time.time() * 1000)
    bms = DsxPublisher(broker.port)
    running = Running(tmp_path, broker)
    history = running.service.history
    assert history is not None

    def kept() -> list[float]:
        return [float(value) for value in history.series(iri, began, began + 600_000, 1_000).values]

    try:
        bms.describe([meter])
        for value in range(100):
            meter.value = float(value)
            bms.report([meter])
            time.sleep(0.005)
        assert wait_until(lambda: running.row(meter)[:2] == (99.0, Quality.GOOD))
        assert wait_until(lambda: kept() == [float(value) for value in range(100)])
        assert running.service.ingest.waiting() == {}

        meter.metadata["engUnit"] = "W"
        meter.value = 120_000.0
        bms.describe([meter])
        bms.report([meter])
        assert wait_until(lambda: running.row(meter)[0] == 120.0)
        assert wait_until(lambda: running.newest == 2)
        assert kept()[-2:] == [99.0, 120.0]
    finally:
        running.close()
        bms.close()


def test_a_process_that_takes_in_waits_for_the_graph_of_another(tmp_path: Path, broker: Mosquitto) -> None:
    """The process that answers makes a revision of the metadata; the one that takes in has kept every value until it hears of that, and
    passes it on."""
    fan = BmsPoint("Fan", "FanSpeed", "hall/f1", {"objectName": "F", "objectId": "F-1", "engUnit": "RPM"})
    iri, began = N + "point/" + fan.address, round(time.time() * 1000)
    bms = DsxPublisher(broker.port)
    kept = tmp_path / "in" / "data" / "history"
    open_ledger(Settings.model_validate({"data": tmp_path / "out" / "data"}), "test", read_only=False).close()
    taking = Running(tmp_path / "in", broker, role="ingest", store=str(tmp_path / "out" / "data"), mqtt_client_id="in")
    answering = Running(tmp_path / "out", broker, role="api", history=str(kept))
    try:
        bms.describe([fan])
        for value in range(50):
            fan.value = float(value)
            bms.report([fan])
            time.sleep(0.005)
        assert wait_until(lambda: answering.row(fan)[:2] == (49.0, Quality.GOOD))
        assert taking.service.history is not None
        assert taking.service.history.series(iri, began, began + 600_000, 100).values.tolist() == [float(value) for value in range(50)]
    finally:
        answering.close()
        taking.close()
        bms.close()


def test_our_words_go_out_under_our_name_alone(tmp_path: Path, broker: Mosquitto) -> None:
    """Heartbeat, echo of theirs and a request for isolation, answered by the rack's own status; nothing that is not ours, nor retained."""
    plant = small_plant("TWIN")
    request, status = (
        next(p for p in plant if p.point_type == name) for name in ("RackLiquidIsolationRequest", "RackLiquidIsolationStatus")
    )
    beat = next(p for p in plant if p.point_type == "HeartbeatTimestampBms")
    wished = N + "point/" + request.address
    bms = DsxPublisher(broker.port)
    bms.describe([*plant, *(p for p in small_plant("OTHER") if p.metadata.get("integration") == "OTHER" and p.object_type == "System")])
    running = Running(tmp_path, broker, mqtt_dsx_integration="TWIN", control=True, control_points=wished)
    try:
        assert wait_until(lambda: running.newest == 1, timeout_s=15)
        at = bms.beat(beat)
        bms.report([status])
        assert wait_until(lambda: any("HeartbeatEcho" in topic for topic, _, _ in bms.from_others()), timeout_s=5)

        running.service.face.commands.request(wished, 1.0, "ada", "a leak")
        assert wait_until(lambda: any(topic == f"BMS/v1/TWIN/Value/{request.address}" for topic, _, _ in bms.from_others()), timeout_s=5)
        status.value = 1
        bms.report([status])
        assert wait_until(lambda: running.row(status)[0] == 1.0)

        heard = bms.from_others()
        ours = {f"BMS/v1/TWIN/Value/{p.address}" for p in plant if p.metadata.get("integration") == "TWIN"}
        assert {topic for topic, _, _ in heard} <= ours
        assert not any(retained for _, _, retained in heard)
        (echo,) = {orjson.loads(payload)["value"] for topic, payload, _ in heard if "HeartbeatEcho" in topic}
        assert echo == at
        assert running.row(request)[1] == Quality.NO_VALUE
    finally:
        running.close()
        bms.close()
