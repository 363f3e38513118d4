"""A publisher in a process of its own: whole packets, written beforehand, sent as fast as the broker takes them.

`python -m bench.mqtt_speaker PORT`: connects, says `ready`; for each line, how many acknowledgements to wait for and a file, reads the
file, says `read`, waits for another line, sends the file's packets, waits for the acknowledgements, says `said`.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from threading import Thread

PUBLISH = 0x30
CONNECT = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x00\x00\x05bench"
"""MQTT 3.1.1, clean session, no keep-alive, called `bench`."""


def packet(topic: str, payload: bytes, qos: int, number: int) -> bytes:
    """One PUBLISH (MQTT 3.1.1, 3.3)."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + (number % 65_535 + 1).to_bytes(2, "big") * bool(qos) + payload
    length, left = bytearray(), len(body)
    while True:
        left, low = left >> 7, left & 127
        length.append(low | (128 if left else 0))
        if not left:
            return bytes([PUBLISH | qos << 1]) + bytes(length) + body


def write(file: Path, messages: Iterable[tuple[str, bytes]], qos: int) -> None:
    """The packets of some messages, one after the other."""
    file.write_bytes(b"".join(packet(topic, payload, qos, number) for number, (topic, payload) in enumerate(messages)))


class Speaker:
    """That process, from outside."""

    def __init__(self, port: int) -> None:
        """Returns when it is connected."""
        words = [sys.executable, "-m", "bench.mqtt_speaker", str(port)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own words
        self._heard("ready")

    def load(self, file: Path, messages: int) -> None:
        """Have the packets of a file, of QoS 1, at hand."""
        self._say(f"{messages} {file}")
        self._heard("read")

    def begin(self) -> None:
        """Send them, from now on."""
        self._say("go")

    def ended(self) -> None:
        """Returns when the broker has taken it all."""
        self._heard("said")

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def _heard(self, word: str) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line == word, f"the publisher said {line!r}"


def main(port: int) -> None:
    """See the head of this file."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(CONNECT)
        assert connection.recv(4)[:2] == b"\x20\x02"
        print("ready", flush=True)
        for line in sys.stdin:
            messages, _, file = line.strip().partition(" ")
            data = Path(file).read_bytes()
            print("read", flush=True)
            sys.stdin.readline()
            acks = Thread(target=_acknowledged, args=(connection, int(messages)))
            acks.start()
            connection.sendall(data)
            acks.join()
            print("said", flush=True)


def _acknowledged(connection: socket.socket, messages: int) -> None:
    left = messages * 4
    while left:
        left -= len(connection.recv(65_536))


if __name__ == "__main__":
    main(int(sys.argv[1]))
