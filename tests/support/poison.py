"""What a wire must not choke on (reliability reference 8, F12): topics below a rack whose points are p1 and p2, and payloads."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import numpy as np
import orjson

from adapters.mqtt.native_codec import Packed, pack, table_id

DEEP = b'{"v":' * 1_500 + b"1" + b"}" * 1_500
POISON: list[Callable[[random.Random], tuple[str, bytes]]] = [
    lambda _: ("p1", b'{"v": NaN}'),
    lambda _: ("p1", b'{"v": Infinity}'),
    lambda _: ("p1", b'{"v": -Infinity}'),
    lambda _: ("p1", b'{"v": 1e400}'),
    lambda _: ("p1", b'{"v": 1, "v": 2}'),
    lambda _: ("p1", DEEP),
    lambda _: ("p1", b"[" * 5_000),
    lambda chance: ("p1", b"\xff" + chance.randbytes(30)),
    lambda _: ("p1", b'{"v": "warm"}'),
    lambda _: ("p1", b'{"v": {"v": 1}}'),
    lambda _: ("p1", b'{"v": 1, "u": "KiloW-HR-PER-FORTNIGHT"}'),
    lambda _: ("p1", b'{"v": 1, "t": "the day after tomorrow"}'),
    lambda _: ("p1", b'{"v": 1, "q": "excellent"}'),
    lambda _: ("p1", b""),
    lambda _: ("p1", b"1" * 70_000),
    lambda chance: ("p1", b"{" + chance.randbytes(40)),
    lambda chance: ("$packed", b"RT\x01" + chance.randbytes(40)),
    lambda chance: ("$batch", b'{"p": ["p1"], "v": [' + str(chance.random()).encode() + b", 2]}"),
    lambda _: ("$batch", b'[{"p": 7, "v": 1}]'),
    lambda _: ("p1", b'{"v": 1, "u": 5}'),
    lambda _: ("$batch", b'{"p": ["p1", "p2"], "v": [1, 2], "u": ["DEG_C", "KiloW"]}'),
    lambda _: ("$batch", b'{"p": ["p1", "p2"], "v": [1e400, 2], "t": [1, "x"], "q": 7}'),
    lambda _: ("$batch", b'[{"p": "p1", "v": 1, "u": "DEG_C"}, {"p": "p2", "v": 2}, 7]'),
    lambda chance: ("$packed", in_packed([chance.choice([np.inf, -np.inf]), chance.random()])),
]
"""Each is one dead letter, whatever stands around it (reliability reference 8, F12)."""
STRANGE: list[Callable[[random.Random], tuple[str, bytes]]] = [
    lambda chance: (f"nobody-{chance.randrange(50)}", b"1"),
    lambda _: ("a b", b"1"),
    lambda _: ("/".join("x" * 12), b"1"),
    lambda _: ("n" * 60_000, b"1"),
    lambda _: ("ä/ö", b"1"),
]
"""Each is of no point."""
FINE: list[Callable[[random.Random], tuple[str, bytes]]] = [
    lambda _: ("p2", b'{"v": 1, "t": 4102444800000}'),
    lambda _: ("p2", b'{"v": 1, "t": 1}'),
    lambda _: ("p2", b'{"v": 1, "u": ""}'),
    lambda _: ("p2", b'{"v": true, "x": {"y": [1, "2"]}}'),
    lambda _: ("$state", b"online"),
    lambda _: ("$packed", in_packed([np.nan, 1.0])),
    lambda _: ("$batch", b'{"p": ["p1", "p2"], "v": [null, 2], "s": 7}'),
]
"""Times to come and long past, truth values, members that nobody asked for, no value: no dead letters."""
NAMES = ("hall/it/rack/p1", "hall/it/rack/p2")


def in_packed(values: list[float]) -> bytes:
    """Values of the two names, as of now."""
    now, good = np.full(2, round(time.time() * 1000), np.int64), np.zeros(2, np.uint8)
    return pack(Packed(table_id(NAMES), None, np.array(values), now, good, good))


ANNOUNCED = (f"dc/$points/{table_id(NAMES).hex()}", orjson.dumps(NAMES))
"""What is said before anything packed: topic and payload."""
