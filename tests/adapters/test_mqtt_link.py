"""How the wire reads the socket: what it takes over from the library is there, and packets are whole however they come in."""

from __future__ import annotations

import inspect
from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import paho.mqtt.client as paho
import pytest
from hypothesis import given, settings
from paho.mqtt.enums import MQTTErrorCode

from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import Message
from adapters.mqtt.link import Link

PING = b"\xd0\x00"


def publish(message: Message, *, five: bool) -> bytes:
    """A PUBLISH as a broker sends it (MQTT 5, 3.3), with a property where there can be one."""
    topic = message.topic.encode()
    body = len(topic).to_bytes(2, "big") + topic + (message.number.to_bytes(2, "big") if message.qos else b"")
    body += (b"\x02\x01\x01" if five else b"") + message.payload
    left, length = len(body), b""
    while True:
        left, low = left >> 7, left & 127
        length += bytes([low | (128 if left else 0)])
        if not left:
            return bytes([0x30 | message.qos << 1 | message.retained]) + length + body


class Fed(Link):
    """A link whose socket gives what a test has put there."""

    def __init__(self, protocol: str) -> None:
        self.came: list[Message] = []
        super().__init__(MqttConfig("127.0.0.1", protocol=protocol), lambda _connection, messages: self.came.extend(messages))
        self._pieces: list[bytes] = []

    def feed(self, *pieces: bytes) -> MQTTErrorCode:
        """Read pieces one after the other, until one is refused."""
        for piece in pieces:
            self._pieces.append(piece)
            code = self._packet_read()
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return code
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _sock_recv(self, bufsize: int) -> bytes:
        piece = self._pieces.pop(0)
        assert len(piece) <= bufsize
        return piece


MESSAGES = st.builds(
    lambda topic, payload, retained, qos, number: Message(topic, payload, retained, qos, number if qos else 0),
    st.text("abc/ä", min_size=1, max_size=12),
    st.one_of(st.binary(max_size=20), st.integers(100, 20_000).map(lambda size: b"x" * size)),
    st.booleans(),
    st.sampled_from([0, 1]),
    st.integers(1, 65_535),
)


@given(messages=st.lists(MESSAGES, max_size=12), protocol=st.sampled_from(["3.1.1", "5"]), data=st.data())
@settings(max_examples=60, deadline=None)
def test_messages_are_the_same_however_the_bytes_are_cut(messages: list[Message], protocol: str, data: st.DataObject) -> None:
    """Any pieces, with answers to pings between the messages."""
    stream = b"".join(publish(message, five=protocol == "5") + PING for message in messages)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(stream) - 1)), max_size=8))) if len(stream) > 1 else []
    edges = [0, *(cut for cut in cuts if cut < len(stream)), len(stream)]
    link = Fed(protocol)

    assert link.feed(*(stream[a:b] for a, b in pairwise(edges) if b > a)) == MQTTErrorCode.MQTT_ERR_SUCCESS

    assert link.came == messages


@pytest.mark.parametrize(
    "data",
    [b"\x30\x01\x00", b"\x32\x04\x00\x02ab", b"\x30\x03\x00\x05a", b"\x30\xff\xff\xff\xff\x01", b"\xf0\x00"],
    ids=["no topic", "no number", "a topic longer than its packet", "a length of five bytes", "no packet of MQTT 3"],
)
def test_a_broker_that_breaks_the_protocol_is_let_go(data: bytes) -> None:
    """What came before is taken all the same."""
    link, good = Fed("3.1.1"), Message("a", b"1")

    assert link.feed(publish(good, five=False) + data) == MQTTErrorCode.MQTT_ERR_PROTOCOL
    assert link.came == [good]


@given(data=st.binary(max_size=200), protocol=st.sampled_from(["3.1.1", "5"]))
@settings(max_examples=150, deadline=None)
def test_no_bytes_stop_the_reader(data: bytes, protocol: str) -> None:
    """It takes them, or says that the protocol is broken."""
    codes = {MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_PROTOCOL}

    assert not data or Fed(protocol).feed(data) in codes


def test_what_is_taken_over_from_the_library_is_as_it_was() -> None:
    """Names and arguments of its private methods, and that closing comes before the queue is emptied: a release that differs fails here."""
    wanted = {"_packet_read": ["self"], "_packet_queue": ["self", "command", "packet", "mid", "qos", "info"], "_sock_close": ["self"]}
    wanted |= {"_sock_recv": ["self", "bufsize"], "_packet_handle": ["self"], "_ssl_wrap_socket": ["self", "tcp_sock"]}
    found: dict[str, Any] = {name: list(inspect.signature(getattr(paho.Client, name)).parameters) for name in wanted}
    again = inspect.getsource(paho.Client.reconnect)

    assert found == wanted
    assert again.index("_sock_close()") < again.index("_out_packet.clear()") < again.index("_create_socket()")


def test_acknowledgements_go_out_as_one_piece_and_only_on_their_own_connection() -> None:
    """Four bytes each; after the connection has been closed, nothing."""
    link = Fed("3.1.1")
    sent: list[bytes] = []
    link._packet_queue = lambda _command, packet, *_rest, **_named: sent.append(bytes(packet)) or MQTTErrorCode.MQTT_ERR_SUCCESS  # type: ignore[method-assign, func-returns-value]  # the queue as a list

    link.acknowledge(0, [1, 258])
    link._sock_close()
    link.acknowledge(0, [3])

    assert sent == [b"\x40\x02\x00\x01\x40\x02\x01\x02"]
