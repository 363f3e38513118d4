"""What follows from ground facts: equal to a slow fixed point over the ontologies themselves, never stored, and each with its reasons."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.changes import ChangeSet
from graph.inferred import INFERRED_GRAPH, Derived, Inferred
from graph.snapshot import EPOCH, Snapshot
from ontology.namespaces import BRICK, DCX, OWL, PREFIXES, RDF, RDFS, REC, S223, SKOS, compact
from ontology.rdf import read, read_stream
from ontology.terms import KeyQuad, QuadBlock, is_literal
from ontology.vocabulary import load_vocabulary, ontology_files

VOCABULARY = load_vocabulary()
MODELS = Path(__file__).parents[2].parent / "shared" / "data" / "models"
HEAD = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items()) + "@prefix : <urn:x:> .\n"
TYPE, ABOVE = RDF + "type", RDFS + "subClassOf"
Triple = tuple[str, str, str]


def model(text: str) -> QuadBlock:
    return read_stream(io.BytesIO((HEAD + text).encode()), name="model.ttl", format="turtle", source="x")


def snapshot(text: str) -> Snapshot:
    return Snapshot.of(model(text))


def shown(facts: list[Derived]) -> set[Triple]:
    return {(compact(s).removeprefix("urn:x:"), compact(p), compact(o).removeprefix("urn:x:")) for s, p, o, _ in (f.quad for f in facts)}


# -- The slow truth: forward chaining over the triples of the ontologies, one rule at a time, until nothing is new --


@cache
def axioms() -> dict[str, set[tuple[str, str]]]:
    """The schema triples of all ontology files, by what they say; read here anew, not through the vocabulary."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    wanted = {
        ABOVE: "class",
        RDFS + "subPropertyOf": "property",
        OWL + "inverseOf": "inverse",
        S223 + "inverseOf": "inverse",
        BRICK + "isReplacedBy": "replaced",
    }
    same = {OWL + "equivalentClass": "class", OWL + "equivalentProperty": "property"}
    symmetric = {OWL + "SymmetricProperty", S223 + "SymmetricRelation"}
    classes = {OWL + "Class", RDFS + "Class", S223 + "Class", S223 + "AbstractClass"}
    for _, path in ontology_files():
        for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE):
            s, p, o = quad.subject, quad.predicate.value, quad.object
            if not isinstance(s, ox.NamedNode) or not isinstance(o, ox.NamedNode):
                continue
            if p in wanted:
                found[wanted[p]].add((s.value, o.value))
            if p in same:
                found[same[p]] |= {(s.value, o.value), (o.value, s.value)}
            if p == TYPE and o.value in symmetric:
                found["symmetric"].add((s.value, s.value))
            if p == ABOVE or (p == TYPE and o.value in classes):
                found["is a class"].add((s.value, ""))
    found["inverse"] |= {(b, a) for a, b in found["inverse"]}
    found["class"] |= {(a, b) for a, b in found["replaced"] if (a, "") in found["is a class"]}
    return found


def fixed_point(ground: set[Triple]) -> set[Triple]:
    """All that follows from ground triples by single facts, and is not among them. Joins are not made here."""
    by: dict[str, dict[str, set[str]]] = {name: defaultdict(set) for name in ("class", "property", "inverse", "symmetric")}
    for name, table in by.items():
        for a, b in axioms()[name]:
            table[a].add(b)
    known, new = set(ground), set(ground)
    while new:
        found: set[Triple] = set()
        for s, p, o in new:
            found |= {(s, q, o) for q in by["property"][p]}
            if p == TYPE:
                found |= {(s, TYPE, above) for above in by["class"][o]}
            elif not is_literal(o):
                found |= {(o, q, s) for q in by["inverse"][p]}
                found |= {(o, p, s) for _ in by["symmetric"][p]}
        new = found - known
        known |= new
    meta = (OWL, RDFS, SKOS, PREFIXES["sh"], BRICK + "Class")
    return {(s, p, o) for s, p, o in known - ground if not (p == TYPE and o.startswith(meta))}


def follows(block: QuadBlock, joined: set[Triple] | None = None) -> set[Triple]:
    ground = {(s, p, o) for s, p, o, _ in block}
    return fixed_point(ground | (joined or set())) | ((joined or set()) - ground)


