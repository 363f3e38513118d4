"""The whole service on a broker, in the test's own process."""

from __future__ import annotations

from pathlib import Path

from graph.values import Quality, Reason
from tests.support.mosquitto import Mosquitto
from tests.support.wired import snapshot_of, wait_until
from twin.compose import Opened, open_twin
from twin.compose_service import Service
from twin.settings import Settings
from twin.sync import Wish

DEMO = "urn:ridethrough:demo:"


class Running:
    """The service over a data folder, with a site in Turtle if one is given, wires connected; ended by `close`."""

    def __init__(self, folder: Path, broker: Mosquitto, site: str = "", **settings: object) -> None:
        given = {"data": folder / "data", "mqtt_url": broker.url, **settings}
        self.opened: Opened = open_twin(Settings.model_validate(given), "test", read_only=False)
        if site:
            self.opened.ledger.sync(Wish("site", snapshot_of(site).block()), author="test", reason="the site")
        try:
            self.service = Service(self.opened)
        except BaseException:
            self.opened.close()
            raise
        self.service.start()
        assert wait_until(lambda: not self.service.away()), self.service.away()

    def row(self, point: str) -> tuple[float | None, Quality, Reason]:
        """The current value of a point, by IRI or by its name in the demo's namespace."""
        found = self.opened.twin.current.get(point if ":" in point else DEMO + point)
        return (None, Quality.NO_VALUE, Reason.NONE) if found is None else (found.value, found.quality, found.reason)

    def comes(self, point: str, value: float, quality: Quality = Quality.GOOD, reason: Reason = Reason.NONE) -> bool:
        """Whether a point comes to have a value."""
        return wait_until(lambda: self.row(point) == (value, quality, reason))

    def close(self) -> None:
        """End the service, then the twin."""
        self.service.stop()
        self.opened.close()
