"""What `ridethrough doctor` looks at beside the graph: the broker, the gateways, the history, the clock."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from adapters.modbus.config import Endpoint
    from adapters.mqtt.config import MqttConfig
    from twin.settings import Settings

CONNECT_S = 3.0
GATEWAYS_TOLD = 3
SKEW_S_MAX = 1.0
"""How far a database's clock may be from ours before it is a problem: values are marked from 5 s on."""
TIME_BAD = 5
"""The kernel's word for a clock that nobody keeps (adjtimex(2))."""
_ASKED = """
SELECT extract(epoch FROM clock_timestamp()), current_setting('server_version'),
  has_database_privilege(current_database(), 'CREATE') OR to_regclass('ridethrough.sample') IS NOT NULL
"""


def broker(settings: Settings) -> str:
    """Whether the broker lets us in, as the service would ask: address, certificates, name and password."""
    if not settings.mqtt_url:
        return "none set: no telemetry is read over MQTT"
    from dataclasses import replace

    from twin.compose_service import broker_of

    config = replace(
        broker_of(settings.mqtt_url),
        client_id=f"ridethrough-doctor-{os.getpid()}",
        ca_file=settings.mqtt_ca_file,
        cert_file=settings.mqtt_cert_file,
        key_file=settings.mqtt_key_file,
    )
    place = f"port {config.port} of {config.host}"
    try:
        with socket.create_connection((config.host, config.port), timeout=config.connect_timeout_s):
            pass
    except OSError as error:
        raise OSError(f"{place}: {error.strerror or error}; start the broker, or correct mqtt_url") from None
    why = _lets_in(config)
    if why:
        raise OSError(f"{place}: {why}")
    return f"{place} answers and lets us in"


def _lets_in(config: MqttConfig) -> str:
    """Why not; empty where it does."""
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    from adapters.mqtt.link import tls_context, why_not

    said: list[Any] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, config.client_id, clean_session=True)
    client.on_connect = lambda _client, _user, _flags, reason, _properties: said.append(reason)
    client.connect_timeout = config.connect_timeout_s
    if config.username:
        client.username_pw_set(config.username, config.password or None)
    try:
        if config.tls:
            client.tls_set_context(tls_context(config))
        client.connect(config.host, config.port)
        until = time.monotonic() + CONNECT_S
        while not said and time.monotonic() < until:
            client.loop(0.1)
        client.disconnect()
    except (OSError, ValueError) as error:
        return why_not(error)
    finally:
        client._reset_sockets()  # the library leaves the pair that wakes it to the collector
    if not said:
        return f"it takes the connection and says nothing for {CONNECT_S:g} s: is it a broker?"
    return f"it refuses us: {said[0]}; correct user and password in mqtt_url" if said[0].is_failure else ""


def gateways(settings: Settings) -> str:
    """Whether each gateway that the graph names takes a connection."""
    if not settings.modbus:
        return "Modbus is not polled (setting 'modbus')"
    from adapters.modbus.bindings import bind
    from adapters.modbus.config import Endpoint
    from ontology.namespaces import expand
    from twin.compose import open_ledger

    opened = open_ledger(settings, "doctor", read_only=True, or_empty=True)
    try:
        places = {expand(gateway): Endpoint.parse(text) for gateway, text in settings.modbus_endpoints.items()}
        endpoints = sorted(bind(opened.twin.snapshot, places).groups, key=str)
    finally:
        opened.close()
    if not endpoints:
        return "the graph names none"
    with ThreadPoolExecutor(16) as pool:
        away = [(endpoint, why) for endpoint, why in zip(endpoints, pool.map(_away, endpoints), strict=True) if why]
    if away:
        told = "; ".join(f"{endpoint}: {why}" for endpoint, why in away[:GATEWAYS_TOLD])
        more = f"; and {len(away) - GATEWAYS_TOLD:,} more" if len(away) > GATEWAYS_TOLD else ""
        raise OSError(
            f"{len(away):,} of {len(endpoints):,} do not answer: {told}{more}. Correct dcx:host and dcx:port, or modbus_endpoints"
        )
    return f"{len(endpoints):,} of {len(endpoints):,} take a connection"


def _away(endpoint: Endpoint) -> str:
    try:
        if endpoint.framing == "serial":
            return "" if os.access(endpoint.host, os.R_OK | os.W_OK) else "cannot be read and written by this user"
        with socket.create_connection((endpoint.host, endpoint.port), timeout=CONNECT_S):
            return ""
    except OSError as error:
        return str(error.strerror or error)


def history(settings: Settings) -> str:
    """Whether what is kept can be read, and there is room for more."""
    from twin.compose_history import history_folder

    if settings.history == "off":
        return "off: nothing is kept"
    if "://" in settings.history:
        return _database(settings)
    folder = history_folder(settings)
    if not folder.is_dir():
        return f"{folder}: nothing has been kept yet"
    from adapters.history.embedded import RESERVE_BYTES, EmbeddedHistory

    kept = EmbeddedHistory(folder, read_only=True)
    try:
        status = kept.status()
    finally:
        kept.close()
    if status.damaged:
        raise OSError(status.damaged)
    free = shutil.disk_usage(folder).free
    told = f"{folder}: {status.samples:,} samples in {status.bytes / 1e6:,.1f} MB"
    if free < 2 * RESERVE_BYTES:
        raise OSError(f"{told}; {free / 1e6:,.0f} MB are free, and {RESERVE_BYTES / 1e6:,.0f} are never taken: make room")
    budget = settings.history_disk_gb * 1e9
    return f"{told}" + (f", {100 * status.bytes / budget:.0f} % of history_disk_gb" if budget else "")


def _database(settings: Settings) -> str:
    import psycopg

    place = urlsplit(settings.history).hostname or "?"
    password = settings.history_password.get_secret_value()
    try:
        with psycopg.connect(settings.history, connect_timeout=round(CONNECT_S), password=password or None) as connection:
            row = connection.execute(_ASKED).fetchone()
            now = time.time()
    except psycopg.Error as error:
        text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise OSError(f"PostgreSQL at {place}: {text}; start it, or correct history and history_password") from None
    skew = 0.0 if row is None else float(row[0]) - now
    if abs(skew) > SKEW_S_MAX:
        raise OSError(f"PostgreSQL at {place}: its clock is {skew:+.1f} s from ours: keep both with NTP")
    if row is not None and not row[2]:
        raise OSError(f"PostgreSQL at {place}: this user may not make the schema ridethrough: have the database's owner allow it")
    return f"PostgreSQL {'' if row is None else row[1]} at {place} answers, its clock {skew:+.2f} s from ours"


def clock(settings: Settings) -> str:
    """Whether something keeps this machine's clock: source times are held against it."""
    del settings
    state = _kernel_clock()
    if state is None:
        return "the system does not say whether it is kept"
    return "kept, as the kernel says" if state else "nothing keeps it, as the kernel says: devices' times are held against it, use NTP"


def _kernel_clock() -> bool | None:
    """Whether the kernel calls the clock synchronised; None where it cannot be asked."""
    try:
        room = ctypes.create_string_buffer(512)  # struct timex, `modes` 0: only asked
        code = ctypes.CDLL(None, use_errno=True).adjtimex(room)
    except (OSError, AttributeError):
        return None
    return None if code < 0 else code != TIME_BAD
