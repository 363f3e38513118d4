"""What has gone down is a load of the batteries no more: by hand, each docstring shows the sum, and against the slow reference."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from analytics.supply_graph import SupplyGraph
from analytics.time.reserves import Reserves
from analytics.time.table import Kind
from analytics.time.timeline import timeline
from tests.analytics.reference import Reference
from tests.analytics.reference_time import TimeReference, Times
from tests.analytics.sites import NOW, SITE, graph_of
from tests.analytics.test_against_reference import MEDIA, redundant
from tests.analytics.test_countdown import counting, left
from tests.analytics.test_timeline import follow, lost
from tests.analytics.test_timeline_against_reference import HORIZON, found_of, reserves_of, times_of
from tests.support.random_cases import seeded

PAIR = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS, :CDU .
:UPS a dcx:UPS ; dcx:ratedPower [ brick:value 10.0 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :Hot, :Cool .
:String a brick:Battery ; dcx:ridethroughSeconds 600 ; dcx:peukertExponent 1.0 ; dcx:stateOfHealth 1.0 ; brick:isPartOf :UPS .
:Hot a brick:Server ; dcx:allocatedPower [ brick:value 5.0 ; brick:hasUnit unit:KiloW ] .
:Cool a brick:Server ; dcx:allocatedPower [ brick:value 5.0 ; brick:hasUnit unit:KiloW ] .
:CDU a dcx:CDU ; dcx:feedsLiquidCooling :Hot .
"""
"""600 s at 10 kW for two servers of 5 kW; one of them needs the CDU, which is on no UPS, and holds on for 5 to 30 s without it."""


def test_a_server_that_has_gone_down_loads_the_battery_no_more() -> None:
    """10 kW for the 30 s after which the server is down for certain: 5 % of the store. Then 5 kW, 1,200 s in all: 0.95 * 1,200 = 1,140 s
    more, 1,170 s."""
    assert lost(follow(PAIR, "Utility"))["UPS Power"] == (1170.0, 1170.0)


def test_the_countdown_agrees_with_the_timeline_about_it() -> None:
    """1,170 s less what has passed, whether the server was up, perhaps down or down at the look."""
    for passed in (0, 10, 100, 700):
        assert left(counting(PAIR, "Utility", after=passed))["UPS Power"] == (1170.0 - passed, 1170.0 - passed)


def test_a_load_that_may_not_go_down_counts_for_the_lower_bound() -> None:
    """A generator has the CDU back 1 + 10 to 1 + 30 s after the failure: with the better ends the server holds on, 30 s without flow, and
    draws its 5 kW to the end. So 600 s is what is certain, though with the worse ends it is down after 5 s."""
    site = PAIR + ":G a dcx:Generator ; dcx:startTimeSeconds 1 ; dcx:feedsPower :CDU ."

    answer = lost(follow(site, "Utility"))

    assert answer["Hot LiquidCooling"] == (5.0, None)
    assert answer["UPS Power"] == (600.0, 600.0)


def test_a_battery_that_nothing_is_left_to_draw_from_does_not_empty() -> None:
    """Both servers hang on the CDU and are down after 30 s: the UPS carries nothing any more, and its battery stays at 95 %."""
    site = PAIR + ":CDU dcx:feedsLiquidCooling :Cool ."

    answer = follow(site, "Utility")

    assert "UPS Power" not in lost(answer)
    assert lost(answer)["Hot LiquidCooling"] == (5.0, 30.0)


def test_a_load_whose_battery_is_not_known_by_load_still_counts_as_its_rating() -> None:
    """What feeds nothing that states a draw never had a load that could be gone: its rating counts, 600 s."""
    site = PAIR.replace("dcx:allocatedPower", "dcx:priority")

    assert lost(follow(site, "Utility"))["UPS Power"] == (600.0, 600.0)