def everything(twin: Snapshot) -> set[Triple]:
    """All inferred facts; both ways of asking for them must agree, and each fact's reasons must be ground."""
    inferred = Inferred(twin, VOCABULARY)
    quads = list(inferred.quads())
    facts = list(inferred.facts())
    ground = set(twin.quads())
    assert sorted(quads) == sorted(fact.quad for fact in facts)
    assert len(quads) == len(set(quads))
    assert {g for *_, g in quads} <= {INFERRED_GRAPH}
    assert all(fact.because and set(fact.because) <= ground for fact in facts)
    return {(s, p, o) for s, p, o, _ in quads}


# -- Rules by hand --


def test_an_inverse_a_super_property_and_both_together_follow() -> None:
    """What is mounted in a rack is part of it, and the rack has it as a part; in RealEstateCore's words, too, where Brick says so."""
    facts = Inferred(twin := snapshot(":s dcx:mountedIn :r ."), VOCABULARY)

    assert shown(facts.about(twin.need("urn:x:s"))) == {("s", "brick:isPartOf", "r")}
    assert shown(facts.about(twin.need("urn:x:r"))) == {("r", "brick:hasPart", "s")}
    assert shown(facts.toward(twin.need("urn:x:s"))) == {("r", "brick:hasPart", "s")}


def test_each_inferred_fact_names_the_ground_fact_that_it_follows_from() -> None:
    """A feed of power is a feed, and what is fed is fed by it."""
    twin = snapshot(":u dcx:feedsPower :r .")

    facts = Inferred(twin, VOCABULARY).about(twin.need("urn:x:r"))

    ground = ("urn:x:u", DCX + "feedsPower", "urn:x:r", "urn:ridethrough:source:x")
    assert facts == [
        Derived(("urn:x:r", BRICK + "isFedBy", "urn:x:u", INFERRED_GRAPH), (ground,)),
        Derived(("urn:x:r", REC + "isFedBy", "urn:x:u", INFERRED_GRAPH), (ground,)),
    ]


def test_what_is_ground_is_inferred_no_more() -> None:
    """Said and inferred exclude each other, whichever graph says it."""
    twin = snapshot(":u dcx:feedsPower :r ; brick:feeds :r . :r brick:isFedBy :u .")

    assert shown(list(Inferred(twin, VOCABULARY).facts())) == {("u", "rec:feeds", "r"), ("r", "rec:isFedBy", "u")}


def test_classes_follow_to_the_top_and_what_replaces_a_deprecated_one() -> None:
    """Brick 1.5 says that a server room is now called a data server room; the classes of OWL tell nothing."""
    twin = snapshot(":h a brick:Server_Room .")

    types = Inferred(twin, VOCABULARY).types(twin.need("urn:x:h"))

    assert {REC + "DataServerRoom", REC + "Room", BRICK + "Room"} <= set(types)
    assert not any(t.startswith((OWL, RDFS)) or t == BRICK + "Server_Room" for t in types)


def test_a_literal_has_no_inverse() -> None:
    """`brick:value` is RealEstateCore's value, too; nothing is said of the number."""
    twin = snapshot(":q brick:value 3 .")

    assert {p for _, p, _ in everything(twin)} == {REC + "value", PREFIXES["qudt"] + "value"}


def test_the_pairs_of_a_property_are_the_ground_ones_and_the_inferred() -> None:
    """Who feeds whom, however it was said."""
    twin = snapshot(":a brick:feeds :b . :c brick:isFedBy :b . :c dcx:feedsPower :d . :a rec:feeds :c .")

    subjects, objects = Inferred(twin, VOCABULARY).pairs(BRICK + "feeds")

    pairs = {(twin.key(s)[-1], twin.key(o)[-1]) for s, o in zip(subjects.tolist(), objects.tolist(), strict=True)}
    assert pairs == {("a", "b"), ("b", "c"), ("c", "d"), ("a", "c")}


def test_the_instances_of_a_class_are_found_below_it_and_by_its_old_name() -> None:
    """A hall is a data server room; so is what an older Brick calls a server room."""
    twin = snapshot(":h a dcx:Data_Hall . :s a brick:Server_Room . :o a rec:Office .")

    found = Inferred(twin, VOCABULARY).instances(REC + "DataServerRoom")

    assert {twin.key(n) for n in found.tolist()} == {"urn:x:h", "urn:x:s"}


def test_types_are_not_listed_as_pairs() -> None:
    """Inferred classes need no number in the twin; the refusal says what to ask instead."""
    with pytest.raises(ValueError, match=r"Inferred\.types"):
        Inferred(snapshot(":a a dcx:UPS ."), VOCABULARY).pairs(TYPE)


# -- 223P connections --

