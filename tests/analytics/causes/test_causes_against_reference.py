"""The search for causes equals brute force: all sets of up to two causes of random sites, each with what the slow reference says of it."""

from __future__ import annotations

import random
from itertools import combinations
from math import log2

from hypothesis import given, reject
from hypothesis import strategies as st

from analytics.causes.explain import RootCause, root_cause
from analytics.causes.search import MARGIN
from analytics.causes.sightings import Sightings
from tests.analytics.reference import Plan, Reference
from tests.analytics.sites import NOW, SITE, graph_of
from tests.analytics.test_against_reference import SITES, redundant
from tests.support.random_cases import tried

EXAMPLES = tried(85)


class Brute:
    """Every set of one or two causes, and what it makes of what is seen."""

    def __init__(self, plan: Plan, down: set[str], up: set[str], inside: list[str]) -> None:
        self.world = Reference(plan)
        self.base = self.world.holding(frozenset())
        self.down, self.up = {n for n in down if not self._dark(n)}, {n for n in up if not self._dark(n)}
        self.cost = max(0.9, log2(max(len(self.down), 1)) / 2)
        self.units = [node for node in inside if plan.unit(node)]

    def _dark(self, node: str) -> bool:
        return any(pair[0] == node and pair not in self.base for pair in self.world.fed)

    def is_down(self, node: str, causes: frozenset[str]) -> bool:
        """A supply of it does not hold, or it has failed itself."""
        holds = self.world.holding(causes)
        return node in causes or any(pair[0] == node and pair not in holds for pair in self.world.fed)

    def explains(self, causes: frozenset[str]) -> set[str]:
        return {node for node in self.down if self.is_down(node, causes)}

    def contradicts(self, causes: frozenset[str]) -> set[str]:
        return {node for node in self.up if self.is_down(node, causes)}

    def score(self, causes: frozenset[str]) -> float:
        return len(self.down) - len(self.explains(causes)) + len(self.contradicts(causes)) + self.cost * len(causes)

    def best(self) -> float | None:
        """The lowest score of a set that explains anything."""
        sets = [frozenset(some) for size in (1, 2) for some in combinations(self.units, size)]
        return min((self.score(some) for some in sets if self.explains(some)), default=None)


def compare(plan: Plan, down: set[str], up: set[str], inside: list[str]) -> None:
    """The best score is that of brute force, and each explanation makes of the sightings what the reference says. What scores worse than
    to explain nothing by more than the margin is not looked for; such a one that was met on the way need not be the best."""
    brute = Brute(plan, down, up, inside)

    found = root_cause(graph_of(plan), NOW, Sightings.of([SITE + n for n in down], [SITE + n for n in up]), first=4)

    for each in found.explanations:
        causes = frozenset(cause.unit.id.removeprefix(SITE) for cause in each.causes)
        assert set(each.explains) == {SITE + n for n in brute.explains(causes)}
        assert set(each.unexplained) == {SITE + n for n in brute.down - brute.explains(causes)}
        assert set(each.contradicts) == {SITE + n for n in brute.contradicts(causes)}
        assert abs(each.score - brute.score(causes)) < 1e-5
    best = brute.best()
    assert (best is None) == (not found.explanations)
    worth_it = len(brute.down) + brute.cost + max(MARGIN, brute.cost)
    if best is not None and best < worth_it and not found.left_out:
        assert abs(found.explanations[0].score - best) < 1e-5, (names(found), best)


def names(found: RootCause) -> list[list[str]]:
    return [[cause.unit.id.removeprefix(SITE) for cause in each.causes] for each in found.explanations]


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_whatever_is_seen_the_best_explanation_is_that_of_brute_force(plan: Plan, data: st.DataObject) -> None:
    """Any things seen down, any others seen up, true or not."""
    graph = graph_of(plan)
    inside = [node for node in sorted(plan.kinds) if graph.find(SITE + node) is not None]
    if not inside:
        reject()
    down = data.draw(st.sets(st.sampled_from(inside), min_size=1, max_size=5))
    up = data.draw(st.sets(st.sampled_from(inside), max_size=6)) - down

    compare(plan, down, up, inside)


@EXAMPLES
@given(seed=st.integers(0, 2**32))
def test_what_one_or_two_failures_show_is_explained_as_well_as_brute_force_can(seed: int) -> None:
    """What is seen follows from one or two failures; a quarter says nothing, some lie."""
    plan, dice = redundant(seed), random.Random(seed)
    graph = graph_of(plan)
    inside = [node for node in sorted(plan.kinds) if graph.find(SITE + node) is not None]
    units = [node for node in inside if plan.unit(node)]
    if not units:
        reject()
    failed = frozenset(dice.sample(units, min(len(units), dice.choice([1, 2, 2]))))
    world = Brute(plan, set(), set(), inside)
    heard = [node for node in inside if dice.random() < 0.75]
    shown = {node: world.is_down(node, failed) != (dice.random() < 0.05) for node in heard}
    down = {node for node, is_down in shown.items() if is_down}

    compare(plan, down, set(shown) - down, inside)
