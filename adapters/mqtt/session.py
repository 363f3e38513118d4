"""What a process knows of its session with the broker, also after a kill: that there was one. Without it then, the broker has lost it."""

from __future__ import annotations

import logging
from pathlib import Path

from adapters.mqtt.config import MqttConfig
from twin.lines import Lines

_log = logging.getLogger(__name__)


class Session:
    """The session of one client id with one broker. The file has the newest one only: a process that goes by another name, or to another
    broker, has left what it had. After `__init__` of one thread."""

    def __init__(self, config: MqttConfig, path: Path | None = None) -> None:
        """With what an earlier process left in the file; without one a restart forgets it. Raises `OSError`."""
        self._name = [config.client_id, config.host, config.port]
        self._file = Lines(path) if path is not None else None
        self.known = self._file is not None and self._name in self._file.read()
        """Whether the broker has taken subscriptions of ours: from then on it holds what we have not had."""

    def taken(self) -> None:
        """The broker has taken subscriptions. Cost: an fsync for the first ever, nothing after it."""
        if self.known:
            return
        self.known = True
        if self._file is not None:
            try:
                self._file.put([self._name])
            except OSError as error:
                _log.warning(
                    "that the broker has a session of ours cannot be kept: %s; if it loses it while we are away, none tells", error
                )
