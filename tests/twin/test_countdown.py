"""The flow of a countdown: from when it counts, what it hears, and how long an answer holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from graph.current import CurrentValues
from graph.values import Quality, ReadingBatch
from tests.analytics.sites import SITE, snapshot_of, vocabulary
from tests.analytics.test_timeline import UNITS
from twin.bus import Bus
from twin.countdown import Counting
from twin.state import Twin

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
PLANT = (
    UNITS
    + """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS ; brick:hasPoint :Available . :Available a dcx:Source_Available_Status .
:UPS a dcx:UPS ; dcx:feedsPower :Rack ; dcx:ratedPower [ brick:value 10.0 ; brick:hasUnit unit:KiloW ] ; brick:hasPoint :Load .
:Load a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW .
:String a brick:Battery ; dcx:ridethroughSeconds 600 ; dcx:peukertExponent 1.0 ; dcx:stateOfHealth 1.0 ; brick:isPartOf :UPS .
:Rack a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 10.0 ; brick:hasUnit unit:KiloW ] ; brick:hasPoint :Other .
:Other a brick:Humidity_Sensor .
"""
)

METERS = "".join(f":M{n} a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW . :Rack brick:hasPoint :M{n} .\n" for n in range(5_001))
"""More of them than are read for each question."""


class Plant:
    """A rack of 10 kW behind a UPS whose battery carries 10 kW for 600 s, and a clock that is set."""

    def __init__(self, more: str = "", points: tuple[str, ...] = ("Available", "Load", "Other")) -> None:
        self.now = START
        self.current = CurrentValues(dict.fromkeys((SITE + point for point in points), 5.0))
        self.twin = Twin(vocabulary(), snapshot_of(PLANT + more), self.current, Bus(), lambda: self.now)

    def after(self, seconds: float) -> None:
        """The clock, so many seconds after the start."""
        self.now = START + timedelta(seconds=seconds)

    def read(self, point: str, value: float) -> None:
        """A good reading of now."""
        at = int(self.now.timestamp() * 1000)
        self.current.take(ReadingBatch.of([(SITE + point, value, at, at, Quality.GOOD)]))

    def heard(self, counting: Counting, point: str, value: float) -> bool:
        """Whether such a reading ends the answer."""
        self.read(point, value)
        return counting.heard()

    def counting(self, failed: list[str] | None, since: datetime | None, horizon_s: float) -> Counting:
        """A countdown of this plant."""
        return Counting(self.current, lambda: self.now, failed, since, horizon_s)

    def told(self, counting: Counting) -> tuple[list[str], float, list[float | None], float]:
        """What has failed, for how long, the seconds that are left, and for how long the answer holds."""
        found, valid_s = counting.answer(self.twin.newest)
        failed = [iri.removeprefix(SITE) for iri in found.failed]
        return failed, found.elapsed_s, [each.upper for each in found.left if each.id == SITE + "Rack"], valid_s


def test_with_nothing_named_a_failure_counts_from_when_it_was_first_seen() -> None:
    """Seen after 10 s: 600 s are left; after 70 s 540 s. Back after 100 s; seen again after 200 s it is counted from there."""
    plant = Plant()
    counting = plant.counting(None, None, 14_400.0)
    rest = plant.told(counting)
    plant.after(10)
    heard = plant.heard(counting, "Available", 0.0)
    first = plant.told(counting)
    plant.after(70)
    later = plant.told(counting)
    plant.after(100)
    plant.read("Available", 1.0)
    back = plant.told(counting)
    plant.after(200)
    plant.read("Available", 0.0)
    again = plant.told(counting)

    assert heard
    assert rest == back == ([], 0.0, [], float("inf"))
    assert first == again == (["Utility"], 0.0, [600.0], 600.0)
    assert later == (["Utility"], 60.0, [540.0], 540.0)


def test_what_is_named_counts_from_the_instant_that_is_given_else_from_the_first_answer() -> None:
    """Given: 100 s before; else 0 s at the first answer and 30 s at one 30 s later."""
    plant = Plant()
    given = plant.counting([SITE + "Utility"], START - timedelta(seconds=100), 14_400.0)
    begun = plant.counting([SITE + "Utility"], None, 14_400.0)
    first = plant.told(given), plant.told(begun)
    plant.after(30)

    assert [(elapsed, left) for _, elapsed, left, _ in first] == [(100.0, [500.0]), (0.0, [600.0])]
    assert plant.told(begun)[1:3] == (30.0, [570.0])


def test_an_answer_is_over_when_a_reading_that_it_stands_on_says_something_else() -> None:
    """The humidity is none. The UPS carries 5 kW and not 10: 1,200 s. The same once more is no news."""
    plant = Plant()
    counting = plant.counting([SITE + "Utility"], None, 14_400.0)
    plant.told(counting)
    heard = [plant.heard(counting, "Other", 40.0), plant.heard(counting, "Load", 5.0)]
    told = plant.told(counting)
    plant.after(1)

    assert heard == [False, True]
    assert told == (["Utility"], 0.0, [1200.0], 1200.0)
    assert not plant.heard(counting, "Load", 5.0)


def test_a_load_that_a_large_site_has_not_read_yet_is_in_the_answer_when_it_has() -> None:
    """With 5,001 meters more, loads are read every 30 s at most. Read at 0 s (none is known), heard at 4 s: 5 kW, which rings once. The
    answer of 4 s still says 600 - 4 = 596 s and holds for 10 s, the one of 24 s for 6 s; at 30 s it says 1,200 - 30 = 1,170 s."""
    plant = Plant(METERS)
    counting = plant.counting([SITE + "Utility"], None, 14_400.0)
    first = plant.told(counting)
    plant.after(4)
    heard = [plant.heard(counting, "Load", 6.0)]
    behind = plant.told(counting)
    heard.append(plant.heard(counting, "Load", 5.0))
    plant.after(24)
    still = plant.told(counting)
    plant.after(30)
    renewed = plant.told(counting)
    plant.after(31)
    heard.append(plant.heard(counting, "Load", 10.0))

    assert first == (["Utility"], 0.0, [600.0], 600.0)
    assert (behind[2:], still[2:], renewed[2:]) == (([596.0], 10.0), ([576.0], 6.0), ([1170.0], 1170.0))
    assert heard == [True, False, True]


def test_loads_that_are_read_beside_the_questions_are_in_the_next_answer() -> None:
    """Heard at 4 s, read by the service at 12 s: the answer of 14 s has them, 1,200 - 14 s."""
    plant = Plant(METERS)
    counting = plant.counting([SITE + "Utility"], None, 14_400.0)
    plant.told(counting)
    plant.after(4)
    plant.heard(counting, "Load", 5.0)
    behind = plant.told(counting)
    plant.after(12)
    plant.twin.renew_loads()
    plant.after(14)

    assert behind[2:] == ([596.0], 10.0)
    assert plant.told(counting)[2:] == ([1186.0], 1186.0)
