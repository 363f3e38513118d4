"""What a twin written plainly does: aiomqtt receives, and each message is one write to Neo4j."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import aiomqtt
import orjson
import paho.mqtt.client as paho
from neo4j import AsyncGraphDatabase, GraphDatabase
from paho.mqtt.enums import CallbackAPIVersion

from bench.neo4j_load import served

WRITE = "MATCH (p:Point {topic: $topic}) SET p.value = $v, p.observedAt = $t"

WARM = 1_000
"""Writes before the clock is started: a server that has just begun is slow."""


def aiomqtt_writes(port: int, said: Sequence[tuple[str, bytes]]) -> float:
    """Messages a second, of those given; each topic has a point, found by an index."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), heap="1g", pages_mb=256) as server:
        with GraphDatabase.driver(server.url, notifications_min_severity="OFF") as driver:
            driver.execute_query("CREATE CONSTRAINT FOR (p:Point) REQUIRE p.topic IS UNIQUE")
            driver.execute_query("UNWIND $topics AS topic CREATE (:Point {topic: topic})", topics=sorted({topic for topic, _ in said}))
        took = asyncio.run(_received(port, server.url, said))
        with GraphDatabase.driver(server.url, notifications_min_severity="OFF") as driver:
            written = driver.execute_query("MATCH (p:Point) WHERE p.value IS NOT NULL RETURN count(p) AS n").records[0]["n"]
            assert written == len({topic for topic, _ in said}), written
    return (len(said) - WARM) / took


async def _received(port: int, url: str, said: Sequence[tuple[str, bytes]]) -> float:
    async with aiomqtt.Client("127.0.0.1", port) as client, AsyncGraphDatabase.driver(url, notifications_min_severity="OFF") as driver:
        await client.subscribe("dc/#", 1)
        await driver.execute_query(WRITE, topic="", v=0, t=0)
        _publish(port, said)
        count, start = 0, 0.0
        async for message in client.messages:
            document = orjson.loads(message.payload)
            async with driver.session() as session:
                await (await session.run(WRITE, topic=str(message.topic), v=document["v"], t=document["t"])).consume()
            count += 1
            if count == WARM:
                start = time.perf_counter()
            if count == len(said):
                return time.perf_counter() - start
    raise AssertionError("the messages ended")


def _publish(port: int, said: Sequence[tuple[str, bytes]]) -> None:
    speaker = paho.Client(CallbackAPIVersion.VERSION2, "speaker")
    speaker.connect("127.0.0.1", port)
    speaker.loop_start()
    for topic, payload in said:
        sent = speaker.publish(topic, payload, qos=1)
    sent.wait_for_publish(60)
    speaker.disconnect()
    speaker.loop_stop()
