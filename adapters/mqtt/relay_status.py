"""How a process that takes in stands, as it tells those that answer: its wires, what it could not read, and what is of no point. Pure.

A deflated JSON object (RFC 1950) of three lists. A member that is not known is passed over: processes of two releases may speak together.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import orjson

from adapters.mqtt.strays import UnboundTopic
from twin.data_health import DeadLetter, WireHealth

LETTERS_MAX = 50
"""Dead letters that are told, the newest."""
TOPICS_MAX = 1_000
BYTES_MAX = 8 << 20
"""What it may come to when it is inflated."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A process as it stands: its wires, the newest dead letters, and topics of no point."""

    wires: Sequence[WireHealth] = ()
    dead_letters: Sequence[DeadLetter] = ()
    unbound: Sequence[UnboundTopic] = ()


def encode_standing(standing: Standing) -> bytes:
    """As it is said."""
    letters = [{**asdict(each), "payload": each.payload.decode("latin-1")} for each in standing.dead_letters[:LETTERS_MAX]]
    told = {"wires": standing.wires, "dead_letters": letters, "unbound": standing.unbound[:TOPICS_MAX]}
    return zlib.compress(orjson.dumps(told), 3)


def decode_standing(payload: bytes) -> Standing | str:
    """What was said; a text where it cannot be read."""
    try:
        inflating = zlib.decompressobj()
        text = inflating.decompress(payload, BYTES_MAX)
        told: Any = orjson.loads(text) if inflating.eof else None
        wires = [WireHealth(**_known(WireHealth, each)) for each in told["wires"]]
        letters = [
            DeadLetter(**_known(DeadLetter, {**each, "payload": each["payload"].encode("latin-1")})) for each in told["dead_letters"]
        ]
        return Standing(wires, letters, [UnboundTopic(**_known(UnboundTopic, each)) for each in told["unbound"]])
    except (zlib.error, orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return "how a process stands is a deflated JSON object of wires, dead letters and topics"


def _known(kind: type[WireHealth | DeadLetter | UnboundTopic], said: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a kind has; instants as such."""
    names = {field.name for field in fields(kind)}
    return {name: datetime.fromisoformat(value) if name in ("at", "last_at") else value for name, value in said.items() if name in names}
