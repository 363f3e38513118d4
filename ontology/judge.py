"""The rules that look a few steps far from the node that they judge: shapes, contradictions, the supply model."""

from __future__ import annotations

from ontology.findings import Finding
from ontology.model_check import model_findings
from ontology.sanity import sanity_findings
from ontology.shacl import Shapes
from ontology.terms import QuadBlock
from ontology.vocabulary import Vocabulary


def judged(block: QuadBlock, vocabulary: Vocabulary, shapes: Shapes) -> list[Finding]:
    """What they find in a block, in no particular order. How far they look: `Shapes.reach`."""
    return [*model_findings(block, vocabulary), *sanity_findings(block, vocabulary), *shapes.findings(block)]
