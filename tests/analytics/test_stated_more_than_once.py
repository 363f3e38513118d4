"""What is stated more than once, by one source or by several: the safe side counts, in whatever order it is said, and answers say so."""

from __future__ import annotations

import pytest

from analytics.capacity.standing import capacity
from analytics.reuse import carried_over, compiled
from analytics.supply import compile_supply
from graph.changes import ChangeSet
from graph.snapshot import EPOCH
from ontology.namespaces import BRICK
from ontology.terms import QuadBlock
from ontology.validate import validate
from tests.analytics.sites import NOW, SITE, fail, site, snapshot_of, vocabulary
from tests.analytics.test_bad_input import kw
from tests.analytics.test_capacity_cases import rack
from tests.analytics.test_timeline import BATTERY, follow, lost

ONE = ":U a dcx:Utility_Feed ; dcx:feedsPower :A . :A a dcx:UPS ; dcx:feedsPower :R . "
HALF = "urn:site:A states several ratings that differ: the smallest counts, 50 kW"
TWICE = ([kw(50), kw(100)], [kw(100), kw(50)], [kw(50000, "unit:W"), kw(100)], [kw(100), kw(50000, "unit:W")])


@pytest.mark.parametrize("ratings", [*TWICE, ["[ brick:value 100, 50 ; brick:hasUnit unit:KiloW ]"]])
def test_of_several_ratings_the_smallest_counts_in_whatever_order_and_unit(ratings: list[str]) -> None:
    """100 kW and 50 kW: 60 kW are 120 % of the 50 kW that count."""
    said = "".join(f":A dcx:ratedPower {each} . " for each in ratings)
    found = capacity(site(ONE + said + rack("R", 60)), NOW)

    ((rated, part, most),) = [(each.rated_kw, each.part, each.usual_part_max) for each in found.feeders]
    assert (rated, part, most) == (50.0, 1.2, 1.0)
    assert HALF in found.assumed
    assert HALF in fail(site(ONE + said + rack("R", 60)), "U").assumed


@pytest.mark.parametrize(("ratings", "is_told"), [([kw(100), kw(50)], True), ([kw(100), kw(100000, "unit:W")], False)])
def test_ratings_that_differ_are_a_finding_and_the_same_said_twice_is_none(ratings: list[str], is_told: bool) -> None:
    """100 kW and 100,000 W are one rating."""
    snapshot = snapshot_of(ONE + f":A dcx:ratedPower {', '.join(ratings)} .")

    codes = [finding.code for finding in validate(snapshot.block(), vocabulary())]

    assert codes.count("ratings-differ") == int(is_told)
    assert (compile_supply(snapshot, vocabulary()).assumed_about(site(ONE).resolve([SITE + "A"])[1]) != []) is is_told


def test_of_several_draws_the_greatest_counts_in_whatever_order() -> None:
    """20 kW and 60 kW: 60 kW on 100 kW."""
    for draws in (f"{kw(20)}, {kw(60)}", f"{kw(60)}, {kw(20)}"):
        found = capacity(site(ONE + f":A dcx:ratedPower {kw(100)} . :R a brick:ICT_Rack ; dcx:allocatedPower {draws} ."), NOW)

        assert [each.part for each in found.feeders] == [0.6]
        assert "urn:site:R states several draws that differ: 60 kW counts" in found.assumed


def test_a_capacity_required_twice_is_the_greater_one() -> None:
    """Of 30 kW and 60 kW needed 60 are: of two of 50 kW both must be live."""
    two = ":U a dcx:Utility_Feed ; dcx:feedsPower :A, :B . :A a dcx:UPS ; dcx:feedsPower :R . :B a dcx:UPS ; dcx:feedsPower :R . "
    needs = f":R a brick:ICT_Rack ; dcx:requires [ dcx:medium dcx:Power ; dcx:atLeastCapacity {kw(30)}, {kw(60)} ] ."

    assert fail(site(two + f":A dcx:ratedPower {kw(50)} . :B dcx:ratedPower {kw(50)} . " + needs), "A").totals.racks["LOST"] == 1


