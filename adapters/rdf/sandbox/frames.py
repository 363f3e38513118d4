"""Messages between the service and its sandbox: a small JSON object and a blob, and blocks of quads as columns.

Nothing here runs what it reads: the sandbox may have been taken over by what it parsed, so lengths and numbers are checked before use.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson

from ontology.terms import QuadBlock

_HEAD = struct.Struct(">IQ")
_COUNTS = struct.Struct(">QQQ")
HEADER_MAX = 1 << 20
_CHUNK = 1 << 20


class Broken(Exception):
    """The other side ended, or said what is no message."""


# -- the job's side: plain file descriptors, no socket call ----------------------------------------------------------


def write_message(fd: int, header: dict[str, Any], blob: bytes = b"") -> None:
    """Write one message."""
    head = orjson.dumps(header)
    for data in (_HEAD.pack(len(head), len(blob)) + head, blob):
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view[:_CHUNK]) :]


def read_message(fd: int) -> tuple[dict[str, Any], bytes]:
    """Read one message. Raises `Broken` at its early end."""
    head, size = _HEAD.unpack(_read(fd, _HEAD.size))
    return orjson.loads(_read(fd, head)), _read(fd, size)


def _read(fd: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = os.read(fd, min(size - len(data), _CHUNK))
        if not part:
            raise Broken("the other side has ended")
        data += part
    return bytes(data)


# -- the service's side: with a deadline ------------------------------------------------------------------------------


def send(peer: socket.socket, header: dict[str, Any], blobs: Iterable[bytes], deadline: float) -> None:
    """Send one message until `deadline` (monotonic seconds). Raises `TimeoutError`, `Broken`."""
    parts = list(blobs)
    head = orjson.dumps(header)
    try:
        for part in (_HEAD.pack(len(head), sum(map(len, parts))) + head, *parts):
            view = memoryview(part)
            while view:
                peer.settimeout(_left(deadline))
                view = view[peer.send(view[:_CHUNK]) :]
    except TimeoutError:
        raise
    except OSError as error:
        raise Broken(str(error)) from error


def receive(peer: socket.socket, most: int, deadline: float) -> tuple[dict[str, Any], bytes]:
    """Receive one message of at most `most` bytes until `deadline`. Raises `TimeoutError`, `Broken`."""
    head, size = _HEAD.unpack(_receive(peer, _HEAD.size, deadline))
    if head > HEADER_MAX or size > most:
        raise Broken(f"a message of {head} and {size} bytes is longer than may be")
    try:
        header = orjson.loads(_receive(peer, head, deadline))
    except orjson.JSONDecodeError as error:
        raise Broken(str(error)) from error
    if not isinstance(header, dict):
        raise Broken("a message without a header")
    return header, _receive(peer, size, deadline)


def _receive(peer: socket.socket, size: int, deadline: float) -> bytes:
    data = bytearray(size)
    view = memoryview(data)
    try:
        while view:
            peer.settimeout(_left(deadline))
            got = peer.recv_into(view, min(len(view), _CHUNK))
            if not got:
                raise Broken("the other side has ended")
            view = view[got:]
    except TimeoutError:
        raise
    except OSError as error:
        raise Broken(str(error)) from error
    return bytes(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


# -- blocks -----------------------------------------------------------------------------------------------------------


def pack(block: QuadBlock) -> bytes:
    """The block as bytes: counts, quads, length of each term in bytes, the terms' UTF-8."""
    texts = [term.encode() for term in block.terms]
    lengths = np.fromiter(map(len, texts), dtype="<i4", count=len(texts))
    body = b"".join(texts)
    return b"".join((_COUNTS.pack(len(texts), len(block), len(body)), block.quads.astype("<i4").tobytes(), lengths.tobytes(), body))


def unpack(data: bytes) -> QuadBlock:
    """The block of `pack`. Raises `Broken` for bytes that are none."""
    try:
        terms, quads, size = _COUNTS.unpack_from(data)
        at = _COUNTS.size
        if at + quads * 16 + terms * 4 + size != len(data):
            raise Broken("a block whose parts do not add up")
        rows = np.frombuffer(data, "<i4", quads * 4, at).reshape(-1, 4).astype(np.int32)
        lengths = np.frombuffer(data, "<i4", terms, at + quads * 16)
        ends = np.cumsum(lengths, dtype=np.int64)
        if (lengths < 0).any() or (terms and int(ends[-1]) != size) or (quads and (int(rows.min()) < 0 or int(rows.max()) >= terms)):
            raise Broken("a block that points outside of itself")
        body = memoryview(data)[len(data) - size :]
        keys = [str(body[lo:hi], "utf-8") for lo, hi in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=False)]
    except (struct.error, ValueError) as error:
        raise Broken(str(error)) from error
    return QuadBlock(keys, rows)
