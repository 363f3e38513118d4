"""Entities, their relations and their points, as the face tells them."""

from __future__ import annotations

from graph.snapshot import RDF_TYPE
from ontology.namespaces import BRICK, DCX, DEMO
from tests.resolvers.storied import Storied
from tests.support.served import RACKS, Served

UPS = DEMO + "UPS-A"


def test_an_entity_is_found_by_iri_and_by_curie(site: Served) -> None:
    """The id in an answer is the full IRI, whichever was asked with."""
    by_iri = site.ask("query($id: ID!) { entity(id: $id) { id curie label class classes } }", id=UPS)
    by_curie = site.ask("query($id: ID!) { entity(id: $id) { id curie label class classes } }", id="demo:UPS-A")

    assert by_iri == by_curie
    assert by_iri["entity"] == {"id": UPS, "curie": "demo:UPS-A", "label": "UPS A", "class": DCX + "UPS", "classes": [DCX + "UPS"]}


def test_an_entity_that_does_not_exist_is_null(site: Served) -> None:
    """Asking is no error."""
    assert site.ask('{ entity(id: "demo:UPS-Z") { id } }') == {"entity": None}


def test_a_class_brings_its_subclasses(site: Served) -> None:
    """Every rack of the site is a `brick:ICT_Rack`; racks, switches and servers together are `brick:ICT_Hardware` or above."""
    racks = site.ask('{ entities(class: "brick:ICT_Rack", first: 0) { totalCount } }')["entities"]["totalCount"]
    above = site.ask("query($c: String) { entities(class: $c, first: 0) { totalCount } }", c=BRICK + "Equipment")

    assert racks == RACKS
    assert above["entities"]["totalCount"] > 10 * RACKS


def test_an_unknown_class_names_the_nearest_known_one(site: Served) -> None:
    """A slip of the pen is answered with what was meant."""
    (error,) = site.post('{ entities(class: "brick:ICT_Rak") { totalCount } }')["errors"]

    assert error["message"] == "there is no class 'brick:ICT_Rak'; did you mean brick:ICT_Rack?"
    assert error["extensions"] == {"code": "UNKNOWN_CLASS"}


def test_a_search_takes_every_word_in_id_label_or_class_and_ignores_case(site: Served) -> None:
    """Both words must be there: "a" alone would bring half of the site."""
    found = site.ask('{ entities(text: "UPS a MODULE", first: 1000) { nodes { curie } } }')["entities"]["nodes"]

    names = [node["curie"] for node in found]
    assert "demo:UPS-A-Module-1" in names
    assert names == sorted(names)
    assert not any("Rack" in name for name in names)


def test_pages_follow_each_other_without_gap_or_overlap(site: Served) -> None:
    """7 a page over all racks is what one page of all racks says."""
    query = (
        'query($a: String) { entities(class: "brick:ICT_Rack", first: 7, after: $a) { nodes { id } pageInfo { hasNextPage endCursor } } }'
    )
    found, after, more = [], None, True
    while more:
        page = site.ask(query, a=after)["entities"]
        found += page["nodes"]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]

    assert found == site.ask('{ entities(class: "brick:ICT_Rack", first: 1000) { nodes { id } } }')["entities"]["nodes"]
    assert len(found) == RACKS


def test_a_page_has_its_bounds(site: Served) -> None:
    """1001 is refused with the limit and the next step; so is a cursor that nobody gave."""
    (long,) = site.post("{ entities(first: 1001) { totalCount } }")["errors"]
    (made_up,) = site.post('{ entities(after: "!!") { totalCount } }')["errors"]

    assert long["message"] == "first = 1001: a page has 0 to 1000 entities; ask for the rest with `after`"
    assert made_up["extensions"]["code"] == "BAD_INPUT"


