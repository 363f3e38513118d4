"""One fact of the model changes on a site of a million: how long until the first blast radius of the next revision, and is it right.

By the ledger's path: an exact change, the next snapshot, its view, `View.impact`. The same question of the state before was asked first, as
a running service has. Each answer, and the columns of the supply graph, are asserted equal to those of a compile from nothing, which
stands beside it as the time that it would take. No library has the question: there is no peer.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from analytics.reuse import compiled
from bench.failure_campus import campus
from graph.changes import ChangeSet
from graph.snapshot import RDF_TYPE, Snapshot
from ontology.media import FEEDS_IN
from ontology.namespaces import BRICK, DCX, XSD
from ontology.sources import source_graph
from ontology.terms import QuadBlock
from ontology.vocabulary import load_vocabulary
from twin.state import View

NAME = "failure.change"
SIZES = (100_000, 1_000_000)
AT = datetime(2026, 1, 1, tzinfo=UTC)
GRAPH = source_graph("dcim")
SERVICES = 200
"""That state how many replicas they need, the last ones of the site."""
Row = dict[str, object]


def run(size: int, runs: int) -> Iterator[Row]:
    """One row a kind of change: `runs` revisions each."""
    vocabulary = load_vocabulary()
    snapshot, ids = _site(size)
    view = View(vocabulary, snapshot, lambda _: None, lambda: AT)
    start = time.perf_counter()
    view.supply()
    anew = time.perf_counter() - start
    number = 1
    for kind in ("feed", "requirement"):
        seconds, cpu = list[float](), list[float]()
        for wish, asked in list(_wishes(kind, snapshot, ids, runs)):
            number += 1
            view.impact([asked])
            start, busy = time.perf_counter(), time.thread_time()
            change = snapshot.exact(wish)
            snapshot = snapshot.apply(change, number, AT)
            view = View(vocabulary, snapshot, lambda _: None, lambda: AT).after(view, change)
            answer = view.impact([asked])
            assert len(change.added) + len(change.removed)
            seconds.append(time.perf_counter() - start)
            cpu.append(time.thread_time() - busy)
        fresh = View(vocabulary, snapshot, lambda _: None, lambda: AT)
        _assert_equal(view, fresh)
        assert answer == fresh.impact([asked]), f"after {kind} the answer about {asked} is not that of a compile from nothing"
        yield {
            "bench": NAME,
            "size": len(ids),
            "change": kind,
            "ours_s": min(seconds),
            "peer": None,
            "runs": runs,
            "ours_median_s": statistics.median(seconds),
            "ours_max_s": max(seconds),
            "ours_cpu_median_s": statistics.median(cpu),
            "compiled_anew_s": anew,
        }


def _wishes(kind: str, snapshot: Snapshot, ids: list[str], runs: int) -> Iterator[tuple[ChangeSet, str]]:
    """Changes, and whose failure is asked about: a server gets a cord and loses it again; a service needs one replica, then two."""
    feeds, runs_on, nothing = snapshot.relation(DCX + "feedsPower"), snapshot.relation(DCX + "feedsCompute"), QuadBlock.empty()
    for run in range(runs):
        service = ids[len(ids) - 1 - run // 2 % SERVICES]
        server = int(runs_on.subjects_of(snapshot.need(service))[0])
        if kind == "requirement":
            one, two = (QuadBlock.of([(f"urn:bench:need-{service[-8:]}", DCX + "atLeast", f'"{n}"^^{XSD}integer', GRAPH)]) for n in (1, 2))
            yield ChangeSet(*((two, one) if run % 2 else (one, two))), snapshot.key(server)
        else:
            feed = snapshot.key(int(feeds.subjects_of(server)[0]))
            cord = QuadBlock.of([(f"urn:bench:{int(feed[-8:]) - 3:08}", DCX + "feedsPower", snapshot.key(server), GRAPH)])
            yield ChangeSet(*((nothing, cord) if run % 2 else (cord, nothing))), feed


def _assert_equal(view: View, fresh: View) -> None:
    """Column by column."""
    ours, theirs = view.supply(), compiled(fresh.snapshot, fresh.vocabulary).graph
    for name in ("edges", "requirements", "assumptions"):
        one, two = getattr(ours, name), getattr(theirs, name)
        for column in one.__slots__:
            assert np.array_equal(getattr(one, column), getattr(two, column)), f"{name}.{column} is not that of a compile from nothing"


def _site(size: int) -> tuple[Snapshot, list[str]]:
    """The campus of the sweeps as a model: feeds of each medium, classes of racks, servers and services."""
    ids, edges = campus(size)
    predicates = [*FEEDS_IN]
    racks = max(size // 30, 100)
    kinds = [(BRICK + "ICT_Rack", racks), (BRICK + "Server", racks * 20), (DCX + "Service", racks * 6)]
    needs = [f"urn:bench:need-{iri[-8:]}" for iri in ids[-SERVICES:]]
    tail = [*predicates, RDF_TYPE, *(cls for cls, _ in kinds), GRAPH]
    more = [DCX + "requires", DCX + "medium", DCX + "Compute", DCX + "atLeast", f'"2"^^{XSD}integer']
    terms = [*ids, *needs, *tail, *more]
    at = {term: place for place, term in enumerate(terms)}
    graph = at[GRAPH]
    parts = [
        np.stack((edges.source, np.array([at[p] for p in predicates])[edges.medium], edges.target, np.full(len(edges), graph)), axis=1)
    ]
    end = len(ids)
    for cls, count in reversed(kinds):
        end -= count
        every = np.arange(end, end + count)
        parts.append(np.stack((every, *(np.full(count, at[term]) for term in (RDF_TYPE, cls, GRAPH))), axis=1)[:, [0, 1, 2, 3]])
    rows = []
    for service, need in zip(ids[-SERVICES:], needs, strict=True):
        rows.append((at[service], at[more[0]], at[need], graph))
        rows.append((at[need], at[more[1]], at[more[2]], graph))
        rows.append((at[need], at[more[3]], at[more[4]], graph))
    quads = np.concatenate([*parts, np.array(rows)]).astype(np.int32)
    return Snapshot.of(QuadBlock(terms, quads), 1, AT, {GRAPH: "dcim"}), ids
