"""From a store on the disk to a twin that answers: `store.start.sqlite` against pyoxigraph's own on-disk store.

Each start is a process of its own, so that memory is that of the store and the snapshot and nothing else. The peer opens its RocksDB
store and reads it into an in-memory store of its own, the same act: from a durable form to a graph that answers from memory. Before a
time is printed both have given the same answers: how many quads there are, how many entities of each class, and what a thousand
entities feed and are fed by.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyoxigraph as ox

from bench.site import PREFIX, block, owners
from graph.changes import Cause, ChangeSet
from graph.ports import TwinStore
from graph.snapshot import Snapshot
from graph.stores.sqlite import SqliteStore
from ontology.namespaces import DCX, RDF
from ontology.rdf_write import write_block
from ontology.terms import QuadBlock
from twin.sync import snapshot_of

NAME = "store.start.sqlite"
SIZES = (1_000_000,)
"""Entities of the site; it has five edges and eight quads for each."""
QUICK = 20_000
FEEDS, TYPE = DCX + "feedsPower", RDF + "type"
ASKED = 1_000
CAUSE = Cause("bench", "bench", datetime(2026, 1, 1, tzinfo=UTC), "the site")
Row = dict[str, object]
Found = dict[str, object]


def run(size: int = SIZES[0], runs: int = 3) -> Iterator[Row]:
    """One row: the site of `size` entities; `rss_mb` is the memory of the process when it answers, `peak_mb` the most it had."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        commit_s = _prepare(place, size)
        ours = [_child("ours", place, size) for _ in range(runs)]
        theirs = [_child("pyoxigraph", place, size) for _ in range(max(1, runs - 2))]
        assert len({str(found["answers"]) for found in (*ours, *theirs)}) == 1, "the two do not answer alike"
        file_mb = (place / "ours" / "twin.sqlite").stat().st_size / 1e6
    our_times, their_times = ([_number(found, "seconds") for found in every] for every in (ours, theirs))
    yield {
        "bench": NAME,
        "size": _number(ours[0], "quads"),
        "entities": size,
        "ours_s": min(our_times),
        "peer": "pyoxigraph's on-disk store, read into its in-memory store",
        "peer_s": min(their_times),
        "ratio": round(min(their_times) / min(our_times), 2),
        "runs": runs,
        "ours_median_s": statistics.median(our_times),
        "peer_median_s": statistics.median(their_times),
        "ours_cpu_s": min(_number(found, "cpu_s") for found in ours),
        "peer_cpu_s": min(_number(found, "cpu_s") for found in theirs),
        "load_s": min(_number(found, "load_s") for found in ours),
        "first_commit_s": round(commit_s, 3),
        "file_mb": round(file_mb),
        "rss_mb": max(_number(found, "rss_mb") for found in ours),
        "peak_mb": max(_number(found, "peak_mb") for found in ours),
        "peer_rss_mb": max(_number(found, "rss_mb") for found in theirs),
        "peer_peak_mb": max(_number(found, "peak_mb") for found in theirs),
    }


def _number(found: Mapping[str, object], name: str) -> float:
    value = found[name]
    assert isinstance(value, int | float)
    return value


def _prepare(place: Path, size: int) -> float:
    """Fill both stores with the same site. Returns the seconds of our one commit."""
    quads = block(size, 5 * size)
    store = SqliteStore(place / "ours")
    start = time.perf_counter()
    store.commit(ChangeSet(quads, QuadBlock.empty(), owners()), CAUSE, expected=0)
    took_s = time.perf_counter() - start
    store.close()
    file = place / "site.nq"
    with file.open("wb") as out:
        write_block(quads, "nquads", out)
    disk = ox.Store(str(place / "pyoxigraph"))
    disk.bulk_load(path=str(file), format=ox.RdfFormat.N_QUADS)
    disk.flush()
    file.unlink()
    return took_s


def _child(who: str, place: Path, size: int) -> Found:
    """Start in a process of its own."""
    command = [sys.executable, "-m", "bench.store_start", who, str(place / who), str(size)]
    found: Found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)  # noqa: S603 - our own module
    return found


def started(open_store: Callable[[], TwinStore], size: int) -> Found:
    """Open a store of ours, load it and build the snapshot; what that took, and what it answers. For a process of its own."""
    start, worked = time.perf_counter(), time.process_time()
    store = open_store()
    opened = time.perf_counter()
    snapshot = snapshot_of(store)
    end, cpu_s = time.perf_counter(), time.process_time() - worked
    memory = _memory()
    answers = _answers_of(snapshot, size)
    store.close()
    return {"seconds": end - start, "cpu_s": cpu_s, "load_s": end - opened, "quads": len(snapshot), **memory, "answers": answers}


def _memory() -> Found:
    """Resident memory of this program now and at the most, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    kilobytes = {name: int(value.split()[0]) for name, value in (line.split(":") for line in lines if line.startswith(("VmRSS", "VmHWM")))}
    return {"rss_mb": round(kilobytes["VmRSS"] / 1e3), "peak_mb": round(kilobytes["VmHWM"] / 1e3)}


def _asked(size: int) -> list[str]:
    """The entities that are asked about: plant and servers, spread evenly."""
    plant, servers = max(1, size // 25), max(1, size // 5)
    names = [f"{PREFIX}plant-{n}" for n in np.linspace(0, plant - 1, ASKED // 2).astype(int).tolist()]
    return sorted({*names, *(f"{PREFIX}server-{n}" for n in np.linspace(0, servers - 1, ASKED // 2).astype(int).tolist())})


def _told(counts: Mapping[str, int], lines: list[str], quads: int) -> Found:
    return {"quads": quads, "classes": dict(sorted(counts.items())), "fed": hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()}


def _answers_of(snapshot: Snapshot, size: int) -> Found:
    types, lines = snapshot.relation(TYPE), []
    counts = {snapshot.key(cls): len(types.subjects_of(cls)) for cls in np.unique(types.objects).tolist()}
    for iri in _asked(size):
        number = snapshot.need(iri)
        lines += [f"{iri} > {snapshot.key(o)}" for o in snapshot.objects(number, FEEDS)]
        lines += [f"{snapshot.key(s)} > {iri}" for s in snapshot.subjects(FEEDS, number)]
    return _told(counts, lines, len(snapshot))


def _peer(folder: str, size: int) -> Found:
    start, worked = time.perf_counter(), time.process_time()
    memory = ox.Store()
    memory.bulk_extend(ox.Store.read_only(folder).quads_for_pattern(None, None, None, None))
    end, cpu_s = time.perf_counter(), time.process_time() - worked
    resident, lines = _memory(), []
    feeds, type_of, counts = ox.NamedNode(FEEDS), ox.NamedNode(TYPE), dict[str, int]()
    for quad in memory.quads_for_pattern(None, type_of, None, None):
        cls = str(quad.object)[1:-1]
        counts[cls] = counts.get(cls, 0) + 1
    for iri in _asked(size):
        node = ox.NamedNode(iri)
        lines += [f"{iri} > {str(quad.object)[1:-1]}" for quad in memory.quads_for_pattern(node, feeds, None, None)]
        lines += [f"{str(quad.subject)[1:-1]} > {iri}" for quad in memory.quads_for_pattern(None, feeds, node, None)]
    return {"seconds": end - start, "cpu_s": cpu_s, **resident, "answers": _told(counts, lines, len(memory))}


def _main(who: str, place: str, size: str) -> None:
    """The life of one started process."""
    found = _peer(place, int(size)) if who == "pyoxigraph" else started(lambda: SqliteStore(Path(place), read_only=True), int(size))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    _main(*sys.argv[1:])