def test_relations_are_told_both_ways(site: Served) -> None:
    """What UPS-A feeds names UPS-A as what feeds it."""
    query = """query($id: ID!, $d: Direction!) { entity(id: $id) {
        relations(predicate: "dcx:feedsPower", direction: $d) { predicate direction count entities { nodes { id } totalCount } } } }"""
    (out,) = site.ask(query, id=UPS, d="OUT")["entity"]["relations"]
    fed = out["entities"]["nodes"][0]["id"]
    (back,) = site.ask(query, id=fed, d="IN")["entity"]["relations"]

    assert out["predicate"] == DCX + "feedsPower"
    assert out["count"] == out["entities"]["totalCount"] == len(out["entities"]["nodes"])
    assert UPS in [node["id"] for node in back["entities"]["nodes"]]


def test_a_quantity_is_a_property_with_a_unit(site: Served) -> None:
    """The rated power of a UPS stands on a node without a name; it is told as one property."""
    facts = site.ask("query($id: ID!) { entity(id: $id) { properties { predicate value unit } } }", id=UPS)["entity"]["properties"]

    (rated,) = [fact for fact in facts if fact["predicate"] == DCX + "ratedPower"]
    assert float(rated["value"]) > 0
    assert rated["unit"] == "http://qudt.org/vocab/unit/KiloW"


def test_a_point_has_its_value_with_quality_and_age(site: Served) -> None:
    """Before the first reading there is no value; after it there is a good one of no age."""
    query = (
        "query($id: ID!) { entity(id: $id) { points { id unit controllable value { value quality observedAt ageS } equipment { id } } } }"
    )
    before = site.ask(query, id=UPS)["entity"]["points"]
    site.read((before[0]["id"], 12.5))
    (after, *_) = site.ask(query, id=UPS)["entity"]["points"]

    assert before[0]["value"] == {"value": None, "quality": "NO_VALUE", "observedAt": None, "ageS": None}
    assert (after["value"]["value"], after["value"]["quality"], after["controllable"]) == (12.5, "GOOD", False)
    assert 0 <= after["value"]["ageS"] < 5
    assert after["equipment"] == {"id": UPS}


def test_classes_count_their_entities_with_those_of_subclasses(site: Served) -> None:
    """The ontology's classes, deprecated ones with what replaces them, and how many of each there are."""
    classes = {each["id"]: each for each in site.ask("{ classes { id count superclasses deprecated replacedBy label } }")["classes"]}

    assert classes[BRICK + "ICT_Rack"]["count"] == RACKS
    assert classes[BRICK + "Equipment"]["count"] > classes[BRICK + "ICT_Rack"]["count"]
    assert any(each["deprecated"] and each["replacedBy"] for each in classes.values())


def test_a_class_that_no_ontology_describes_is_listed_as_such(site: Served, past: Storied) -> None:
    """A rack whose class is misspelt is found under the class that its source says; a site without such things lists none."""
    past.sync("typo", ("urn:site:R9", RDF_TYPE, BRICK + "ICT_Rackk"))

    assert all(each["described"] for each in site.ask("{ classes { described } }")["classes"])
    strange = [each for each in past.ask("{ classes { id label count described superclasses } }")["classes"] if not each["described"]]

    assert strange == [{"id": BRICK + "ICT_Rackk", "label": "ICT Rackk", "count": 1, "described": False, "superclasses": []}]
    assert past.ask('{ entities(class: "brick:ICT_Rackk") { nodes { id } } }')["entities"]["nodes"] == [{"id": "urn:site:R9"}]


def test_a_class_counts_what_its_filter_pages_through(site: Served) -> None:
    """References and quantities without a name are in no count: opening the class would show nothing."""
    plumbing = "https://w3id.org/ridethrough/ontology#MQTTReference"
    racks = "https://brickschema.org/schema/Brick#ICT_Rack"

    counts = {each["id"]: each["count"] for each in site.ask("{ classes { id count } }")["classes"]}

    assert counts[plumbing] == 0
    assert counts[racks] == site.ask('{ entities(class: "brick:ICT_Rack") { totalCount } }')["entities"]["totalCount"]
