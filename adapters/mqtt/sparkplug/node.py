"""One edge node: what is known of its session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from adapters.mqtt.dialect import Message
from adapters.mqtt.sparkplug.metrics import Metrics
from adapters.mqtt.sparkplug.payload import BORN_AND_DEAD, Payload
from adapters.mqtt.sparkplug.sequence import Order
from adapters.mqtt.sparkplug.wire import BITS

OLD_MS = 60_000
"""How late a birth may come that another one has overtaken."""


class Address(NamedTuple):
    """What a topic says: the kind of its message, the node (`group/node`), and the device (`group/node/device`; the node for its own)."""

    kind: str
    node: str
    device: str


class Told(NamedTuple):
    """A message that waits for its turn."""

    at: Address
    message: Message
    payload: Payload


@dataclass(slots=True)
class Node:
    """One edge node: its order, the `bdSeq` of its birth (None where it has none), the metrics of its devices, itself among them."""

    name: str
    order: Order[Told] = field(default_factory=Order)
    session: int | None = None
    born_at: int = 0
    """When its last birth was said, by its own clock, and heard, by ours."""
    heard_at: int = 0
    sent: list[int] = field(default_factory=lambda: [0] * 256)
    """When the message was sent, by its own clock, that had each number last."""
    devices: dict[str, Metrics] = field(default_factory=dict)
    wanted: bool = False
    """Whether its births are wanted."""
    asked_at: int = 0
    pause: int = 0
    before: dict[str, Metrics] = field(default_factory=dict)
    """What earlier births made known, of devices that have not been born again."""
    alive: set[str] = field(default_factory=set)
    """Devices that have been born, and of whose death nothing has been heard."""
    awaited_at: int = 0
    """When the node's birth was heard, until those of its devices have had their time; else 0."""


def is_old(node: Node, session: int | None, sent_at: int, now: int) -> bool:
    """Whether a birth is the last one again, or, within a minute of it, one of before: by another way, or late. (Later a clock that was
    set back is likelier than a birth that comes so late.)"""
    if not sent_at or session is None or node.session is None:
        return False
    if (session, sent_at) == (node.session, node.born_at):
        return True
    return sent_at < node.born_at and (node.session - session) % 256 < 128 and now - node.heard_at < OLD_MS


def session_of(payload: Payload) -> int | None:
    """The `bdSeq` of a node's birth or death; None where it has none."""
    for row, name in enumerate(payload.names()):
        if name == BORN_AND_DEAD:
            return int(payload.table[row, BITS])
    return None
