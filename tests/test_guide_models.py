"""The models that guides show are sound: every term is described and every shape is met, but for what a part of a plant leaves out."""

from __future__ import annotations

import io

import pytest

from ontology.namespaces import PREFIXES
from ontology.rdf import read_stream
from ontology.validate import validate
from tests.support.guides import GUIDES, blocks
from tests.support.http_wire import vocabulary

MODELS = [
    (guide.name, number, text)
    for guide in sorted(GUIDES.glob("*.md"))
    for number, (_, text) in enumerate(blocks(guide, "turtle"), 1)
]  # fmt: skip
AROUND = frozenset({"rack-has-a-place", "rack-is-fed", "ups-is-fed"})
"""What asks for the rest of the plant, which an example of a few lines does not show."""


@pytest.mark.parametrize(("text"), [text for _, _, text in MODELS], ids=[f"{name}-{number}" for name, number, _ in MODELS])
def test_the_models_of_the_guides_have_no_error(text: str) -> None:
    """As `ridethrough validate` says it; a block without prefixes goes on with those of the one before it."""
    known = "" if "@prefix" in text else "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in {**PREFIXES, "": "urn:site:"}.items())
    block = read_stream(io.BytesIO((known + text).encode()), name="guide", format="turtle", source="guide")

    errors = [each for each in validate(block, vocabulary()) if str(each.severity) == "error" and each.code not in AROUND]

    assert errors == []