PORTS = """:ups s223:hasConnectionPoint :out . :out a s223:OutletConnectionPoint .
    :pdu s223:hasConnectionPoint :in . :in a s223:InletConnectionPoint ."""


@pytest.mark.parametrize(
    ("text", "feeds"),
    [
        (":c s223:connectsFrom :ups ; s223:connectsTo :pdu .", "brick:feeds"),
        (PORTS + ":c s223:connectsAt :out, :in .", "brick:feeds"),
        (PORTS + ":out s223:connectsThrough :c . :in s223:connectsThrough :c .", "brick:feeds"),
        (PORTS + ":c a s223:Conductor ; s223:cnx :out, :in .", "brick:feeds"),
        (PORTS + ":c s223:connectsAt :out, :in ; s223:hasMedium s223:AC-480VLL-3Ph-60Hz .", "dcx:feedsPower"),
        (PORTS + ":c s223:connectsAt :out, :in . :out s223:hasMedium s223:Water-ChilledWater .", "dcx:feedsLiquidCooling"),
        (PORTS + ":c s223:connectsAt :out, :in ; s223:hasMedium s223:Signal-FiberEthernet .", "dcx:feedsNetwork"),
        (PORTS + ":c s223:connectsAt :out, :in ; s223:hasMedium s223:Fluid-Air .", "brick:feeds"),
        (PORTS.replace("hasConnectionPoint", "cnx") + ":c a s223:Conductor ; s223:cnx :out, :in .", "brick:feeds"),
    ],
)
def test_a_connection_of_223p_feeds(text: str, feeds: str) -> None:
    """By its ends, by its points, or by `cnx`; in the medium where that settles what is fed. Air and water may heat, too."""
    twin = snapshot(text)
    inferred = Inferred(twin, VOCABULARY)

    found = {(compact(s)[-3:], compact(p), compact(o)[-3:]) for s, p, o in everything(twin) if "feeds" in p and "rec" not in p}

    assert found == {("ups", "brick:feeds", "pdu"), ("ups", feeds, "pdu")}
    assert ("pdu", "brick:isFedBy", "ups") in shown(inferred.about(twin.need("urn:x:pdu")))


def test_a_feed_through_a_connection_names_all_that_it_follows_from() -> None:
    """Both ports, both joints, the kinds of the ports, and the medium."""
    twin = snapshot(PORTS + ":c s223:connectsAt :out, :in ; s223:hasMedium s223:Electricity-DC .")

    (fact,) = [f for f in Inferred(twin, VOCABULARY).about(twin.need("urn:x:ups")) if f.quad[1] == DCX + "feedsPower"]

    assert {(compact(s)[6:], compact(p), compact(o).removeprefix("urn:x:")) for s, p, o, _ in fact.because} == {
        ("ups", "s223:hasConnectionPoint", "out"),
        ("pdu", "s223:hasConnectionPoint", "in"),
        ("c", "s223:connectsAt", "out"),
        ("c", "s223:connectsAt", "in"),
        ("out", "rdf:type", "s223:OutletConnectionPoint"),
        ("in", "rdf:type", "s223:InletConnectionPoint"),
        ("c", "s223:hasMedium", "s223:Electricity-DC"),
    }


def test_what_can_flow_either_way_feeds_nothing() -> None:
    """`brick:feeds` has one direction; a pipe between two bidirectional points has none."""
    text = PORTS.replace("OutletC", "BidirectionalC").replace("InletC", "BidirectionalC") + ":c s223:connectsAt :out, :in ."

    assert not any("eeds" in p for _, p, _ in everything(snapshot(text)))


# -- Equal to the slow truth --

NODES = [f"urn:x:n{number}" for number in range(6)]
PROPERTIES = [
    *(BRICK + name for name in ("feeds", "isFedBy", "hasPart", "isPartOf", "hasPoint", "hasLocation", "meters", "hasSubMeter", "value")),
    *(DCX + name for name in ("feedsPower", "mountedIn", "hasMember", "requires")),
    *(REC + name for name in ("feeds", "isPartOf", "includes", "locatedIn")),
    *(S223 + name for name in ("connectedTo", "pairedConnectionPoint", "connected", "isConnectionPointOf")),
    "urn:x:unknown",
]
CLASSES = [
    *(BRICK + name for name in ("CRAH", "Server_Room", "AHU", "Equipment", "Discharge_Fan")),
    *(DCX + name for name in ("UPS", "Data_Hall")),
    REC + "Room",
    "urn:x:Own",
]
GRAPHS = ["urn:g:1", "urn:g:2"]
OBJECTS = st.one_of(st.sampled_from(NODES), st.sampled_from(['"1"', '"a"@en']))
STATEMENT = st.one_of(
    st.tuples(st.sampled_from(NODES), st.sampled_from(PROPERTIES), OBJECTS, st.sampled_from(GRAPHS)),
    st.tuples(st.sampled_from(NODES), st.just(TYPE), st.sampled_from(CLASSES), st.sampled_from(GRAPHS)),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(STATEMENT, max_size=25))