@pytest.mark.parametrize("seconds", ["90, 600", "600, 90", '"600.0"^^xsd:double, "90.0"^^xsd:double'])
def test_a_battery_that_states_two_times_carries_for_the_shorter_at_least(seconds: str) -> None:
    """90 s and 600 s at any load, as new: the rack is lost after 90 to 600 s; by text 600 would come first."""
    store = f":S a brick:Battery ; dcx:feedsPower :A ; dcx:stateOfHealth 1 ; dcx:peukertExponent 1 ; dcx:ridethroughSeconds {seconds} . "
    answer = follow(ONE + store + ":R a brick:ICT_Rack .", "U")

    assert lost(answer)["R Power"] == (90.0, 600.0)
    assert (
        "urn:site:A: dcx:ridethroughSeconds at urn:site:S is stated more than once: it counts as the range from 90 to 600" in answer.assumed
    )


def test_a_ups_that_states_two_times_carries_for_the_shorter_at_least() -> None:
    """60 s and 600 s at any load, with 0.8 to 1 of its charge and k up to 1.35: 60 * 0.8^1.35 = 44.4 s to 600 s."""
    answer = follow(ONE + ":A dcx:ridethroughSeconds 600, 60 . :R a brick:ICT_Rack .", "U")

    assert lost(answer)["R Power"] == (44.394, 600.0)


def test_of_a_battery_s_two_capacities_each_is_an_end() -> None:
    """100 Ah and 50 Ah, 240 V, eta 0.95, k = 1, 10 kW: 50 * 240 * 0.95 / 10,000 h = 68.4 min, and twice that."""
    more = "dcx:peukertExponent 1 ; dcx:stateOfHealth 1 ; dcx:batteryCapacity [ brick:value 50 ; brick:hasUnit unit:A-HR ]"
    lower, upper = lost(follow(BATTERY.replace("{more}", more), "Utility"))["Rack Power"]

    assert upper is not None
    assert (round(lower, 2), round(upper, 2)) == (4104.0, 8208.0)


def test_a_rating_corrected_beside_another_is_told_as_if_it_were_read_anew() -> None:
    """100 kW and 50 kW; the 50 become 80 kW, which then count: carried over or compiled, the graph says the same."""
    before = snapshot_of(ONE + f":A dcx:ratedPower {kw(100)}, :Q . :Q brick:value 50 ; brick:hasUnit unit:KiloW . " + rack("R", 60))
    (value,) = [quad for quad in before.quads() if quad[0] == SITE + "Q" and quad[1] == BRICK + "value"]
    anew = (*value[:2], value[2].replace('"50"', '"80"'), value[3])
    change = before.exact(ChangeSet(QuadBlock.of([anew]), QuadBlock.of([value])))
    after = before.apply(change, 2, EPOCH)

    kept = carried_over(compiled(before, vocabulary()), after, [change], vocabulary())

    graph = compile_supply(after, vocabulary()) if kept is None else kept.graph
    assert "urn:site:A states several ratings that differ: the smallest counts, 80 kW" in capacity(graph, NOW).assumed


@pytest.mark.parametrize("factors", ["0.5, 0.9", "0.9, 0.5"])
def test_of_several_factors_the_one_that_gives_less_counts(factors: str) -> None:
    """100 kVA at 0.5 are 50 kW, derated by 0.5 they are 25 kW: 20 kW are 80 %."""
    said = f":A dcx:ratedApparentPower {kw(100, 'unit:KiloV-A')} ; dcx:powerFactor {factors} ; dcx:deratingFactor {factors} . "
    found = capacity(site(ONE + said + rack("R", 20)), NOW)

    assert [(each.rated_kw, each.limit_kw, each.part) for each in found.feeders] == [(50.0, 25.0, 0.8)]
    told = "states several dcx:powerFactor that differ: 0.5 counts; states several dcx:deratingFactor that differ: 0.5 counts"
    assert f"urn:site:A {told}" in found.assumed
