"""Switching procedures on hand-made sites: each step's cost, what is refused and why, and the order that is safe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.conditions import Conditions, Position
from analytics.procedures.check import Checked, check
from analytics.procedures.order import _before
from analytics.procedures.steps import STEPS_MAX, SWITCHING, Act, Policy, Procedure, ProcedureError, Step, procedure_of
from analytics.proofs.load import Counts
from analytics.supply_graph import SupplyGraph
from graph.errors import UnknownEntity
from tests.analytics.reference import Pair, Plan, Reference
from tests.analytics.sites import AT, NOW, SITE, fail, graph_of, site
from tests.analytics.sweeps.loads import loaded
from tests.analytics.test_against_reference import SITES
from tests.support.random_cases import tried

EXAMPLES = tried(200)
DOUBLE_ENDED = """
:Utility-A a dcx:Utility_Feed ; dcx:feedsPower :Main-A . :Utility-B a dcx:Utility_Feed ; dcx:feedsPower :Main-B .
:Main-A a brick:Circuit_Breaker ; dcx:feedsPower :Bus-A . :Main-B a brick:Circuit_Breaker ; dcx:feedsPower :Bus-B .
:Bus-A a brick:Switchgear ; dcx:feedsPower :Rack-A, :Rack-AB . :Bus-B a brick:Switchgear ; dcx:feedsPower :Rack-B, :Rack-AB .
:Tie a dcx:Tie_Breaker ; dcx:ties :Bus-A, :Bus-B .
:Rack-A a brick:ICT_Rack . :Rack-B a brick:ICT_Rack . :Rack-AB a brick:ICT_Rack .
"""


def run(turtle: str, *steps: dict[str, object], **policy: int) -> Checked:
    """Check steps such as `{"open": "Main-A"}`."""
    said = [{key: f"{SITE}{value}" if key in tuple(Act)[:4] else value for key, value in step.items()} for step in steps]
    return check(procedure_of({"name": "try", "steps": said, "policy": policy}), site(turtle), NOW)


def test_a_main_opened_before_the_tie_is_closed_drops_its_bus() -> None:
    """Main-A opens while the tie stands open: Bus-A is dead, Rack-A dark, Rack-AB hangs by side B. Closing the tie brings
    Rack-A back; then all three hang by side B, as Rack-B did before: 2 more without redundancy. The other order loses nothing."""
    found = run(DOUBLE_ENDED, {"open": "Main-A"}, {"close": "Tie"})

    assert [(done.lost.racks, done.back.racks, done.down.racks, done.without_redundancy.racks) for done in found.steps] == [
        (1, 0, 1, 1),
        (0, 1, 0, 2),
    ]
    assert found.first_refused == found.steps[0]
    assert found.steps[0].refused == ("1 loads (0.0 kW) are down; policy allows 0",)
    assert found.steps[0].lost_ids == (SITE + "Rack-A",)
    (reason,) = found.because
    assert (reason.id, reason.outcome.value, reason.evidence) == (SITE + "Rack-A", "LOST", (SITE + "Main-A", SITE + "Tie"))
    assert reason.path == (SITE + "Main-A", SITE + "Bus-A", SITE + "Rack-A")
    assert found.safe is not None
    assert found.safe.steps == ("2", "1")


def test_a_rack_of_which_only_the_plan_says_what_it_draws_is_one_load() -> None:
    """Two racks of 5 kW by `dcx:allocatedPower`, one on each side, nothing in them: 2 loads of 5 + 5 = 10 kW. Breaker A takes one of
    them down, 1 load of 5 kW, and the table says the same as the verdict."""
    planned = "".join(
        f":U{side} a dcx:Utility_Feed ; dcx:feedsPower :B{side} . :B{side} a brick:Circuit_Breaker ; dcx:feedsPower :R{side} ."
        f" :R{side} a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 5 ; brick:hasUnit unit:KiloW ] . "
        for side in "AB"
    )

    found = run(planned, {"open": "BA"})

    assert found.load == Counts(racks=2, services=0, equipment=0, other=0, it_load_kw=10.0)
    assert found.steps[0].down == found.steps[0].lost == Counts(1, 0, 0, 0, 5.0)
    assert found.steps[0].refused == ("1 loads (5.0 kW) are down; policy allows 0",)


def test_a_tie_closed_before_the_main_opens_loses_nothing() -> None:
    """While both mains and the tie are closed nothing hangs by one thing more; with Main-A open two racks do."""
    found = run(DOUBLE_ENDED, {"close": "Tie"}, {"open": "Main-A"})

    assert found.first_refused is None
    assert found.safe is None
    assert [(done.lost.racks, done.without_redundancy.racks) for done in found.steps] == [(0, 0), (0, 2)]
    assert (found.steps[0].open_switches, found.steps[1].open_switches) == ((), (SITE + "Main-A",))


def test_policy_may_bound_what_is_without_redundancy() -> None:
    """Two racks hang by side B when Main-A is open: the policy allows one. What they hang by is named."""
    found = run(DOUBLE_ENDED, {"close": "Tie"}, {"open": "Main-A"}, without_redundancy_max=1)

    refused = found.first_refused
    assert refused is not None
    assert (refused.step.id, refused.refused) == ("2", ("2 loads are without redundancy; policy allows 1",))
    assert [(r.id, r.outcome.value, r.evidence) for r in found.because] == [
        (SITE + "Rack-A", "NO_REDUNDANCY", (SITE + "Bus-B",)),
        (SITE + "Rack-AB", "NO_REDUNDANCY", (SITE + "Bus-B",)),
    ]
    assert found.safe is not None
    assert (found.safe.steps, found.safe.complete) == ((), True)


def test_a_policy_may_allow_a_loss() -> None:
    """One rack may be down: opening Main-A first is allowed, Main-B as well is not (3 racks)."""
    found = run(DOUBLE_ENDED, {"open": "Main-A"}, {"open": "Main-B"}, load_lost_max=1)

    assert [bool(done.refused) for done in found.steps] == [False, True]


def test_equipment_is_isolated_and_restored_and_what_it_carried_is_back() -> None:
    """Bus-A out takes Rack-A; restored, the rack is back and nothing hangs by one thing more than at the start."""
    found = run(DOUBLE_ENDED, {"isolate": "Bus-A"}, {"note": "clean it"}, {"restore": "Bus-A"})

    assert [(done.lost.racks, done.back.racks, done.down.racks) for done in found.steps] == [(1, 0, 1), (0, 0, 1), (0, 1, 0)]
    assert [done.isolated for done in found.steps] == [(SITE + "Bus-A",), (SITE + "Bus-A",), ()]
    assert [bool(done.refused) for done in found.steps] == [True, False, False]
    assert found.safe is not None
    assert found.safe.steps == ()


def test_a_stated_order_is_kept_by_the_safe_order() -> None:
    """Main-B opens and closes: with the tie open that drops Rack-B, so the tie goes first. After both, nothing is safe."""
    free = run(DOUBLE_ENDED, {"open": "Main-B"}, {"close": "Main-B"}, {"id": "tie", "close": "Tie"})
    bound = run(DOUBLE_ENDED, {"open": "Main-B"}, {"close": "Main-B"}, {"id": "tie", "close": "Tie", "after": [2]})

    assert free.safe is not None
    assert free.safe.steps == ("tie", "1", "2")
    assert bound.safe is not None
    assert (bound.safe.steps, bound.safe.complete) == ((), True)


def test_positions_at_the_start_are_those_that_telemetry_tells() -> None:
    """The tie stands closed already: opening Main-A loses nothing, and closing the tie is told to change nothing."""
    conditions = Conditions(AT, {SITE + "Tie": Position(is_open=False, from_telemetry=True)})
    procedure = procedure_of({"steps": [{"close": SITE + "Tie"}, {"open": SITE + "Main-A"}]})

    found = check(procedure, site(DOUBLE_ENDED), conditions)

    assert found.first_refused is None
    assert found.steps[0].findings == ("urn:site:Tie is closed already",)
    assert [p.position for p in found.basis.positions if p.id == SITE + "Tie"] == ["closed"]


def test_what_plays_no_part_in_supply_is_unknown_or_is_no_switch_is_refused() -> None:
    """No supply hangs on a tenant itself, nor on a room that holds both buses: to isolate it is not to change nothing, it cannot be told. A
    bus is no switch."""
    for named in (":T a dcx:Tenant .", ":T a rec:Room . :Bus-A brick:hasLocation :T . :Bus-B brick:hasLocation :T ."):
        with pytest.raises(ProcedureError, match=r"step '1': urn:site:T plays no part in supply itself.*name what is in it one by one"):
            run(DOUBLE_ENDED + named, {"isolate": "T"})
    with pytest.raises(ProcedureError, match="step '1': urn:site:Bus-A is no switch to open: isolate or restore it"):
        run(DOUBLE_ENDED, {"open": "Bus-A"})
    with pytest.raises(UnknownEntity, match="Nowhere"):
        run(DOUBLE_ENDED, {"isolate": "Nowhere"})


KW = "brick:hasUnit unit:KiloW"


@pytest.mark.parametrize(("kw", "tripped", "overloaded", "down", "refused"), [(8, 0, 0, 0, 0), (10.5, 0, 1, 0, 1), (15, 1, 0, 1, 2)])
def test_a_step_after_which_the_other_side_carries_too_much_is_refused(
    kw: float, tripped: int, overloaded: int, down: int, refused: int
) -> None:
    """Two UPSs of 10 kW share the rack; with qA open pB carries all. 8 kW: it can. 10.5 kW: 105 %, below its curve, above its rating for
    ever. 15 kW: 150 %, it trips and the rack is dark; `impact` of qA says the same."""
    rated = "".join(f":{n} dcx:ratedPower [ brick:value 10 ; {KW} ] ." for n in ("pA", "pB"))
    turtle = f"""
    :uA a dcx:Utility_Feed ; dcx:feedsPower :qA . :uB a dcx:Utility_Feed ; dcx:feedsPower :pB . {rated}
    :qA a brick:Circuit_Breaker ; dcx:feedsPower :pA . :pA a dcx:UPS ; dcx:feedsPower :r . :pB a dcx:UPS ; dcx:feedsPower :r .
    :r a brick:ICT_Rack ; dcx:allocatedPower [ brick:value {kw} ; {KW} ] .
    """
    (done,) = run(turtle, {"open": "qA"}).steps

    assert (len(done.trips), len(done.overloaded), done.down.racks, len(done.refused)) == (tripped, overloaded, down, refused)
    assert done.trips == fail(site(turtle), "qA").trips


def test_a_check_without_ratings_says_that_it_stands_on_supply_alone() -> None:
    """Nothing is rated, so nothing can trip."""
    assert run(DOUBLE_ENDED, {"close": "Tie"}).by_supply_alone == "the model states no rating"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([], "a procedure is a mapping with steps"),
        ({"step": []}, "a procedure has no 'step'; there are: name, policy, steps"),
        ({"steps": "open"}, "steps is no list"),
        ({"steps": []}, "at least one step"),
        ({"steps": ["open A"]}, "step 1 is 'open A'"),
        ({"steps": [{"open": "urn:a", "close": "urn:a"}]}, "step 1 names 2 acts"),
        ({"steps": [{"trip": "urn:a"}]}, "step 1 has no 'trip'"),
        ({"steps": [{"open": 7}]}, "step 1: open takes an IRI or CURIE, not 7"),
        ({"steps": [{"open": "urn:a", "after": "b"}]}, "step '1' comes after 'b', and no step before it has that id"),
        ({"steps": [{"open": "urn:a", "id": "x"}, {"open": "urn:b", "id": "x"}]}, "two steps have the id 'x'"),
        ({"steps": [{"note": "x"}], "policy": {"load_lost_max": -1}}, "policy load_lost_max is -1"),
        ({"steps": [{"note": "x"}], "policy": {"losses": 1}}, "a policy has no 'losses'"),
        ({"steps": [{"note": "x"}] * (STEPS_MAX + 1)}, "201 steps; at most 200"),
    ],
)
def test_a_procedure_that_cannot_be_run_says_what_is_wrong_with_it(said: object, text: str) -> None:
    """Each mistake by its step, its key or its value."""
    with pytest.raises(ProcedureError, match=text):
        procedure_of(said)


@EXAMPLES
@given(plan=SITES, data=st.data())
def test_each_step_costs_what_the_reference_says_and_a_safe_order_is_found_where_there_is_one(plan: Plan, data: st.DataObject) -> None:
    """Random sites and steps. Of each state: what is down, and what hangs by one thing more than at the start, failure by failure. A safe
    order is the first permutation, in the order of the steps, of which no step is refused."""
    graph = loaded(graph_of(plan), data)
    world = _World(plan, graph)
    inside = [n for n in sorted(plan.kinds) if graph.find(SITE + n) is not None]
    fed = Reference(plan).fed
    if not any(v in world.load for v, _ in fed):
        return  # refused: nothing feeds the load
    step = st.sampled_from([(act, n) for n in inside for act in tuple(Act)[:4] if act not in tuple(Act)[:2] or plan.kinds[n] == "switch"])
    drawn = data.draw(st.lists(step, min_size=1, max_size=4))
    most = data.draw(st.none() | st.integers(0, 2))
    steps = tuple(Step(str(i), act, SITE + n) for i, (act, n) in enumerate(drawn))
    procedure = Procedure("random", steps, Policy(without_redundancy_max=most))

    found = check(procedure, graph, NOW)

    told = [({*done.lost_ids}, sizes(done.down), sizes(done.without_redundancy), bool(done.refused)) for done in found.steps]
    assert told == world.walk(steps, most)
    if found.first_refused is not None:
        before = _before(steps)
        orders = [
            order
            for order in permutations(range(len(steps)))
            if not any(before[at] & ~sum(1 << done for done in order[:nth]) for nth, at in enumerate(order))
        ]
        safe = [order for order in orders if not any(refused for *_, refused in world.walk([steps[at] for at in order], most))]
        assert found.safe is not None
        assert found.safe.steps == (tuple(steps[at].id for at in safe[0]) if safe else ())


def sizes(counts: Counts) -> tuple[int, int, int]:
    return counts.racks, counts.services, counts.equipment


class _World:
    """The slow, obvious answer: the reference asked anew for each set of open switches."""

    def __init__(self, plan: Plan, graph: SupplyGraph) -> None:
        self.plan = plan
        columns = (graph.loads.racks, graph.loads.services, graph.loads.equipment)
        racks, services, equipment = ({graph.id(node).removeprefix(SITE) for node in column} for column in columns)
        self.kinds = [racks, services, equipment - racks]
        self.load = set().union(*self.kinds)
        self._references: dict[frozenset[str], Reference] = {}

    def holding(self, opened: frozenset[str], isolated: frozenset[str]) -> set[Pair]:
        if opened not in self._references:
            self._references[opened] = Reference(replace(self.plan, open=set(opened)))
        return {pair for pair in self._references[opened].holding(isolated) if pair[0] in self.load}

    def exposed(self, start: frozenset[str], opened: frozenset[str], isolated: frozenset[str], of: set[Pair]) -> set[Pair]:
        units = [node for node in self.plan.kinds if self.plan.unit(node)]
        return {
            pair
            for x in units
            for pair in of - self.holding(opened, isolated | {x})
            if x != pair[0] and pair in self.holding(start, frozenset({x}))
        }

    def sizes(self, pairs: set[Pair]) -> tuple[int, ...]:
        return tuple(len({node for node, _ in pairs} & kind) for kind in self.kinds)

    def walk(self, steps: Sequence[Step], most: int | None) -> list[tuple[set[str], tuple[int, ...], tuple[int, ...], bool]]:
        """Of each step what it takes down, what is down then, what hangs by one thing more, and whether policy refuses it."""
        operated = {step.of.removeprefix(SITE) for step in steps if step.act in SWITCHING}
        start = opened = frozenset(node for node in self.plan.open if self.plan.kinds[node] == "switch")
        isolated: frozenset[str] = frozenset()
        at_start = self.holding(start, isolated)
        was, was_down, was_exposed = at_start, set[Pair](), set[Pair]()
        rows = []
        for step in steps:
            of = frozenset({step.of.removeprefix(SITE)})
            opened = opened | of if step.act is Act.OPEN else opened - of if step.act is Act.CLOSE else opened
            isolated = isolated | of if step.act is Act.ISOLATE else isolated - of if step.act is Act.RESTORE else isolated
            out = (opened & operated) | isolated
            now = self.holding(opened, isolated)
            lost = {pair[0] for pair in was - now if pair[0] not in out}
            down = {pair for pair in at_start - now if pair[0] not in out}
            exposed = self.exposed(start, opened, isolated, {pair for pair in at_start & now if pair[0] not in out})
            refused = bool(down - was_down)
            refused |= most is not None and len({v for v, _ in exposed}) > most and bool(exposed - was_exposed)
            rows.append(({SITE + node for node in lost}, self.sizes(down), self.sizes(exposed), refused))
            was, was_down, was_exposed = now, down, exposed
        return rows
