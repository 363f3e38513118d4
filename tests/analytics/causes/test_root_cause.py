"""Root cause by hand: what is seen, which sets of causes explain it, and the sums of their scores."""

from __future__ import annotations

from itertools import pairwise

import pytest

from analytics.causes.explain import RootCause, root_cause
from analytics.causes.priors import priors_of
from analytics.causes.sightings import ITSELF, Sighting, Sightings
from analytics.conditions import Conditions, Position
from analytics.supply import compile_supply
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.units import units_of
from graph.errors import UnknownEntity
from ontology.media import AIR_COOLING, POWER
from tests.analytics.sites import AT, NOW, SITE, TWO_SIDES, site, snapshot_of, vocabulary

HALL = (
    ":U a dcx:Utility_Feed ; dcx:feedsPower :UPS-A, :UPS-B .\n"
    ":UPS-A a dcx:UPS ; dcx:feedsPower :PDU-1, :PDU-2 . :UPS-B a dcx:UPS ; dcx:feedsPower :PDU-3, :PDU-4 .\n"
    + "".join(f":PDU-{n} a dcx:PDU ; dcx:feedsPower {', '.join(f':R{n}{k}' for k in range(1, 5))} .\n" for n in range(1, 5))
    + "".join(f":R{n}{k} a brick:ICT_Rack .\n" for n in range(1, 5) for k in range(1, 5))
)
"""One utility, two UPSs, two PDUs each, four single-corded racks each: R11 to R14 on PDU-1, and so on."""
EVERY_RACK = {f"R{n}{k}" for n in range(1, 5) for k in range(1, 5)}


def seen(down: str, up: str = "", unknown: str = "") -> Sightings:
    return Sightings.of(*([SITE + name for name in names.split()] for names in (down, up, unknown)))


def causes(found: RootCause) -> list[str]:
    return [" ".join(cause.unit.id.removeprefix(SITE) for cause in each.causes) for each in found.explanations]


def asked(graph: SupplyGraph, down: str, up: str = "", unknown: str = "", conditions: Conditions = NOW, order: int = 2) -> RootCause:
    return root_cause(graph, conditions, seen(down, up, unknown), order=order)


def others(*down: str) -> str:
    return " ".join(sorted(EVERY_RACK - set(down)))


def test_the_racks_of_one_pdu_have_that_pdu_as_their_cause() -> None:
    """Four down, twelve up. PDU-1 explains all and contradicts nothing: its score is the cost of one cause of four seen down,
    log2(4) / 2 = 1. UPS-A explains all, too, and contradicts the four of PDU-2: 4 + 1 = 5. One rack leaves three open: 3 + 1 = 4."""
    down = ("R11", "R12", "R13", "R14")

    found = asked(site(HALL), " ".join(down), others(*down))

    assert causes(found)[0] == "PDU-1"
    first = found.explanations[0]
    assert (first.score, first.explains, first.unexplained, first.contradicts) == (1, tuple(SITE + name for name in down), (), ())
    assert {name: each.score for name, each in zip(causes(found), found.explanations, strict=True)} == {"PDU-1": 1, "R11": 4, "R12": 4}


def test_where_nothing_is_seen_up_what_reaches_further_explains_as_much() -> None:
    """Four racks down, nothing said of the others: the PDU, its UPS and the utility explain all alike, 1 each. That which takes down less
    comes first, and the answer says what is missing. With priors the UPS, of which 42 of 100 outages are, comes before the PDU with 11."""
    snapshot = snapshot_of(HALL)
    graph = compile_supply(snapshot, vocabulary())
    storm = seen("R11 R12 R13 R14")

    plain = root_cause(graph, NOW, storm)
    by_class = root_cause(graph, NOW, storm, priors=priors_of(snapshot, vocabulary(), graph))

    assert [each.score for each in plain.explanations] == [1, 1, 1]
    assert (causes(plain), causes(by_class)) == (["PDU-1", "UPS-A", "U"], ["UPS-A", "PDU-1", "U"])
    assert [cause.prior for each in by_class.explanations for cause in each.causes] == [42, 11, None]
    assert any(text.startswith("nothing is seen up") for text in plain.basis.assumed)
    assert "no failure prior is stated for Utility_Feed: 5.5 % counts, half of the rarest stated" in by_class.basis.assumed


