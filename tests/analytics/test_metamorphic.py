"""What must hold of any two answers, whatever the site: more failures never help, another feed never harms, names do not matter."""

from __future__ import annotations

import random
from dataclasses import replace
from math import prod

import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import numpy as np
from hypothesis import given, reject
from hypothesis import strategies as st

from analytics.causes.explain import root_cause
from analytics.causes.priors import Priors
from analytics.causes.sightings import Sightings
from analytics.conditions import Conditions
from analytics.impact import BlastRadius, impact, impact_of
from analytics.scenario import Scenario, resolve
from analytics.state import live
from analytics.supply_graph import SupplyGraph
from analytics.time.timeline import timeline
from graph.snapshot import Snapshot
from ontology.namespaces import DCX
from tests.analytics.reference import Need, Plan, Reference
from tests.analytics.reference_capacity import Circuit
from tests.analytics.reference_time import Times
from tests.analytics.sites import AT, NOW, SITE, graph_of, quads_of, vocabulary
from tests.analytics.test_against_reference import SITES, redundant
from tests.analytics.test_capacity_against_reference import circuit_of
from tests.analytics.test_capacity_against_reference import graph_of as loaded_graph
from tests.analytics.test_timeline_against_reference import reserves_of, times_of
from tests.support.random_cases import tried

EXAMPLES = tried(60)
RANK = {"LOST": 0, "OVERLOADED": 1, "NO_REDUNDANCY": 2, "REDUCED": 3}
UNAFFECTED = 4
NEW = "new"
"""A source that nothing else feeds; its name comes among those of the site."""


def ranks(answer: BlastRadius) -> dict[tuple[str, str], int]:
    """The outcome of each supply as a number, worst first; what is not named is unaffected, or was down before."""
    return {(o.id, o.medium): RANK[o.outcome.value] for o in answer.outcomes}


def failing(plan: Plan, *names: str) -> BlastRadius:
    """What becomes of a plan."""
    return impact(graph_of(plan), [SITE + name for name in names], NOW)


def holding(plan: Plan, failed: frozenset[str]) -> set[tuple[str, str]]:
    """The supplies of the plan's nodes that hold while some are failed."""
    graph = graph_of(plan)
    state = live(graph, [SITE + name for name in failed if graph.find(SITE + name) is not None], NOW)
    media = sorted({m for _, _, m in plan.feeds} | {need.medium for need in plan.needs} | {"Power"})
    return {(n, m) for n in plan.kinds for m in media if graph.find(SITE + n) is not None and state.holds(SITE + n, DCX + m)}


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_more_failures_never_make_an_outcome_better(plan: Plan, data: st.DataObject) -> None:
    """Some of what fails alone, then all of it: each outcome is as bad or worse. Of what fails itself nothing is said."""
    some = data.draw(st.sets(st.sampled_from(sorted(plan.kinds)), min_size=1, max_size=3))
    more = some | data.draw(st.sets(st.sampled_from(sorted(plan.kinds)), max_size=3))

    few, many = ranks(failing(plan, *sorted(some))), ranks(failing(plan, *sorted(more)))

    better = [(pair, rank, many.get(pair)) for pair, rank in few.items() if many.get(pair, UNAFFECTED) > rank]
    assert [each for each in better if each[0][0].removeprefix(SITE) not in more] == []


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_another_feed_never_takes_a_supply_down(plan: Plan, data: st.DataObject) -> None:
    """A source of its own feeds one thing more: whatever fails of the rest, alone or with any further one, what held still holds."""
    target = data.draw(st.sampled_from(sorted(plan.kinds)))
    failed = frozenset(data.draw(st.sets(st.sampled_from(sorted(plan.kinds)), max_size=2)))
    more = replace(plan, kinds={**plan.kinds, NEW: "source"}, feeds=plan.feeds | {(NEW, target, "Power")})

    further_ones = data.draw(st.lists(st.sampled_from(sorted(plan.kinds)), max_size=3))
    for further in (frozenset[str](), *(frozenset({name}) for name in further_ones)):
        assert holding(plan, failed | further) - holding(more, failed | further) == set()


