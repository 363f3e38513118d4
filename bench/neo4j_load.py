"""A first load into a real Neo4j: our store against rdflib-neo4j 1.1, the same file, the same server, emptied between.

The peer is told twice: as its README shows it (local names only, the last of several values), and told to keep as much as it can (whole
names, every value). Two files: the synthetic site as N-Triples, sorted by subject, which is the peer's best case; and the demo's site as
Turtle, with its many classes, points, references and texts, as a user has it.

Both read the file from the disk and end when the server has it durably; ours keeps the revision, the change set and every datatype,
language and graph beside the native view, the peer the native view only. Before a ratio is printed both have left as many resources
and as many relationships between them. The server has its whole heap from the start, as Neo4j advises; the first run of ours warms it
for the others and for the peer. Processor time is told beside the wall's, for machines that do other things, too. The peer lives in an
environment of its own, made once in the system's temporary folder.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from neo4j import GraphDatabase

from bench.site import block
from graph.changes import Cause, ChangeSet
from graph.stores.neo4j import Neo4jStore
from ontology.rdf import read
from ontology.rdf_write import write_block
from ontology.terms import QuadBlock
from twin.demo.site import generate

NAME = "neo4j.load"
SIZES = (20_000,)
"""Entities of the synthetic site, which has eight statements for each. The demo's site has a rack for each `ENTITIES_A_RACK`."""
ENTITIES_A_RACK = 40
PEER = "rdflib-neo4j==1.1"
HEAP, PAGES_MB = "3g", 1_024
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
from rdflib_neo4j import HANDLE_MULTIVAL_STRATEGY, HANDLE_VOCAB_URI_STRATEGY, Neo4jStore, Neo4jStoreConfig
driver = GraphDatabase.driver(sys.argv[1], notifications_min_severity="OFF")
with driver.session() as session:
    session.run("CREATE CONSTRAINT n10s_unique_uri IF NOT EXISTS FOR (r:Resource) REQUIRE r.uri IS UNIQUE").consume()
names, values = getattr(HANDLE_VOCAB_URI_STRATEGY, sys.argv[4]), getattr(HANDLE_MULTIVAL_STRATEGY, sys.argv[5])
config = Neo4jStoreConfig(batching=True, handle_vocab_uri_strategy=names, handle_multival_strategy=values)
start = time.perf_counter()
graph = Graph(store=Neo4jStore(config=config, neo4j_driver=driver))
graph.parse(sys.argv[2], format=sys.argv[3])
graph.close(True)
print("took", time.perf_counter() - start)
"""
KEEPS = {"as its README": ("IGNORE", "OVERWRITE"), "keeping what it can": ("KEEP", "ARRAY")}
"""The peer's strategies for names and for several values."""
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Server:
    """A Neo4j of this process's own."""

    url: str
    pid: int

    def cpu_s(self) -> float:
        """The processor time that it has had."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one load: of the wall, of the server's processor time and of the loading process's."""

    wall_s: float
    server_s: float
    client_s: float


def run(size: int = SIZES[0], runs: int = 3) -> Iterator[Row]:
    """A row for each file and way of the peer; `triples_s` is our speed, `peer_triples_s` its own, `…_cpu_us` microseconds a triple."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "data") as server:
        synthetic, demo = Path(folder) / "site.nt", Path(folder) / "demo.ttl"
        with synthetic.open("wb") as out:
            write_block(block(size, 5 * size), "ntriples", out)
        with demo.open("wb") as out:
            write_block(generate(max(1, size // ENTITIES_A_RACK)), "turtle", out)
        for file in (synthetic, demo):
            yield from _rows(server, file, runs)


def _rows(server: Server, file: Path, runs: int) -> Iterator[Row]:
    loads = [_ours(server, file) for _ in range(runs)]
    ours, quads, counts = [took for took, _ in loads], loads[0][1], _counts(server.url)
    for keeps, strategies in KEEPS.items():
        theirs = [_theirs(server, file, strategies) for _ in range(max(1, runs - 1))]
        left = _counts(server.url)
        assert left == counts, f"the two do not leave the same graph: {counts}, the peer {left}"
        yield _row(file.name, f"{PEER}, {keeps}", quads, ours, theirs)


def _row(file: str, peer_name: str, quads: int, ours: list[Took], theirs: list[Took]) -> Row:
    best, peer = min(took.wall_s for took in ours), min(took.wall_s for took in theirs)
    return {
        "bench": f"{NAME} {file}",
        "size": quads,
        "ours_s": best,
        "peer": peer_name,
        "peer_s": peer,
        "ratio": round(peer / best, 2),
        "runs": len(ours),
        "ours_median_s": statistics.median(took.wall_s for took in ours),
        "peer_median_s": statistics.median(took.wall_s for took in theirs),
        "triples_s": round(quads / best),
        "peer_triples_s": round(quads / peer),
        "server_cpu_us": _micro(min(took.server_s for took in ours), quads),
        "client_cpu_us": _micro(min(took.client_s for took in ours), quads),
        "peer_server_cpu_us": _micro(min(took.server_s for took in theirs), quads),
        "peer_client_cpu_us": _micro(min(took.client_s for took in theirs), quads),
    }


def _micro(seconds: float, quads: int) -> float:
    return round(seconds / quads * 1e6, 1)


@contextmanager
def served(folder: Path, heap: str = HEAP, pages_mb: int = PAGES_MB) -> Iterator[Server]:
    """A Neo4j with its data in the folder."""
    sizes = {"NEO4J_LOCAL_HEAP": heap, "NEO4J_LOCAL_HEAP_START": heap, "NEO4J_LOCAL_PAGES_MB": str(pages_mb)}
    command = [str(START), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **sizes}) as server:  # noqa: S603 - our own script
        try:
            assert server.stdout is not None
            yield Server(next(line.split()[1] for line in server.stdout if line.startswith("ready ")), server.pid)
        finally:
            server.terminate()


def _ours(server: Server, file: Path) -> tuple[Took, int]:
    _empty(server.url)
    store = Neo4jStore(server.url)
    served_s, worked, start = server.cpu_s(), time.process_time(), time.perf_counter()
    quads = read(file, source="bench")
    store.commit(ChangeSet(quads, QuadBlock.empty()), CAUSE, expected=0)
    took = Took(time.perf_counter() - start, server.cpu_s() - served_s, time.process_time() - worked)
    store.close()
    return took, len(quads)


def _theirs(server: Server, file: Path, strategies: tuple[str, str]) -> Took:
    """The wall's seconds are the peer's own of its loading, without the start of its process; the processor's have that in them."""
    python = _peer()
    _empty(server.url)
    served_s, worked = server.cpu_s(), _children_s()
    command = [python, "-c", THEIRS, server.url, str(file), file.suffix[1:], *strategies]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own text
    return Took(float(done.stdout.split("took")[1]), server.cpu_s() - served_s, _children_s() - worked)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
