"""The clients of the benches of subscriptions, in a process of their own: it imports little, so that it is soon there.

`python -m bench.subscriptions_reader PORT CLIENTS QUERY` counts what as many sockets are told between `begin` and `end` on its input;
`PORT SECONDS` takes the query from its input and prints how old the values of one socket were when they came.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from base64 import b64encode
from datetime import datetime
from functools import partial

import orjson


class Listener(asyncio.Protocol):
    """One socket: shakes hands, subscribes, counts text frames; the last of them also reads the ages."""

    def __init__(self, query: str, reads: bool) -> None:
        self._query, self._reads = query, reads
        self._data = bytearray()
        self._up = False
        self.count = self.bytes = 0
        self.ages: list[float] = []

    def itself(self) -> Listener:
        """As the protocol of a connection."""
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask to be let in."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = b64encode(os.urandom(16)).decode()
        head = ("GET /graphql HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}")
        rest = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: graphql-transport-ws", "", "")
        transport.write("\r\n".join((*head, *rest)).encode())

    def data_received(self, data: bytes) -> None:
        """Whole frames."""
        self._data += data
        if not self._up:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            del self._data[: end + 4]
            self._up = True
            self._say({"type": "connection_init"})
        at, size = 0, len(self._data)
        while size - at >= 2:
            length, head = self._data[at + 1] & 127, 2
            if length == 126:
                length, head = int.from_bytes(self._data[at + 2 : at + 4], "big"), 4
            elif length == 127:
                length, head = int.from_bytes(self._data[at + 2 : at + 10], "big"), 10
            if size - at < head + length:
                break
            if self._data[at] & 15 == 1:
                self._frame(self._data[at + head : at + head + length])
            at += head + length
        del self._data[:at]

    def _frame(self, text: bytearray) -> None:
        if text.startswith((b'{"type":"connection_ack"', b'{"type": "connection_ack"')):
            self._say({"id": "1", "type": "subscribe", "payload": {"query": self._query}})
            return
        self.count += 1
        self.bytes += len(text)
        if self._reads:
            now = time.monotonic() * 1000
            rows = orjson.loads(text)["payload"]["data"]["readings"]
            self.ages += [now - row["value"]["value"] for row in rows]

    def _say(self, message: object) -> None:
        text, mask = orjson.dumps(message), b"\0\0\0\0"
        length = bytes((0x80 | len(text),)) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
        self._transport.write(b"\x81" + length + mask + text)


async def listen(port: int, clients: int, query: str) -> None:
    """Connect, then count between `begin` and `end`."""
    loop = asyncio.get_running_loop()
    listeners = [Listener(query, n == clients - 1) for n in range(clients)]
    for each in listeners:
        await loop.create_connection(partial(Listener.itself, each), "127.0.0.1", port)
    while any(each.count == 0 for each in listeners):
        await asyncio.sleep(0.05)
    print("all", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    begun = [each.count for each in listeners], sum(each.bytes for each in listeners)
    listeners[-1].ages.clear()
    print("begun", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    counts = [listener.count - before for listener, before in zip(listeners, begun[0], strict=True)]
    told = {"each": counts, "bytes": sum(listener.bytes for listener in listeners) - begun[1], "ages": listeners[-1].ages}
    print(json.dumps(told), flush=True)


class Reader(Listener):
    """Keeps the ages of all values but those of the first message, which tells how everything stands."""

    def _frame(self, text: bytearray) -> None:
        came = time.time() * 1000
        super()._frame(text)
        if self.count < 2:
            return
        for row in orjson.loads(text)["payload"]["data"]["readings"]:
            self.ages.append(came - datetime.fromisoformat(row["value"]["observedAt"]).timestamp() * 1000)


async def read(port: int, seconds: float, query: str) -> None:
    """Print the ages of what comes in so many seconds after the first message."""
    reader = Reader(query, False)
    await asyncio.get_running_loop().create_connection(partial(Reader.itself, reader), "127.0.0.1", port)
    while reader.count == 0:
        await asyncio.sleep(0.05)
    await asyncio.sleep(seconds)
    print(json.dumps(reader.ages))


if __name__ == "__main__":
    if len(sys.argv) == 4:
        asyncio.run(listen(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
    else:
        asyncio.run(read(int(sys.argv[1]), float(sys.argv[2]), sys.stdin.read()))
