"""The dialect of Sparkplug against edge nodes that bend their session: births, deaths, gaps, and what they are asked for. Pure."""

from __future__ import annotations

import hypothesis.strategies as st
import orjson
import pytest
from hypothesis import given, settings

from adapters.mqtt.dialect import Intake
from adapters.mqtt.sparkplug.dialect import BIRTHS_MS, Sparkplug
from adapters.mqtt.sparkplug.node import OLD_MS
from adapters.mqtt.sparkplug.sequence import WAIT_MS
from tests.support.sparkplug_host import SITE, Host, good
from tests.support.sparkplug_node import Tag, Teller


def test_a_hole_in_the_sequence_is_waited_for_then_marked_and_the_births_asked_for() -> None:
    """Two seconds: then every point of the node is stale for a gap, what came after it is taken, one request goes out; births heal."""
    host = Host()
    host.hear(*host.node.births())
    host.tick(1)
    host.node.data({"Runtime": 60}, "ups-1")  # is lost
    host.hear(host.node.data({"Fan": False}, "ups-1"))
    assert host.now("Fan") == good(1.0)

    host.tick(WAIT_MS / 1000)
    assert host.now("Load") == (12.5, "STALE", "GAP")
    assert host.now("Signal") == (-61.0, "STALE", "GAP")
    assert host.now("Fan")[0] == 0.0
    assert host.asked() == ["spBv1.0/hall/NCMD/gw"]
    assert host.dialect.missing() == 1
    assert host.tick(1).asked() == []

    host.hear(*host.node.births())
    assert [host.now(p) for p in ("Load", "Runtime", "Fan", "Signal")] == [good(12.5), good(1.0), good(0.0), good(-61.0)]
    assert host.tick(60).asked() == []


def test_messages_that_overtake_each_other_are_put_right() -> None:
    """The later one waits for the earlier; the value that was said last stands, whatever came last."""
    host = Host()
    host.hear(*host.node.births())
    host.tick(1)
    first = host.node.data({"Fan": False}, "ups-1")
    host.node.at += 1
    second = host.node.data({"Fan": True, "Runtime": 120}, "ups-1")

    host.hear(second)
    assert host.now("Runtime") == good(10.0)
    host.hear(first)
    assert host.now("Runtime") == good(2.0)
    assert host.now("Fan") == good(1.0)
    assert host.tick(5).asked() == []
    assert host.dialect.missing() == 0


def test_births_that_come_in_any_order_make_one_session() -> None:
    """A device's birth before its node's, and data before both."""
    host = Host()
    node, device = host.node.births()
    host.node.at += 1
    data = host.node.data({"Fan": False}, "ups-1")

    host.hear(data, device, node)
    assert [host.now(p) for p in ("Load", "Fan", "Signal")] == [good(12.5), good(0.0), good(-61.0)]
    assert host.tick(5).asked() == []


def test_a_birth_that_comes_twice_begins_nothing_anew() -> None:
    """The same birth by another way, late, leaves the counting where it is."""
    host = Host()
    births = host.node.births()
    host.node.at += 1
    host.hear(*births, host.node.data({"Fan": False}, "ups-1"))
    host.node.at += 1

    host.hear(*births, host.node.data({"Fan": True}, "ups-1"))
    assert host.now("Fan") == good(1.0)
    assert host.tick(5).asked() == []


def test_a_will_of_an_earlier_session_kills_nobody_and_that_of_this_one_does() -> None:
    """`bdSeq` tells them apart. What is dead has no communication, by its link, until it is born again."""
    host = Host()
    host.node.bd_seq = 7
    old = host.node.death()
    host.node.bd_seq = 8
    host.hear(*host.node.births(), old)
    assert host.now("Load") == good(12.5)

    host.tick(1)
    host.hear(host.node.death())
    assert {host.now(p)[1:] for p in ("Load", "Runtime", "Fan", "Signal")} == {("NO_COMMUNICATION", "LINK")}
    assert host.now("Load")[0] == 12.5
    assert host.tick(60).asked() == []

    host.node.bd_seq = 9
    host.hear(*host.node.births())
    assert host.now("Load") == good(12.5)


def test_the_death_of_a_device_is_its_own() -> None:
    """The node's other points stay good; data of a dead device ask for births."""
    host = Host()
    host.hear(*host.node.births())
    host.tick(1)
    host.hear(host.node.death("ups-1"))
    assert host.now("Load") == (12.5, "NO_COMMUNICATION", "LINK")
    assert host.now("Signal") == good(-61.0)

    host.hear(host.node.data({"Fan": False}, "ups-1"))
    assert host.now("Load") == (12.5, "NO_COMMUNICATION", "LINK")
    assert host.tick(1).asked() == ["spBv1.0/hall/NCMD/gw"]
    host.tick(1)
    host.hear(host.node.birth("ups-1"))
    assert host.now("Fan") == good(0.0)