def test_what_follows_is_the_fixed_point_of_the_rules(quads: list[KeyQuad]) -> None:
    """On random graphs of every kind of rule, with two graphs that may say the same."""
    block = QuadBlock.of(quads)

    assert everything(Snapshot.of(block)) == follows(block)


@settings(max_examples=40, deadline=None)
@given(st.lists(STATEMENT, max_size=20), st.lists(st.tuples(st.lists(STATEMENT, max_size=4), st.integers(0, 5)), max_size=5))
def test_after_any_changes_it_is_as_if_worked_out_anew(quads: list[KeyQuad], changes: list[tuple[list[KeyQuad], int]]) -> None:
    """Nothing is kept from one revision to the next, so nothing can be out of step."""
    twin = Snapshot.of(QuadBlock.of(quads))
    for added, removed in changes:
        change = ChangeSet(QuadBlock.of(added), QuadBlock.of(sorted(twin.quads())[:removed]))
        twin = twin.apply(twin.exact(change), twin.revision + 1, EPOCH)

        assert everything(twin) == everything(Snapshot.of(twin.block())) == follows(twin.block())


@settings(max_examples=40, deadline=None)
@given(st.lists(STATEMENT, max_size=20))
def test_the_pairs_of_every_property_are_ground_and_inferred_together(quads: list[KeyQuad]) -> None:
    """Asked by property, by entity or all at once, the answer is one."""
    twin = Snapshot.of(QuadBlock.of(quads))
    inferred = Inferred(twin, VOCABULARY)
    all_of_it = {(s, p, o) for s, p, o, _ in twin.quads()} | everything(twin)

    for prop in (BRICK + "feeds", BRICK + "isPartOf", REC + "isFedBy", S223 + "connected", DCX + "feedsPower"):
        pairs = zip(*(column.tolist() for column in inferred.pairs(prop)), strict=True)
        assert {(twin.key(s), prop, twin.key(o)) for s, o in pairs} == {t for t in all_of_it if t[1] == prop}


@pytest.mark.parametrize(
    "name",
    [
        "brick-repo/examples/g36/g36-ahu-a9.ttl",
        "buildingmotif/notebooks/smallOffice_brick.ttl",
        "shifty-bench/benchmark/brick/models/bldg1.ttl",
    ],
)
def test_what_follows_from_a_real_model_is_the_fixed_point(name: str) -> None:
    """Models without 223P: no facts are joined."""
    if not (MODELS / name).is_file():
        pytest.skip(f"the shared test data is not at {MODELS / name}")
    block = read(MODELS / name, source="m")

    assert everything(Snapshot.of(block)) == follows(block)


def test_bricks_own_example_of_a_duct_feeds_what_it_leads_to() -> None:
    """The example's comment: `cnx` will infer the rest of the relationship and the correct direction. The rest follows from that feed."""
    path = MODELS / "brick-repo/examples/connections/duct.ttl"
    if not path.is_file():
        pytest.skip(f"the shared test data is not at {path}")
    block = read(path, source="m")
    base = "http://example.com/duct_example/"

    assert everything(Snapshot.of(block)) == follows(block, {(base + "ahu", BRICK + "feeds", base + "vav")})


def test_the_guides_rules_are_what_happens() -> None:
    """Each row of the table in docs/guides/inference.md, but for connections, which have tests of their own: left gives right."""
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "inference.md").read_text()
    table = guide.partition("## The rules")[2].partition("**223P")[0]
    rows = [
        re.findall(r"`(:[^`]+|rec:[^`]+)`", line)
        for line in table.splitlines()
        if line.startswith("|") and "`:" in line and "223P" not in line
    ]

    assert len(rows) == 5
    for said, *follows_from_it in rows:
        subject = said.split()[0]
        wanted = " ".join(f"{fact} ." if fact.startswith(":") else f"{subject} a {fact} ." for fact in follows_from_it)
        assert {(s, p, o) for s, p, o, _ in model(wanted)} <= everything(snapshot(said + " ."))