def test_what_is_planned_for_a_rack_is_no_load_beside_what_the_rack_feeds() -> None:
    """40 kW are planned for the rack, the server behind it (which the model does not mount in it) draws 10: 600 s at 10 kW, not 120 s at
    50. As everywhere else, what is planned counts only where nothing in a rack or behind it says what it draws."""
    site = """
    :Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS . :UPS a dcx:UPS ; dcx:feedsPower :Rack .
    :String a brick:Battery ; dcx:ratedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] ; dcx:ridethroughSeconds 600 ;
        dcx:peukertExponent 1.0 ; dcx:stateOfHealth 1.0 ; brick:isPartOf :UPS .
    :Rack a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 40 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :Server .
    :Server a brick:Server ; dcx:allocatedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] .
    """

    assert lost(follow(site, "Utility"))["UPS Power"] == (600.0, 600.0)


def test_what_is_up_again_is_a_load_again() -> None:
    """The CDU is back 100 + 10 to 100 + 30 s after the failure, the server 60 s after it: 10 kW up to 30 s (with the better ends), 5 kW up
    to 170 s, 10 kW from there: 600 * (1 - 30 / 600 - 140 / 1,200) = 500 s more, 670 s. What may be up counts for the lower bound: 600 s."""
    site = PAIR + (":G a dcx:Generator ; dcx:startTimeSeconds 100 ; dcx:feedsPower :CDU . :Hot dcx:startTimeSeconds 60 .")

    assert lost(follow(site, "Utility"))["UPS Power"] == (600.0, 670.0)


def drained(graph: SupplyGraph, times: Times) -> Reserves:
    """The reserves of a plan, its stores of energy with their seconds at 1 kW, and what its nodes draw."""
    found = reserves_of(graph, times)
    stores, draw = found.stores, np.zeros(len(graph.nodes))
    for name, kw in times.draw.items():
        node = graph.find(SITE + name)
        if node is not None:
            draw[node] = kw
    pairs = zip(stores.node.tolist(), stores.medium.tolist(), strict=True)
    names = [(graph.id(node).removeprefix(SITE), graph.media[medium].rpartition("#")[2]) for node, medium in pairs]
    energy = np.array([name in times.energy for name in names], dtype=np.bool_)
    one = np.where(energy, 1.0, 0.0) * np.ones((2, 1))
    kind = np.where(energy, int(Kind.ENERGY), stores.kind).astype(np.int32)
    return replace(found, power_kw=draw, stores=replace(stores, kind=kind, at_kw=one, exponent=one.copy()))


@seeded(150)
def test_what_batteries_carry_is_shared_out_as_by_the_reference(seeds: range) -> None:
    """For any loads on any site where nothing comes up again: each supply is lost at the same second, as what is down draws nothing."""
    for each in seeds:
        plan, dice = redundant(each), random.Random(each * 19 + 7)
        feeds = {(min(u, v), max(u, v), m) for u, v, m in plan.feeds if u != v}
        plan = replace(plan, feeds=feeds, ties=set(), members=set(), required={}, needs=[])
        stores = times_of(plan, Reference(plan), dice).stores
        energy = {pair for pair in sorted(stores) if pair[1] == "Power" and dice.random() < 0.7}
        times = Times(stores, energy=energy, draw={n: dice.randint(1, 9) for n in sorted(plan.kinds) if dice.random() < 0.6})
        sources = [n for n, kind in sorted(plan.kinds.items()) if kind == "source"]
        failed = frozenset(dice.sample(sources if dice.random() < 0.7 else sorted(plan.kinds), 1))

        answer = timeline(drained(graph_of(plan), times), [SITE + name for name in failed], NOW, HORIZON)

        slow = TimeReference(Reference(plan), times, MEDIA)
        slow.follow(failed, HORIZON)
        expected = {pair: pytest.approx(t) for pair, t in slow.lost.items() if pair[0] not in failed}
        assert {pair: lower for pair, (lower, _) in found_of(answer).items()} == expected, f"seed {each}, failed {sorted(failed)}, {plan}"
        assert all(bound.lower == pytest.approx(bound.upper) for bound in answer.bounds)
