"""The order of an edge node's messages against a slow reference that knows each message by its true number."""

from __future__ import annotations

from dataclasses import dataclass, field

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from adapters.mqtt.sparkplug.sequence import AHEAD_MAX, WAIT_MS, Order


@dataclass
class Reference:
    """What should come of messages that are known by their true numbers, 0 the birth: nothing is counted modulo anything."""

    taken: list[int] = field(default_factory=list)
    """In their turn, in order."""
    late: list[int] = field(default_factory=list)
    arrived: list[tuple[int, int]] = field(default_factory=list)
    """Those that wait: number and when they came."""
    upto: int = 0
    missing: set[int] = field(default_factory=set)

    def hear(self, number: int, now: int) -> None:
        if number <= self.upto:
            self.late.append(number)
        elif number not in [one for one, _ in self.arrived]:
            self.arrived.append((number, now))
        self._go_on()

    def look(self, now: int, since: int) -> None:
        """Give up what is overdue; `since` is when the first of an unbroken row of waiting began to wait."""
        waiting = [one for one, _ in self.arrived]
        if waiting and (now - since >= WAIT_MS or len(waiting) > AHEAD_MAX or max(waiting) - self.upto - 1 > AHEAD_MAX):
            self.missing |= set(range(self.upto + 1, max(waiting))) - set(waiting)
            self.taken += sorted(waiting)
            self.upto, self.arrived = max(waiting), []

    def _go_on(self) -> None:
        while self.upto + 1 in [one for one, _ in self.arrived]:
            self.upto += 1
            self.taken.append(self.upto)
            self.arrived = [(one, at) for one, at in self.arrived if one != self.upto]


@st.composite
def arrivals(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Messages of a node as a broker hands them on: some lost, some twice, some moved back by up to 60 places, at times that only grow."""
    count = draw(st.integers(1, 600))
    lost = set(draw(st.lists(st.integers(1, count), max_size=8)))
    moved = dict(draw(st.lists(st.tuples(st.integers(1, count), st.integers(1, 60)), max_size=12)))
    again = draw(st.lists(st.tuples(st.integers(1, count), st.integers(0, 60)), max_size=8))
    places = [(number + moved.get(number, 0), 0, number) for number in range(1, count + 1) if number not in lost]
    places += [(number + by, 1, number) for number, by in again if number not in lost]
    slow = set(draw(st.lists(st.integers(0, len(places)), max_size=5)))
    now, found = 0, []
    for at, (_, _, number) in enumerate(sorted(places)):
        now += 1_500 if at in slow else 7
        found.append((number, now))
    return found


@pytest.mark.quality("mqtt", "sparkplug-order-against-a-reference")
@settings(max_examples=150, deadline=None)
@given(arrivals(), st.integers(0, 255))
def test_lost_mixed_up_and_repeated_messages_come_out_as_the_slow_reference_says(heard: list[tuple[int, int]], first: int) -> None:
    """In their turn, late, or given up: each message is one of these, as for one who sees the true numbers. The first is any."""
    order, reference = Order[int](), Reference()
    order.begin(first)
    taken, late, since = list[int](), list[int](), 0
    for number, now in heard:
        since = since if reference.arrived else now
        in_turn, is_late = order.hear((first + number) % 256, number, now)
        reference.hear(number, now)
        (late if is_late else taken).extend(in_turn)
        if order.overdue(now):
            taken += order.give_up()
        reference.look(now, since)

        assert taken == reference.taken
        assert late == reference.late
        assert order.waits == len(reference.arrived)
    assert order.missing == len(reference.missing)
    assert taken == sorted(taken)


def test_what_comes_before_its_birth_waits_for_it() -> None:
    """Devices' births that overtake the node's own are in turn after it; what was said before it is dropped."""
    order = Order[str]()

    assert order.hear(1, "device", 0) == ([], False)
    assert order.hear(77, "old", 1) == ([], False)
    assert order.begin(0, ["device"]) == ["device"]
    assert order.hear(2, "data", 3) == (["data"], False)
    assert order.missing == 0


def test_without_a_birth_nothing_waits_for_ever() -> None:
    """After two seconds what waited is dropped, and counted."""
    order = Order[str]()
    order.hear(9, "data", 0)

    assert not order.overdue(WAIT_MS - 1)
    assert order.overdue(WAIT_MS)
    assert order.give_up() == []
    assert (order.waits, order.missing) == (0, 1)
