"""The guide to REST: its request, its messages, its queries and its addresses are answered as it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from websockets.sync.client import connect

from adapters.http.app import PATH
from graph.snapshot import Snapshot
from ontology.namespaces import expand
from tests.support.guides import GUIDES, blocks
from tests.support.http_wire import Wire, wire
from tests.support.served import small_site
from tests.support.wired import MovedClock

GUIDE = GUIDES / "rest.md"
TEXT = GUIDE.read_text(encoding="utf-8")
CLOCK = MovedClock(datetime(2026, 6, 1, 12, 0, 1, tzinfo=UTC))
"""The day of the addresses of the guide."""
REQUEST = shlex.split(blocks(GUIDE, "sh")[0][1].replace("\\\n", ""))
READINGS = REQUEST[REQUEST.index("-d") + 1]
POINT = orjson.loads(READINGS)[0]["point"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """The demo's site, of which every point has been read in the last hour."""
    with wire(tmp_path_factory.mktemp("wire"), snapshot=Snapshot.of(small_site()), clock=CLOCK) as one:
        points = list(one.current.all().points)
        one.tell(*((point, 20.0 + minute, CLOCK.ms - 60_000 * minute) for minute in range(1, 4) for point in points))
        yield one


def test_the_guides_request_is_taken(demo: Wire) -> None:
    """4,200 W are 4.2 kW, as of now."""
    name, media = REQUEST[REQUEST.index("-H") + 1].split(": ")
    address = next(word for word in REQUEST if word.startswith("http:"))

    answer = demo.client.post(address.removeprefix("http://127.0.0.1:8080"), content=READINGS, headers={name: media})

    assert (answer.status_code, answer.json()["taken"], answer.json()["kept"]) == (200, 1, True)
    value = demo.current.get(expand(POINT))
    assert value is not None
    assert (value.value, value.observed_at) == (4.2, CLOCK.ms)


@pytest.mark.quality("http", "guide-is-tried")
def test_the_guides_messages_are_heard_as_it_says(demo: Wire) -> None:
    """On one socket: readings are acknowledged, values follow, and no message is an error."""
    rows = re.findall(r"\| `(\{.*?\})`.*?\| (?:`(\{.*?\})`)?", TEXT)
    said = [orjson.loads(message.replace("[…]", READINGS)) for message, _ in rows]
    told = [re.findall(r'"(\w+)":', answer) for _, answer in rows]
    assert [each["type"] for each in said] == ["readings", "follow", "unfollow"]

    heard: list[dict[str, Any]] = []
    with connect(f"ws://{demo.client.base_url.host}:{demo.client.base_url.port}{PATH}/readings/stream") as socket:
        for message in (*said, said[0]):  # the last answer comes after whatever an `unfollow` may be told
            socket.send(orjson.dumps(message).decode())
            if message["type"] != "unfollow":
                heard.append(orjson.loads(socket.recv(timeout=30)))

    assert [each["type"] for each in heard] == ["ack", "values", "ack"]
    assert [name for names, answer in zip(told, heard, strict=False) for name in names if name not in answer] == []
    assert heard[1]["points"]


@pytest.mark.parametrize("query", blocks(GUIDE, "promql")[0][1].splitlines())
def test_the_guides_queries_are_answered(demo: Wire, query: str) -> None:
    """With values, at an instant."""
    answer = demo.get(f"{PATH}/prometheus/api/v1/query", query=query, time=CLOCK.ms // 1000)

    assert answer["data"]["result"], answer


@pytest.mark.parametrize("address", re.findall(r"\| `(?:GET )?(/api/v1/\S+|…&\S+)` \|", TEXT))
def test_the_guides_addresses_are_answered(demo: Wire, address: str) -> None:
    """`…` at the beginning stands for the address before it, elsewhere for what one wants."""
    history = f"{PATH}/history?point={POINT}&since=2026-06-01T11:00:00Z&until=2026-06-01T13:00:00Z"
    asked = history + address[1:] if address.startswith("…") else history if "/history" in address else address

    answer = demo.client.get(asked)

    assert (answer.status_code, "…" in asked) == (200, False), answer.text
    assert any(answer.json().values())
