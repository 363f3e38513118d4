"""What supplies something and of which nothing says what it is counts as a piece of equipment: tried, named, and said to be assumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.capacity.standing import capacity
from analytics.causes.explain import root_cause
from analytics.causes.sightings import Sightings
from analytics.planning.place import Load, Places, place
from analytics.planning.stranded import stranded
from analytics.posture.lookout import Lookout
from analytics.proofs.prove import concurrently_maintainable, fault_tolerant
from analytics.supply import compile_supply
from analytics.sweeps.points import single_points
from analytics.sweeps.single import n1
from ontology.vocabulary import load_vocabulary
from tests.analytics.sites import NOW, SITE, fail, site, snapshot_of, vocabulary
from tests.analytics.test_capacity_cases import rack, rated

UTILITIES = ":UA a dcx:Utility_Feed ; dcx:feedsPower :PA . :UB a dcx:Utility_Feed ; dcx:feedsPower :PA . "
RACK = ":PA dcx:feedsPower :R1 . :R1 a brick:ICT_Rack ; dcx:feedsPower :S . :S a brick:Server . "
NO_CLASS = UTILITIES + RACK
"""Two utilities, and one thing between them and the only rack: its failure alone takes the rack and its server down."""
ASSUMED = "urn:site:PA counts as a piece of equipment that can fail: it has no class"


@pytest.mark.parametrize("prove", [concurrently_maintainable, fault_tolerant])
def test_no_proof_holds_over_a_thing_without_a_class_that_all_hangs_by(prove: object) -> None:
    """Three are tried: UA, UB and PA. Without either utility the other carries; without PA nothing does."""
    assert callable(prove)
    found = prove(site(NO_CLASS), NOW)

    assert (found.holds, found.main.tried) == (False, {"equipment": 3})
    assert [breach.out.id for breach in found.main.breaches] == [SITE + "PA"]
    assert ASSUMED in found.basis.assumed


def test_a_sweep_tries_it_and_the_rack_hangs_by_it() -> None:
    """Five fail alone: UA, UB, PA, R1 and S. PA takes two supplies down, R1's and S's; the rack hangs by PA and no utility."""
    graph = site(NO_CLASS)
    singles, points = n1(graph, NOW), single_points(graph, NOW)
    posture = Lookout(graph, NOW).posture

    losses = {singles.loss(row).failed[0].id.removeprefix(SITE): singles.loss(row).supplies for row in range(len(singles.units))}
    assert losses == {"PA": 2, "R1": 1, "S": 0, "UA": 0, "UB": 0}
    assert [each.by for each in posture.hanging_by([graph.numbers_of([SITE + "R1"])[0]])] == [(SITE + "PA",)]
    for assumed in (singles.basis.assumed, points.basis.assumed, posture.assumed):
        assert ASSUMED in assumed


def test_it_explains_what_is_seen_down() -> None:
    """R1 and S are down: R1 explains both as PA does, and no utility does."""
    found = root_cause(site(NO_CLASS), NOW, Sightings.of([SITE + "R1", SITE + "S"]))

    assert {tuple(cause.unit.id for cause in each.causes) for each in found.explanations} >= {(SITE + "PA",)}
    assert ASSUMED in found.basis.assumed


def test_what_is_exposed_to_it_says_so() -> None:
    """A rack on PA and PB: with PB out it hangs by PA alone, of which nothing says what it is."""
    two = ":UA a dcx:Utility_Feed ; dcx:feedsPower :PA, :PB . :UB a dcx:Utility_Feed ; dcx:feedsPower :PA, :PB . "
    answer = fail(site(two + ":PA dcx:feedsPower :R1 . :PB a dcx:PDU ; dcx:feedsPower :R1 . :R1 a brick:ICT_Rack ."), "PB")

    assert [(each.outcome.value, each.exposed_to) for each in answer.outcomes] == [("NO_REDUNDANCY", (SITE + "PA",))]
    assert ASSUMED in answer.assumed


def test_a_place_counts_with_its_failure() -> None:
    """A, without a class, has 100 kW and B has 60 kW; R1 draws 30 kW. Without B all is on A: 100 - 30 = 70 kW are left; without A all is on
    B: 60 - 30 = 30 kW are. Were A never tried, B would carry half as things stand: (60 - 15) x 2 = 90 kW, and A's 70 kW would be told."""
    turtle = (
        ":UA a dcx:Utility_Feed ; dcx:feedsPower :A . :UB a dcx:Utility_Feed ; dcx:feedsPower :B ."
        " :A dcx:feedsPower :R1 . :B a dcx:UPS ; dcx:feedsPower :R1 . "
    ) + " ".join((rated("A", 100), rated("B", 60), rack("R1", 30)))
    snapshot = snapshot_of(turtle)
    graph = compile_supply(snapshot, vocabulary())

    found: Places = place(snapshot, vocabulary(), graph, NOW, Load(1, air_kw=0))

    assumed = "urn:site:A counts as a piece of equipment that can fail: it has no class"
    (only,) = found.places
    assert (only.room_kw, only.limited_by, only.limited_after) == (30.0, SITE + "B", SITE + "A")
    assert found.basis.assumed == (assumed,)
    assert assumed in capacity(graph, NOW).assumed
    assert assumed in stranded(snapshot, vocabulary(), graph, NOW).notes


