"""The failure engine equals the slow, obvious reference on random sites with loops, ties, groups, several media and failures."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from analytics.impact import impact
from analytics.state import live
from ontology.namespaces import DCX
from tests.analytics.reference import Found, Need, Plan, Reference
from tests.analytics.sites import NOW, SITE, graph_of
from tests.support.random_cases import tried

MEDIA = ("Power", "LiquidCooling", "Network")
EXAMPLES = tried(1700)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A site of two to nine nodes, dense enough that most have two suppliers and some feed themselves in a ring."""
    names = [f"n{i}" for i in range(draw(st.integers(2, 9)))]
    media = MEDIA[: draw(st.integers(1, 3))]
    name = st.sampled_from(names)
    kind = st.sampled_from(["unit"] * 4 + ["plain", "conduit", "conduit", "switch", "switch", "source", "group", "chiller", "chiller"])
    kinds = {n: draw(kind) for n in names}
    feeds = draw(st.sets(st.tuples(name, name, st.sampled_from(media)), max_size=3 * len(names)))
    forward = {(min(u, v), max(u, v), m) for u, v, m in feeds}
    if draw(st.booleans()):
        feeds = forward  # no loops but those of the ties
    switches = [n for n in names if kinds[n] == "switch"]
    ties = draw(st.sets(st.tuples(st.sampled_from(switches), name), max_size=4)) if switches else set()
    groups = [n for n in names if kinds[n] == "group"]
    members = draw(st.sets(st.tuples(st.sampled_from(groups), name), max_size=5)) if groups else set()
    required = {g: draw(st.integers(0, 3)) for g in groups if draw(st.booleans())}
    need = st.builds(Need, name, st.sampled_from(media), st.none() | st.integers(0, 3), st.frozensets(name, max_size=3))
    needs = draw(st.lists(need, max_size=4))
    return Plan(kinds, feeds, ties, members, required, needs, set(draw(st.sets(st.sampled_from(switches)))) if switches else set())


def redundant(seed: int, *more: str) -> Plan:
    """A site in layers, each node on one to three of those before it, with rings, ties, a group and counted needs: redundancy to lose.
    Some of its nodes are of the kinds `more`."""
    dice = random.Random(seed)
    names = [f"n{i:02}" for i in range(dice.randint(4, 11))]
    media = MEDIA[: dice.choice([1, 1, 2, 3])]
    kinds = {n: dice.choice(["unit"] * 6 + ["plain", "conduit", "switch", *more]) for n in names}
    for n in names[: dice.randint(1, 3)]:
        kinds[n] = "source"
    feeds = set()
    for i, v in enumerate(names[1:], 1):
        for m in media if dice.random() < 0.3 else [dice.choice(media)]:
            feeds |= {(u, v, m) for u in dice.sample(names[:i], min(i, dice.choice([1, 2, 2, 3])))}
    for _ in range(dice.choice([0, 0, 1, 2])):
        feeds.add((dice.choice(names), dice.choice(names), dice.choice(media)))
    switches = [n for n in names if kinds[n] == "switch"]
    ties = {(t, bus) for t in switches for bus in dice.sample(names, 2) if dice.random() < 0.5}
    members, required = set(), {}
    if dice.random() < 0.5:
        group = dice.choice(names[1:])
        kinds[group] = "group"
        members = {(group, member) for member in dice.sample(names, min(3, len(names)))}
        required = {group: dice.choice([1, 2, 2, 3])}
    needs = [Need(dice.choice(names), dice.choice(media), dice.choice([0, 1, 2, None])) for _ in range(dice.choice([0, 0, 1, 3]))]
    needs += [Need(dice.choice(names), dice.choice(media), 1, frozenset(dice.sample(names, 2))) for _ in range(dice.choice([0, 0, 1]))]
    return Plan(kinds, feeds, ties, members, required, needs, {t for t in switches if dice.random() < 0.3})


SITES = plans() | st.integers(0, 2**32).map(lambda seed: redundant(seed, *["chiller"] * (seed % 3)))


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_every_outcome_with_its_evidence_path_and_exposure_equals_the_reference(plan: Plan, data: st.DataObject) -> None:
    """For any site and any one to three failures: the same outcomes, the same smallest evidence, the same path, the same exposures."""
    graph = graph_of(plan)
    inside = [node for node in sorted(plan.kinds) if graph.find(SITE + node) is not None]
    failed = data.draw(st.sets(st.sampled_from(sorted(plan.kinds)), min_size=1, max_size=3))

    answer = impact(graph, [SITE + node for node in failed], NOW)

    expected = Reference(plan).outcomes(frozenset(failed))
    found = {
        (o.id.removeprefix(SITE), o.medium.removeprefix(DCX)): Found(
            o.outcome.value,
            tuple(i.removeprefix(SITE) for i in o.evidence),
            tuple(i.removeprefix(SITE) for i in o.path),
            tuple(i.removeprefix(SITE) for i in o.exposed_to),
        )
        for o in answer.outcomes
    }
    assert expected == found
    assert set(inside) >= {node for node, _ in found}


@tried(340)
@given(plan=SITES, data=st.data())
def test_what_is_live_and_what_holds_equal_the_reference_and_leave_no_trace(plan: Plan, data: st.DataObject) -> None:
    """Scenario after scenario on one plant: each answer is that of a fresh fixed point, whatever was asked before."""
    graph, reference = graph_of(plan), Reference(plan)
    for _ in range(3):
        failed = frozenset(data.draw(st.sets(st.sampled_from(sorted(plan.kinds)), max_size=4)))

        state = live(graph, [SITE + node for node in failed], NOW)

        holding = reference.holding(failed)
        assert {pair: pair in holding for pair in reference.fed} == {
            (node, medium): state.holds(SITE + node, DCX + medium) for node, medium in reference.fed
        }
        handed_on = reference.live(failed)
        for u, _, medium in sorted(reference.edges):
            assert ((u, medium) in handed_on) == state.hands_on(SITE + u, DCX + medium)
