"""The dialect of the native layout: `dc/<site>/<system>/<asset>/<point>`, alone, many together, packed, and the state of an asset.

Rules of this file:

1. Topics have three to ten levels of A-Z a-z 0-9 _ . - (1 to 64 of them). A point's topic is of the point that a `dcx:MQTTReference`
   names it for, else of the one that its last two levels name (`adapters/mqtt/naming.py`).
2. `…/$batch` holds many readings as JSON, `…/$packed` as columns of bytes, of points by the rest of their topics; the names of packed
   ones are announced once, retained, on `dc/$points/<their id>`, and are known from then on (`adapters/mqtt/announced.py`).
3. `<asset>/$state`, best by last will: `offline` makes the points of the asset `NO_COMMUNICATION`, until they speak again.
4. What a topic means is found out once, with its first message, and again after the graph has changed.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from adapters.mqtt.announced import TABLES_MAX, Announced
from adapters.mqtt.bound import Bound
from adapters.mqtt.codec import parse
from adapters.mqtt.counting import Count
from adapters.mqtt.dialect import Dialect, Heard, Intake, Message, SlotsOf
from adapters.mqtt.naming import Names, names_of
from adapters.mqtt.native_codec import Many, Packed, Rows, doubt, many, serial, table_id, unpack
from adapters.mqtt.point import TOO_LARGE, Plain, Reader
from graph.snapshot import Snapshot
from graph.values import Floats, Quality, Reason, Samples, Slots
from ontology.errors import UnitError

LEVELS_MAX = 10
TOPICS_MAX = 500_000
"""Topics whose meaning is remembered; one more, and all are found out anew."""
_SEGMENT = r"[A-Za-z0-9_.-]{1,64}"
_TOPIC = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT}){{2,{LEVELS_MAX - 1}}}")
_OFFLINE = {"offline", "false", "0", "disconnected", "lost"}


class _Places(NamedTuple):
    """Where the values of some names go, and how they become the points' own units; None: as they are."""

    slots: Slots
    scale: Floats | None
    offset: Floats | None
    strange: Sequence[Heard]
    """The names that are of no point."""
    misfits: Rows | None
    """Which of them are said in a unit that is none of their points' kind; None: not one."""
    finding: str
    """What is wrong with the first of those."""


