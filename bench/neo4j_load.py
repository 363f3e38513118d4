"""A first load into a real Neo4j: our store against rdflib-neo4j 1.1, the same N-Triples file, the same server, emptied between.

Both read the file from the disk and end when the server has it durably; ours keeps the revision, the change set and every datatype,
language and graph beside the native view, the peer the native view only. Before a ratio is printed both have left as many resources
and as many relationships between them. The peer lives in an environment of its own, made once in the system's temporary folder.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from neo4j import GraphDatabase

from bench.site import block
from graph.changes import Cause, ChangeSet
from graph.stores.neo4j import Neo4jStore
from ontology.rdf import read
from ontology.rdf_write import write_block
from ontology.terms import QuadBlock

NAME = "neo4j.load"
SIZES = (20_000,)
"""Entities of the site; it has eight statements for each."""
PEER = "rdflib-neo4j==1.1"
HEAP = "4g"
START = Path(__file__).parents[1] / "docker" / "neo4j-local" / "start"
CAUSE = Cause("bench", "bench", datetime(2026, 1, 1, tzinfo=UTC), "the site")
EMPTY = "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"
COUNTS = (
    "MATCH (n:Resource) WITH count(n) AS resources "
    "RETURN resources, COUNT { (:Resource)-[r]->(:Resource) WHERE type(r) <> 'type' } AS relationships"
)
THEIRS = """
import sys, time
from neo4j import GraphDatabase
from rdflib import Graph
from rdflib_neo4j import HANDLE_VOCAB_URI_STRATEGY, Neo4jStore, Neo4jStoreConfig
driver = GraphDatabase.driver(sys.argv[1], notifications_min_severity="OFF")
with driver.session() as session:
    session.run("CREATE CONSTRAINT n10s_unique_uri IF NOT EXISTS FOR (r:Resource) REQUIRE r.uri IS UNIQUE").consume()
config = Neo4jStoreConfig(batching=True, handle_vocab_uri_strategy=HANDLE_VOCAB_URI_STRATEGY.IGNORE)
start = time.perf_counter()
graph = Graph(store=Neo4jStore(config=config, neo4j_driver=driver))
graph.parse(sys.argv[2], format="nt")
graph.close(True)
print("took", time.perf_counter() - start)
"""
Row = dict[str, object]


def run(size: int = SIZES[0], runs: int = 3) -> Iterator[Row]:
    """One row: the site of `size` entities; `triples_s` is our speed, `peer_triples_s` the peer's."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "data") as url:
        file = Path(folder) / "site.nt"
        with file.open("wb") as out:
            write_block(block(size, 5 * size), "ntriples", out)
        ours, theirs, counts = [], [], set()
        for _ in range(runs):
            seconds, quads = _ours(url, file)
            ours.append(seconds)
            counts.add(_counts(url))
        for _ in range(max(1, runs - 2)):
            theirs.append(_theirs(url, file))
            counts.add(_counts(url))
        assert len(counts) == 1, f"the two do not leave the same graph: {counts}"
    yield {
        "bench": NAME,
        "size": quads,
        "ours_s": min(ours),
        "peer": PEER,
        "peer_s": min(theirs),
        "ratio": round(min(theirs) / min(ours), 2),
        "runs": runs,
        "ours_median_s": statistics.median(ours),
        "peer_median_s": statistics.median(theirs),
        "triples_s": round(quads / min(ours)),
        "peer_triples_s": round(quads / min(theirs)),
    }


@contextmanager
def served(folder: Path, heap: str = HEAP) -> Iterator[str]:
    """The address of a Neo4j of this process's own, with its data in the folder."""
    command = [str(START), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "NEO4J_LOCAL_HEAP": heap}) as server:  # noqa: S603 - our own script
        try:
            assert server.stdout is not None
            yield next(line.split()[1] for line in server.stdout if line.startswith("ready "))
        finally:
            server.terminate()


def _ours(url: str, file: Path) -> tuple[float, int]:
    _empty(url)
    store = Neo4jStore(url)
    start = time.perf_counter()
    quads = read(file, source="bench")
    store.commit(ChangeSet(quads, QuadBlock.empty()), CAUSE, expected=0)
    took_s = time.perf_counter() - start
    store.close()
    return took_s, len(quads)


def _theirs(url: str, file: Path) -> float:
    _empty(url)
    command = [_peer(), "-c", THEIRS, url, str(file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own text
    return float(done.stdout.split("took")[1])


def _peer() -> str:
    """The interpreter of the peer's environment, made when it is not there yet."""
    place = Path(tempfile.gettempdir()) / "ridethrough-bench-rdflib-neo4j"
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        for command in ([sys.executable, "-m", "venv", str(place)], [str(python), "-m", "pip", "install", "-q", PEER]):
            subprocess.run(command, check=True)  # noqa: S603 - constants
        (place / "ready").touch()
    return str(python)


def _empty(url: str) -> None:
    with GraphDatabase.driver(url) as driver, driver.session() as session:
        session.run(EMPTY).consume()


def _counts(url: str) -> tuple[int, int]:
    with GraphDatabase.driver(url, notifications_min_severity="OFF") as driver:
        [row] = driver.execute_query(COUNTS).records
    return row["resources"], row["relationships"]