def test_of_many_pairs_alike_the_most_usual_comes_first_whatever_they_are_called() -> None:
    """Four racks of two cords, each side a chain of 20 breakers that ends in a UPS; nothing is seen up. Four seen down: a cause costs
    log2(4) / 2 = 1, so each of the 21 x 21 pairs of one thing a side scores 2. A UPS is a cause of 42 of 100 outages, a breaker, of which
    nobody says anything, counts half of the rarest stated: the two UPSs come first, though their ids come last or first."""

    def chains(ups: str) -> str:
        sides = [[f":{side}{n:02}" for n in range(20)] for side in "AB"]
        turtle = ":R1 a brick:ICT_Rack . :R2 a brick:ICT_Rack . :R3 a brick:ICT_Rack . :R4 a brick:ICT_Rack ."
        for side in sides:
            top = f":{ups}{side[0][1]}"
            turtle += f"{top} a dcx:UPS ; dcx:isSource true . {side[-1]} dcx:feedsPower :R1, :R2, :R3, :R4 ."
            turtle += "".join(f"{u} dcx:feedsPower {v} . {v} a brick:Circuit_Breaker ." for u, v in pairwise([top, *side]))
        return turtle

    for ups in ("UPS-", "0-"):
        snapshot = snapshot_of(chains(ups))
        graph = compile_supply(snapshot, vocabulary())

        found = root_cause(graph, NOW, seen("R1 R2 R3 R4"), priors=priors_of(snapshot, vocabulary(), graph))

        assert causes(found)[0] == f"{ups}A {ups}B"
        assert [each.score for each in found.explanations] == [2, 2, 2]


def test_of_many_causes_alike_without_a_prior_that_which_takes_down_least_comes_first() -> None:
    """A rack behind a chain of 40 breakers, and no prior is stated: each of them explains it, 0.9. The rack itself takes no supply down but
    fails, the breaker before it takes down that of the rack, the one before that two; by ids the first of the chain would come first."""
    chain = [f":Q{n:02}" for n in range(40)]
    turtle = ":U a dcx:Utility_Feed . :Z a brick:ICT_Rack ." + "".join(f"{v} a brick:Circuit_Breaker ." for v in chain)
    turtle += "".join(f"{u} dcx:feedsPower {v} ." for u, v in pairwise([":U", *chain, ":Z"]))

    found = asked(site(turtle), "Z")

    assert causes(found) == ["Z", "Q39", "Q38"]
    assert [each.supplies for each in found.explanations] == [0, 1, 2]


def test_a_sensor_that_lies_does_not_overturn_an_explanation() -> None:
    """Eight down behind UPS-A, but one of them is said to be up, and R31 is said to be down. Nine alarms, so a cause costs
    log2(8) / 2 = 1.5: UPS-A leaves R31 open and contradicts R12, 1 + 1 + 1.5 = 3.5. Beside R31 as a second cause: 1 + 3 = 4."""
    down = ("R11", "R13", "R14", "R21", "R22", "R23", "R24", "R31")

    found = asked(site(HALL), " ".join(down), others(*down))

    assert causes(found)[:2] == ["UPS-A", "R31 UPS-A"]
    assert [each.score for each in found.explanations[:2]] == [3.5, 4]
    assert (found.explanations[0].unexplained, found.explanations[0].contradicts) == ((SITE + "R31",), (SITE + "R12",))


def test_silent_sensors_say_nothing() -> None:
    """Of PDU-1's racks one is down and three are silent, of PDU-2's all are up: PDU-1 explains as much as R11 alone, and contradicts
    nothing; that three silent ones would be down is told. Of the two that which takes down less comes first."""
    found = asked(site(HALL), "R11", "R21 R22 R23 R24", "R12 R13 R14")

    assert causes(found) == ["R11", "PDU-1", "UPS-A"]
    assert [each.score for each in found.explanations] == [0.9, 0.9, 4.9]
    assert found.explanations[1].unknown == tuple(SITE + name for name in ("R12", "R13", "R14"))
    assert found.unknown == found.explanations[1].unknown