@EXAMPLES
@given(seed=st.integers(0, 2**32))
def test_another_feed_makes_an_outcome_worse_only_in_name(seed: int) -> None:
    """What was reduced may be called without redundancy then: it hung by one thing before any failure, which was no news; with the feed it
    did not, and by the failure it does again. Of that one thing alone; nothing else gets worse."""
    dice = random.Random(seed)
    names = [f"n{i}" for i in range(dice.randint(3, 10))]
    kinds = {n: "source" if i < 2 else dice.choice(["unit", "unit", "plain", "conduit"]) for i, n in enumerate(names)}
    feeds = {(u, v, "Power") for i, v in enumerate(names[2:], 2) for u in dice.sample(names[:i], min(i, dice.choice([1, 2, 2, 3])))}
    plan = Plan(kinds, feeds)
    more = replace(plan, kinds={**kinds, NEW: "source"}, feeds=feeds | {(NEW, dice.choice(names[2:]), "Power")})
    failed = dice.sample(names, dice.randint(1, 2))

    before, after = ranks(failing(plan, *failed)), failing(more, *failed)

    worse = [o for o in after.outcomes if RANK[o.outcome.value] < before.get((o.id, o.medium), UNAFFECTED)]
    assert {o.outcome.value for o in worse} <= {"NO_REDUNDANCY"}
    for each in worse:
        for point in each.exposed_to:
            assert (each.id, each.medium) in lost(failing(plan, point.removeprefix(SITE)))


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_names_change_nothing(plan: Plan, data: st.DataObject) -> None:
    """The same site under other names, in another order: the same outcome of everything, by evidence of the same size, exposed to as much.
    Of several smallest sets the first by name is the evidence, and of several shortest chains from there the first by name is the path: so
    each path, its names taken back, is one of the shortest chains of the site as it was; it is the same one where there is but one."""
    name = new_names(plan, data)
    failed = sorted(data.draw(st.sets(st.sampled_from(sorted(plan.kinds)), min_size=1, max_size=3)))

    one, other = failing(plan, *failed), failing(renamed(plan, name), *(name[each] for each in failed))

    assert sizes(one) == sizes(other, name)
    assert (one.totals, one.down_before) == (other.totals, other.down_before)
    old, site = {new: old for old, new in name.items()}, Reference(plan)
    for answer, back in ((one, dict(zip(name, name, strict=True))), (other, old)):
        for each in answer.outcomes:
            node, *evidence = (back[iri.removeprefix(SITE)] for iri in (each.id, *each.evidence))
            pair = (node, each.medium.removeprefix(DCX))
            chains = site.paths(pair, each.outcome.value, tuple(evidence), frozenset(failed))
            assert tuple(back[iri.removeprefix(SITE)] for iri in each.path) in chains


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_names_change_nothing_where_their_order_stays(plan: Plan, data: st.DataObject) -> None:
    """Where the new names come in the order of the old ones even evidence, path and exposures are the same, by the new names."""
    name = {old: f"x{at:02}" for at, old in enumerate(sorted(plan.kinds))}
    failed = sorted(data.draw(st.sets(st.sampled_from(sorted(plan.kinds)), min_size=1, max_size=3)))

    one, other = failing(plan, *failed), failing(renamed(plan, name), *(name[each] for each in failed))

    def told(answer: BlastRadius, name: dict[str, str]) -> list[tuple[str, str, list[list[str]]]]:
        lists = [((o.id,), o.evidence, o.path, o.exposed_to) for o in answer.outcomes]
        named = [[[name[iri.removeprefix(SITE)] for iri in ids] for ids in each] for each in lists]
        return [(o.medium, o.outcome.value, ids) for o, ids in zip(answer.outcomes, named, strict=True)]

    assert told(one, name) == told(other, {new: new for new in name.values()})


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_names_change_nothing_in_a_scenario(plan: Plan, data: st.DataObject) -> None:
    """Some fail, some are isolated, switches are opened and closed first: under other names the same switches isolate, as many things are
    disconnected at their terminals, and the same becomes of everything, for worse and for better."""
    name = new_names(plan, data)
    inside = [node for node in sorted(plan.kinds) if graph_of(plan).find(SITE + node) is not None]
    parts: dict[str, list[str]] = {"fails": [], "opened": [], "closed": [], "isolated": []}
    for node in data.draw(st.lists(st.sampled_from(sorted(plan.kinds)), min_size=1, max_size=4, unique=True)):
        is_switch = plan.kinds[node] == "switch" and node in inside
        parts[data.draw(st.sampled_from(["isolated", "fails", *(["opened", "closed"] if is_switch else [])]))].append(node)

    one, other = scenario(plan, parts), scenario(renamed(plan, name), {part: [name[n] for n in nodes] for part, nodes in parts.items()})

    assert sizes(one) == sizes(other, name)
    assert (one.totals, len(one.assumed)) == (other.totals, len(other.assumed))
    assert {(name[each.id.removeprefix(SITE)], each.medium, each.without, each.outcome) for each in one.better} == {
        (each.id.removeprefix(SITE), each.medium, each.without, each.outcome) for each in other.better
    }
    assert {(name[r.asked.removeprefix(SITE)], *sorted(name[o.removeprefix(SITE)] for o in r.opens)) for r in one.resolved} == {
        (r.asked.removeprefix(SITE), *sorted(o.removeprefix(SITE) for o in r.opens)) for r in other.resolved
    }


