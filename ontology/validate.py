"""Is a model what it means to be: unknown and deprecated terms, contradictions, and the shapes of Brick and of a data center."""

from __future__ import annotations

from ontology.findings import Finding, Severity, at_named_nodes
from ontology.model_check import model_findings
from ontology.rings import ring_findings
from ontology.sanity import sanity_findings
from ontology.shacl import Shapes, shapes_of
from ontology.term_check import term_findings
from ontology.terms import QuadBlock
from ontology.vocabulary import Vocabulary

__all__ = ["Finding", "Severity", "judged", "validate"]


def validate(block: QuadBlock, vocabulary: Vocabulary, shapes: Shapes | None = None) -> list[Finding]:
    """What is wrong in a model, the worst first. `shapes` may be given by who validates several models with one vocabulary.

    Nothing is changed or inferred. Cost: a third of a second to plan the shapes, then some 20,000 triples a second, with some 5 kB of
    memory a triple.
    """
    planned = shapes or shapes_of(vocabulary)
    found = [*term_findings(block, vocabulary), *judged(block, vocabulary, planned), *ring_findings(block, vocabulary)]
    return sorted(at_named_nodes(found, block), key=lambda finding: finding.order)


def judged(block: QuadBlock, vocabulary: Vocabulary, shapes: Shapes) -> list[Finding]:
    """What is wrong with nodes by the rules that look a few steps far (`Shapes.reach`): shapes, contradictions, the supply model."""
    return [*model_findings(block, vocabulary), *sanity_findings(block, vocabulary), *shapes.findings(block)]
