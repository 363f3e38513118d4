"""The generated site: the same for the same seed, valid by our own rules, and redundant as its design says."""

from __future__ import annotations

import io
import time
from collections import Counter, defaultdict

import pytest

from ontology.namespaces import BRICK, DCX, DEMO, RDF, RDFS, REF
from ontology.rdf import write
from ontology.terms import KeyQuad, QuadBlock, is_iri, literal_parts
from ontology.validate import validate
from ontology.vocabulary import Vocabulary
from tests.simulation.conftest import Site, make_site
from twin.demo.plan import DESIGNS, plan_site
from twin.demo.site import generate

RACK = BRICK + "ICT_Rack"


def racks(site: Site, outcome: str, *failed: str, medium: str = "Power") -> set[str]:
    """Racks with this outcome in a medium when these fail, by their short names."""
    found = site.impact(*failed).outcomes
    return {o.id.removeprefix(DEMO + "Rack-") for o in found if o.cls == RACK and o.outcome == outcome and o.medium == DCX + medium}


def lanes(racks_: int, design: str) -> dict[str, tuple[str, ...]]:
    """The lanes of each rack, as planned."""
    return {rack.local: rack.lanes for rack in plan_site(racks_, 1, design).racks}


def serialized(block: QuadBlock) -> bytes:
    out = io.BytesIO()
    write(block, "nquads", out)
    return out.getvalue()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    """Seeds 1, 1 and 2 of a site of 30 racks."""
    assert serialized(generate(30, 1)) == serialized(generate(30, 1))
    assert serialized(generate(30, 1)) != serialized(generate(30, 2))


@pytest.mark.parametrize("design", DESIGNS)
def test_the_site_has_no_findings(vocabulary: Vocabulary, design: str) -> None:
    """Every term is known and current, every shape of Brick and of our own holds."""
    assert validate(generate(40, 1, design), vocabulary) == []


def test_every_named_thing_has_a_label_and_no_fact_is_said_twice() -> None:
    """Labels are what an operator reads and searches."""
    block = generate(40)

    quads: list[KeyQuad] = list(block)

    typed = {s for s, p, _, _ in quads if p == RDF + "type" and is_iri(s)}
    labelled = {s for s, p, _, _ in quads if p == RDFS + "label"}
    assert set() == typed - labelled
    assert len(quads) == len(set(quads))


def test_the_site_says_that_it_is_synthetic() -> None:
    """On the site's own node."""
    comments = [o for s, p, o, _ in generate(8) if s == DEMO + "Site" and p == RDFS + "comment"]

    assert len(comments) == 1
    assert literal_parts(comments[0]).lexical.startswith("Synthetic")


def test_two_hundred_racks_have_some_two_thousand_points_each_with_one_reference_and_no_register_twice() -> None:
    """A Modbus register belongs to one point of one unit of one gateway; unit ids are 1 to 247."""
    facts: dict[str, dict[str, str]] = defaultdict(dict)
    kinds = Counter[str]()
    for s, p, o, _ in generate(200):
        facts[s][p] = o
        if p == REF + "hasExternalReference":
            kinds["point"] += 1
    taken = Counter[tuple[str, str, str, int]]()
    units = set()
    for node in facts.values():
        if node.get(RDF + "type") != DCX + "ModbusReference":
            continue
        first = int(literal_parts(node[DCX + "address"]).lexical)
        words = 2 if "32" in node[DCX + "dataType"] else 1
        units.add(int(literal_parts(node[DCX + "unitId"]).lexical))
        for address in range(first, first + words):
            taken[node[DCX + "gateway"], node[DCX + "unitId"], node[DCX + "function"], address] += 1

    assert 2000 <= kinds["point"] <= 3000
    assert [register for register, count in taken.items() if count > 1] == []
    assert (min(units), max(units) <= 247) == (1, True)