def scenario(plan: Plan, parts: dict[str, list[str]]) -> BlastRadius:
    """What becomes of a plan in a scenario."""
    snapshot = Snapshot.of(quads_of(plan), at=AT)
    fails, opened, closed, isolated = (tuple(SITE + n for n in parts[part]) for part in ("fails", "opened", "closed", "isolated"))
    wanted = Scenario(fails, opened, closed, isolated)
    return impact_of(resolve(snapshot, vocabulary(), graph_of(plan), NOW, wanted))


@EXAMPLES
@given(seed=st.integers(0, 2**32), data=st.data())
def test_names_change_nothing_in_a_timeline(seed: int, data: st.DataObject) -> None:
    """The same stores and delays under other names: each supply is lost and back at the same seconds. Of two stores in one ring that
    lose their feed at the same instant the first by name carries first, so that no ring of these sites holds two."""
    plan, dice = redundant(seed), random.Random(seed)
    name = new_names(plan, data)
    reference = Reference(plan)
    times = times_of(plan, reference, dice)
    stored = {node for node, _ in times.stores}
    rings = nx.strongly_connected_components(nx.DiGraph((u, v) for u, v, _ in reference.edges))
    if any(len(ring & stored) > 1 for ring in rings):
        reject()
    failed = dice.sample(sorted(plan.kinds), 2)
    other_times = Times(
        {(name[n], m): s for (n, m), s in times.stores.items()},
        {(name[n], m) for n, m in times.waits},
        {name[n]: s for n, s in times.restart.items()},
        {name[n] for n in times.by_power},
        {name[n]: s for n, s in times.transfer.items()},
        {name[n]: s for n, s in times.standby.items()},
    )

    one = timeline(reserves_of(graph_of(plan), times), [SITE + n for n in failed], NOW)
    other = timeline(reserves_of(graph_of(renamed(plan, name)), other_times), [SITE + name[n] for n in failed], NOW)

    assert {(name[b.id.removeprefix(SITE)], *b[1:]) for b in one.bounds} == {(b.id.removeprefix(SITE), *b[1:]) for b in other.bounds}


