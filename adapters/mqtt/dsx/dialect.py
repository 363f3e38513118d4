"""The dialect of the DSX Exchange BMS bus: metadata become a graph, values its readings, and what we ask goes out under our own name.

Rules of this file:

1. We publish under `BMS/v1/{our integration}/Value/`, only where metadata of the BMS name us, and never metadata.
2. What has been described stays until its retained message is cleared: silence makes values stale, it takes nothing out of the graph.
   After a restart the graph says what had been described, and `Pending` what it had not heard of yet, so a broker that comes up empty
   empties nothing.
3. The wish is whole and paced: it waits until metadata have been quiet (`adapters/mqtt/quiet.py`), and is made only when
   something has been said that was not said before.
4. A value of a point that is described and not yet in the graph is handed over by name (`Intake.early`): none is lost. What comes before
   its metadata is of no point: it is told, and the newest of each are kept in memory until metadata describe it.
5. A point keeps the unit that it had first: numbers in another one of its kind are converted by the metadata that stand when they come,
   so that no number ever changes its meaning. Where that cannot be, a value has no number (`CONFIGURATION`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import NamedTuple

import numpy as np

from adapters.mqtt.dialect import NO_SLOTS, Dialect, Intake, Message, Publication, SlotsOf
from adapters.mqtt.dsx import contract
from adapters.mqtt.dsx.codec import ROOT, Address, Described, address, described, encode, value
from adapters.mqtt.dsx.heartbeat import Heartbeats, within
from adapters.mqtt.dsx.plant import METADATA, PREFIX, SOURCE, TOPIC, Plant, point_iri
from adapters.mqtt.pending import Pending
from adapters.mqtt.quiet import Quiet
from adapters.mqtt.units import AS_IT_IS, unit_named
from graph.commands import Command
from graph.ports import DeviceRefused
from graph.references import Unbound
from graph.snapshot import Snapshot
from graph.values import Quality, Reason, Slots
from ontology.namespaces import BRICK, RDFS, UNIT, local_name
from ontology.terms import is_literal, literal_parts
from twin.sync import Wish

UNDESCRIBED_MAX, UNDESCRIBED_EACH = 20_000, 10
"""Topics without metadata of which values are kept, and how many of each; what is beyond is only counted as unbound."""
METADATA_BYTES_MAX = 4 * 1_048_576
"""What one metadata message may have: `servesId` of a whole hall, 100,000 ids."""
POINTS_MAX = 1_000_000
"""Points that are taken from one bus."""
UNHEARD_MS = 5 * contract.PERIOD_S * 1000
"""Metadata that have not been published again for five periods are told as such: as long as it takes a value to be `NO_COMMUNICATION`."""


class _Bound(NamedTuple):
    """One revision of the graph: where slots come from, those found so far by topic with what is said of them, and racks of other sources
    by name."""

    slots: SlotsOf
    rows: dict[str, tuple[int, Described]]
    racks: Mapping[str, str]
    known: Mapping[str, bytes]
    """Metadata that were pending and that it says."""


class Dsx(Dialect):
    """Everything under `BMS/v1/`."""

    name = "dsx"

    def __init__(self, integration: str = "", bytes_max: int = 65_536, pending: Pending | None = None) -> None:
        """`integration`: the id under which the BMS knows us; empty only listens. `pending`: where metadata that the graph does not say yet
        are kept. Raises `ValueError` for an id that cannot be in a topic."""
        if any(sign in integration for sign in "/+#\0") or integration == contract.PUBLISHER:
            raise ValueError(f"our integration id is one level of a topic and not {contract.PUBLISHER}, so it cannot be {integration!r}")
        self._integration, self._bytes_max, self._metadata_max = integration, bytes_max, max(bytes_max, METADATA_BYTES_MAX)
        self._pending = Pending() if pending is None else pending
        self._points: dict[str, Described] = {}
        self._ours: dict[str, Described] = {}
        self._requests: dict[str, Described] = {}
        self._heard: dict[str, int] = {}
        self._bound = _Bound(lambda points: np.full(len(points), -1, np.int32), {}, {}, {})
        self._looked_at = self._bound
        self._undescribed_values: dict[str, deque[tuple[int, Message]]] = {}
        """By point: values that no metadata describe yet, and when they came."""
        self._beats = Heartbeats(integration)
        self._may_be_racks: frozenset[str] = frozenset()
        self._racks: Mapping[str, str] = {}
        self._undescribed: Sequence[str] = ()
        self._unsaid: Sequence[tuple[str, str]] = ()
        self._quiet, self._now, self._begun = Quiet(), 0, 0
        self._loaded = False

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`. Cost: linear in the racks, at the first time in the described points."""
        if not self._loaded:
            self._points = _described_in(snapshot, self._metadata_max)
            self._loaded = True
            for topic, payload in self._pending.topics().items():
                at = address(topic)
                found = described(at, payload, self._metadata_max) if at is not None and payload else None
                if at is not None and not isinstance(found, str) and self._renewed(at.point, found):
                    self._change(1)
            for name, each in self._points.items():
                self._own(name, each)
            self._beats.describe(self._points, 0)
            self._learned(Plant(self._points, _racks_of(snapshot)))
        pending = self._pending.topics()
        known = _known_of(pending, _texts_of(snapshot)) if pending else {}
        self._bound = _Bound(slots, {}, _racks_of(snapshot), known)

    def filters(self) -> Sequence[str]:
        """See `Dialect.filters`."""
        return [ROOT + "+/Value/#"]

    def everywhere(self) -> Sequence[str]:
        """Metadata, which are retained, and heartbeats, which every process watches for itself."""
        return [f"{ROOT}{contract.PUBLISHER}/Metadata/#", f"{ROOT}{contract.PUBLISHER}/Value/System/#"]

    def fed(self) -> Slots:
        """See `Dialect.fed`."""
        bound = self._bound
        found = bound.slots([point_iri(name) for name in list(self._points)])
        return np.unique(found[found >= 0]) if len(found) else NO_SLOTS

    # -- what comes -------------------------------------------------------------------------------------------------

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`."""
        self._now = intake.now
        known = self._bound.rows.get(message.topic)
        if known is not None:
            self._row(*known, message, intake, intake.now)
            return True
        if not message.topic.startswith(ROOT):
            return False
        at = address(message.topic)
        if at is None:
            intake.unbound(message.topic, "no topic of the BMS bus: it is BMS/v1/{publisher}/{Value|Metadata}/{object}/{point}/{tag path}")
        elif at.is_metadata:
            self._describe(at, message, intake)
        elif at.publisher != self._integration:
            self._value(at, message, intake, intake.now)
        return True

    def _row(self, slot: int, of: Described, message: Message, intake: Intake, came: int) -> float:
        """Take a value of a point; -1 is the slot of one that the graph does not have yet. Gives the number."""
        read = value(message.payload, came, self._bytes_max, retained=message.retained)
        number, quality, reason = read.value, read.quality, read.reason
        if of.factors is None:
            number, quality, reason = nan, Quality.BAD, Reason.CONFIGURATION
        elif of.factors != AS_IT_IS:
            number = number * of.factors[0] + of.factors[1]
        if slot >= 0:
            intake.row(slot, number, read.observed_at, quality, reason)
        else:
            intake.early(message.topic, point_iri(of.at.point), number, read.observed_at, quality, reason)
        if read.finding:
            intake.poison(message, read.finding)
        return read.value

    def _value(self, at: Address, message: Message, intake: Intake, came: int) -> None:
        """A value of a point that is not known yet by topic, or of a heartbeat."""
        known = self._points.get(at.point)
        if known is None:
            self._keep_undescribed(at.point, message, intake)
            return
        if at.publisher != known.publisher:
            who = f"its metadata name {known.integration}" if known.integration else "its metadata name no integration"
            intake.unbound(message.topic, f"{at.publisher} may not say it: {who}")
            return
        slot = int(self._bound.slots([point_iri(at.point)])[0])
        number = self._row(slot, known, message, intake, came)
        if at.point_type == "HeartbeatTimestampBms":
            if not message.retained and isfinite(number):
                if self._quiet.stirred:
                    self._beats.describe(self._points, intake.now)
                self._beats.hear(at.point, number, intake.now)
        elif slot >= 0:
            self._bound.rows[message.topic] = slot, known

    def _keep_undescribed(self, point: str, message: Message, intake: Intake) -> None:
        read = value(message.payload, intake.now, self._bytes_max, retained=message.retained)
        if read.finding:
            intake.poison(message, read.finding)
            return
        intake.unbound(message.topic, "no metadata describe it yet")
        if len(self._undescribed_values) < UNDESCRIBED_MAX or point in self._undescribed_values:
            kept = self._undescribed_values.setdefault(point, deque(maxlen=UNDESCRIBED_EACH))
            kept.append((intake.now, message))

    def _describe(self, at: Address, message: Message, intake: Intake) -> None:
        if at.publisher != contract.PUBLISHER:
            intake.unbound(message.topic, f"metadata come from the BMS alone, not from {at.publisher}")
            return
        if not message.payload:
            self._heard.pop(at.point, None)
            if self._renewed(at.point, None):
                self._pending.add(message.topic, b"")
                self._change(intake.now)
            return
        found = described(at, message.payload, self._metadata_max)
        if isinstance(found, str):
            intake.poison(message, found)
            return
        if at.point not in self._points and len(self._points) >= POINTS_MAX:
            intake.unbound(message.topic, f"{POINTS_MAX:,} points are described already, and no more are taken")
            return
        if not message.retained or at.point not in self._heard:
            self._heard[at.point] = intake.now
        if self._renewed(at.point, found):
            self._pending.add(message.topic, message.payload)
            self._change(intake.now)
        for came, value_ in self._undescribed_values.pop(at.point, ()):
            said = address(value_.topic)
            if said is not None:
                self._value(said, value_, intake, came)

    def _renewed(self, name: str, found: Described | None) -> bool:
        """Take what a point's metadata say now, None for nothing any more; whether that is something else than before."""
        before = self._points.get(name)
        if (before.text if before is not None else "") == (found.text if found is not None else ""):
            return False
        if found is None:
            del self._points[name]
        else:
            self._points[name] = found = found.measured_in(before.unit if before is not None else "")
        self._own(name, found)
        return True

    def settle(self) -> None:
        """See `Dialect.settle`: metadata are durable."""
        self._pending.keep()

    def _own(self, name: str, each: Described | None) -> None:
        """Whether a point is ours to say, and one at which something is asked for; as of its newest metadata, at once."""
        ours = each if each is not None and self._integration and each.integration == self._integration else None
        if ours is None:
            self._ours.pop(name, None)
            self._requests.pop(point_iri(name), None)
            return
        self._ours[name] = ours
        if ours.at.point_type in contract.ASKED_FOR:
            self._requests[point_iri(name)] = ours

    def _change(self, now: int) -> None:
        self._bound.rows.clear()
        self._quiet.stir(now)

    # -- what goes --------------------------------------------------------------------------------------------------

    def connected(self, intake: Intake) -> None:
        """See `Dialect.connected`."""
        self._beats.begin(intake.now)

    def tick(self, intake: Intake) -> None:
        """See `Dialect.tick`."""
        self._now = intake.now
        self._begun = self._begun or intake.now
        bound = self._bound
        if bound is not self._looked_at:
            self._looked_at = bound
            self._pending.forget(bound.known)
        if self._quiet.stirred:
            self._beats.describe(self._points, intake.now)
        for lost in self._beats.newly_lost(intake.now):
            intake.mark(self._in_scope(lost.scope), Quality.NO_COMMUNICATION, Reason.LINK)
        for said in self._beats.due(self._ours, intake.now):
            intake.say(said)

    def _in_scope(self, scope: str) -> Slots:
        """The points that a heartbeat stands for; all of them where its scope names none: a lost heartbeat never passes in silence."""
        named = [name for name, each in self._points.items() if within(scope, each.at)]
        found = self._bound.slots([point_iri(name) for name in named or self._points])
        return found[found >= 0]

    def wish(self) -> Wish | None:
        """See `Dialect.wish`."""
        racks = self._bound.racks
        if not self._quiet.stirred and self._racks != {name: racks[name] for name in self._may_be_racks & racks.keys()}:
            self._change(self._now)
        if not self._quiet.is_over(self._now):
            return None
        plant = Plant(self._points, racks)
        self._learned(plant)
        return Wish(SOURCE, plant.block())

    def _learned(self, plant: Plant) -> None:
        self._may_be_racks, self._racks, self._undescribed = plant.may_be_racks(), plant.racks(), plant.undescribed()
        self._unsaid = plant.unsaid

    def serves(self, point: str) -> bool:
        """Whether metadata name us for the point, and it is one at which something is asked for."""
        return point in self._requests

    def request(self, command: Command) -> Publication:
        """See `Dialect.request`."""
        asked = self._requests.get(command.point)
        if asked is None:
            raise DeviceRefused(
                f"no metadata of the BMS name {self._integration or 'an integration of ours'} for {command.point}: nothing was sent"
            )
        if asked.states and command.value not in {float(state) for state, _ in asked.states}:
            known = ", ".join(f"{state} ({text})" for state, text in asked.states)
            raise DeviceRefused(f"{command.point} takes {known}, not {command.value:g}: nothing was sent")
        if not isfinite(command.value):
            raise DeviceRefused(f"{command.point} takes a number, not {command.value}: nothing was sent")
        if asked.factors is None:
            raise DeviceRefused(f"{command.point} {asked.no_number}: nothing was sent")
        scale, offset = asked.factors
        number = command.value if asked.factors == AS_IT_IS else (command.value - offset) / scale
        at = round(command.requested_at.timestamp() * 1000)
        return Publication(asked.at.value_topic(self._integration), encode(number, at), correlation=command.id.encode())

    # -- what is told -----------------------------------------------------------------------------------------------

    def unusable(self) -> Sequence[Unbound]:
        """See `Dialect.unusable`: unknown units, what is served and not described, what is described no more, heartbeats that stopped."""
        found = []
        for name, each in sorted(self._points.copy().items()):
            point, topic = point_iri(name), each.at.value_topic()
            if each.eng_unit and unit_named(each.eng_unit) is None:
                found.append(Unbound(point, topic, f"engUnit {each.eng_unit!r} is no unit that is known here: the value has none"))
            if each.factors is None:
                found.append(Unbound(point, topic, each.no_number))
            found += [Unbound(point, topic, wrong) for wrong in each.wrong]
            heard = self._heard.get(name, self._begun)
            if self._now - heard >= UNHEARD_MS:
                silent = f"its metadata have not been published for {(self._now - heard) // 1000} s"
                found.append(Unbound(point, topic, f"{silent}: if it is gone, clear them (empty, retained)"))
        found += [
            Unbound(PREFIX + name, "", f"{name} is served or associated with, and no metadata describe it") for name in self._undescribed
        ]
        found += [
            Unbound(PREFIX + name, "", f"{name} serves {to}, with what is not known, and {to} has power from elsewhere: it is not counted")
            for name, to in self._unsaid
        ]
        for beat in self._beats.lost:
            found.append(
                Unbound(
                    point_iri(beat.at.point), beat.at.value_topic(), f"the heartbeat of {beat.object_name or beat.object_id} has stopped"
                )
            )
        return found


def _described_in(snapshot: Snapshot, bytes_max: int) -> dict[str, Described]:
    """What a revision of the graph says had been described."""
    key = snapshot.key
    topics = {s: literal_parts(key(o)).lexical for s, o in snapshot.relation(TOPIC).pairs() if is_literal(key(o))}
    units = {s: key(o).removeprefix(UNIT) for s, o in snapshot.relation(BRICK + "hasUnit").pairs()}
    found: dict[str, Described] = {}
    for s, o in snapshot.relation(METADATA).pairs():
        at = address(topics.get(s, ""))
        if at is None or not is_literal(key(o)):
            continue
        at = at._replace(publisher=contract.PUBLISHER, is_metadata=True)
        read = described(at, literal_parts(key(o)).lexical.encode(), 2 * bytes_max)
        if isinstance(read, Described):
            found[at.point] = read.measured_in(units.get(s, ""))
    return found


def _texts_of(snapshot: Snapshot) -> dict[str, str]:
    """The metadata that a revision of the graph says, by the IRI of the point."""
    key = snapshot.key
    return {key(s): literal_parts(key(o)).lexical for s, o in snapshot.relation(METADATA).pairs() if is_literal(key(o))}


def _known_of(pending: Mapping[str, bytes], said: Mapping[str, str]) -> dict[str, bytes]:
    """Which of the metadata by topic are as they are said."""
    found = {}
    for topic, payload in pending.items():
        at = address(topic)
        read = described(at, payload, len(payload)) if at is not None and payload else None
        text = read.text if isinstance(read, Described) else ""
        if at is None or said.get(point_iri(at.point), "") == text:
            found[topic] = payload
    return found


def _racks_of(snapshot: Snapshot) -> dict[str, str]:
    """The racks that other sources know, by the end of their IRI and by label; a name that means two racks means none."""
    found: dict[str, set[str]] = {}
    labels = dict(snapshot.relation(RDFS + "label").pairs())
    for rack in snapshot.instances([BRICK + "ICT_Rack"]).tolist():
        iri = snapshot.key(rack)
        if iri.startswith((PREFIX, "_:")):
            continue
        label = labels.get(rack)
        text = snapshot.key(label) if label is not None else ""
        for name in {local_name(iri), literal_parts(text).lexical if is_literal(text) else ""} - {""}:
            found.setdefault(name, set()).add(iri)
    return {name: next(iter(iris)) for name, iris in found.items() if len(iris) == 1}
