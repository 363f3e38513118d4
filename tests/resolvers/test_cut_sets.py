"""What a load hangs by, over GraphQL: the same answer as from the command line, its fields in camelCase."""

from __future__ import annotations

from analytics.sweeps.cuts import cut_sets
from ontology.namespaces import DCX, DEMO
from tests.resolvers.camel import in_camel_case
from tests.support.served import Served

RACK = DEMO + "Rack-R007"
WHOLE = """query($load: ID!, $media: [String!], $order: Int! = 3, $first: Int! = 1000) {
  cutSets(load: $load, media: $media, order: $order) { revision at load media order downBefore tried leftOut assumed counts
    cutSets(first: $first) positions { id position fromTelemetry } } }"""


def test_the_answer_is_the_command_lines_in_camel_case(site: Served) -> None:
    """A rack with one cord: up to two failures together in power, and how many there are of each size."""
    found = site.ask(WHOLE, load="demo:Rack-R007", media=["Power"], order=2)["cutSets"]

    view = site.twin.newest
    told = cut_sets(view.supply(), view.conditions(), RACK, [DCX + "Power"], 2).to_json()
    counts = found.pop("counts")
    assert {**found, "at": None} == {**in_camel_case(told), "at": None}
    assert counts == [sum(len(cut) == size for cut in found["cutSets"]) for size in (1, 2)]
    assert [DEMO + "RPDU-R007-A"] in found["cutSets"]


def test_the_first_sets_can_be_asked_for_alone(site: Served) -> None:
    """The smallest come first; the counts are of all."""
    few, all_of = (site.ask(WHOLE, load=RACK, media=["Power"], order=2, first=first)["cutSets"] for first in (2, 1000))

    assert few["cutSets"] == all_of["cutSets"][:2]
    assert few["counts"] == all_of["counts"]


def test_an_order_beyond_three_an_unknown_load_and_an_unknown_medium_are_refused(site: Served) -> None:
    """Each with what may be given."""
    (order,), (load,), (medium,) = (
        site.post(WHOLE, **asked)["errors"]
        for asked in ({"load": RACK, "order": 4}, {"load": "demo:Rack-R07"}, {"load": RACK, "media": ["Steam"]})
    )

    assert (order["message"], order["extensions"]["code"]) == ("order = 4: give 1 to 3", "BAD_INPUT")
    assert load["extensions"]["code"] == "UNKNOWN_ENTITY"
    assert "did you mean demo:Rack-R0" in load["message"]
    assert medium["message"].startswith("no medium 'Steam': this site has dcx:Power")


def test_a_tenant_is_no_load_and_no_all_clear(site: Served) -> None:
    """What to name instead is said."""
    (error,) = site.post(WHOLE, load="demo:Tenant-01")["errors"]

    assert error["message"].startswith(
        "demo:Tenant-01 is a tenant and has no supply of its own: name one of its racks or services, such as"
    )