@EXAMPLES
@given(seed=st.integers(0, 2**32), data=st.data())
def test_names_change_nothing_in_the_ranking_of_causes(seed: int, data: st.DataObject) -> None:
    """What one or two failures show, with priors: under other names the best three explanations have the same scores, sizes,
    contradictions, priors and damage. Only which of several that agree in all of this is told may differ."""
    plan, dice = redundant(seed), random.Random(seed)
    name = new_names(plan, data)
    failed = dice.sample(sorted(plan.kinds), 2)
    is_down = {pair[0] for pair in lost(failing(plan, *failed))}
    heard = [node for node in sorted(plan.kinds) if node not in failed and dice.random() < 0.75]
    down, up = ([n for n in heard if (SITE + n in is_down) == wanted] for wanted in (True, False))
    percent = {n: dice.choice([11.0, 28.0, 42.0, np.nan]) for n in sorted(plan.kinds)}

    def ranked(plan: Plan, name: dict[str, str]) -> list[tuple[float, int, int, float, int]]:
        graph, of = graph_of(plan), {SITE + name[n]: value for n, value in percent.items()}
        priors = Priors(np.array([of[iri] for iri in graph.nodes.ids]))
        found = root_cause(graph, NOW, Sightings.of(*([SITE + name[n] for n in some] for some in (down, up))), priors=priors)
        often = [prod(sorted(priors.unstated if c.prior is None else c.prior for c in each.causes)) for each in found.explanations]
        return [
            (each.score, len(each.causes), len(each.contradicts), usual, each.supplies)
            for each, usual in zip(found.explanations, often, strict=True)
        ]

    assert ranked(plan, {n: n for n in plan.kinds}) == ranked(renamed(plan, name), name)


def new_names(plan: Plan, data: st.DataObject) -> dict[str, str]:
    """Another name for each node of a plan; in another order."""
    return {old: f"x{at:02}" for at, old in enumerate(data.draw(st.permutations(sorted(plan.kinds))))}


def sizes(answer: BlastRadius, name: dict[str, str] | None = None) -> set[tuple[str, str, str, int, int]]:
    """What becomes of everything, by the old names where the new ones are given, with how much is its evidence and how much it is exposed
    to."""
    old = {new: old for old, new in (name or {}).items()}
    nodes = [each.id.removeprefix(SITE) for each in answer.outcomes]
    return {
        (old.get(node, node), o.medium, o.outcome.value, len(o.evidence), len(o.exposed_to))
        for node, o in zip(nodes, answer.outcomes, strict=True)
    }


def renamed(plan: Plan, name: dict[str, str]) -> Plan:
    """A plan under other names."""
    return Plan(
        {name[n]: kind for n, kind in plan.kinds.items()},
        {(name[u], name[v], m) for u, v, m in plan.feeds},
        {(name[t], name[b]) for t, b in plan.ties},
        {(name[g], name[m]) for g, m in plan.members},
        {name[g]: count for g, count in plan.required.items()},
        [Need(name[n.node], n.medium, n.at_least, frozenset(name[a] for a in n.among)) for n in plan.needs],
        {name[n] for n in plan.open},
    )


@EXAMPLES
@given(seed=st.integers(0, 2**32))
def test_what_only_feeds_itself_is_never_up(seed: int) -> None:
    """Every thing has suppliers, all of them of the same kind: no source reaches any, whatever rings and ties there are. A site beside it
    that is fed stays up, and what fails there changes nothing here."""
    dice = random.Random(seed)
    loop = [f"n{i}" for i in range(dice.randint(2, 8))]
    kinds = {n: dice.choice(["unit", "plain", "conduit", "switch"]) for n in loop} | {"src": "source", "load": "unit"}
    feeds = {(dice.choice([u for u in loop if u != v]), v, "Power") for v in loop for _ in range(dice.choice([1, 1, 2]))}
    ties = {(n, dice.choice([u for u in loop if u != n])) for n in loop if kinds[n] == "switch" and dice.random() < 0.5}
    plan = Plan(kinds, feeds | {("src", "load", "Power")}, ties)

    graph = graph_of(plan)
    for failed in ([], ["src"], [dice.choice(loop)]):
        state = live(graph, [SITE + name for name in failed], NOW)
        assert [n for n in loop if state.is_live(SITE + n) or state.holds(SITE + n, DCX + "Power")] == []
        assert state.is_live(SITE + "load") == ("src" not in failed)


# -- With load --


def loaded(circuit: Circuit, failed: set[str]) -> BlastRadius:
    """What becomes of a circuit, by its names."""
    return impact(loaded_graph(circuit), sorted(failed), Conditions(AT, power_kw=circuit.readings))


