"""The control flow with a plant that the test plays: journalled, judged, sent once, ended by readback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from graph.commands import Command, CommandEvent, CommandState
from graph.errors import StoreUnavailable
from graph.points import PointFacts, point_facts
from graph.ports import DeviceRefused, DeviceUnknown
from graph.stores.memory import MemoryJournal
from graph.values import Quality, ReadingBatch
from tests.support.wired import MovedClock, Table, snapshot_of, wait_until
from twin.control import CommandRecord, Control
from twin.events import CommandChanged

SET, BACK = "urn:ridethrough:demo:Set", "urn:ridethrough:demo:Back"
SITE = """
demo:CRAH brick:hasPoint demo:Set , demo:Back .
demo:Set dcx:minValue 15.0 ; dcx:maxValue 27.0 ; dcx:samplePeriod 60 ; dcx:hasFeedbackPoint demo:Back .
demo:Back dcx:samplePeriod 60 .
"""


class Device:
    """A `DevicePort` that counts what it is sent and answers as the test says."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.answer: Exception | None = None
        self.points = {SET}

    send_s_max = 1.0

    def serves(self, point: str) -> bool:
        return point in self.points

    def send(self, command: Command) -> None:
        self.sent.append(command)
        if self.answer is not None:
            raise self.answer


class Room:
    """Control with a plant, a clock and a journal."""

    def __init__(self, journal: MemoryJournal | None = None, **options: object) -> None:
        self.clock = MovedClock()
        self.table = Table(snapshot_of(SITE), self.clock)
        self.journal, self.device = journal or MemoryJournal(), Device()
        self.told: list[str] = []
        self.table.bus.subscribe(CommandChanged, lambda event: self.told.append(event.event.state.value))
        self.reads(20.0)
        self.clock.move(1)
        self.control = self.open(**options)

    def open(self, **options: object) -> Control:
        """A control flow over the same plant and journal, as a restart makes it."""
        given: dict[str, object] = {"on": True, "enabled": frozenset({SET}), "points": point_facts(snapshot_of(SITE)), "timeout_s": 10.0}
        given |= {"run": lambda work: work(), **options}
        return Control(self.journal, [self.device], self.table.current, self.clock, self.table.bus, **given)  # type: ignore[arg-type]  # options by name

    def reads(self, value: float, quality: Quality = Quality.GOOD) -> None:
        """The plant says what the feedback point reads now."""
        self.table.ingest.accept(ReadingBatch.of([(BACK, value, self.clock.ms, self.clock.ms, quality)]))

    def wish(self, value: float = 24.0, key: str | None = "k", author: str = "ann") -> CommandRecord:
        return self.control.request(SET, value, author, "cooler", key)

    def state(self, record: CommandRecord) -> str:
        found = self.control.get(record.command.id)
        assert found is not None
        return found.state.value

    def written(self) -> list[str]:
        """The journal's states, in order."""
        return [event.state.value for event in self.journal.events()]


def test_a_command_is_confirmed_by_the_plants_own_reading() -> None:
    """20 C is read, 24 C wished: taken by the device, confirmed when the feedback point reads 24.1 (half a percent of 24 is 0.12)."""
    room = Room()

    record = room.wish()
    assert record.state is CommandState.ACKNOWLEDGED
    room.clock.move(2)
    room.reads(24.1)

    assert room.state(record) == "CONFIRMED"
    assert room.written() == room.told == ["REQUESTED", "DISPATCHED", "ACKNOWLEDGED", "CONFIRMED"]
    assert [sent.id for sent in room.device.sent] == [record.command.id]


def test_the_wish_never_becomes_the_points_value() -> None:
    """After the device has taken 24, both points read what the plant said last."""
    room = Room()

    room.wish()

    assert room.table.value(BACK) == 20.0
    assert room.table.quality(SET) == "NO_VALUE"