def test_a_device_that_is_not_born_again_with_its_node_is_away() -> None:
    """The birth of the node ends the session of its devices; each has a few seconds for its own."""
    host = Host()
    host.hear(*host.node.births())
    host.tick(5)
    host.hear(host.node.births()[0])
    assert host.now("Load") == good(12.5)

    host.tick(BIRTHS_MS / 1000)
    assert host.now("Load") == (12.5, "NO_COMMUNICATION", "LINK")
    assert host.now("Signal") == good(-61.0)


def test_after_each_connection_every_node_is_asked_for_its_births() -> None:
    """Nodes that references name, at once, then less and less often; data before the birth are not read by old aliases."""
    host = Host()
    assert host.tick(connected=True).asked() == ["spBv1.0/hall/NCMD/gw"]
    times = [second for second in range(1, 100) if host.tick(1).asked()]
    assert times == [3, 8, 18, 38, 78]

    host.hear(*host.node.births())
    assert host.tick(60).asked() == []
    host.tick(connected=True)
    host.hear(host.node.data({"Fan": False}, "ups-1"))
    host.tick(WAIT_MS / 1000)
    assert host.now("Fan") == good(1.0)
    assert host.heard["spBv1.0/hall/DDATA/gw/ups-1"][0].startswith("its birth has not been heard")
    assert host.tick(1).asked() == ["spBv1.0/hall/NCMD/gw"]


def test_kept_copies_say_nothing() -> None:
    """Sparkplug keeps no message but STATE: a retained birth is told, and the node is asked for one of now."""
    host = Host()
    host.hear(*host.node.births(), retained=True)

    assert host.now("Load")[1] == "NO_VALUE"
    assert host.heard["spBv1.0/hall/NBIRTH/gw"][0].startswith("a copy that the broker had kept")
    assert host.tick(1).asked() == ["spBv1.0/hall/NCMD/gw"]


def test_a_host_says_its_state_by_will_too_and_again_when_others_say_it_is_away() -> None:
    """Birth and death of the host carry one time; a death of ours that comes late is answered by a birth."""
    host = Host(host="twin")
    will = host.dialect.will(host.clock.ms)
    assert will is not None
    assert (will.topic, will.qos, will.retain) == ("spBv1.0/STATE/twin", 1, True)
    host.tick(connected=True)
    state = {"online": True, "timestamp": host.clock.ms}
    assert ("spBv1.0/STATE/twin", orjson.dumps(state)) in host.said
    assert orjson.loads(will.payload) == {**state, "online": False}

    host.hear(("spBv1.0/STATE/twin", will.payload))
    assert host.said == [("spBv1.0/STATE/twin", orjson.dumps(state))]
    assert host.hear(("spBv1.0/STATE/other", will.payload)).said == []
    leaving = Intake(host.clock.ms)
    host.dialect.leaving(leaving)
    assert [orjson.loads(one.payload)["online"] for one in leaving.says] == [False]
    assert Host().dialect.will(0) is None


def test_a_gap_marks_only_the_nodes_own_points_and_counts_exactly() -> None:
    """Another node of the group stays good; three lost messages are three."""
    site = SITE + (
        "demo:X brick:hasPoint demo:Alien . demo:Alien ref:hasExternalReference [ a dcx:SparkplugReference ; "
        'dcx:sparkplugDevice "hall/gw-2" ; dcx:metricName "T" ] .'
    )
    host = Host(site)
    other = Teller("hall", "gw-2", {"": {"T": Tag("Double", 21.5)}}, at=host.clock.ms)
    host.hear(*host.node.births(), *other.births())
    for _ in range(3):
        host.node.data({"Signal": -1})
    host.hear(host.node.data({"Signal": -2}))
    host.tick(WAIT_MS / 1000)

    assert host.now("Alien") == good(21.5)
    assert host.dialect.missing() == 3
    assert host.now("Load") == (12.5, "STALE", "GAP")


def test_the_wire_subscribes_to_the_groups_that_are_named() -> None:
    """Each process for itself: a share of a node's messages is a sequence with holes."""
    assert Sparkplug(["hall", "annex"]).everywhere() == ["spBv1.0/annex/#", "spBv1.0/hall/#"]
    assert Sparkplug([]).everywhere() == []
    assert list(Sparkplug().filters()) == []


