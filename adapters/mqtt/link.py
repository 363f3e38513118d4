"""The library's client, reading the socket by the bufferful: as many messages at a time as have come, acknowledged many at a time.

Rules of this file:

1. paho reads a packet by three calls of the system and gives each message to a callback under three locks: 14,000 a second. Here what the
   socket holds is read at once and cut into packets; those that are no PUBLISH go to paho as ever (connecting, subscribing, keep-alive).
2. What is taken over is the reading of packets (`_packet_read`), the queue of what goes out (`_packet_queue`), the closing of the socket
   (`_sock_close`) and the beginning of TLS (`_ssl_wrap_socket`, which leaves a refused socket open), private to the library:
   `tests/adapters/test_mqtt_link.py` fails with a release that has changed them.
3. An acknowledgement goes to the connection on which its message came, or nowhere: a number may stand for another message on the next.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import Message

_log = logging.getLogger(__name__)

READ_BYTES = 262_144
"""What is asked of the socket at a time: some thousand messages."""
PUBLISH, PUBACK = 0x30, 0x40

Heard = Callable[[int, list[Message]], None]
"""Takes the number of a connection and what came over it."""


class Link(paho.Client):
    """One broker's connection. `on_messages` gets what has come, in order, in the library's thread; nothing is acknowledged by itself."""

    def __init__(self, config: MqttConfig, on_messages: Heard) -> None:
        """A persistent session, as the configuration names it. Raises `OSError` or `ValueError` for certificates that cannot be read."""
        five = config.protocol == "5"
        self._closing, self._connection = Lock(), 0
        super().__init__(
            CallbackAPIVersion.VERSION2,
            config.client_id,
            None if five else False,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        self._on_messages, self._five = on_messages, five
        self._parts: list[bytes] = []
        self._held = self._needed = 0
        self.connect_timeout = config.connect_timeout_s
        self.on_socket_open = self._opened
        if config.username:
            self.username_pw_set(config.username, config.password or None)
        if config.tls:
            self.tls_set_context(tls_context(config))

    def begin(self, config: MqttConfig) -> None:
        """Connect in a thread of the library's own, and go on trying; returns at once."""
        properties = None
        if self._five:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves this constructor without annotations
            properties.SessionExpiryInterval = config.session_expiry_s
        clean = False if self._five else paho.MQTT_CLEAN_START_FIRST_ONLY
        self.connect_async(config.host, config.port, config.keepalive_s, clean_start=clean, properties=properties)
        self.loop_start()

    def acknowledge(self, connection: int, numbers: Sequence[int]) -> None:
        """PUBACK for each packet identifier of a connection, in order, as one piece (MQTT 5, 3.4: two bytes of head, two of the number)."""
        acks = np.empty((len(numbers), 4), np.uint8)
        acks[:, 0], acks[:, 1] = PUBACK, 2
        acks[:, 2:] = np.array(numbers, ">u2").view(np.uint8).reshape(-1, 2)
        with self._closing:
            if connection == self._connection:
                self._packet_queue(PUBACK, acks.tobytes(), 0, 1)

    def _sock_close(self) -> None:
        """The library closes before it empties its queue and connects anew: what is acknowledged from here on is too late (rule 3)."""
        with self._closing:
            self._connection += 1
        super()._sock_close()

    def _ssl_wrap_socket(self, tcp_sock: Any) -> ssl.SSLSocket:
        """TLS over a socket, which is closed where the two sides do not agree."""
        context: Any = self._ssl_context  # there is one, or the library does not call this
        secured: ssl.SSLSocket = context.wrap_socket(tcp_sock, server_hostname=self._host, do_handshake_on_connect=False)
        try:
            secured.settimeout(self.connect_timeout)
            secured.do_handshake()
        except OSError:
            secured.close()
            raise
        return secured

    def _opened(self, _client: paho.Client, _user: Any, connection: Any) -> None:
        """A new connection: nothing of the old one is continued. Each acknowledgement is sent at once: a broker has 20 messages under way
        by default, and Nagle's algorithm made that 300 a second."""
        self._parts, self._held, self._needed = [], 0, 0
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _packet_read(self) -> MQTTErrorCode:
        try:
            piece = self._sock_recv(READ_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_AGAIN
        except OSError:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if not piece:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        with self._msgtime_mutex:
            self._last_bytes_received = paho.time_func()
        self._parts.append(piece)
        self._held += len(piece)
        if self._held < self._needed:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        data = piece if len(self._parts) == 1 else b"".join(self._parts)
        messages: list[Message] = []
        try:
            used, self._needed, code = self._cut(data, messages)
        finally:
            if messages:
                self._on_messages(self._connection, messages)
        self._parts, self._held = ([data[used:]] if used < len(data) else []), len(data) - used
        return code

    def _cut(self, data: bytes, messages: list[Message]) -> tuple[int, int, MQTTErrorCode]:
        """The whole packets at the head of the data: messages into the list, all else to the library. Gives how many bytes they are, how
        many must be there for one more, and what the library says."""
        at, end = 0, len(data)
        while end - at >= 2:
            length, body = data[at + 1], at + 2
            if length > 127:
                length, body = _length(data, at + 1)
                if body < 0:
                    return at, 0, MQTTErrorCode.MQTT_ERR_SUCCESS if body == -1 else MQTTErrorCode.MQTT_ERR_PROTOCOL
            stop = body + length
            if stop > end:
                return at, stop - at, MQTTErrorCode.MQTT_ERR_SUCCESS
            head = data[at]
            if head & 0xF4 == PUBLISH:
                found = _message(data, head, body, stop, self._five)
                if found is None:
                    return stop, 0, MQTTErrorCode.MQTT_ERR_PROTOCOL
                messages.append(found)
            else:
                if messages:
                    self._on_messages(self._connection, messages[:])
                    messages.clear()
                code = self._other(head, data[body:stop])
                if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    return stop, 0, code
            at = stop
        return at, 0, MQTTErrorCode.MQTT_ERR_SUCCESS

    def _other(self, head: int, body: bytes) -> MQTTErrorCode:
        packet = {"command": head, "have_remaining": 1, "remaining_count": [], "remaining_mult": 1, "remaining_length": len(body)}
        self._in_packet = {**packet, "packet": bytearray(body), "to_process": 0, "pos": 0}  # type: ignore[typeddict-item]  # as the library lays it out
        try:
            return self._packet_handle()
        except (ValueError, IndexError, MalformedPacket):
            _log.warning("a packet of the broker (type %d) could not be handled: it breaks the rules, or we do", head >> 4, exc_info=True)
            return MQTTErrorCode.MQTT_ERR_PROTOCOL


def tls_context(config: MqttConfig) -> ssl.SSLContext:
    """TLS 1.2 or newer; the broker's certificate is checked, by name too, against the given authority or those of the system; ours is shown
    where there is one. Raises `OSError` or `ValueError`."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=config.ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if config.cert_file:
        context.load_cert_chain(config.cert_file, config.key_file or None)
    return context


def why_not(error: BaseException | None) -> str:
    """Why a connection did not come about, with the next step where TLS refuses it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"shows a certificate that is not trusted ({error.verify_message}): correct it, or name its authority in mqtt_ca_file"
    if isinstance(error, ssl.SSLError):
        return f"does not agree on TLS ({error.reason or error}): it may want a client certificate, mqtt_cert_file and mqtt_key_file"
    return f"does not answer: {error}" if error is not None else "does not answer"


def _length(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to four bytes (MQTT 5, 1.5.5), and where it ends: -1 when it is not whole yet, -2 for one that is too long."""
    value = shift = 0
    for place in range(at, min(at + 4, len(data))):
        byte = data[place]
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place + 1
        shift += 7
    return 0, -2 if len(data) >= at + 4 else -1


def _message(data: bytes, head: int, body: int, stop: int, five: bool) -> Message | None:
    """The PUBLISH between `body` and `stop` (MQTT 5, 3.3), or None where it breaks the rules."""
    start = body + 2
    if start > stop:
        return None
    place = start + (data[body] << 8 | data[body + 1])
    topic = data[start:place]
    number = 0
    qos = head >> 1 & 3
    if qos:
        if place + 2 > stop:
            return None
        number = data[place] << 8 | data[place + 1]
        place += 2
    if five:
        if place >= stop:
            return None
        length, place = _length(data, place)
        place = place + length if place > 0 else stop + 1
    if place > stop:
        return None
    try:
        named = topic.decode()
    except UnicodeDecodeError:
        named = topic.decode(errors="replace")
    return Message(named, data[place:stop], head & 1 == 1, qos, number)
