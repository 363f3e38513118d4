"""The timeline equals the slow, obvious reference on random sites with loops, ties, groups, several media, stores and delays."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from analytics.impact import OutcomeKind, impact
from analytics.supply_graph import SupplyGraph
from analytics.time.reserves import Reserves
from analytics.time.table import Kind, Row, Stores
from analytics.time.timeline import Timeline, timeline
from ontology.namespaces import DCX
from tests.analytics.reference import Plan, Reference
from tests.analytics.reference_time import TimeReference, Times
from tests.analytics.sites import NOW, SITE, graph_of
from tests.analytics.test_against_reference import MEDIA, redundant
from tests.support.random_cases import seeded

HORIZON = 10_000


def times_of(plan: Plan, reference: Reference, dice: random.Random) -> Times:
    """Random stores and delays: powers of two with a remainder of their own each, so that few instants fall together."""
    fed = sorted(reference.fed)
    sources = [n for n, kind in sorted(plan.kinds.items()) if kind == "source" and not any((n, m) in reference.fed for m in MEDIA)]
    feeding = {u for u, _, m in reference.edges if m == "Power"}
    stores = {pair: dice.randint(1, 200) for pair in fed if dice.random() < 0.5}
    others = [n for n in sorted(plan.kinds) if n not in sources]
    return Times(
        stores,
        {pair for pair in stores if dice.random() < 0.3},
        {n: dice.randint(1, 60) for n in others if dice.random() < 0.3},
        {n for n in others if dice.random() < 0.3},
        {},
        {n: dice.randint(1, 100) for n in sources if n in feeding and dice.random() < 0.5},
    )


def reserves_of(graph: SupplyGraph, times: Times) -> Reserves:
    """The same as the product's columns."""
    size = len(graph.nodes)

    def column(values: dict[str, int]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        found = np.zeros((2, size))
        for name, seconds in values.items():
            node = graph.find(SITE + name)
            if node is not None:
                found[:, node] = seconds
        return found

    rows = [
        Row(node, graph.media.index(DCX + m), Kind.WATER if (n, m) in times.waits else Kind.HOLD_UP, -1, (s, s), (0, 0), (0, 0), 0)
        for (n, m), s in sorted(times.stores.items())
        if (node := graph.find(SITE + n)) is not None
    ]
    stores = Stores.joined([Stores.of(rows)])
    standby, by_power = (column(dict.fromkeys(names, 1))[0] > 0 for names in (times.standby, times.by_power))
    return replace(
        Reserves.none(graph),
        stores=stores,
        names=tuple(graph.id(node) for node in stores.node.tolist()),
        standby=standby,
        start=column(times.standby),
        restart=column(times.restart),
        by_power=by_power,
        transfer=column(times.transfer),
    )


def found_of(answer: Timeline) -> dict[tuple[str, str], tuple[float, float | None]]:
    return {(b.id.removeprefix(SITE), b.medium.removeprefix(DCX)): (b.lower, b.back_lower) for b in answer.bounds}


@seeded(150)
def test_every_loss_and_return_equals_the_reference(seeds: range) -> None:
    """For any site, failure, stores and delays: each supply is lost and back at the same second."""
    for each in seeds:
        plan, dice = redundant(each), random.Random(each * 7 + 1)
        reference = Reference(plan)
        times = times_of(plan, reference, dice)
        sources = [n for n, kind in sorted(plan.kinds.items()) if kind == "source"]
        failed = frozenset(dice.sample(sources if sources and dice.random() < 0.7 else sorted(plan.kinds), 1))
        failed |= frozenset(dice.sample(sorted(plan.kinds), dice.choice([0, 0, 1])))
        graph = graph_of(plan)

        answer = timeline(reserves_of(graph, times), [SITE + name for name in failed], NOW, HORIZON)

        slow = TimeReference(reference, times, MEDIA)
        slow.follow(failed, HORIZON)
        expected = {pair: (t, slow.back.get(pair)) for pair, t in slow.lost.items() if pair[0] not in failed}
        assert found_of(answer) == expected, f"seed {each}, failed {sorted(failed)}, {plan}, {times}"


@seeded(120)
def test_when_all_is_used_up_what_is_missing_is_what_the_blast_radius_calls_lost(seeds: range) -> None:
    """Time changes when, not what: at the end the timeline and the answer without time say the same, and bounds are in order. (Water that
    waits for a pump which is down for good is never used up, so there is none here.)"""
    for each in seeds:
        plan, dice = redundant(each), random.Random(each * 11 + 5)
        times = replace(times_of(plan, Reference(plan), dice), waits=set())
        failed = [SITE + dice.choice(sorted(plan.kinds))]
        graph = graph_of(plan)

        answer = timeline(reserves_of(graph, times), failed, NOW, HORIZON)

        lost = {(o.id, o.medium) for o in impact(graph, failed, NOW).outcomes if o.outcome is OutcomeKind.LOST}
        early = {(b.id, b.medium) for b in answer.bounds if b.back_upper is None}
        dark = {(n, m) for n, m in lost if (n, m) not in early}
        assert early <= lost, f"seed {each}"
        assert all(_was_off(plan, times, n, m) for n, m in dark), f"seed {each}: {dark}"
        assert all(b.upper is None or b.lower <= b.upper for b in answer.bounds)


def _was_off(plan: Plan, times: Times, node: str, medium: str) -> bool:
    """Whether something has no supply while the standby sources are off: it cannot be lost then."""
    reference = Reference(plan)
    return (node.removeprefix(SITE), medium.removeprefix(DCX)) not in reference.holding(frozenset(times.standby))


@seeded(60)
def test_more_in_a_store_makes_nothing_go_earlier(seeds: range) -> None:
    """Every store lasts twice as long: each loss is as late or later, or does not happen (without loops, restarts and standby sources)."""
    for each in seeds:
        plan, dice = redundant(each), random.Random(each * 13 + 3)
        plan = replace(plan, feeds={(min(u, v), max(u, v), m) for u, v, m in plan.feeds if u != v}, ties=set(), members=set(), required={})
        stores = times_of(plan, Reference(plan), dice).stores
        failed = [SITE + dice.choice(sorted(plan.kinds))]
        graph = graph_of(plan)

        less, more = (timeline(reserves_of(graph, Times({p: f * s for p, s in stores.items()})), failed, NOW, HORIZON) for f in (1, 2))

        sooner, later = (answer.seconds() for answer in (less, more))
        assert set(later) <= set(sooner), f"seed {each}"
        assert all(sooner[pair][0] <= later[pair][0] for pair in later), f"seed {each}"
