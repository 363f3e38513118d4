"""Datasets that hypothesis makes up: odd names, odd texts, every kind of literal, blank nodes also as graphs."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import strategies as st

from ontology.terms import XSD, KeyQuad

XML_CHARS = st.one_of(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), st.sampled_from("\r\n\t")
)
CHARS = st.characters(codec="utf-8")

_LOCALS = st.text(st.sampled_from("ab.-_~:/#?1é%2F(),;@&='!$*+\u4e2d"), max_size=6).map(lambda t: t.replace("%", "%25"))
_SPACES = ("urn:x:", "https://brickschema.org/schema/Brick#", "http://a.example/b/", "http://a.example/b/c#", "tag:", "urn:a:a:a:")


def is_iri(text: str) -> bool:
    try:
        return bool(ox.NamedNode(text))
    except ValueError:
        return False


IRIS = st.builds(lambda space, local: space + local, st.sampled_from(_SPACES), _LOCALS).filter(is_iri)
PREDICATES = st.sampled_from(
    ["http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "urn:p:a", "https://brickschema.org/schema/Brick#feeds", "http://a.example/b/p.q"]
)
BLANKS = st.sampled_from(["_:b0", "_:a.b", "_:x-y", "_:9", "_:é"])
TAGS = st.sampled_from(["en", "de-AT", "zh-Hans-CN", "i-klingon", "x-y-z1"])
TYPES = st.sampled_from(
    [XSD + name for name in ("integer", "decimal", "double", "boolean", "float", "dateTime")] + ["urn:t:y", "urn:a:b.c"]
)
LEXICAL = st.sampled_from(["1", "-01", "1.", ".5", "1.50", "1e5", ".1E-3", "1.e1", "true", "TRUE", "", "+0", "NaN", "a b"])


def literals(chars: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    text = st.text(chars, max_size=8)
    return st.one_of(
        text.map(lambda t: f'"{t}"'),
        st.builds(lambda t, tag: f'"{t}"@{tag}', text, TAGS),
        st.builds(lambda t, kind: f'"{t}"^^{kind}', st.one_of(LEXICAL, text), TYPES),
    )


def datasets(chars: st.SearchStrategy[str]) -> st.SearchStrategy[list[KeyQuad]]:
    nodes = st.one_of(IRIS, BLANKS)
    quads = st.tuples(nodes, PREDICATES, st.one_of(nodes, literals(chars)), st.sampled_from(["urn:g:own", "urn:g:two", "urn:g:a#b", "_:g"]))
    return st.lists(quads, max_size=12)
