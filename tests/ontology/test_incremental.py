"""What a change touches is validated again, and nothing else: together with what was known before, it is all there is to say."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.changes import ChangeSet
from graph.reader import SnapshotReader
from graph.snapshot import EPOCH, Snapshot
from ontology.findings import Finding
from ontology.incremental import ChangeFindings, findings_of_change, neighbourhood
from ontology.namespaces import BRICK, DCX, PREFIXES, RDF
from ontology.rdf import read, read_stream
from ontology.shacl import shapes_of
from ontology.term_check import TERM_CODES
from ontology.terms import KeyQuad, QuadBlock, is_blank, is_literal
from ontology.validate import validate
from ontology.vocabulary import load_vocabulary
from twin.demo.site import generate

VOCABULARY = load_vocabulary()
SHAPES = shapes_of(VOCABULARY)
MODELS = Path(__file__).parents[2].parent / "shared" / "data" / "models"
HEAD = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items()) + "@prefix : <urn:x:> .\n"
GRAPH = "urn:ridethrough:source:x"


def model(text: str) -> QuadBlock:
    return read_stream(io.BytesIO((HEAD + text).encode()), name="model.ttl", format="turtle", source="x")


def judged(findings: list[Finding]) -> list[Finding]:
    """Without those about terms: they are counted over the whole model in one case, over the rechecked nodes in the other."""
    return [finding for finding in findings if finding.code not in TERM_CODES]


def changed(twin: Snapshot, added: QuadBlock, removed: QuadBlock) -> tuple[Snapshot, ChangeFindings]:
    """The twin after a change, and what is found by looking at the change alone."""
    change = twin.exact(ChangeSet(added, removed))
    after = twin.apply(change, twin.revision + 1, EPOCH)
    return after, findings_of_change(SnapshotReader(after), change, VOCABULARY, SHAPES, SnapshotReader(twin))


def of(text: str, added: str = "", removed: str = "") -> ChangeFindings:
    return changed(Snapshot.of(model(text)), model(added), model(removed))[1]


# -- By hand --

RACK = ":r a brick:ICT_Rack ; brick:hasLocation :h . :h a dcx:Data_Hall . "
FED = RACK + ":p dcx:feedsPower :r . :other a brick:ICT_Rack ."


def test_taking_a_feed_away_finds_the_rack_that_it_fed() -> None:
    """The fact is said of the strip; the rule looks from the rack. Another rack's faults are none of this change's."""
    found = of(FED, removed=":p dcx:feedsPower :r .")

    assert [(f.code, f.focus) for f in found.found] == [("rack-is-fed", "urn:x:r")]
    assert found.new == found.found
    assert found.gone == ()
    assert "urn:x:other" not in found.rechecked


def test_a_feed_mends_what_was_found() -> None:
    """What is gone is told, so that a list of findings can be kept up."""
    found = of(RACK, added=":p dcx:feedsPower :r .")

    assert [f.code for f in found.gone] == ["rack-is-fed"]
    assert found.found == found.new == ()


def test_what_was_wrong_before_is_found_and_is_not_new() -> None:
    """A label does not make the rack's fault the fault of who writes it."""
    found = of(RACK, added=":r rdfs:label 'R' .")

    assert [f.code for f in found.found] == ["rack-is-fed"]
    assert found.new == ()


def test_a_class_that_changes_is_seen_by_those_who_point_at_it() -> None:
    """A point of the chiller becomes a room: the chiller's rule is broken, two facts away."""
    found = of(":c a brick:Chiller ; brick:hasPoint :p . :p a brick:Sensor .", ":p a rec:Room .", ":p a brick:Sensor .")

    assert [(f.code, f.focus, f.path) for f in found.found] == [("brick-shape", "urn:x:c", BRICK + "hasPoint")]


def test_what_a_blank_node_lacks_is_told_at_the_node_that_it_hangs_on() -> None:
    """The unit of a rating goes away."""
    text = ":q dcx:feedsPower :x . :x dcx:allocatedPower _:p . _:p brick:value 3 ; brick:hasUnit unit:KiloW ."
    twin = Snapshot.of(model(text))
    (unit,) = [quad for quad in twin.quads() if quad[1] == BRICK + "hasUnit"]

    _, found = changed(twin, QuadBlock.empty(), QuadBlock.of([unit]))

    assert [(f.code, f.focus) for f in found.new] == [("quantity-has-value-and-unit", "urn:x:x")]
    assert {"urn:x:x", unit[0]} <= found.rechecked


def test_a_rule_about_what_a_property_leads_to_is_asked_of_a_number_too() -> None:
    """A power that is a bare number is no quantity; the finding is about the number, as W3C has it."""
    found = of(":x dcx:feedsPower :y .", ":y dcx:allocatedPower 5 .")

    assert {(f.code, f.focus) for f in found.new} == {("quantity-has-value-and-unit", '"5"^^http://www.w3.org/2001/XMLSchema#integer')}


def test_a_load_that_grows_is_found_at_what_feeds_it() -> None:
    """Four facts away: the strip's rating, its feed, the load's power, its value."""
    feeds = ":p dcx:ratedPower [ brick:value 4 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :s . :b dcx:feedsPower :p ."
    twin = Snapshot.of(model(feeds + " :s dcx:allocatedPower :q . :q brick:hasUnit unit:KiloW ; brick:value 3 ."))

    _, found = changed(twin, model(":q brick:value 5 ."), model(":q brick:value 3 ."))

    assert [(f.code, f.focus) for f in found.new] == [("rating-below-load", "urn:x:p")]


