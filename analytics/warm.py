"""Have the kernels ready before the first question: compiled where no cached machine code is found, else read from disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from analytics.capacity.electrical import Curve, Electrical
from analytics.capacity.flow import loads_of
from analytics.capacity.standing import capacity
from analytics.causes.explain import root_cause
from analytics.causes.sightings import Sightings
from analytics.conditions import Conditions
from analytics.impact import impact
from analytics.placement import levels_of
from analytics.planning.availability import exact, simulate
from analytics.planning.fill import fill
from analytics.planning.headroom import room_of
from analytics.planning.stages import Stages
from analytics.posture.change import compare
from analytics.posture.lookout import Lookout
from analytics.procedures.check import check
from analytics.procedures.steps import Act, Procedure, Step
from analytics.proofs.prove import Question, concurrently_maintainable, fault_tolerant
from analytics.proofs.response import Response
from analytics.splice import Fed
from analytics.splice_plant import splice_plants
from analytics.state import plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.cuts import cut_sets
from analytics.sweeps.double import n2
from analytics.sweeps.points import single_points
from analytics.sweeps.proof import chain_of
from analytics.sweeps.single import n1
from analytics.sweeps.units import Units
from analytics.time.countdown import countdown
from analytics.time.present_points import PresentPoints
from analytics.time.readings import Charges
from analytics.time.reserves import Reserves
from analytics.time.timeline import timeline
from graph.current import CurrentValues
from graph.values import Quality, ReadingBatch


def warm() -> None:
    """Ask a site of five nodes every kind of question once, the blast radius first; runs well in a thread.

    Cost: a minute or so at the very first start (`python -m bench failure.warm`), a second at every later one.
    """
    values = CurrentValues({"urn:warm:0": 1.0})
    values.take(ReadingBatch.of([("urn:warm:0", 1.0, 1, 1, Quality.GOOD)]))
    values.sweep(2)
    source = np.array([0, 1, 2, 2, 1, 3], dtype=np.int32)
    target = np.array([2, 3, 3, 4, 4, 2], dtype=np.int32)
    graph = SupplyGraph.from_edges([f"urn:warm:{n}" for n in range(5)], source, target, at_least=1)
    impact(graph, ["urn:warm:0", "urn:warm:1"], Conditions(datetime.fromtimestamp(0, UTC)))
    impact(graph, ["urn:warm:0"], Conditions(datetime.fromtimestamp(0, UTC)))
    dark = dict.fromkeys(("urn:warm:0", "urn:warm:1"), "urn:warm:point")
    impact(graph, ["urn:warm:2"], Conditions(datetime.fromtimestamp(0, UTC), out=dark))
    levels_of(graph)
    _sweeps(graph, Conditions(datetime.fromtimestamp(0, UTC)))
    load = replace(Electrical.plain(5), draw_kw=np.ones(5), limit_kw=np.ones(5), rated_kw=np.full(5, 2.0), one_input=np.ones(5, np.bool_))
    load = replace(load, curve_of=np.zeros(5, np.int32), curves=(Curve(np.array([1.1, 2.0]), np.array([60.0, 1.0])),))
    rated, now = replace(graph, electrical=load), Conditions(datetime.fromtimestamp(0, UTC))
    impact(rated, ["urn:warm:0"], now)
    capacity(rated, now)
    timeline(Reserves.none(rated), ["urn:warm:0"], now)
    countdown(Reserves.none(graph), PresentPoints.none(), lambda _: None, ["urn:warm:0"], now.at, now)
    _planning(graph, rated, now)
    _posture(graph, now)
    _proofs(graph, rated, now)


def _planning(graph: SupplyGraph, rated: SupplyGraph, now: Conditions) -> None:
    state = plant(graph, now)
    chain, units = chain_of(state, np.array(list(state.wiring.pairs_of(3)), dtype=np.int32), 3, graph.nodes.failure_unit)
    exact(chain, np.full(len(units), 0.5), nodes_max=16)
    simulate(chain, np.full(len(units), 0.5), trials=1, seed=1)
    loads = loads_of(rated, plant(rated, now), now)
    if loads is not None:
        room_of(rated, plant(rated, now), loads, loads.power_slot[4:])
        limit = np.full(len(loads.slot_node), 3.0)
        fill(
            plant(rated, now),
            loads,
            Units.of_nodes(rated, np.array([0, 1], dtype=np.int32)),
            loads.power_slot[3:],
            np.full(2, 2.0),
            limit,
            Stages.none(),
        )


def _proofs(graph: SupplyGraph, rated: SupplyGraph, now: Conditions) -> None:
    response = Response(Reserves.none(rated), Charges(np.empty(0), ()))
    fault_tolerant(rated, now, asked=Question(load=["urn:warm:4"]), response=response)
    concurrently_maintainable(graph, now, None, Question(load=["urn:warm:4"]))
    check(Procedure("warm", (Step("1", Act.ISOLATE, "urn:warm:0"),)), graph, now, load=["urn:warm:4"])


def _posture(graph: SupplyGraph, now: Conditions) -> None:
    lookout = Lookout(graph, now)
    before = lookout.posture
    after = lookout.renew(replace(now, out={"urn:warm:2": "urn:warm:point"}))
    compare(before, after)
    after.to_json()
    lookout.renew(now)


def _sweeps(graph: SupplyGraph, now: Conditions) -> None:
    n1(graph, now)
    n2(graph, now, Units.equipment(graph))
    cut_sets(graph, now, "urn:warm:4")
    for way in (True, False):
        single_points(graph, now, dominators=way)
    rows = np.arange(3, dtype=np.int32)
    tree = SupplyGraph.from_edges(
        [f"urn:warm:{n}" for n in range(6)], np.append(rows, rows[:2]), np.append(rows, rows[:2] + 2) + 1, at_least=1
    )
    n1(tree, now)
    single_points(tree, now)
    rows = np.flatnonzero(tree.requirements.node == 3).astype(np.int32)
    feeders, one = np.arange(3, dtype=np.int32), np.ones(1, np.int32)
    splice_plants(tree, replace(tree), [Fed(3, feeders, np.zeros(3, np.int32), rows, one, (feeders,))])
    root_cause(tree, now, Sightings.of(["urn:warm:2", "urn:warm:3"], ["urn:warm:4"]))


if __name__ == "__main__":
    warm()
