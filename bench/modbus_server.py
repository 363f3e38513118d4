"""A Modbus TCP device that answers as fast as Python can, in a process of its own: holding register n holds n * 7 mod 30,011."""

from __future__ import annotations

import asyncio
import struct
import subprocess
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODULUS = 30_011


def value(register: int) -> int:
    """What stands in a register."""
    return register * 7 % MODULUS


class _Device(asyncio.Protocol):
    words = array("H", [value(n) for n in range(65_536)])
    words.byteswap()
    image = words.tobytes()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]  # a stream of TCP is one that can be written
        self._left = b""

    def data_received(self, data: bytes) -> None:
        data = self._left + data
        while len(data) >= 12:
            number, _, _, unit, code, start, count = struct.unpack_from(">HHHBBHH", data)
            head = struct.pack(">HHHBBB", number, 0, 3 + 2 * count, unit, code, 2 * count)
            self._transport.write(head + self.image[2 * start : 2 * (start + count)])
            data = data[12:]
        self._left = data


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Device, "0.0.0.0", 0)  # noqa: S104 - every address of the loopback's network
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def served() -> Iterator[int]:
    """The device, until the block ends; gives its port."""
    with subprocess.Popen([sys.executable, str(Path(__file__))], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own words
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(_serve())