def test_a_plant_that_reads_otherwise_is_a_mismatch_at_the_deadline() -> None:
    """Good readings of 20 until 10 s have passed: not before, and then MISMATCHED, with what was read."""
    room = Room()
    record = room.wish()
    room.clock.move(9)
    room.reads(20.0)
    room.control.tick()
    assert room.state(record) == "ACKNOWLEDGED"

    room.clock.move(1)
    room.control.tick()

    assert room.state(record) == "MISMATCHED"
    found = room.control.get(record.command.id)
    assert found is not None
    assert found.reasons == ["the plant reads 20, not 24"]


def test_no_fresh_good_reading_is_a_timeout() -> None:
    """A reading from before the dispatch and an uncertain one after it confirm nothing."""
    room = Room()
    record = room.wish()
    room.table.ingest.accept(ReadingBatch.of([(BACK, 24.0, room.clock.ms - 500, room.clock.ms, Quality.GOOD)]))
    room.clock.move(1)
    room.reads(24.0, Quality.UNCERTAIN)

    room.clock.move(10)
    room.control.tick()

    assert room.state(record) == "TIMED_OUT"


def test_the_same_key_and_wish_are_one_command_and_another_wish_is_refused() -> None:
    """Asked twice, sent once; 25 instead of 24 under the same key, and another author, are other wishes."""
    room = Room()

    first, again = room.wish(), room.wish()
    other, stranger = room.wish(25.0), room.wish(author="bob")

    assert again.command == first.command
    assert len(room.device.sent) == 1
    assert other.state is stranger.state is CommandState.REFUSED
    assert f"key 'k' belongs to another wish, {first.command.id}: take a new key" in other.reasons


def test_control_is_off_unless_it_is_switched_on() -> None:
    """The default refuses, and the refusal is in the journal."""
    room = Room(on=False, enabled=frozenset())

    record = room.wish()

    assert record.state is CommandState.REFUSED
    assert record.reasons == [
        "control is off: it is switched on by the setting 'control'",
        "the point is not enabled for control: it is listed by the setting 'control_points'",
    ]
    assert room.written() == ["REQUESTED", "REFUSED"]
    assert not room.control.enabled(SET)


def test_every_reason_is_told_not_only_the_first() -> None:
    """Off, not enabled, not writable, out of range, feedback stale, interlock: six reasons, nothing sent."""
    room = Room(on=False, enabled=frozenset(), interlock=lambda _point, value, _unsettled: [f"{value:g} would drop the last feed"])
    room.device.points.clear()
    room.clock.move(121)
    room.table.ingest.sweep()

    record = room.wish(30.0)

    assert record.reasons == [
        "control is off: it is switched on by the setting 'control'",
        "the point is not enabled for control: it is listed by the setting 'control_points'",
        "the point has no writable reference: a coil, a holding register or a dcx:commandTopic",
        "30 is outside of 15 to 27, the range of the point",
        f"the feedback point {BACK} is STALE: only a plant that is seen is controlled",
        "30 would drop the last feed",
    ]
    assert room.device.sent == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 14.9, 27.1])
def test_a_value_that_is_no_number_or_out_of_range_is_refused(value: float) -> None:
    """15 to 27 C is the point's range."""
    room = Room()

    assert room.wish(value).state is CommandState.REFUSED
    assert room.device.sent == []


def test_one_command_for_a_point_at_a_time() -> None:
    """The second wish waits for nobody: it is refused and names the first; after the first has ended it may go."""
    room = Room()
    first = room.wish(24.0, "a")

    second = room.wish(25.0, "b")
    room.clock.move(1)
    room.reads(24.0)
    third = room.wish(25.0, "c")

    assert second.reasons == [f"command {first.command.id} for the point is still under way"]
    assert third.state is CommandState.ACKNOWLEDGED
    assert len(room.device.sent) == 2


def test_a_point_that_the_graph_does_not_have_is_refused() -> None:
    """The answer names it."""
    room = Room()

    record = room.control.request("urn:none", 1.0, "ann", "try", None)

    assert record.reasons == ["no point urn:none in the graph"]