def test_losing_one_ups_of_2n_leaves_every_dual_corded_rack_up_and_without_redundancy(site: Site) -> None:
    """Single-corded racks of that side are lost and name the UPS; those of the other side do not care."""
    by_lanes = lanes(200, "2N")
    dual = {rack for rack, fed in by_lanes.items() if len(fed) == 2}
    single_a = {rack for rack, fed in by_lanes.items() if fed == ("A",)}

    assert single_a
    assert single_a == racks(site, "LOST", "UPS-A")
    assert dual == racks(site, "NO_REDUNDANCY", "UPS-A")
    lost = [o for o in site.impact("UPS-A").outcomes if o.cls == RACK and o.outcome == "LOST"]
    assert {(DEMO + "UPS-A",)} == {o.evidence for o in lost}


def test_losing_both_ups_of_2n_loses_every_rack(site: Site) -> None:
    """Nothing else feeds them: the bypasses are open."""
    assert set(lanes(200, "2N")) == racks(site, "LOST", "UPS-A", "UPS-B")


@pytest.mark.parametrize("medium", ["Power", "AirCooling", "LiquidCooling"])
@pytest.mark.parametrize(
    "failed",
    [
        "Chiller-1",
        "Pump-1",
        "Tower-1",
        "Condenser-Pump-1",
        "CHW-Loop-1",
        "CRAH-H1-01",
        "CDU-H1-1",
        "Utility-A",
        "Generator-1",
        "Mech-Board-A",
        "ATS-Chiller-1",
    ],
)
def test_no_single_loss_in_cooling_or_intake_loses_a_rack(site: Site, failed: str, medium: str) -> None:
    """Every group has its spare, every machine both boards, every transfer switch its generators."""
    assert set() == racks(site, "LOST", failed, medium=medium)


def test_one_chiller_of_n_plus_1_loses_nothing_at_all(site: Site) -> None:
    """Not a rack, not a service, not a machine."""
    assert [o.id for o in site.impact("Chiller-1").outcomes if o.outcome == "LOST"] == []


def test_no_single_loss_of_a_side_takes_cooling_or_network_from_a_dual_corded_rack(site: Site) -> None:
    """UPS-A carries no cooling machine, and every spine has both cords: dual-corded racks keep air, and their switches their uplink."""
    dual = {rack for rack, fed in lanes(200, "2N").items() if len(fed) == 2}

    lost = {(o.id, o.medium) for o in site.impact("Switchgear-A").outcomes if o.outcome == "LOST"}

    assert set() == {rack for rack in dual if (f"{DEMO}Rack-{rack}", DCX + "AirCooling") in lost}
    assert set() == {rack for rack in dual if (f"{DEMO}Switch-{rack}", DCX + "Network") in lost}


def test_losing_one_ups_of_a_distributed_site_spares_the_racks_of_the_other_two(vocabulary: Vocabulary) -> None:
    """Racks hang on pairs: those on A and B or A and C lose their redundancy, those on B and C are unaffected."""
    site, by_lanes = make_site(vocabulary, 60, "distributed"), lanes(60, "distributed")

    assert {rack for rack, fed in by_lanes.items() if len(fed) == 2 and "A" in fed} == racks(site, "NO_REDUNDANCY", "UPS-A")
    assert {rack for rack, fed in by_lanes.items() if fed == ("A",)} == racks(site, "LOST", "UPS-A")


def test_two_cords_that_end_in_one_ups_are_one(vocabulary: Vocabulary) -> None:
    """An N+1 site has one UPS system: it takes every rack, however many cords; one module of it takes none."""
    site = make_site(vocabulary, 60, "N+1")

    assert set(lanes(60, "N+1")) == racks(site, "LOST", "UPS-A")
    assert set() == racks(site, "LOST", "UPS-A-Module-1")


def test_a_site_without_racks_or_of_an_unknown_design_is_refused() -> None:
    """The message names the limit and what to give."""
    with pytest.raises(ValueError, match="give 1 or more"):
        generate(0)
    with pytest.raises(ValueError, match="2N, distributed, N"):
        generate(20, 1, "3N")


def test_a_large_site_is_made_fast() -> None:
    """A thousand racks, some 400,000 facts, well above 50,000 a second even on a busy machine (some 600,000 on an idle one)."""
    begin = time.perf_counter()

    block = generate(1000)

    assert len(block) / (time.perf_counter() - begin) > 50_000