def test_two_alarms_far_apart_have_two_causes() -> None:
    """R11 and R41 down, their neighbours up: each has failed by itself, 2 x 0.9 = 1.8. One of them leaves the other open: 1 + 0.9 = 1.9;
    the utility explains both and contradicts 14: 14.9."""
    found = asked(site(HALL), "R11 R41", others("R11", "R41"))

    assert [(name, each.score) for name, each in zip(causes(found), found.explanations, strict=True)] == [
        ("R11 R41", 1.8),
        ("R11", 1.9),
        ("R41", 1.9),
    ]


def test_two_failures_are_found_where_none_of_them_does_anything_alone() -> None:
    """A rack of two cords is down, and the utility feeds are seen up: both UPSs, or the rack itself. With a second such rack down and a
    single-corded one beside it, no rack explains it all: 2 x log2(3) / 2 = 1.58, rounded up to 2 x 0.9 = 1.8."""
    graph = site(TWO_SIDES + ":UPS-A dcx:feedsPower :Dual-2 . :UPS-B dcx:feedsPower :Dual-2 . :Dual-2 a brick:ICT_Rack .")

    found = asked(graph, "Dual Dual-2 Single", "Utility-A Utility-B")

    assert causes(found) == ["UPS-A UPS-B", "Dual Dual-2", "Dual Single"]
    assert [each.score for each in found.explanations] == [1.8, 2.8, 2.8]


def test_an_open_breaker_is_a_cause_that_is_known() -> None:
    """Telemetry has the breaker of R11 and R12 open. They are down because of it: a known cause costs 0.1. A breaker open elsewhere has
    no part in it, and is told among the open ones."""
    graph = site(
        ":U a dcx:Utility_Feed ; dcx:feedsPower :B1, :B2 . :B1 a brick:Circuit_Breaker ; dcx:feedsPower :R11, :R12 ."
        ":B2 a brick:Circuit_Breaker ; dcx:feedsPower :R21 . :R11 a brick:ICT_Rack . :R12 a brick:ICT_Rack . :R21 a brick:ICT_Rack ."
    )
    stands = Conditions(AT, {SITE + name: Position(is_open=True, from_telemetry=True) for name in ("B1", "B2")})

    found = asked(graph, "R11 R12", conditions=stands)

    assert causes(found)[0] == "B1"
    assert found.explanations[0].causes[0].known
    assert found.explanations[0].score == 0.1
    assert found.opened == (SITE + "B1", SITE + "B2")


def test_an_open_breaker_that_everything_speaks_against_is_not_believed() -> None:
    """It says that it is open, yet two of the three racks behind it are up: the third has failed by itself."""
    graph = site(
        ":U a dcx:Utility_Feed ; dcx:feedsPower :B1 . :B1 a brick:Circuit_Breaker ; dcx:feedsPower :R11, :R12, :R13 ."
        ":R11 a brick:ICT_Rack . :R12 a brick:ICT_Rack . :R13 a brick:ICT_Rack ."
    )
    stands = Conditions(AT, {SITE + "B1": Position(is_open=True, from_telemetry=True)})

    found = asked(graph, "R11", "R12 R13", conditions=stands)

    assert causes(found)[0] == "R11"


def test_an_open_breaker_and_a_failure_on_the_other_side_together_explain_a_dark_rack() -> None:
    """The breaker of side A is open for work; now UPS-B fails and what hangs on both is dark. One cause is known, the other is found."""
    graph = site(
        ":A a dcx:Utility_Feed ; dcx:feedsPower :BA . :BA a brick:Circuit_Breaker ; dcx:feedsPower :R1, :R2 ."
        ":B a dcx:Utility_Feed ; dcx:feedsPower :UPS-B . :UPS-B a dcx:UPS ; dcx:feedsPower :R1, :R2, :R3 ."
        ":R1 a brick:ICT_Rack . :R2 a brick:ICT_Rack . :R3 a brick:ICT_Rack ."
    )
    stands = Conditions(AT, {SITE + "BA": Position(is_open=True, from_telemetry=True)})

    found = asked(graph, "R1 R2 R3", "B", conditions=stands, order=1)

    assert causes(found)[0] == "BA UPS-B"
    assert [cause.known for cause in found.explanations[0].causes] == [True, False]