def test_a_device_that_says_no_ends_the_command() -> None:
    """FAILED with the device's reason; no second attempt."""
    room = Room()
    room.device.answer = DeviceRefused("illegal value (3)")

    record = room.wish()

    assert room.state(record) == "FAILED"
    assert record.reasons == ["illegal value (3)"]
    assert len(room.device.sent) == 1


@pytest.mark.parametrize(("reading", "verdict"), [(24.0, "CONFIRMED"), (20.0, "MISMATCHED"), (None, "TIMED_OUT")])
def test_a_device_that_does_not_answer_is_read_back_and_never_written_twice(reading: float | None, verdict: str) -> None:
    """It may or may not have obeyed: only the plant's reading tells."""
    room = Room()
    room.device.answer = DeviceUnknown("no answer in 3 s")
    record = room.wish()
    assert room.state(record) == "DISPATCHED"

    room.clock.move(1)
    if reading is not None:
        room.reads(reading)
    room.clock.move(10)
    room.control.tick()

    assert room.state(record) == verdict
    assert len(room.device.sent) == 1


class TornJournal(MemoryJournal):
    """A journal that fails at the n-th step."""

    def __init__(self, fails_at: int) -> None:
        super().__init__()
        self.steps, self.fails_at = 0, fails_at

    def append(self, event: CommandEvent) -> None:
        self.steps += 1
        if self.steps == self.fails_at:
            raise StoreUnavailable("the disk is full")
        super().append(event)


def test_nothing_is_sent_when_the_wish_cannot_be_journalled() -> None:
    """The first step fails: the caller hears it, the device hears nothing."""
    room = Room(TornJournal(1))

    with pytest.raises(StoreUnavailable, match="disk is full"):
        room.wish()

    assert room.device.sent == []


def test_nothing_is_sent_when_the_dispatch_cannot_be_journalled() -> None:
    """The second step fails: refused with the reason; a restart refuses the command that the journal has as requested."""
    room = Room(TornJournal(2))

    record = room.wish()

    assert record.state is CommandState.REFUSED
    assert record.reasons == ["the journal cannot be written, nothing was sent: the disk is full"]
    assert room.device.sent == []
    room.open()
    assert room.written() == ["REQUESTED", "REFUSED"]


def test_a_verdict_that_cannot_be_journalled_is_judged_again() -> None:
    """The fourth step, CONFIRMED, fails; the next reading confirms."""
    room = Room(TornJournal(4))
    record = room.wish()
    room.clock.move(1)
    room.reads(24.0)
    assert room.state(record) == "ACKNOWLEDGED"

    room.clock.move(1)
    room.reads(24.0)

    assert room.state(record) == "CONFIRMED"


@pytest.mark.parametrize("kept", [2, 3])
def test_after_a_restart_an_open_command_is_read_back_and_not_sent_again(kept: int) -> None:
    """The process ended after DISPATCHED, or after ACKNOWLEDGED: the next one sends nothing and hears the plant's 24."""
    before = Room()
    record = before.wish()
    journal = MemoryJournal()
    for event in before.journal.events()[:kept]:
        journal.append(event)

    after = Room(journal)
    after.clock.move(5)
    after.reads(24.0)

    assert after.state(record) == "CONFIRMED"
    assert after.device.sent == []
    assert after.wish().command == record.command


def test_a_wish_that_was_never_sent_is_refused_after_a_restart() -> None:
    """Only REQUESTED stands in the journal: nothing was sent, and nothing is."""
    before = Room()
    record = before.wish()
    journal = MemoryJournal()
    journal.append(before.journal.events()[0])

    after = Room(journal)

    assert after.state(record) == "REFUSED"
    assert after.device.sent == []


def test_an_interlock_that_fails_refuses() -> None:
    """What cannot be judged is not permitted."""

    def broken(point: str, value: float, unsettled: object) -> Sequence[str]:
        raise RuntimeError("no snapshot")

    room = Room(interlock=broken)

    record = room.wish()

    assert record.reasons == ["the interlock could not be judged: no snapshot"]


