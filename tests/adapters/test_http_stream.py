"""The socket of readings: acknowledged by number when durable, values followed as they change, slow readers told to go."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import orjson
import pyarrow as pa
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from adapters.http.rules import HttpRules
from adapters.http.stream import _Session
from tests.support.http_wire import INLET, PLANT, POWER, POWER_2, SERVER, Wire, wire
from tests.support.wired import wait_until

WAIT_S = 30


@contextmanager
def stream(one: Wire, **options: Any) -> Iterator[Connection]:
    """A socket to the wire."""
    with connect(f"ws://{one.client.base_url.host}:{one.client.base_url.port}/api/v1/readings/stream", **options) as opened:
        yield opened


def say(to: Connection, **message: Any) -> None:
    """One message."""
    to.send(orjson.dumps(message).decode())


def heard(of: Connection) -> dict[str, Any]:
    """The next message."""
    message: dict[str, Any] = orjson.loads(of.recv(timeout=WAIT_S))
    return message


def to_the_end(of: Connection) -> None:
    """Read until the other side closes."""
    while True:
        of.recv(timeout=WAIT_S)


def test_readings_are_acknowledged_by_their_number_when_they_are_durable(tmp_path: Path) -> None:
    """As JSON and as Arrow; what is refused is told as in a request."""
    table = pa.table({"point": [POWER], "value": [2.0]})
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    with wire(tmp_path) as one, stream(one) as opened:
        say(opened, type="readings", seq=7, readings=[{"point": POWER, "value": 1.0}, {"point": "x", "value": 1.0}])
        first = heard(opened)
        opened.send((8).to_bytes(8, "little") + out.getvalue())
        second = heard(opened)
        assert one.history is not None
        kept = one.history.series(POWER, 0, 1 << 50, 10).values.tolist()

    assert (first["type"], first["seq"], first["taken"], first["kept"], first["errors"][0]["line"]) == ("ack", 7, 1, True, 2)
    assert (second["type"], second["seq"], second["taken"]) == ("ack", 8, 1)
    assert kept == [1.0, 2.0]


def test_values_are_followed_as_they_change(tmp_path: Path) -> None:
    """All of them first, then the newest of those that have changed, and of no other."""
    with wire(tmp_path) as one, stream(one) as opened:
        one.send([{"point": POWER, "value": 1.0}])
        say(opened, type="follow", id="rack", below="urn:example:Rack-1", every_ms=50)
        first = heard(opened)
        one.send([{"point": POWER_2, "value": 9.0}])
        one.send([{"point": SERVER, "value": 300.0}])
        second = heard(opened)
        say(opened, type="unfollow", id="rack")
        one.send([{"point": SERVER, "value": 301.0}])
        say(opened, type="readings", seq=1, readings=[])
        last = heard(opened)

    assert (first["type"], first["id"], first["points"], first["values"]) == ("values", "rack", [INLET, POWER, SERVER], [None, 1.0, None])
    assert (second["points"], second["values"], second["quality"]) == ([SERVER], [300.0], ["GOOD"])
    assert last["type"] == "ack"


def test_what_is_followed_is_what_the_graph_says_now(tmp_path: Path) -> None:
    """A point that comes into the rack is told without being asked for again."""
    with wire(tmp_path) as one, stream(one) as opened:
        say(opened, type="follow", id="a", entity="urn:example:Rack-1", every_ms=50)
        first = heard(opened)
        one.changed(PLANT + "ex:Rack-1 brick:hasPoint ex:Rack-1.More .")
        second = heard(opened)

    assert [len(each["points"]) for each in (first, second)] == [2, 3]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("{", "unexpected end"),
        ("[1]", "a message is an object"),
        ('{"type": "readings", "readings": []}', "seq is None"),
        ('{"type": "readings", "seq": 1, "readings": 7}', "readings are an array"),
        ('{"type": "follow"}', "has an id"),
        ('{"type": "follow", "id": "a", "every_ms": 1}', "every_ms is 1"),
        ('{"type": "follow", "id": "a", "point": ["x"]}', "no point 'x'"),
        ('{"type": "follow", "id": "a", "point": "x"}', "no point 'x'"),
        ('{"type": "follow", "id": "a", "point": 7}', "a list of ids"),
        (b"abc", "eight bytes"),
        (b"12345678abc", "no Arrow"),
    ],
)
def test_a_message_that_cannot_be_read_is_told_and_ends_nothing(tmp_path: Path, message: str | bytes, told: str) -> None:
    """The socket goes on."""
    with wire(tmp_path) as one, stream(one) as opened:
        opened.send(message)
        wrong = heard(opened)
        say(opened, type="readings", seq=1, readings=[])
        right = heard(opened)

    assert wrong["type"] == "error"
    assert told in wrong["detail"]
    assert right["type"] == "ack"


def test_who_may_not_send_may_follow(tmp_path: Path) -> None:
    """The refusal names the setting; a page of another host may not even open the socket."""
    with wire(tmp_path, rules=HttpRules(write="off")) as one:
        with stream(one) as opened:
            say(opened, type="readings", seq=1, readings=[])
            refused = heard(opened)
            say(opened, type="follow", id="a", point=[POWER])
            followed = heard(opened)
        with pytest.raises(InvalidStatus), stream(one, origin="https://evil.example"):
            pass

    assert (refused["type"], refused["seq"]) == ("error", 1)
    assert "readings_write" in refused["detail"]
    assert followed["points"] == [POWER]


@pytest.mark.quality("http", "one-dead-device-does-not-silence-the-others")
def test_one_that_takes_nothing_is_closed_with_the_reason_and_holds_up_nobody(tmp_path: Path) -> None:
    """Its socket is full; the other follower hears every change meanwhile, and readings are taken."""
    many = PLANT + "".join(f"ex:Rack-1 brick:hasPoint ex:P{n} .\n" for n in range(5_000))
    points = [f"urn:example:P{n}" for n in range(5_000)]
    with wire(tmp_path, turtle=many, keeps=False, rules=HttpRules(slow_s=1.0)) as one:
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect((one.client.base_url.host, one.client.base_url.port))
        with stream(one, sock=narrow, max_queue=1, max_size=None, compression=None) as slow, stream(one) as quick:
            say(slow, type="follow", id="all", every_ms=50)
            say(quick, type="follow", id="one", point=[POWER], every_ms=50)
            heard(quick)
            value, deadline = 0.0, time.monotonic() + WAIT_S
            while one.app.streams.slow == 0 and time.monotonic() < deadline:
                value += 1.0
                assert one.send({"point": points, "value": [value] * len(points)}).json()["taken"] == 5_000
                one.send([{"point": POWER, "value": value}])
                assert heard(quick)["values"] == [value]
            with pytest.raises(ConnectionClosed) as closed:
                to_the_end(slow)
        assert wait_until(lambda: one.app.streams.open == 0)

    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason[:26]) == (1013, "nothing was taken for 1 s:")


def test_what_is_unfollowed_while_the_graph_changes_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client changes its mind after a change of the graph, before its points are found anew."""
    found, slow, begun, go_on = _Session._found, Event(), Event(), Event()

    def slowly(session: _Session, asked: dict[str, Any], every_s: float) -> Any:
        if slow.is_set() and asked["id"] == "a":
            begun.set()
            assert go_on.wait(WAIT_S)
        return found(session, asked, every_s)

    monkeypatch.setattr(_Session, "_found", slowly)
    with wire(tmp_path) as one, stream(one) as opened:
        say(opened, type="follow", id="a", entity="urn:example:Rack-1", every_ms=50)
        assert heard(opened)["id"] == "a"
        slow.set()
        one.changed(PLANT + "ex:Rack-1 brick:hasPoint ex:Rack-1.More .")
        assert begun.wait(WAIT_S)
        say(opened, type="unfollow", id="a")
        opened.send("{")
        assert heard(opened)["type"] == "error"
        go_on.set()
        say(opened, type="follow", id="b", entity="urn:example:Rack-1", every_ms=50)
        heard_then = [heard(opened)["id"]]

    assert heard_then == ["b"]
