"""What stands is worked out again only when a point of it says something else."""

from __future__ import annotations

from datetime import UTC, datetime

from graph.current import CurrentValues
from graph.points import PointFacts
from graph.snapshot import Snapshot
from graph.values import Quality, ReadingBatch
from ontology.namespaces import BRICK, DCX, RDF
from ontology.terms import QuadBlock
from ontology.vocabulary import load_vocabulary
from twin.bus import Bus
from twin.stands import Watch
from twin.state import Twin

AT = datetime(2026, 5, 1, tzinfo=UTC)
SITE = "urn:test:"
SWITCH, POINT, OTHER = SITE + "Breaker", SITE + "Breaker.Position", SITE + "Temperature"
QUADS = QuadBlock.of(
    [
        (SWITCH, RDF + "type", BRICK + "Switch", SITE + "g"),
        (POINT, RDF + "type", DCX + "Breaker_Position_Status", SITE + "g"),
        (SWITCH, BRICK + "hasPoint", POINT, SITE + "g"),
    ]
)


def read(current: CurrentValues, point: str, value: float, second: int) -> None:
    """A good reading."""
    at = int(AT.timestamp() * 1000) + second * 1000
    current.take(ReadingBatch.of([(point, value, at, at, Quality.GOOD)]))


def test_the_same_positions_are_the_same_object_until_a_switch_moves() -> None:
    """Another point's reading and the same reading again change nothing; an opened switch does."""
    current = CurrentValues({POINT: 10.0, OTHER: 10.0})
    twin = Twin(load_vocabulary(), Snapshot.of(QUADS), current, Bus(), lambda: AT)
    read(current, POINT, 1.0, 0)
    first = twin.newest.stands()
    read(current, OTHER, 20.0, 1)
    read(current, POINT, 1.0, 2)
    second = twin.newest.stands()
    read(current, POINT, 0.0, 3)
    third = twin.newest.stands()

    assert not first.positions[SWITCH].is_open
    assert second.positions is first.positions
    assert third.positions[SWITCH].is_open


def test_points_are_followed_when_the_table_takes_others() -> None:
    """A point that goes has no value; one that comes has its own."""
    current = CurrentValues({POINT: 10.0})
    reader = current.follow([OTHER, POINT])
    read(current, POINT, 1.0, 0)
    before = reader()
    current.rebind({OTHER: PointFacts(10.0)})
    read(current, OTHER, 20.0, 1)
    after = reader()

    assert [values.tolist()[1] for values in before] == [1.0, Quality.GOOD]
    assert [values.tolist()[0] for values in after] == [20.0, Quality.GOOD]
    assert after[1].tolist()[1] == Quality.NO_VALUE


def test_a_state_of_the_past_stands_as_normal_whatever_is_read() -> None:
    """It has no live values."""
    current = CurrentValues({POINT: 10.0})
    twin = Twin(load_vocabulary(), Snapshot.of(QUADS), current, Bus(), lambda: AT)
    past = twin.past_view(twin.snapshot)
    before = past.stands()
    read(current, POINT, 0.0, 0)

    assert past.stands().positions == before.positions == {}


def test_a_watch_hears_what_says_something_else_of_its_points_and_of_no_others() -> None:
    """Not another point nor the same again; another value or quality, once. Watching others begins anew."""
    current = CurrentValues({POINT: 10.0, OTHER: 10.0})
    watch = Watch(current.follow)
    watch.over(frozenset({POINT}))

    def heard(point: str, value: float, second: int) -> bool:
        read(current, point, value, second)
        return watch.moved()

    assert [heard(OTHER, 20.0, 0), heard(POINT, 1.0, 1), heard(POINT, 1.0, 2), heard(POINT, 0.0, 3)] == [False, True, False, True]
    current.sweep(int(AT.timestamp() * 1000) + 100_000)
    assert [watch.moved(), watch.moved()] == [True, False]
    watch.over(frozenset({OTHER}))
    assert [heard(POINT, 1.0, 101), heard(OTHER, 21.0, 102), watch.moved()] == [False, True, False]


def test_a_point_that_has_never_said_anything_is_no_news() -> None:
    """Its number is missing before and after."""
    current = CurrentValues({POINT: 10.0})
    watch = Watch(current.follow)
    watch.over(frozenset({POINT}))

    assert not watch.moved()
