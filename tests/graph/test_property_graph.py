"""Quads as a property graph: names, facts and links, and native values; without a server."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from graph.stores.property_graph import RDF_TYPE, Names, decode, encode, safe_name, split
from ontology.namespaces import BRICK, DCX


@given(some.lists(some.text(max_size=20), unique=True))
def test_names_are_safe_unique_and_stay(iris: list[str]) -> None:
    """Whatever the IRIs hold: letters, digits and `_`, one IRI a name, and learning again changes nothing."""
    names = Names()
    names.learn(iris, iris)
    before = dict(names.labels)

    assert names.learn(reversed(iris), iris) == ({}, {})
    assert names.labels == before
    for table in (names.labels, names.predicates):
        assert len(set(table.values())) == len(iris)
        assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in table.values())


@pytest.mark.parametrize(("text", "name"), [("UPS", "UPS"), ("2nd floor", "_2nd_floor"), ("", "_"), ("a`b", "a_b"), ("größe", "gr__e")])
def test_a_safe_name_keeps_letters_digits_and_underscores(text: str, name: str) -> None:
    """Everything else is an underscore."""
    assert safe_name(text) == name


def test_a_fact_comes_back_from_its_entry() -> None:
    """Also when its literal holds spaces."""
    names = Names()
    names.learn([], [DCX + "note", BRICK + "value"])

    for fact in ((DCX + "note", '"two words "@en', "urn:g"), (BRICK + "value", '""', "_:g")):
        assert decode(encode(fact, 7, names), names) == (fact, 7)
    assert encode((BRICK + "value", '"5"', "urn:g"), 12, names) == 'brick_value 12 urn:g "5"'


def test_quads_part_into_facts_of_nodes_and_links_between_them() -> None:
    """Types and literals are facts; the graphs that say a link are gathered."""
    parts = split(
        [
            ("urn:a", RDF_TYPE, DCX + "UPS", "urn:g"),
            ("urn:a", DCX + "note", '"x"', "urn:g"),
            ("urn:a", DCX + "feedsPower", "_:b", "urn:g"),
            ("urn:a", DCX + "feedsPower", "_:b", "urn:h"),
        ]
    )

    assert {s: list(facts) for s, facts in parts.facts.items()} == {
        "urn:a": [(RDF_TYPE, DCX + "UPS", "urn:g"), (DCX + "note", '"x"', "urn:g")]
    }
    assert {link: list(graphs) for link, graphs in parts.links.items()} == {("urn:a", DCX + "feedsPower", "_:b"): ["urn:g", "urn:h"]}
