"""Virtual points kept current: with their inputs, with the graph, and never better than what they stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import nan
from typing import Any

import pytest

import twin.virtual
from analytics.virtual.plan import virtual_points
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


def test_a_sum_has_no_silence_of_its_own() -> None:
    """Its period is 5 s, its meters speak once a minute: it is as fresh as they are, and falls silent with them."""
    site = snapshot_of((ROW + rack(0) + rack(1)).replace("Unit unit:KiloW ; dcx:samplePeriod 5", "Unit unit:KiloW ; dcx:samplePeriod 60"))
    desk = Desk(site)
    desk.flow.listen(site)
    desk.flow.step()
    desk.reads(0, 1)
    desk.flow.step()

    for _ in range(4):
        desk.clock.move(28)
        desk.table.ingest.sweep()
        desk.flow.step()
        assert desk.said() == (8.0, "GOOD")
    desk.clock.move(28)
    desk.table.ingest.sweep()
    desk.flow.step()

    assert (desk.said(), desk.said("P0")) == ((8.0, "UNCERTAIN"), (4.0, "STALE"))
    desk.flow.close()


def test_a_reading_from_outside_is_none_of_a_virtual_point(desk: Desk) -> None:
    """1 kW is sent for the row that takes 40: the formula says what it reads."""
    desk.reads(*range(10))
    assert wait_until(lambda: desk.said() == (40.0, "GOOD"))
    desk.clock.move(1)
    now = desk.clock.ms

    desk.table.ingest.accept(ReadingBatch.of([(DEMO + "V", 1.0, now, now, GOOD), (DEMO + "P0", 5.0, now, now, GOOD)]))

    assert wait_until(lambda: desk.said() == (41.0, "GOOD"))
    assert desk.table.current.counts().unknown == 1


def test_what_failed_once_is_worked_out_all_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new state of the model for which there was no room, and a table that could not be read: both are tried again, with no reading."""
    desk.reads(*range(10))
    assert wait_until(lambda: desk.said() == (40.0, "GOOD"))
    done: list[str] = []

    def second(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def tried(*given: Any) -> Any:
            if name not in done:
                done.append(name)
                raise MemoryError("no room")
            return work(*given)

        return tried

    monkeypatch.setattr(twin.virtual, "AGAIN_S", 0.01)
    monkeypatch.setattr(twin.virtual, "virtual_points", second("model", virtual_points))
    monkeypatch.setattr(desk.flow, "_read", second("table", desk.flow._read))
    twice = snapshot_of((ROW + "".join(map(rack, range(10)))).replace('"itPower(this)"', '"2 * itPower(this)"'))

    desk.clock.move(1)
    desk.table.ingest.rebind(point_facts(twice))
    desk.table.bus.publish(GraphChanged(twice))

    assert wait_until(lambda: desk.said() == (80.0, "GOOD"))
    assert sorted(done) == ["model", "table"]


def test_a_sum_of_which_nothing_was_ever_heard_says_nothing(desk: Desk) -> None:
    """It is not bad before anybody could have spoken; nor is a sum over nothing 0."""
    desk.flow.rebind(SITE)
    desk.flow.work()

    assert desk.said()[1] == "NO_VALUE"
    assert {each.figure.quality for each in desk.flow.explained()} == {NONE}
    empty = snapshot_of("demo:V brick:isPointOf demo:Row ; dcx:formula \"2000 - sum(powerOf(all('dcx:Utility_Feed')))\" .")
    desk.table.ingest.rebind(point_facts(empty))
    desk.flow.rebind(empty)
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
