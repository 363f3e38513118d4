"""Virtual points kept current: with their inputs, with the graph, and never better than what they stand on."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

import pytest

from graph.points import point_facts
from graph.snapshot import Snapshot
from graph.values import Quality, ReadingBatch
from ontology.namespaces import DEMO
from ontology.vocabulary import load_vocabulary
from tests.support.wired import MovedClock, Table, snapshot_of, wait_until
from twin.events import GraphChanged
from twin.virtual import VirtualFlow

VOCABULARY = load_vocabulary()
GOOD, UNCERTAIN, STALE, BAD, AWAY, NONE = Quality
ROW = """
demo:Row a dcx:Rack_Row . demo:V brick:isPointOf demo:Row ; dcx:formula "itPower(this)" ; dcx:samplePeriod 5 .
demo:Twice dcx:formula "2 * \\"demo:V\\"" ; dcx:samplePeriod 5 .
"""


def rack(number: int) -> str:
    point = f"demo:P{number} a dcx:Rack_Power_Sensor ; brick:hasUnit unit:KiloW ; dcx:samplePeriod 5 ."
    return f"demo:R{number} a brick:ICT_Rack ; brick:hasLocation demo:Row ; brick:hasPoint demo:P{number} . {point} "


SITE = snapshot_of(ROW + "".join(map(rack, range(10))))


class Desk:
    """A row of racks in a table, a clock that stands, and the flow."""

    def __init__(self, site: Snapshot = SITE) -> None:
        self.clock = MovedClock()
        self.table = Table(site, self.clock)
        self.flow = VirtualFlow(self.table.current, self.table.ingest, self.table.bus, self.clock, VOCABULARY, pace_s=0.01)

    def reads(self, *numbers: int, kw: float = 4.0, quality: Quality = GOOD) -> None:
        """The racks' meters say so, now."""
        now = self.clock.ms
        self.table.ingest.accept(ReadingBatch.of([(f"{DEMO}P{n}", kw, now, now, quality) for n in numbers]))

    def said(self, point: str = "V") -> tuple[float, str]:
        return self.table.value(DEMO + point), self.table.quality(DEMO + point)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    desk.flow.start(SITE)
    yield desk
    desk.flow.close()


def test_a_sum_follows_its_meters_and_what_stands_on_it_follows_the_sum(desk: Desk) -> None:
    """Ten racks of 4 kW are 40, twice that is 80; one that takes 6 makes it 42 and 84."""
    desk.reads(*range(10))
    assert wait_until(lambda: desk.said("Twice") == (80.0, "GOOD"))

    desk.clock.move(1)
    desk.reads(3, kw=6.0)

    assert wait_until(lambda: desk.said("Twice") == (84.0, "GOOD"))
    assert desk.said() == (42.0, "GOOD")


def test_one_bad_meter_of_ten_leaves_nine_tenths_that_are_uncertain(desk: Desk) -> None:
    """And it is told which meter it is, and what was covered."""
    desk.reads(*range(10))
    assert wait_until(lambda: desk.said() == (40.0, "GOOD"))

    desk.clock.move(1)
    desk.reads(7, kw=nan, quality=BAD)

    assert wait_until(lambda: desk.said() == (36.0, "UNCERTAIN"))
    told = {each.point: each for each in desk.flow.explained()}[DEMO + "V"]
    assert (told.figure.coverage, told.stands_on, told.poor, told.worst) == (0.9, 10, 1, [(DEMO + "P7", BAD)])
    found = desk.table.current.get(DEMO + "V")
    assert found is not None
    assert found.reason.name == "PARTIAL"


def test_silence_of_the_meters_is_silence_of_the_sum(desk: Desk) -> None:
    """After two periods nothing is fresh: uncertain. After five nothing is there: bad, with the last number."""
    desk.reads(*range(10))
    assert wait_until(lambda: desk.said() == (40.0, "GOOD"))

    desk.clock.move(10.1)
    desk.table.ingest.sweep()
    assert wait_until(lambda: desk.said() == (40.0, "UNCERTAIN"))
    desk.clock.move(15)
    desk.table.ingest.sweep()

    assert wait_until(lambda: desk.said() == (40.0, "BAD"))


def test_a_sum_of_which_nothing_was_ever_heard_says_nothing(desk: Desk) -> None:
    """It is not bad before anybody could have spoken."""
    desk.flow.rebind(SITE)
    desk.flow.work()

    assert desk.said()[1] == "NO_VALUE"


def test_a_rack_that_is_added_is_in_the_sum(desk: Desk) -> None:
    """As soon as the graph has it; until its meter speaks the sum has ten elevenths."""
    desk.reads(*range(10))
    assert wait_until(lambda: desk.said() == (40.0, "GOOD"))
    grown = snapshot_of(ROW + "".join(map(rack, range(11))))

    desk.clock.move(1)
    desk.table.ingest.rebind(point_facts(grown))
    desk.table.bus.publish(GraphChanged(grown))

    assert wait_until(lambda: desk.said() == (40.0, "UNCERTAIN"))
    desk.clock.move(1)
    desk.reads(10, kw=5.0)
    assert wait_until(lambda: desk.said() == (45.0, "GOOD"))


def test_a_formula_in_error_is_told_as_a_point_that_no_value_comes_from() -> None:
    """With its reason."""
    desk = Desk(snapshot_of('demo:V dcx:formula "1 +" .'))

    desk.flow.rebind(snapshot_of('demo:V dcx:formula "1 +" .'))

    assert [each.point for each in desk.flow.unusable()] == [DEMO + "V"]
    desk.flow.close()