def test_a_command_that_has_ended_before_its_turn_is_never_sent() -> None:
    """Every sender is held up by another gateway: after 10 s the command has TIMED_OUT, and the device hears nothing of it any more."""
    turns: list[Callable[[], None]] = []
    room = Room(run=turns.append)
    record = room.wish()
    room.clock.move(10)
    room.control.tick()

    (turn,) = turns
    turn()

    assert room.state(record) == "TIMED_OUT"
    assert room.device.sent == []


def test_a_command_whose_write_could_outlast_it_is_not_sent() -> None:
    """A write may take 1 s; at 9.1 of the 10 s it would be under way when the command ends: FAILED, nothing was sent."""
    turns: list[Callable[[], None]] = []
    room = Room(run=turns.append)
    record = room.wish()
    room.clock.move(9.1)

    turns[0]()

    assert room.state(record) == "FAILED"
    assert room.device.sent == []


def test_gateways_that_hang_hold_up_no_other() -> None:
    """Eight points of a gateway that does not answer are written to; the ninth, behind another, is written to all the same."""
    names = [f"urn:p{number}" for number in range(9)]
    room, hanging, live = Room(), Event(), Device()
    live.points = {names[8]}
    room.table.ingest.rebind(dict.fromkeys(names, PointFacts()))
    room.table.ingest.accept(ReadingBatch.of([(name, 20.0, room.clock.ms, room.clock.ms, Quality.GOOD) for name in names]))

    class Dead(Device):
        def send(self, command: Command) -> None:
            super().send(command)
            hanging.wait(20)

    dead = Dead()
    dead.points = set(names[:8])
    facts = dict.fromkeys(names, PointFacts())
    control = Control(
        MemoryJournal(), [dead, live], room.table.current, room.clock, room.table.bus, on=True, enabled=frozenset(names), points=facts
    )

    for name in names:
        control.request(name, 24.0, "ann", "cooler")

    assert wait_until(lambda: len(live.sent) == 1, 5)
    hanging.set()
    control.close()


def test_a_readback_needs_more_time_than_the_write() -> None:
    """A device may take 1 s to answer: with a readback time of 1 s the flow does not begin."""
    with pytest.raises(ValueError, match="a write may take 1 s"):
        Room(timeout_s=1.0)

    assert Room(timeout_s=1.0, on=False).wish().state is CommandState.REFUSED


def test_the_same_wish_from_many_callers_at_once_is_sent_once() -> None:
    """Eight threads, one key: one command, one write."""
    room = Room()

    with ThreadPoolExecutor(8) as callers:
        records = list(callers.map(lambda _: room.wish(), range(8)))

    assert len({record.command.id for record in records}) == 1
    assert len(room.device.sent) == 1


def test_the_interlock_is_told_what_other_points_were_told_and_nobody_has_seen_yet() -> None:
    """BACK is told 1.0 and its readback is awaited: the wish for SET is judged with it; once it has timed out, too, until it is read."""
    heard: list[object] = []

    def listens(_point: str, _value: float, unsettled: object) -> Sequence[str]:
        heard.append(unsettled)
        return []

    room = Room(interlock=listens, enabled=frozenset({SET, BACK}))
    room.device.serves = lambda point: point in {SET, BACK}  # type: ignore[method-assign]  # the device of the other point
    first = room.control.request(BACK, 1.0, "ann", "first", "one")
    room.clock.move(1)
    room.control.request(SET, 24.0, "ann", "second", "two")
    room.clock.move(20)
    room.control.tick()
    assert room.state(first) == "TIMED_OUT"
    room.control.request(SET, 25.0, "ann", "third", "three")

    room.clock.move(1)
    room.reads(20.0)
    room.clock.move(1)
    room.control.request(SET, 26.0, "ann", "fourth", "four")

    assert heard[:3] == [[], [(BACK, 1.0)], [(BACK, 1.0)]]
    assert (BACK, 1.0) not in heard[3]  # type: ignore[operator]  # a list of wishes