def test_an_unknown_term_is_counted_among_the_rechecked_alone() -> None:
    """The model uses it a hundred times; the change twice."""
    text = " ".join(f":a{n} brick:hasUnits 'V' ." for n in range(100))

    found = of(text, ":b brick:hasUnits 'V' . :c brick:hasUnits 'V' .")

    assert [(f.code, f.focus, f.count) for f in found.found] == [("unknown-term", "urn:x:b", 2)]


def test_a_term_that_the_model_describes_elsewhere_is_known() -> None:
    """Its description is not part of the change."""
    assert of("brick:My_Class rdfs:subClassOf brick:Equipment .", ":x a brick:My_Class .").found == ()


def test_an_own_class_that_is_put_under_ours_is_asked_what_ours_are_asked() -> None:
    """The instance is not said anew; what is said is that its class is a UPS, which must be fed."""
    found = of(":u a :My_UPS .", ":My_UPS rdfs:subClassOf dcx:UPS .")

    assert [(f.code, f.focus) for f in found.new] == [("ups-is-fed", "urn:x:u")]


def test_a_change_that_changes_nothing_rechecks_nothing() -> None:
    """Added again, or removed where it was not."""
    found = of(RACK, added=RACK, removed=":x a brick:Chiller .")

    assert (found.found, found.rechecked) == ((), frozenset())


def test_without_the_state_before_all_that_is_wrong_with_the_touched_is_told() -> None:
    """What is new cannot be said then."""
    after = Snapshot.of(model(RACK))
    change = ChangeSet(model(":r rdfs:label 'R' ."), QuadBlock.empty())

    found = findings_of_change(SnapshotReader(after), change, VOCABULARY)

    assert [f.code for f in found.found] == ["rack-is-fed"]
    assert (found.new, found.gone) == ((), ())


# -- Its cost follows the change --


def test_a_device_of_a_large_site_is_judged_by_what_is_around_it() -> None:
    """One server of a site with 60 racks and 26,000 facts: its rack and what is mounted there, its outlets, its switch, its tenant. A value
    that thousands share (the demo writes equal ratings once) is not followed back to all of them."""
    twin = Snapshot.of(generate(60))
    server = next(s for s, p, o, _ in sorted(twin.quads()) if p == RDF + "type" and o == DCX + "GPU_Server")

    block = neighbourhood(SnapshotReader(twin), [server], SHAPES.reach)
    label = QuadBlock.of([(server, PREFIXES["rdfs"] + "label", '"Renamed"', GRAPH)])

    assert 30 < len(block) < 1000
    assert {node for node in changed(twin, label, QuadBlock.empty())[1].rechecked if not is_blank(node)} == {server}


# -- Equal to validating everything --


def walk(twin: Snapshot, choose: random.Random, steps: int) -> Iterator[tuple[QuadBlock, QuadBlock]]:
    """Random changes: facts taken away, facts bent to other subjects, objects or predicates of the model, classes changed."""
    quads = sorted(twin.quads())
    nodes = sorted({q[0] for q in quads} | {q[2] for q in quads if not is_literal(q[2])})
    objects, predicates = sorted({q[2] for q in quads}), sorted({q[1] for q in quads})
    for _ in range(steps):
        removed = choose.sample(quads, choose.choice([0, 1, 1, 2, 5]))
        added: list[KeyQuad] = []
        for s, p, o, g in choose.sample(quads, choose.choice([0, 1, 2, 3])):
            bent = [(s, p, choose.choice(objects), g), (choose.choice(nodes), p, o, g), (s, choose.choice(predicates), o, g)]
            added.append(choose.choice(bent))
        yield QuadBlock.of(added), QuadBlock.of(removed)


def see_that_it_is_all(twin: Snapshot, choose: random.Random, steps: int) -> None:
    known = validate(twin.block(), VOCABULARY, SHAPES)
    for added, removed in walk(twin, choose, steps):
        after, found = changed(twin, added, removed)
        whole = validate(after.block(), VOCABULARY, SHAPES)

        assert judged(found.after(judged(known))) == judged(whole)
        assert {f for f in judged(known) if f not in whole} == set(judged(list(found.gone)))
        assert {f for f in judged(whole) if f not in known} == set(judged(list(found.new)))
        twin, known = after, whole


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("shifty-bench/benchmark/brick/models/bldg1.ttl", 8),
        ("buildingmotif/notebooks/smallOffice_brick.ttl", 5),
        ("brick-repo/examples/connections/duct.ttl", 8),
    ],
)
def test_after_random_changes_to_a_real_model_nothing_is_missed(name: str, steps: int) -> None:
    """What was known, less what was rechecked, with what was found, is what validation of the whole finds."""
    if not (MODELS / name).is_file():
        pytest.skip(f"the shared test data is not at {MODELS / name}")
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"{seed=}")  # noqa: T201 - pytest shows it when the test fails

    see_that_it_is_all(Snapshot.of(read(MODELS / name, source="m")), random.Random(seed), steps)


def test_after_random_changes_to_a_data_center_nothing_is_missed() -> None:
    """The same on a small demo site, where our own shapes and the supply model have most to say."""
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"{seed=}")  # noqa: T201 - pytest shows it when the test fails

    see_that_it_is_all(Snapshot.of(generate(1)), random.Random(seed), 8)
