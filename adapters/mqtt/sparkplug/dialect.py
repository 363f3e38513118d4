"""The dialect of Sparkplug B 3.0: edge nodes and their devices, from birth to death, as a host application follows them.

Source: Eclipse Sparkplug 3.0.0 (https://sparkplug.eclipse.org/specification). Rules of this file:

1. Values count from a birth on, in the order of the node's own counting (`sequence.py`). A hole makes the node's points `STALE`, for the
   reason `GAP`, until its births have been said again: we ask for them.
2. A death of a node counts if its `bdSeq` is that of the birth: the will of an earlier session may come late. A death makes points
   `NO_COMMUNICATION`, for the reason `LINK`.
3. After each connection everything has to be born again: what was said meanwhile, at QoS 0, is lost.
4. A node is asked for its births every `ASK_MS` at most, less and less often while it does not answer or goes on losing messages.
5. With a host id of our own we say STATE, by will as well. Nothing else is said, but for commands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite

import numpy as np

from adapters.mqtt.dialect import Dialect, Intake, Message, Publication, SlotsOf
from adapters.mqtt.sparkplug import payload as said
from adapters.mqtt.sparkplug.bindings import Bindings, bind
from adapters.mqtt.sparkplug.metrics import Metrics, warm
from adapters.mqtt.sparkplug.node import Address, Node, Told, is_old, session_of
from adapters.mqtt.sparkplug.payload import decode
from graph.commands import Command
from graph.ports import DeviceRefused
from graph.references import Unbound
from graph.snapshot import Snapshot
from graph.values import Quality, Reason, Slots

ROOT = "spBv1.0/"
ASK_MS, ASK_MS_MAX, ASK_ANEW_MS = 2_500, 300_000, 60_000
"""Between two requests to a node; twice as long after each, and short again when none was needed for a minute."""
ASKED_AT_ONCE = 50
"""Nodes that are asked for their births in one second."""
BIRTHS_MS = 5_000
"""How long after its node a device may be born; what is not is away."""
NODES_MAX, TOPICS_MAX = 10_000, 200_000
_BIRTHS, _DATA, _DEATHS = {"NBIRTH", "DBIRTH"}, {"NDATA", "DDATA"}, {"NDEATH", "DDEATH"}
_KINDS = {*_BIRTHS, *_DATA, *_DEATHS, "NCMD", "DCMD"}


class Sparkplug(Dialect):
    """Everything under `spBv1.0/`."""

    name = "sparkplug"

    def __init__(self, groups: Sequence[str] = ("+",), host: str = "", bytes_max: int = 4_194_304) -> None:
        """`groups`: those that are listened to, `+` for all. `host`: our host id; empty says no STATE. Raises `ValueError`."""
        for one in groups:
            if one != "+" and not _is_id(one):
                raise ValueError(f"a Sparkplug group is one level of a topic, or + for all, not {one!r}")
        if host and not _is_id(host):
            raise ValueError(f"our Sparkplug host id is one level of a topic, not {host!r}")
        self._groups, self._host, self._bytes_max = sorted(groups), host, bytes_max
        self._nodes: dict[str, Node] = {}
        self._topics: dict[str, Address] = {}
        self._bindings = Bindings(Snapshot.empty(), lambda points: np.full(len(points), -1, np.int32))
        self._followed = self._bindings
        self._stated_at = 0
        self._strange = 0

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`. Cost: linear in the references; devices follow in the wire's own thread."""
        self._bindings = bind(snapshot, slots)
        if self._bindings.devices:
            warm()

    def everywhere(self) -> Sequence[str]:
        """All of it: a share of a node's messages is a sequence with holes."""
        return [f"{ROOT}{group}/#" for group in self._groups]

    def knows(self, topic: str) -> bool:
        """See `Dialect.knows`: after each `bind` what is of no point is told anew."""
        return topic.startswith(ROOT) and " " in topic

    def fed(self) -> Slots:
        """See `Dialect.fed`."""
        return np.unique(self._bindings.fed)

    def missing(self) -> int:
        """See `Dialect.missing`."""
        return sum(node.order.missing for node in list(self._nodes.values()))

    # -- what comes -------------------------------------------------------------------------------------------------

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`."""
        topic = message.topic
        if not topic.startswith(ROOT):
            return False
        at = self._topics.get(topic)
        if at is None:
            at = self._address(message, intake)
            if at is None:
                return True
        if self._followed is not self._bindings:
            self._follow(intake)
        node = self._nodes.get(at.node)
        if node is None:
            node = self._nodes[at.node] = Node(at.node)
        if message.retained:
            intake.unbound(topic, "a copy that the broker had kept: Sparkplug knows none, so it says nothing of now (3.0, 5.12)")
            node.wanted = node.wanted or not node.order.begun
            return True
        found = decode(message.payload, self._bytes_max)
        if isinstance(found, str):
            intake.poison(message, found)
            return True
        told = Told(at, message, found)
        if at.kind == "NBIRTH":
            self._birth(node, told, intake)
        elif at.kind == "NDEATH":
            self._death(node, told, intake)
        elif found.seq < 0:
            intake.poison(message, "it has no seq: every message of a node has, but its death (Sparkplug 3.0, 6.4.5)")
        else:
            self._hear(node, told, intake)
        return True

    def _address(self, message: Message, intake: Intake) -> Address | None:
        """What a topic says; None for what is no device's."""
        levels = message.topic.split("/")
        kind = levels[2] if len(levels) > 2 else ""
        if levels[1] == "STATE" and len(levels) == 3:
            self._state(levels[2], message, intake)
            return None
        if kind not in _KINDS or len(levels) != (4 if kind[0] == "N" else 5) or not all(levels):
            intake.unbound(message.topic, "no topic of Sparkplug: it is spBv1.0/{group}/{message type}/{node}[/{device}]")
            return None
        if kind.endswith("CMD"):
            return None
        node = f"{levels[1]}/{levels[3]}"
        if node not in self._nodes and len(self._nodes) >= NODES_MAX:
            intake.unbound(message.topic, f"{NODES_MAX:,} edge nodes speak already, and no more are taken")
            return None
        if len(self._topics) >= TOPICS_MAX:
            self._topics.clear()
        found = self._topics[message.topic] = Address(kind, node, node if kind[0] == "N" else f"{node}/{levels[4]}")
        return found

    def _state(self, host: str, message: Message, intake: Intake) -> None:
        """Somebody, or an old will of ours, says that we are away: it is not so (3.0, 5.6)."""
        if host == self._host and not message.retained and said.is_offline(message.payload):
            self._say_state(intake)

    def _hear(self, node: Node, told: Told, intake: Intake) -> None:
        in_turn, late = node.order.hear(told.payload.seq, told, intake.now)
        for each in in_turn:
            self._deliver(node, each, intake, late=late)
        if node.order.waits:
            self._look_at(node, intake)

    def _deliver(self, node: Node, told: Told, intake: Intake, *, late: bool = False) -> None:
        """Take a message in its turn. What is late speaks of values alone: births and deaths have had their time."""
        at, seq, sent_at = told.at, told.payload.seq, told.payload.sent_at
        if 0 < sent_at < node.born_at or (late and node.sent[seq] != sent_at):
            node.wanted = True  # it is of another session, or one of another session has taken its turn
        if not late:
            node.sent[seq] = sent_at
        if at.kind in _DATA:
            metrics = node.devices.get(at.device)
            if metrics is None:
                intake.unbound(told.message.topic, "its birth has not been heard: the node is asked for it")
                node.wanted = True
            elif metrics.data(told.payload, intake):
                intake.unbound(told.message.topic, "it names metrics that its birth did not: the node is asked for its births")
                node.wanted = True
        elif late:
            return
        elif at.kind == "DBIRTH":
            self._born(node, told, intake)
        elif at.kind == "DDEATH":
            self._gone(node, [at.device], intake)

    def _birth(self, node: Node, told: Told, intake: Intake) -> None:
        payload = told.payload
        session = session_of(payload)
        if is_old(node, session, payload.sent_at, intake.now):
            return
        if payload.seq != 0:
            intake.poison(told.message, f"a birth of a node begins its counting: seq is 0, not {payload.seq} (Sparkplug 3.0, 6.4.17)")
        if payload.seq < 0:
            payload = payload._replace(seq=0)
        if node.order.begun:
            for each in node.order.waiting():  # of the session that ends
                if payload.sent_at and each.payload.sent_at < payload.sent_at:
                    self._deliver(node, each, intake, late=True)
        node.before.update(node.devices)
        node.devices, node.session, node.born_at, node.sent = {}, session, payload.sent_at, [0] * 256
        node.wanted, node.awaited_at, node.heard_at = False, intake.now, intake.now
        self._born(node, told._replace(payload=payload), intake)
        after = [each for each in node.order.waiting() if payload.sent_at and each.payload.sent_at >= payload.sent_at]
        for each in node.order.begin(payload.seq, after):
            self._deliver(node, each, intake)

    def _born(self, node: Node, told: Told, intake: Intake) -> None:
        device = told.at.device
        before = node.devices.get(device) or node.before.pop(device, None)
        metrics = node.devices[device] = Metrics(device, told.payload, self._followed, before)
        node.alive.add(device)
        metrics.born(told.payload, intake)
        metrics.tell(_topic(device), intake)

    def _death(self, node: Node, told: Told, intake: Intake) -> None:
        session = session_of(told.payload)
        if node.order.begun and session is not None and node.session is not None and session != node.session:
            return  # rule 2
        for each in node.order.waiting() if node.order.begun else ():
            self._deliver(node, each, intake, late=True)
        node.order.lose()
        node.wanted = False
        self._gone(node, [node.name, *node.devices, *self._referred(node.name)], intake)

    def _gone(self, node: Node, devices: Sequence[str], intake: Intake) -> None:
        for device in devices:
            metrics = node.devices.pop(device, None)
            if metrics is not None:
                node.before[device] = metrics
        node.alive.difference_update(devices)
        self._mark(devices, Quality.NO_COMMUNICATION, Reason.LINK, intake)

    def _mark(self, devices: Sequence[str], quality: Quality, reason: Reason, intake: Intake) -> None:
        known = self._followed.devices
        found = [metric.slot for device in sorted(set(devices)) for metric in known.get(device, {}).values() if metric.slot >= 0]
        if found:
            intake.mark(np.unique(np.array(found, np.int32)), quality, reason)

    def _referred(self, node: str) -> list[str]:
        """The devices of a node that references name."""
        return [device for device in self._followed.devices if device == node or device.startswith(node + "/")]

    def _look_at(self, node: Node, intake: Intake) -> None:
        """Rule 1: what has been waited for in vain."""
        if not node.order.overdue(intake.now):
            return
        begun = node.order.begun
        topics = [each.message.topic for each in node.order.waiting()]
        late = node.order.give_up()
        node.wanted = True
        if not begun:
            for topic in topics:
                intake.unbound(topic, "its birth has not been heard: the node is asked for it")
            return
        self._mark(sorted(node.alive), Quality.STALE, Reason.GAP, intake)
        for each in late:
            self._deliver(node, each, intake)

    # -- what goes --------------------------------------------------------------------------------------------------

    def will(self, now: int) -> Publication | None:
        """See `Dialect.will`: the birth and the death of a host carry one time (3.0, 5.6)."""
        self._stated_at = now
        return self._said_state(online=False) if self._host else None

    def _said_state(self, *, online: bool) -> Publication:
        return Publication(f"{ROOT}STATE/{self._host}", said.state(self._stated_at, online=online), 1, retain=True)

    def _say_state(self, intake: Intake) -> None:
        if self._host:
            intake.say(self._said_state(online=True))

    def connected(self, intake: Intake) -> None:
        """See `Dialect.connected`: rule 3."""
        self._follow(intake)
        self._say_state(intake)
        for name in self._followed.nodes():
            if len(self._nodes) < NODES_MAX:
                self._nodes.setdefault(name, Node(name))
        for node in self._nodes.values():
            node.order.lose()
            node.before.update(node.devices)
            node.devices = {}
            node.wanted, node.asked_at, node.pause = True, 0, ASK_MS

    def leaving(self, intake: Intake) -> None:
        """See `Dialect.leaving`: a host that goes says so itself."""
        if self._host:
            intake.say(self._said_state(online=False))

    def tick(self, intake: Intake) -> None:
        """See `Dialect.tick`."""
        if self._followed is not self._bindings:
            self._follow(intake)
        asked = 0
        for node in self._nodes.values():
            if node.order.waits:
                self._look_at(node, intake)
            if node.order.begun:
                if node.awaited_at and intake.now - node.awaited_at >= BIRTHS_MS:
                    node.awaited_at = 0
                    self._gone(node, sorted(node.alive - node.devices.keys()), intake)
                for metrics in node.devices.values():
                    metrics.vouched(intake)
            if node.wanted and asked < ASKED_AT_ONCE and intake.now - node.asked_at >= (node.pause if node.asked_at else 0):
                asked += 1
                self._ask(node, intake)

    def _ask(self, node: Node, intake: Intake) -> None:
        """Rule 4."""
        anew = intake.now - node.asked_at - node.pause >= ASK_ANEW_MS
        node.pause = ASK_MS if anew or not node.asked_at else min(node.pause * 2, ASK_MS_MAX)
        node.asked_at = intake.now
        group, name = node.name.split("/")
        intake.say(Publication(f"{ROOT}{group}/NCMD/{name}", said.rebirth(intake.now)))

    def _follow(self, intake: Intake) -> None:
        """Take the newest bindings to all devices, and tell anew what is of no point."""
        self._followed = self._bindings
        for node in self._nodes.values():
            for metrics in node.devices.values():
                metrics.bind(self._followed)
                metrics.tell(_topic(metrics.device), intake)

    # -- commands, and what is told ---------------------------------------------------------------------------------

    def serves(self, point: str) -> bool:
        """Whether a reference names the point's metric."""
        return point in self._bindings.points

    def request(self, command: Command) -> Publication:
        """See `Dialect.request`."""
        device, name = self._bindings.points.get(command.point, ("", ""))
        node = self._nodes.get("/".join(device.split("/")[:2]))
        metrics = node.devices.get(device) if node is not None and node.order.begun else None
        if metrics is None:
            raise DeviceRefused(f"{device or command.point} is not there: its birth has not been heard, and nothing was sent")
        if not isfinite(command.value):
            raise DeviceRefused(f"{command.point} takes a number, not {command.value}: nothing was sent")
        try:
            of, alias, raw = metrics.raw(name, command.value)
            data = said.command(name, alias, of, raw, round(command.requested_at.timestamp() * 1000))
        except KeyError:
            raise DeviceRefused(f"the birth of {device} has no metric {name!r} that can be written: nothing was sent") from None
        except ValueError as error:
            raise DeviceRefused(f"{command.point}: {error}: nothing was sent") from None
        return Publication(f"{_topic(device, 'CMD')}", data)

    def unusable(self) -> Sequence[Unbound]:
        """See `Dialect.unusable`: references that cannot be read, and those whose metric is not in the birth."""
        found = list(self._bindings.unusable)
        for node in list(self._nodes.values()):
            for device, metrics in sorted(node.devices.copy().items()):
                found += [Unbound(point, f"{device} {point}", why) for point, why in metrics.refused]
        return found


def _is_id(text: str) -> bool:
    return bool(text) and not re.search(r"[/+#\0]", text)


def _topic(device: str, kind: str = "DATA") -> str:
    """Where a device's values, or commands to it, go."""
    group, node, *rest = device.split("/")
    return "/".join([ROOT + group, ("D" if rest else "N") + kind, node, *rest])
