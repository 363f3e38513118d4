"""An answer of the running twin stands on what its meters say now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from graph.current import CurrentValues
from graph.values import Quality, ReadingBatch
from tests.analytics.sites import SITE, snapshot_of, vocabulary
from tests.analytics.test_capacity_cases import two_sides
from twin.bus import Bus
from twin.state import Twin

METERS = """
:A brick:hasPoint :A-Power . :A-Power a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW .
:B brick:hasPoint :B-Power . :B-Power a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW .
:R brick:hasPoint :R-Power . :R-Power a dcx:Rack_Power_Sensor ; brick:hasUnit unit:KiloW .
"""
NOW_S = 1_770_000_000


class Meters:
    """A twin of two UPSs of 100 kW and a rack of 120 kW on both, each with a meter; and more, in Turtle."""

    def __init__(self, more: str = "") -> None:
        self.now = datetime.fromtimestamp(NOW_S, UTC)
        self.current = CurrentValues(dict.fromkeys((SITE + "A-Power", SITE + "B-Power", SITE + "R-Power"), 5.0))
        self.twin = Twin(vocabulary(), snapshot_of(two_sides(120) + METERS + more), self.current, Bus(), lambda: self.now)

    def say(self, **kw: float) -> None:
        """A good reading of each of the named things, in kW, a second later."""
        self.now += timedelta(seconds=1)
        at = int(self.now.timestamp() * 1000)
        self.current.take(ReadingBatch.of([(f"{SITE}{name}-Power", value, at, at, Quality.GOOD) for name, value in kw.items()]))

    def fail_a(self) -> tuple[list[tuple[str, float]], tuple[str, ...]]:
        """What trips when A fails, with its load; and what the answer assumed."""
        found = self.twin.newest.impact([SITE + "A"])
        return [(trip.id, trip.load_kw) for trip in found.trips], found.assumed


def test_readings_take_the_place_of_what_is_planned_as_soon_as_they_are_good() -> None:
    """Planned 120 kW trip B. The rack draws 80 kW by its meter: nothing does. 130 kW by its meter: B trips with that."""
    plant = Meters()
    planned, _ = plant.fail_a()

    plant.say(A=40.0, B=40.0, R=80.0)
    light, _ = plant.fail_a()
    plant.say(A=65.0, B=65.0, R=130.0)
    heavy, assumed = plant.fail_a()

    assert planned == [(SITE + "B", 120.0)]
    assert light == []
    assert heavy == [(SITE + "B", 130.0)]
    assert assumed == ("loads in kW rest on good readings of 3; all else carries the sum of what it feeds",)


def test_a_reading_that_is_stale_is_none() -> None:
    """When the meters have been silent for long, what is planned counts again."""
    plant = Meters()
    plant.say(A=40.0, B=40.0, R=80.0)
    plant.fail_a()

    plant.current.sweep(int(plant.now.timestamp() * 1000) + 60_000)

    assert plant.fail_a()[0] == [(SITE + "B", 120.0)]