@EXAMPLES
@given(seed=st.integers(0, 2**32))
def test_names_change_nothing_where_loads_move(seed: int) -> None:
    """The same circuit under other names: the same outcomes, and the same trips at the same instants with the same loads."""
    circuit = circuit_of(seed)
    dice = random.Random(seed)
    order = dice.sample(circuit.nodes, len(circuit.nodes))
    name = dict(zip(order, [f"m{i:02}" for i in range(len(order))], strict=True))
    circuit.priority, circuit.one_input = {}, set()  # of equal inputs the first by name is taken
    failed = set(dice.sample(circuit.nodes, 2))

    one, other = loaded(circuit, failed), loaded(other_names(circuit, name), {name[n] for n in failed})

    assert {(name[o.id], o.medium, o.outcome) for o in one.outcomes} == {(o.id, o.medium, o.outcome) for o in other.outcomes}
    assert np.allclose([t.after_s for t in one.trips], [t.after_s for t in other.trips])
    assert {name[t.id] for t in one.trips} == {t.id for t in other.trips}


def other_names(circuit: Circuit, name: dict[str, str]) -> Circuit:
    """A circuit under other names."""

    def of(column: dict[str, object]) -> dict[str, object]:
        return {name[n]: value for n, value in column.items()}

    made = Circuit(sorted(name.values()), {(name[u], name[v], m) for u, v, m in circuit.edges}, {})
    made.needs = {(name[n], m): count for (n, m), count in circuit.needs.items()}
    for column in ("draw", "rated", "limit", "curve", "phases", "readings", "priority"):
        setattr(made, column, of(getattr(circuit, column)))
    made.one_input = {name[n] for n in circuit.one_input}
    made.reserve = {name[n] for n in circuit.reserve}
    return made


@EXAMPLES
@given(seed=st.integers(0, 2**32))
def test_what_falls_by_supply_alone_falls_with_load_too(seed: int) -> None:
    """Ratings can only add: what is lost without any is lost with them, and more failures never bring it back."""
    circuit = circuit_of(seed)
    dice = random.Random(seed)
    some = set(dice.sample(circuit.nodes, 1))
    more = some | set(dice.sample(circuit.nodes, 2))
    bare = replace(circuit, rated={}, limit={}, curve={})

    supply, with_load, with_more = (lost(loaded(*each)) for each in ((bare, some), (circuit, some), (circuit, more)))

    assert supply - with_load == set()
    assert {pair for pair in supply - with_more if pair[0] not in more} == set()


def lost(answer: BlastRadius) -> set[tuple[str, str]]:
    """The supplies that are lost."""
    return {(o.id, o.medium) for o in answer.outcomes if o.outcome.value == "LOST"}


@EXAMPLES
@given(seed=st.integers(0, 2**32))
def test_higher_ratings_never_make_an_outcome_worse_where_nothing_trips(seed: int) -> None:
    """Ten times the rating, no curve: what carried its load still does. (Where something trips it sheds load that others then keep.)"""
    circuit = replace(circuit_of(seed), curve={})
    roomy = replace(circuit, rated={n: kw * 10 for n, kw in circuit.rated.items()}, limit={n: kw * 10 for n, kw in circuit.limit.items()})
    failed = set(random.Random(seed).sample(circuit.nodes, 2))

    tight, wide = ranks(loaded(circuit, failed)), ranks(loaded(roomy, failed))

    assert [pair for pair, rank in wide.items() if rank < tight.get(pair, UNAFFECTED)] == []


def test_a_site_is_the_same_graph_whatever_it_is_called() -> None:
    """The smallest case of the rule above, to read: a, b and their load, called b, a and theirs."""
    plan = Plan({"a": "source", "b": "source", "r": "unit"}, {("a", "r", "Power"), ("b", "r", "Power")})
    graph: SupplyGraph = graph_of(renamed(plan, {"a": "b", "b": "a", "r": "r"}))

    assert ranks(impact(graph, [SITE + "b"], NOW)) == ranks(failing(plan, "a")) == {(SITE + "r", DCX + "Power"): 2}
