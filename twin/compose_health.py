"""The health of the data, from the wires, the ingest and the history of a running service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from adapters.modbus.client import ModbusClient
from adapters.mqtt.client import MqttClient
from adapters.mqtt.relay_status import Standing
from adapters.mqtt.strays import UnboundTopic
from graph.current import CurrentValues
from graph.ports import History
from resolvers.context import Unbound
from twin.data_health import DataHealth, DeadLetter, Rates, WireHealth, taken
from twin.ingest import Ingest

LETTERS_TOLD = 200
"""Dead letters that one answer has."""
READINGS = "readings"


class HealthWatch:
    """`tick` every second; `now` when asked."""

    def __init__(
        self,
        current: CurrentValues,
        ingest: Ingest,
        history: Callable[[], History | None],
        mqtt: Callable[[], Sequence[tuple[str, MqttClient]]],
        modbus: ModbusClient | None,
        others: Callable[[], Mapping[str, Standing]],
    ) -> None:
        """`mqtt`: each session with a broker as it is called, without secrets, and its client. `others`: how the processes that take in for
        this one stand."""
        self._others = others
        self._current, self._ingest, self._history, self._mqtt, self._modbus = current, ingest, history, mqtt, modbus
        self._rates = Rates(time.monotonic)

    def tick(self) -> None:
        """Note what has come so far."""
        counts = {f"{wire.name} {wire.place}": wire.messages for wire in self._wires()}
        self._rates.note({**counts, READINGS: taken(self._current.counts())})

    def now(self) -> DataHealth:
        """As it stands. May wait for a database of history: call it in a worker thread."""
        counts, history = self._current.counts(), self._history()
        others = self._others().items()
        theirs = [replace(each, wire=f"{each.wire} at {name}") for name, other in others for each in other.dead_letters]
        return DataHealth(
            counts,
            self._rates.of(READINGS, taken(counts)),
            [*self._wires(), *(replace(wire, place=f"{wire.place} at {name}") for name, other in others for wire in other.wires)],
            sorted([*self._letters(), *theirs], key=lambda each: each.at, reverse=True)[:LETTERS_TOLD],
            None if history is None else history.status(),
            self._ingest.history_missed,
        )

    def standing(self, unbound: Sequence[UnboundTopic]) -> Standing:
        """What others are told of this process, with the topics of no point. Waits for nothing."""
        return Standing(self._wires(), self._letters(), unbound)

    def _letters(self) -> list[DeadLetter]:
        """The newest first."""
        return [
            DeadLetter(f"mqtt {place}", letter.topic, letter.payload, letter.reason, letter.at)
            for place, client in self._mqtt()
            for letter in reversed(client.dead_letters())
        ]

    def _wires(self) -> list[WireHealth]:
        found = []
        for place, client in self._mqtt():
            mqtt = client.status()
            rate, lost = self._rates.of(f"mqtt {place}", mqtt.messages), mqtt.missing
            forgotten = f"has forgotten our session {mqtt.sessions_lost} times, and what it held for us" if mqtt.sessions_lost else ""
            error = mqtt.error or forgotten
            found.append(
                WireHealth("mqtt", place, mqtt.connected, error, mqtt.messages, rate, mqtt.queued, mqtt.poison, mqtt.unbound, lost)
            )
        for each in () if self._modbus is None else self._modbus.status():
            rate = self._rates.of(f"modbus {each.endpoint}", each.requests)
            error = each.error or ("" if not each.away else f"unit {', '.join(map(str, each.away))} does not answer")
            wrong, lost = each.counts.wrong, each.counts.timeouts
            found.append(WireHealth("modbus", each.endpoint, each.connected, error, each.requests, rate, dead_letters=wrong, lost=lost))
        return found


def together(heard: Iterable[Unbound]) -> list[Unbound]:
    """What several processes have heard: each topic once for a reason, in order of topics."""
    found: dict[tuple[str, str], Unbound] = {}
    for each in heard:
        before = found.get((each.topic, each.reason))
        count, last_at = (0, each.last_at) if before is None else (before.count, before.last_at)
        found[each.topic, each.reason] = replace(each, count=count + each.count, last_at=max(last_at, each.last_at))
    return [found[key] for key in sorted(found)]