class _Known:
    """What has been found out about topics, as of one revision of the graph."""

    def __init__(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        self.snapshot, self.slots = snapshot, slots
        self.names: Names | None = None
        self.readers: dict[str, Reader] = {}
        self.batches: OrderedDict[tuple[str, tuple[str, ...], tuple[str, ...]], _Places] = OrderedDict()
        self.assets: dict[str, set[int]] = {}
        """Slots heard of, by the part of the topic before the last level."""


class Native(Dialect):
    """Everything under `dc/` that no reference claims with pointers."""

    name = "native"

    def __init__(
        self,
        bound: Bound,
        root: str = "dc",
        bytes_max: int = 65_536,
        batch_bytes_max: int = 4_194_304,
        announced: Announced | None = None,
    ) -> None:
        """`bound` is asked first, for topics and for names in batches; it must be bound before this one. `announced`: where the names of
        packed readings are kept; left out, a restart forgets them."""
        self._bound, self._root, self._bytes_max, self._batch_max = bound, root + "/", bytes_max, batch_bytes_max
        self._known: _Known | None = None
        self._announced = announced or Announced()
        self._counts: dict[str, Count] = {}

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`. Names are read with the first topic that needs them: a site that has none pays nothing for them."""
        known = _Known(snapshot, slots)
        if self._known is not None and self._known.names is not None:
            known.names = names_of(snapshot)
        self._known = known

    def filters(self) -> Sequence[str]:
        """See `Dialect.filters`."""
        return [self._root + "#"]

    def everywhere(self) -> Sequence[str]:
        """Announced names, and the states of assets."""
        return [self._root + "$points/#", self._root + "+/+/+/$state"]

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`."""
        known = self._known
        if known is None or not message.topic.startswith(self._root):
            return False
        reader = known.readers.get(message.topic)
        if reader is None:
            reader = self._reader(known, message.topic)
            if reader is None:
                return False
            if len(known.readers) >= TOPICS_MAX:
                known.readers.clear()
            known.readers[message.topic] = reader
        reader(message, intake)
        return True

    def knows(self, topic: str) -> bool:
        """See `Dialect.knows`."""
        known = self._known
        return known is not None and topic.startswith(self._root) and isinstance(self._point(known, topic), Plain)

    def fed(self) -> Slots:
        """See `Dialect.fed`: the points that have spoken, or stand in a batch that has."""
        heard = set[int]().union(*self._known.assets.values()) if self._known is not None else set[int]()
        return np.array(sorted(heard), np.int32)

    def missing(self) -> int:
        """See `Dialect.missing`."""
        return sum(count.missing for count in list(self._counts.values()))

    # -- what a topic means -----------------------------------------------------------------------------------------

    def _reader(self, known: _Known, topic: str) -> Reader | None:
        """What reads a topic's messages; None for one that is none of the layout's."""
        prefix, _, last = topic.rpartition("/")
        if prefix == self._root + "$points":
            return lambda message, intake: self._points(last, message, intake)
        word = {"$batch": self._batch, "$packed": self._packed, "$state": self._state}.get(last)
        if word is not None:
            return lambda message, intake: word(known, prefix, message, intake)
        found = self._point(known, topic) if _TOPIC.fullmatch(topic) else None
        return found if found is None or isinstance(found, Plain) else lambda _, intake: intake.heard.append(found)

    def _point(self, known: _Known, topic: str) -> Plain | Heard:
        """The point of a topic: that of a reference, else that of its name."""
        referred = self._bound.plain(topic)
        if referred is None:
            if not _TOPIC.fullmatch(topic):
                return Heard(topic, "the topic breaks the layout: three to ten levels of A-Z a-z 0-9 _ . -, 64 at most each")
            if known.names is None:
                known.names = names_of(known.snapshot)
            found = known.names.find(topic)
            slot = int(known.slots([found.point])[0]) if found.point else -1
            if slot < 0:
                return Heard(topic, found.reason or "its point is new: the next change of the graph binds it", found.suggestion)
            referred = Plain(slot, 1.0, 0.0, known.names.units.get(found.point, ""), self._bytes_max, self._counts)
        known.assets.setdefault(topic.rpartition("/")[0], set()).add(referred.slot)
        return referred

    def _places(self, known: _Known, prefix: str, names: tuple[str, ...], units: tuple[str, ...]) -> _Places:
        """Where a batch's names lead. Cost: a look-up for the same names again."""
        key = prefix, names, units
        places = known.batches.get(key)
        if places is None:
            places = known.batches[key] = self._found(known, prefix, names, units)
            while len(known.batches) > TABLES_MAX:
                known.batches.popitem(last=False)
        return places

    def _found(self, known: _Known, prefix: str, names: tuple[str, ...], units: tuple[str, ...]) -> _Places:
        rows = len(names)
        slots, scale, offset = np.full(rows, -1, np.int32), np.ones(rows), np.zeros(rows)
        strange: list[Heard] = []
        misfits, finding = np.zeros(rows, np.bool_), ""
        for row, (name, unit) in enumerate(zip(names, units if len(units) == rows else units[:1] * rows, strict=True)):
            topic = f"{prefix}/{name}"
            found = self._point(known, topic)
            if isinstance(found, Heard):
                strange.append(found)
                continue
            slots[row] = found.slot
            try:
                scale[row], offset[row] = found.converted(unit)
            except UnitError as error:
                misfits[row], finding = True, finding or f"u of {name!r} is {unit!r}: {error}"
        plain = bool((scale == 1.0).all() and (offset == 0.0).all())
        return _Places(slots, None if plain else scale, None if plain else offset, strange, misfits if finding else None, finding)

    # -- what a message says ----------------------------------------------------------------------------------------

    def _batch(self, known: _Known, prefix: str, message: Message, intake: Intake) -> None:
        document, finding = parse(message.payload, self._batch_max)
        found = finding or many(document, intake.now)
        if isinstance(found, str):
            intake.poison(message, found)
            return
        places = self._places(known, prefix, tuple(found.names), tuple(found.units))
        count = serial(document)[0] if type(document) is dict else -1
        if count >= 0 and not message.retained:
            known_count = self._counts.setdefault(message.topic, Count())
            if known_count.hear(count):
                found.reason[found.quality == Quality.GOOD] = Reason.GAP
        _add(places, found, message, intake)

    def _packed(self, known: _Known, _prefix: str, message: Message, intake: Intake) -> None:
        if len(message.payload) > self._batch_max:
            intake.poison(message, f"the payload has {len(message.payload)} bytes, more than the {self._batch_max} that are read")
            return
        found = unpack(message.payload, intake.now)
        if isinstance(found, str):
            intake.poison(message, found)
            return
        names = self._announced.find(found.table)
        if names is None:
            intake.poison(message, f"its names are not announced: say them, retained, on {self._root}$points/{found.table.hex()}")
            return
        rows = len(found.values)
        if (len(names) != rows) if found.indexes is None else (rows and int(found.indexes.max()) >= len(names)):
            intake.poison(message, f"the table of its names has {len(names)}: it speaks of others")
            return
        places = self._places(known, self._root[:-1], names, ("",))
        if found.indexes is not None:
            scale, offset = places.scale, places.offset
            at = found.indexes
            columns = None if scale is None else scale[at], None if offset is None else offset[at]
            places = places._replace(slots=places.slots[at], scale=columns[0], offset=columns[1])
        _add(places, found, message, intake)

    def _points(self, named: str, message: Message, intake: Intake) -> None:
        """Names are announced, and known when this returns; an empty payload clears the broker's copy alone."""
        if not message.payload:
            return
        document, finding = parse(message.payload, self._batch_max)
        if finding or type(document) is not list or set(map(type, document)) - {str}:
            intake.poison(message, finding or "announced names are a list of texts, the points' topics after the root")
            return
        names = tuple(document)
        if table_id(names).hex() != named:
            intake.poison(message, f"these names go by {table_id(names).hex()}, not by {named}: BLAKE2b, 8 bytes, of a line each")
            return
        self._announced.keep(names)

    def _state(self, known: _Known, prefix: str, message: Message, intake: Intake) -> None:
        document, finding = parse(message.payload, self._bytes_max)
        said = message.payload.decode(errors="replace") if finding else document
        if isinstance(said, dict):
            said = said.get("state", said.get("online"))
        if str(said).casefold() not in _OFFLINE:
            return
        if known.names is None:
            known.names = names_of(known.snapshot)
        by_name = known.slots(known.names.of_asset(prefix.rpartition("/")[2]))
        slots = known.assets.get(prefix, set()) | {slot for slot in by_name.tolist() if slot >= 0} | self._bound.under(prefix)
        intake.mark(np.array(sorted(slots), np.int32), Quality.NO_COMMUNICATION, Reason.LINK)


def _add(places: _Places, found: Many | Packed, message: Message, intake: Intake) -> None:
    """Put a batch into the intake; a name of no point is counted, its row left out, and what is wrong with any is one dead letter."""
    values, quality, reason = found.values, found.quality, found.reason
    finding = found.finding or places.finding
    if places.scale is not None and places.offset is not None:
        with np.errstate(over="ignore"):
            values = values * places.scale + places.offset
        finding = finding or (TOO_LARGE if np.isinf(values).any() else "")
    doubt(values, quality, reason, wrong_units=places.misfits)
    if message.retained:
        fresh = quality <= Quality.UNCERTAIN
        quality[fresh], reason[fresh] = Quality.UNCERTAIN, Reason.RETAINED
    received = np.full(len(values), intake.now, np.int64)
    intake.rows(Samples(places.slots, values, found.observed, received, quality, reason))
    intake.heard.extend(places.strange)
    if finding:
        intake.poison(message, finding)
