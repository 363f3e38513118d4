"""From a Neo4j that holds a large site to a twin that answers: `store.start.neo4j` against the driver used the usual way, row by row.

The store is filled once, which takes ten minutes or more for a million entities; `RIDETHROUGH_BENCH_NEO4J` names a folder in which it is
kept for the next time. Each start is a process of its own, so that memory is that of the store's client and the snapshot and nothing
else; the server's own is not in it. The peer reads nodes and relationships as the driver's objects into a dictionary and a list, which
is less than a snapshot. It reads a sample of `SAMPLE` nodes and as many relationships; its seconds are scaled to the whole by their
counts (`peer_is_scaled`). Before a time is printed the snapshot has as many quads as the server counts.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from neo4j import GraphDatabase

from bench.neo4j_load import Server, served
from bench.site import PREFIX, block, owners
from bench.store_start import Found, started
from graph.changes import Cause, ChangeSet
from graph.stores.neo4j import Neo4jStore
from ontology.namespaces import RDFS
from ontology.sources import source_graph
from ontology.terms import QuadBlock

NAME = "store.start.neo4j"
SIZES = (1_000_000,)
"""Entities of the site; it has five edges and eight quads for each."""
QUICK = 20_000
SAMPLE = 100_000
HEAP, PAGES_MB = "6g", 2_048
FOLDER = "RIDETHROUGH_BENCH_NEO4J"
CAUSE = Cause("bench", "bench", datetime(2026, 1, 1, tzinfo=UTC), "the site")
COUNTS = (
    "MATCH (n:Resource) WITH count(n) AS nodes, sum(size(n._facts)) AS facts MATCH (:Resource)-[r]->(:Resource) "
    "WITH nodes, facts, count(r) AS links, sum(size(r.graphs)) AS said RETURN nodes, links, facts + said AS quads"
)
NODES = "MATCH (n:Resource) RETURN n LIMIT $sample"
LINKS = "MATCH (a:Resource)-[r]->(b:Resource) RETURN a.iri AS a, r, b.iri AS b LIMIT $sample"
Row = dict[str, object]


def run(size: int = SIZES[0], runs: int = 3) -> Iterator[Row]:
    """One row: the site of `size` entities; `rss_mb` is the memory of the process when it answers, `peak_mb` the most it had,
    `commit_10_s` a commit of ten quads beside it."""
    with ExitStack() as stack:
        folder = Path(os.environ.get(FOLDER) or stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(served(folder / f"site-{size}", HEAP, PAGES_MB))
        fill_s = _fill(server, size)
        served_s = server.cpu_s()
        ours = [_child("ours", server.url, size) for _ in range(runs)]
        served_s = (server.cpu_s() - served_s) / runs
        commits = [_commit(server.url, size) for _ in range(runs)]
        theirs = [_child("driver", server.url, size) for _ in range(max(1, runs - 1))]
        with GraphDatabase.driver(server.url, notifications_min_severity="OFF") as driver:
            [counts] = driver.execute_query(COUNTS).records
    assert {found["quads"] for found in ours} == {counts["quads"]}, "the snapshot is not what the server holds"
    each = [(_number(found, "node_s"), _number(found, "link_s")) for found in theirs]
    scaled = [node_s * counts["nodes"] + link_s * counts["links"] for node_s, link_s in each]
    times = [_number(found, "seconds") for found in ours]
    yield {
        "bench": NAME,
        "size": ours[0]["quads"],
        "entities": size,
        "ours_s": min(times),
        "peer": "the neo4j driver, nodes and relationships row by row",
        "peer_s": min(scaled),
        "peer_is_scaled": True,
        "ratio": round(min(scaled) / min(times), 2),
        "runs": runs,
        "ours_median_s": statistics.median(times),
        "peer_median_s": statistics.median(scaled),
        "ours_cpu_s": min(_number(found, "cpu_s") for found in ours),
        "server_cpu_s": round(served_s, 2),
        "fill_s": fill_s,
        "commit_10_s": round(min(commits), 3),
        "commit_10_median_s": round(statistics.median(commits), 3),
        "rss_mb": max(_number(found, "rss_mb") for found in ours),
        "peak_mb": max(_number(found, "peak_mb") for found in ours),
    }


def _number(found: Found, name: str) -> float:
    value = found[name]
    assert isinstance(value, int | float)
    return value


def _fill(server: Server, size: int) -> float | None:
    """The seconds of the first commit; None when the site was there already."""
    store = Neo4jStore(server.url)
    try:
        if store.revisions():
            return None
        quads = block(size, 5 * size)
        start = time.perf_counter()
        store.commit(ChangeSet(quads, QuadBlock.empty(), owners()), CAUSE, expected=0)
        return round(time.perf_counter() - start, 1)
    finally:
        store.close()


def _commit(url: str, size: int) -> float:
    """Ten labels more, taken back afterwards: the seconds of the first of the two."""
    store = Neo4jStore(url)
    try:
        newest = len(store.revisions())
        subjects = [f"{PREFIX}server-{n}" for n in np.linspace(0, size // 5 - 1, 10).astype(int).tolist()]
        said = QuadBlock.of([(subject, RDFS + "label", f'"renamed {newest}"', source_graph("dcim")) for subject in subjects])
        start = time.perf_counter()
        store.commit(ChangeSet(said, QuadBlock.empty()), CAUSE, expected=newest)
        took_s = time.perf_counter() - start
        store.commit(ChangeSet(QuadBlock.empty(), said), CAUSE, expected=newest + 1)
        return took_s
    finally:
        store.close()


def _child(who: str, url: str, size: int) -> Found:
    """Start in a process of its own."""
    command = [sys.executable, "-m", "bench.store_start_neo4j", who, url, str(size)]
    found: Found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)  # noqa: S603 - our own module
    return found


def _usual(url: str) -> Found:
    """Read the sample as a program does that knows nothing better."""
    with GraphDatabase.driver(url, notifications_min_severity="OFF") as driver, driver.session() as session:
        start = time.perf_counter()
        nodes = {record["n"]["iri"]: (set(record["n"].labels), dict(record["n"])) for record in session.run(NODES, sample=SAMPLE)}
        between = time.perf_counter()
        links = [(record["a"], record["r"].type, dict(record["r"]), record["b"]) for record in session.run(LINKS, sample=SAMPLE)]
        end = time.perf_counter()
    return {"node_s": (between - start) / len(nodes), "link_s": (end - between) / len(links)}


def _main(who: str, url: str, size: str) -> None:
    """The life of one started process."""
    found = _usual(url) if who == "driver" else started(lambda: Neo4jStore(url, read_only=True), int(size))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    _main(*sys.argv[1:])
