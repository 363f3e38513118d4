"""Where the broker is and what bounds the MQTT wire. Every bound has a unit and a source."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

PORT = 1883
"""IANA, mqtt."""
PORT_TLS = 8883
"""IANA, secure-mqtt."""
FILTER_BYTES_MAX = 65_535
"""MQTT 5, 1.5.4."""


@dataclass(frozen=True, slots=True)
class MqttConfig:
    """One broker. `protocol` is "3.1.1" or "5"; the session is kept by the broker under `client_id`, so that must stay the same."""

    host: str
    port: int = PORT
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    client_id: str = "ridethrough"
    protocol: str = "3.1.1"
    keepalive_s: int = 15
    """A broker that is half open is found within 1.5 of it (MQTT 5, 3.1.2.10)."""
    connect_timeout_s: float = 2.0
    reconnect_s_min: float = 0.5
    reconnect_s_max: float = 30.0
    session_expiry_s: int = 86_400
    """How long a broker (MQTT 5) keeps what comes while we are away; older samples would be history only."""
    queue_messages_max: int = 20_000
    """Messages read and not yet taken; when it is full the socket waits, and the broker keeps the rest."""
    batch_messages_max: int = 2_000
    payload_bytes_max: int = 65_536
    """Longer payloads are poison (reliability reference 6)."""
    batch_bytes_max: int = 4_194_304
    """The same for payloads of many readings."""
    dead_letters_max: int = 1_000
    unbound_topics_max: int = 1_000
    send_timeout_s: float = 3.0
    link_s_max: float = 2.0
    """How long a broker may be away before its points are marked: a gap is told within 5 s (reliability reference 8, F3)."""
    share_group: str = ""
    """Subscriptions are shared with every process of this group (`$share/<group>/…`): each message goes to one of them."""
    ca_file: str = ""
    """The authority that the broker's certificate must come from; empty takes those of the system."""
    cert_file: str = ""
    key_file: str = ""
    """Our own certificate and its key (PEM); the key may stand in the certificate's file."""

    topics: tuple[str, ...] = ("#",)
    """Subscriptions beside those that bound points need: what speaks there and is named by no point is counted as unbound."""

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError("the broker's host is empty: give it as mqtt://host:port")
        for topic in self.topics:
            if not is_filter(topic):
                raise ValueError(f"mqtt_topics: {topic!r} is no filter: # stands alone and last, + alone in its level (MQTT 5, 4.7)")
        if not 0 < self.port < 65536:
            raise ValueError(f"the broker's port must be 1 to 65535, not {self.port}")
        if self.share_group and not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", self.share_group):
            raise ValueError(f"the group that shares subscriptions is 1 to 64 of A-Z a-z 0-9 _ . -, not {self.share_group!r}")
        if not self.tls and (self.ca_file or self.cert_file or self.key_file):
            raise ValueError("certificates are given, and the broker's address is not of TLS: begin it with mqtts://")
        if self.key_file and not self.cert_file:
            raise ValueError("a key without its certificate: name both, or the certificate alone where it holds the key")
        if self.protocol not in {"3.1.1", "5"}:
            raise ValueError(f"MQTT protocol must be 3.1.1 or 5, not {self.protocol!r}")
        if not 0 < self.reconnect_s_min <= self.reconnect_s_max:
            raise ValueError(f"reconnect times must be 0 < min <= max, not {self.reconnect_s_min} and {self.reconnect_s_max}")

    @staticmethod
    def from_url(url: str, client_id: str = "ridethrough", protocol: str = "3.1.1") -> MqttConfig:
        """The configuration that `mqtt://[user:password@]host[:port]` names; `mqtts://` for TLS. Raises `ValueError`."""
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ValueError("a broker is given as mqtt://[user:password@]host[:port], or mqtts:// for TLS")
        tls = parts.scheme == "mqtts"
        return MqttConfig(
            parts.hostname,
            parts.port or (PORT_TLS if tls else PORT),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            tls,
            client_id,
            protocol,
        )


def is_filter(text: str) -> bool:
    """Whether a broker would take the text as what is to be heard (MQTT 5, 4.7)."""
    *above, last = text.split("/")
    fit = all(level == "+" or not set("+#") & set(level) for level in above) and (last in {"+", "#"} or not set("+#") & set(last))
    return fit and bool(text) and "\0" not in text and len(text.encode()) <= FILTER_BYTES_MAX
