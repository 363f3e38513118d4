"""The timeline of a utility loss: every utility of a demo site fails, and what follows is worked out for four hours, both bounds.

No library has the question, so there is no peer. Before anything is timed the answer is held against another one of ours: what is still
missing at the end must be what the blast radius without time calls lost.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from analytics.conditions import Conditions
from analytics.impact import OutcomeKind, Told, impact
from analytics.supply import compile_supply
from analytics.time.reserves import reserves
from analytics.time.timeline import timeline
from graph.snapshot import Snapshot
from ontology.namespaces import DEMO
from ontology.vocabulary import load_vocabulary
from twin.demo.site import generate

NAME = "failure.timeline"
RACKS = (240, 2_350)
"""Some 10,000 and 100,000 nodes of the supply graph."""
NOW = Conditions(datetime(2026, 1, 1, tzinfo=UTC))
FAILED = (DEMO + "Utility-A", DEMO + "Utility-B")


def run(racks: int, runs: int) -> Iterator[dict[str, object]]:
    """One row for a site of so many racks."""
    vocabulary = load_vocabulary()
    snapshot = Snapshot.of(generate(racks))
    graph = compile_supply(snapshot, vocabulary)
    start = time.perf_counter()
    known = reserves(snapshot, vocabulary, graph)
    read = time.perf_counter() - start
    answer = timeline(known, FAILED, NOW)
    lost = {(o.id, o.medium) for o in impact(graph, FAILED, NOW, told=Told.OUTCOMES).outcomes if o.outcome is OutcomeKind.LOST}
    assert {(b.id, b.medium) for b in answer.bounds if b.back_upper is None} == lost, "the timeline ends otherwise than the blast radius"
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        answer = timeline(known, FAILED, NOW)
        seconds.append(time.perf_counter() - start)
    yield {
        "bench": NAME,
        "size": len(graph.nodes),
        "ours_s": min(seconds),
        "peer": None,
        "runs": runs,
        "ours_median_s": statistics.median(seconds),
        "reserves_s": read,
        "bounds": len(answer.bounds),
        "events": len(answer.events),
    }
