"""The posture equals the slow, obvious reference, switch after switch, on random sites with loops, ties, groups and several media."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from analytics.conditions import Conditions, Position
from analytics.posture.change import Moved, PostureChange, compare
from analytics.posture.lookout import Lookout
from analytics.posture.posture import Posture
from analytics.supply_graph import SupplyGraph
from ontology.namespaces import DCX
from tests.analytics.reference import Pair, Plan, Reference
from tests.analytics.sites import AT, SITE, graph_of
from tests.analytics.sweeps.loads import loaded
from tests.analytics.test_against_reference import SITES
from tests.support.random_cases import tried

EXAMPLES = tried(200)
STEPS = 4


@dataclass(frozen=True)
class Slow:
    """The posture by the reference: what holds, and by which single failures each of these pairs hangs."""

    holding: frozenset[Pair]
    causes: dict[Pair, frozenset[str]]

    @staticmethod
    def of(plan: Plan, out: frozenset[str]) -> Slow:
        reference = Reference(plan)
        holding = reference.holding(out)
        units = [node for node in plan.kinds if plan.unit(node)]
        causes = {
            pair: frozenset(x for x in units if x != pair[0] and pair not in reference.holding(out | {x})) for pair in sorted(holding)
        }
        return Slow(frozenset(holding), causes)


def told(found: Posture) -> Slow:
    """A posture in the words of the reference."""
    wiring, graph = found.wiring, found.graph
    names = [
        (graph.id(node).removeprefix(SITE), graph.media[medium].removeprefix(DCX))
        for node, medium in zip(wiring.pair_node.tolist(), wiring.pair_medium.tolist(), strict=True)
    ]
    causes: dict[Pair, set[str]] = {names[pair]: set() for pair, down in enumerate(found.down.tolist()) if not down}
    for row, unit in enumerate(found.units.tolist()):
        for pair in found.lists.items[found.lists.at[row] : found.lists.at[row + 1]].tolist():
            causes[names[pair]].add(graph.id(unit).removeprefix(SITE))
    return Slow(frozenset(causes), {pair: frozenset(by) for pair, by in causes.items()})


def moved(graph: SupplyGraph, before: Slow, after: Slow) -> tuple[set[str], set[str], set[str], set[str]]:
    """The nodes that went dark, lost redundancy, came back and regained redundancy, each in the first of these that fits."""

    def node(name: str) -> int:
        found = graph.find(SITE + name)
        assert found is not None
        return found

    def holders(name: str, but: str = "") -> set[str]:
        rows = graph.mounted_in_unfed.tolist()
        return {name} | ({graph.id(rack).removeprefix(SITE) for thing, rack in rows if thing == node(name)} - {but})

    dark = {who for n, _ in before.holding - after.holding for who in holders(n)}
    both = before.holding & after.holding
    lost = {who for pair in both for x in after.causes[pair] - before.causes[pair] for who in holders(pair[0], x)} - dark
    back = {who for n, _ in after.holding - before.holding for who in holders(n)} - dark - lost
    gone = {who for pair in both for x in before.causes[pair] - after.causes[pair] for who in holders(pair[0], x)}
    return dark, lost, back, gone - dark - lost - back


def racks(change: PostureChange) -> tuple[set[str], set[str], set[str], set[str]]:
    dark, lost, back, regained = ({i.removeprefix(SITE) for i in part.racks} for part in _parts(change))
    return dark, lost, back, regained


def _parts(change: PostureChange) -> list[Moved]:
    return [change.dark, change.lost, change.back, change.regained]


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_switch_after_switch_the_posture_equals_a_fresh_fixed_point(plan: Plan, data: st.DataObject) -> None:
    """Any switches open and close, anything goes out of service and comes back, several at once: after each step what is dark, what hangs
    by what, and who lost or regained what are those of the reference, which starts anew each time; and equal what `posture` works out from
    nothing."""
    graph = loaded(graph_of(plan), data)
    switches = sorted(node for node, kind in plan.kinds.items() if kind == "switch")
    lookout, before, slow_before = None, None, None
    for _ in range(STEPS):
        opened = data.draw(st.sets(st.sampled_from(switches))) if switches else set()
        out = frozenset(data.draw(st.sets(st.sampled_from(sorted(plan.kinds)), max_size=2)))
        positions = {SITE + switch: Position(switch in opened, from_telemetry=True) for switch in switches}
        conditions = Conditions(AT, positions, out={SITE + node: "urn:point" for node in out})

        lookout = lookout or Lookout(graph, conditions)
        after = lookout.renew(conditions)

        slow = Slow.of(replace(plan, open=set(opened)), out)
        assert told(after) == slow
        assert told(Lookout(graph, conditions).posture) == slow
        if before is not None and slow_before is not None:
            expected = moved(graph, slow_before, slow)
            assert racks(compare(before, after)) == tuple(_racks(graph, nodes) for nodes in expected)
        before, slow_before = after, slow


def _racks(graph: SupplyGraph, nodes: set[str]) -> set[str]:
    return nodes & {graph.id(node).removeprefix(SITE) for node in graph.loads.racks.tolist()}
