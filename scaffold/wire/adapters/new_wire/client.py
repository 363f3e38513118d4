"""The NewWire wire: polls what the graph binds and hands samples to the sink. It knows sockets and no meaning of a byte.

Rules of this file:

1. Each device has a thread and a connection of its own: one that is away or slow costs the others nothing.
2. A device that goes makes its points NO_COMMUNICATION, with their last numbers, and is logged once; it is tried again until it answers.
3. Nothing is written to a device: whoever adds that makes the client a `DevicePort`.
"""

from __future__ import annotations

import logging
import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event, Thread

import numpy as np

from adapters.new_wire.bindings import Group, NewWireBindings
from adapters.new_wire.codec import Wrong, question, values_of
from adapters.new_wire.config import Endpoint, NewWireConfig
from graph.ports import Clock, ReadingSink
from graph.references import Unbound
from graph.values import Codes, Floats, Quality, Reason, Samples

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One device now: whether it answers, questions so far, and the last thing that went wrong."""

    endpoint: str
    connected: bool
    requests: int
    error: str


class NewWireClient:
    """All devices. `start`, `rebind` when the graph changes, `close`."""

    def __init__(self, config: NewWireConfig, bindings: NewWireBindings, sink: ReadingSink, clock: Clock) -> None:
        """Nothing is connected before `start`."""
        self._config, self._bindings, self._sink, self._clock = config, bindings, sink, clock
        self._polls: dict[Endpoint, _Poll] = {}
        self._running = False

    def start(self) -> None:
        """Begin to poll; returns at once."""
        self._running = True
        self.rebind(self._bindings)

    def rebind(self, bindings: NewWireBindings) -> None:
        """Take the bindings of another revision, whole; devices of which the same is asked as before go on undisturbed."""
        self._bindings = bindings
        if not self._running:
            return
        gone = [poll for endpoint, poll in self._polls.items() if bindings.groups.get(endpoint) != poll.group]
        for poll in gone:
            poll.end()
        for poll in gone:
            poll.join()
            del self._polls[poll.group.endpoint]
        for endpoint, group in bindings.groups.items():
            if endpoint not in self._polls:
                self._polls[endpoint] = _Poll(group, self._config, self._sink, self._clock)
                self._polls[endpoint].start()

    def close(self) -> None:
        """Stop polling and let go of every connection. A second call does nothing."""
        self.rebind(NewWireBindings())
        self._running = False

    def status(self) -> Sequence[EndpointStatus]:
        """Every device now, in order."""
        return [poll.status() for _, poll in sorted(self._polls.items())]

    def unusable(self) -> Sequence[Unbound]:
        """The references of the graph that this wire cannot use, and why."""
        return self._bindings.unbound


class _Poll:
    """One device, in a thread of its own."""

    def __init__(self, group: Group, config: NewWireConfig, sink: ReadingSink, clock: Clock) -> None:
        self.group = group
        self._config, self._sink, self._clock = config, sink, clock
        self._asked = question([value.key for value in group.values])
        self._slots = sink.slots([value.point for value in group.values])
        self._scale = np.array([value.scale for value in group.values])
        self._offset = np.array([value.offset for value in group.values])
        self._stop, self._thread = Event(), Thread(target=self._run, name=f"new_wire-{group.endpoint}", daemon=True)
        self._answers, self._requests, self._failures, self._error = False, 0, 0, ""

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._stop.set()

    def join(self) -> None:
        self._thread.join(2 * self._config.timeout_s)

    def status(self) -> EndpointStatus:
        return EndpointStatus(str(self.group.endpoint), self._answers, self._requests, self._error)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._poll()
            except (OSError, Wrong) as error:
                self._away(str(error) or type(error).__name__)
                longest = min(self._config.reconnect_s_min * 2.0**self._failures, self._config.reconnect_s_max)
                self._failures = min(self._failures + 1, 30)
                self._stop.wait(random.uniform(0, longest))  # full jitter: devices that went together are not asked together

    def _poll(self) -> None:
        """Ask over one connection until the end. Raises `OSError`, `Wrong`."""
        place = (self.group.endpoint.host, self.group.endpoint.port)
        with socket.create_connection(place, self._config.timeout_s) as connection, connection.makefile("rb") as answers:
            while not self._stop.is_set():
                self._requests += 1
                connection.sendall(self._asked)
                values = values_of(answers.readline(self._config.answer_bytes_max), len(self.group.values))
                self._heard(values)
                self._stop.wait(max(self.group.period_s, self._config.period_s_min))

    def _heard(self, values: Floats) -> None:
        if self._error:
            _log.info("%s answers again", self.group.endpoint)
        self._answers, self._failures, self._error = True, 0, ""
        sound = np.isfinite(values)
        quality, reason = np.where(sound, Quality.GOOD, Quality.BAD), np.where(sound, Reason.NONE, Reason.SENSOR)
        self._take(values * self._scale + self._offset, quality.astype(np.uint8), reason.astype(np.uint8))

    def _away(self, error: str) -> None:
        """Rule 2."""
        known, self._answers, self._error = bool(self._error), False, error
        if not known:
            _log.warning("%s does not answer: %s", self.group.endpoint, error)
            size = len(self._slots)
            self._take(np.full(size, np.nan), np.full(size, Quality.NO_COMMUNICATION, np.uint8), np.full(size, Reason.LINK, np.uint8))

    def _take(self, values: Floats, quality: Codes, reason: Codes) -> None:
        at = np.full(len(values), round(self._clock().timestamp() * 1000), np.int64)
        try:
            self._sink.take(Samples(self._slots, values, at, at, quality, reason))
        except Exception:
            _log.exception("%d readings were not taken", len(values))