def test_a_reading_speaks_of_its_own_medium() -> None:
    """The air of a rack is too hot while its meter shows power: the air handler, not the UPS."""
    graph = site(
        ":U a dcx:Utility_Feed ; dcx:feedsPower :UPS . :UPS a dcx:UPS ; dcx:feedsPower :R . :R a brick:ICT_Rack ."
        ":W a dcx:CDU ; dcx:isSource true ; dcx:feedsAirCooling :H . :H a brick:AHU ; dcx:feedsAirCooling :R ."
    )
    told = (Sighting(SITE + "R", True, (AIR_COOLING,)), Sighting(SITE + "R", False, (POWER,)), Sighting(SITE + "W", False))

    found = root_cause(graph, NOW, Sightings(told))

    assert causes(found)[0] == "H"
    assert "UPS" not in causes(found)


def test_what_a_battery_carries_says_nothing_about_the_supply_behind_it() -> None:
    """The UPS runs on its battery: its supply is gone, though the racks behind it are up."""
    graph = site(":U a dcx:Utility_Feed ; dcx:feedsPower :UPS . :UPS a dcx:UPS ; dcx:feedsPower :R . :R a brick:ICT_Rack .")
    told = (Sighting(SITE + "R", False), Sighting(SITE + "UPS", True, (POWER,), itself=False))

    found = root_cause(graph, NOW, Sightings(told, carried=(SITE + "UPS",)))

    assert causes(found) == ["U"]
    assert "1 that are seen up say nothing: stored energy may carry them" in found.basis.assumed


def test_what_the_model_has_dark_is_told_apart() -> None:
    """A rack behind a switch that stands open by design is down without any failure; one outside of supply says nothing."""
    graph = site(
        ":U a dcx:Utility_Feed ; dcx:feedsPower :T . :T a dcx:Tie_Breaker ; dcx:feedsPower :R . :R a brick:ICT_Rack ."
        ":P a brick:ICT_Rack . :U dcx:feedsPower :P ."
    )

    found = asked(graph, "R P", "T")

    assert (found.before, found.down) == ((SITE + "R",), (SITE + "P",))
    assert causes(found) == ["P", "U"]


def test_a_breaker_seen_closed_has_not_opened() -> None:
    """Its position speaks of itself alone, not of what feeds it."""
    graph = site(":U a dcx:Utility_Feed ; dcx:feedsPower :B . :B a brick:Circuit_Breaker ; dcx:feedsPower :R . :R a brick:ICT_Rack .")

    found = root_cause(graph, NOW, Sightings((Sighting(SITE + "R", True), Sighting(SITE + "B", False, ITSELF))))

    assert causes(found) == ["R", "U", "B"]
    assert [len(each.contradicts) for each in found.explanations] == [0, 0, 1]


def test_a_room_may_be_one_cause() -> None:
    """Eight racks are dark, four behind each of two UPSs of one room. As equipment that is two causes, 2 x 1.5; as the room it is one."""
    turtle = (
        HALL.replace(":UPS-B a dcx:UPS ;", ":UPS-B a dcx:UPS ; brick:hasLocation :Cellar ;").replace(
            ":UPS-A a dcx:UPS ;", ":UPS-A a dcx:UPS ; brick:hasLocation :Cellar ;"
        )
        + ":Cellar a rec:Room . :U dcx:feedsPower :V . :V a brick:ICT_Rack ."
    )
    snapshot = snapshot_of(turtle)
    graph = compile_supply(snapshot, vocabulary())
    storm = seen(" ".join(sorted(EVERY_RACK)[:4] + sorted(EVERY_RACK)[-4:]), "U V")

    alone = root_cause(graph, NOW, storm)
    rooms = root_cause(graph, NOW, storm, units=units_of(snapshot, vocabulary(), graph))

    assert (causes(alone)[0], alone.explanations[0].score) == ("PDU-1 PDU-4", 3)
    assert "Cellar" in causes(rooms)
    assert rooms.explanations[causes(rooms).index("Cellar")].score == 1.5


def test_bad_questions_are_refused_and_doubtful_ones_answered() -> None:
    """An id that nobody knows, an order out of range; one thing said to be down and up; nothing seen down at all."""
    graph = site(HALL)

    with pytest.raises(UnknownEntity, match="Nobody"):
        asked(graph, "Nobody")
    with pytest.raises(ValueError, match="give 1 to 4"):
        asked(graph, "R11", order=5)
    assert asked(graph, "R11", "R11").unknown == (SITE + "R11",)
    assert asked(graph, "", "R11 R12").explanations == ()