@pytest.mark.parametrize("cls", ["brick:PDU", ":My_PDU"])
def test_a_class_that_is_not_known_says_nothing(cls: str) -> None:
    """brick:PDU is no class of Brick's (dcx:PDU is meant), :My_PDU is nobody's."""
    graph = site(NO_CLASS + f":PA a {cls} , owl:NamedIndividual .")

    named = cls if cls.startswith("brick") else SITE + cls[1:]
    assert graph.taken_for_equipment == (
        f"urn:site:PA counts as a piece of equipment that can fail: nothing says of {named} whether it is one",
    )
    assert not fault_tolerant(graph, NOW).holds


def test_a_class_of_ones_own_counts_unless_it_or_one_above_it_says_otherwise(tmp_path: Path) -> None:
    """Own says nothing; Duct says that it is none; Sofa is known furniture, which is none without a word; Board is a piece of equipment."""
    own = tmp_path / "own.ttl"
    prefixes = "".join(
        f"@prefix {name}: <{iri}> .\n"
        for name, iri in (
            ("owl", "http://www.w3.org/2002/07/owl#"),
            ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
            ("brick", "https://brickschema.org/schema/Brick#"),
            ("rec", "https://w3id.org/rec#"),
            ("dcx", "https://w3id.org/ridethrough/ontology#"),
        )
    )
    own.write_text(
        prefixes + "<urn:site:Own> a owl:Class . <urn:site:Duct> a owl:Class ; dcx:isFailureUnit false ."
        " <urn:site:Sofa> a owl:Class ; rdfs:subClassOf rec:Furniture . <urn:site:Board> a owl:Class ; rdfs:subClassOf brick:Equipment ."
    )
    mine = load_vocabulary(extra=[own])

    def tried(cls: str) -> tuple[bool, bool]:
        """Whether PA is tried, and whether that was assumed."""
        graph = compile_supply(snapshot_of(NO_CLASS + f":PA a :{cls} ."), mine)
        return bool(graph.nodes.failure_unit[graph.numbers_of([SITE + "PA"])[0]]), bool(graph.taken_for_equipment)

    assert {cls: tried(cls) for cls in ("Own", "Duct", "Sofa", "Board")} == {
        "Own": (True, True),
        "Duct": (False, False),
        "Sofa": (False, False),
        "Board": (True, False),
    }


@pytest.mark.parametrize(
    "cls", ["dcx:Power_Connection", "dcx:Outlet", "dcx:Data_Hall", "s223:Junction", "dcx:Redundancy_Group", "rec:Campus"]
)
def test_a_known_class_that_is_no_equipment_stays_so(cls: str) -> None:
    """Two are tried, the utilities: a cable, an outlet, a hall, a junction, a group, a campus fail not by themselves."""
    found = fault_tolerant(site(NO_CLASS + f":PA a {cls} ."), NOW)

    assert found.main.tried == {"equipment": 2}
    assert not any("counts as a piece of equipment" in text for text in found.basis.assumed)


def test_what_supplies_nothing_is_a_connection_or_has_members_is_no_equipment() -> None:
    """Of five things without a class only F supplies and is neither: L is only fed, C connects, G has members, and M is a UPS."""
    graph = site(
        ":UA a dcx:Utility_Feed ; dcx:feedsPower :F, :M, :X . :F dcx:feedsPower :L . :M a dcx:UPS . :X a dcx:UPS ."
        " :G dcx:hasMember :M ; dcx:feedsPower :L . :C s223:connectsFrom :X ; s223:connectsTo :L ."
    )

    assert [text.split()[0] for text in graph.taken_for_equipment] == ["urn:site:F"]
    tried = [iri.removeprefix(SITE) for iri, unit in zip(graph.nodes.ids, graph.nodes.failure_unit, strict=True) if unit]
    assert tried == ["F", "M", "UA", "X"]


def test_of_many_the_first_hundred_are_named() -> None:
    """103 things without a class feed a rack each."""
    graph = site("".join(f":U a dcx:Utility_Feed ; dcx:feedsPower :P{n:03} . :P{n:03} dcx:feedsPower :R{n:03} . " for n in range(103)))

    assert len(graph.taken_for_equipment) == 101
    assert graph.taken_for_equipment[-1] == "and so do 3 more of which nothing says what they are"
