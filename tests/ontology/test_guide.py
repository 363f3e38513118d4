"""The guide's tables are what the ontology says, and its first model is a good one."""

import io
import re
from pathlib import Path

from ontology.rdf import read_stream
from ontology.reference import renewed
from ontology.validate import validate
from ontology.vocabulary import load_vocabulary

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "ontology.md"
VOCABULARY = load_vocabulary()


def test_the_tables_are_current() -> None:
    """When this fails: `python -m ontology.reference docs/guides/ontology.md`."""
    page = GUIDE.read_text(encoding="utf-8")

    assert page == renewed(page, VOCABULARY)


def test_the_first_model_has_no_findings() -> None:
    """What a newcomer copies passes our own validation."""
    turtle = re.findall(r"```turtle\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[0]

    block = read_stream(io.BytesIO(turtle.encode()), name="guide", format="turtle", source="guide")

    assert validate(block, VOCABULARY) == []