class Storm:
    """A node and what happens to its messages; it answers what it is asked. `had` are the values that it ever had, in the points' units."""

    def __init__(self) -> None:
        self.host = Host(SITE.replace("dcx:samplePeriod 10 ;", ""))
        self.node, self.dead, self.device_dead = self.host.node, False, False
        self.held: list[tuple[str, bytes]] = []
        self.past: list[tuple[str, bytes]] = []
        self.had = {"Signal": {-61.0}, "Runtime": {10.0}, "Fan": {1.0}}
        self.born()

    def tell(self, *told: tuple[str, bytes]) -> None:
        """Messages arrive, and after them what was held up."""
        self.past.extend(told)
        self.host.hear(*told, *self.held)
        self.held.clear()

    def born(self) -> None:
        """The node says its births, and those of its devices that live."""
        self.born_at = self.host.clock.ms
        self.tell(*(self.node.births()[:1] if self.device_dead else self.node.births()))

    def say(self, which: int, value: int, act: str = "say") -> None:
        """A value changes; its message arrives, is lost, is held up until after the next, or arrives twice."""
        name = ("Signal", "Runtime", "Fan", "Signal")[which]
        if self.dead or (self.device_dead and name != "Signal"):
            return
        to = value % 2 == 1 if name == "Fan" else abs(value) * 60 if name == "Runtime" else value
        self.had[name].add(to / 60 if name == "Runtime" else float(to))
        told = self.node.data({name: to}, "" if name == "Signal" else "ups-1")
        if act == "swap" and not self.held:
            self.held.append(told)
        elif act != "lose":
            self.tell(told, *([told] if act == "twice" else []))

    def old(self, _: int, value: int) -> None:
        """A birth or a death of the node that arrived before arrives again, within a minute of its last birth."""
        if self.host.clock.ms - self.born_at >= OLD_MS:
            return
        told = [one for one in self.past if "/NBIRTH/" in one[0] or ("/NDEATH/" in one[0] and one != self.past[-1])]
        self.host.hear(told[value % len(told)])

    def restart(self, which: int, _: int) -> None:
        """The node begins another session; the will of the one before comes after its births, or not at all."""
        will = self.node.death()
        self.node.bd_seq, self.dead, self.device_dead = (self.node.bd_seq + 1) % 256, False, False
        self.born()
        if which:
            self.tell(will)

    def die(self, _: int, __: int) -> None:
        """The node is gone, and its will says so."""
        if not self.dead:
            self.dead = True
            self.tell(self.node.death())

    def device(self, _: int, __: int) -> None:
        """Its device is gone, and the node says so."""
        if not self.dead and not self.device_dead:
            self.device_dead = True
            self.tell(self.node.death("ups-1"))

    def connect(self, _: int, __: int) -> None:
        """We connect anew."""
        if self.host.tick(connected=True).asked() and not self.dead:
            self.born()

    def calm(self, seconds: int, _: int = 0) -> None:
        """Seconds pass."""
        for _ in range(seconds + 1):
            if self.host.tick(1).asked() and not self.dead:
                self.born()

    def check(self) -> None:
        """Each point has the node's own value, good, and what is dead has no communication."""
        ups = self.node.devices["ups-1"]
        truth = {"Signal": self.node.devices[""]["Signal"].value, "Fan": ups["Fan"].value, "Runtime": ups["Runtime"].value / 60}
        for name, value in truth.items():
            if self.dead or (self.device_dead and name != "Signal"):
                assert self.host.now(name)[1:] == ("NO_COMMUNICATION", "LINK"), name
            else:
                assert self.host.now(name) == good(round(float(value), 6)), name


ACTS = st.sampled_from(["say", "say", "say", "lose", "swap", "twice", "old", "restart", "die", "device", "connect", "calm"])


@pytest.mark.quality("mqtt", "sparkplug-heals-whatever-happens")
@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(ACTS, st.integers(0, 3), st.integers(-20, 20)), max_size=40))
def test_whatever_is_lost_or_mixed_up_the_points_come_to_say_what_the_node_says(acts: list[tuple[str, int, int]]) -> None:
    """Messages lost, swapped, repeated, of old sessions; deaths and restarts; connections. Never is a value one that the node never had;
    and when all has calmed down, and a value has changed once more, each point says what the node says."""
    storm = Storm()
    for act, which, value in acts:
        storm.host.clock.move(0.05)
        storm.node.at = storm.host.clock.ms
        if act in {"say", "lose", "swap", "twice"}:
            storm.say(which, value, act)
        else:
            getattr(storm, act)(which, value)
        for name, values in storm.had.items():
            assert storm.host.now(name)[0] in {None, *values}

    storm.calm(8)
    storm.say(0, 7)
    storm.calm(8)
    storm.check()
