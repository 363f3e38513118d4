"""Is a model what it means to be: known terms, no contradictions, the shapes of Brick and of a data center, a sane supply model."""

from __future__ import annotations

import numpy as np

from ontology.block_reader import BlockReader
from ontology.findings import Finding, at_named_nodes
from ontology.incremental import findings_about
from ontology.judge import judged
from ontology.rings import ring_findings
from ontology.sanity import chain_findings
from ontology.shacl import Shapes, shapes_of
from ontology.term_check import TERM_CODES, term_findings
from ontology.terms import QuadBlock
from ontology.vocabulary import Vocabulary

WHOLE_MAX = 200_000
"""Facts that are validated at once, with a gigabyte of memory; a larger model goes part by part."""


def validate(block: QuadBlock, vocabulary: Vocabulary, shapes: Shapes | None = None) -> list[Finding]:
    """What is wrong in a model, the worst first. `shapes` may be given by who validates several models with one vocabulary.

    Nothing is changed or inferred. Cost: a third of a second to plan the shapes, once for a process, then some 20,000 triples a second,
    with some 5 kB of memory a triple; beyond `WHOLE_MAX` triples no more memory than that, and two to four times the time.
    """
    planned = shapes or shapes_of(vocabulary)
    found = [*term_findings(block, vocabulary), *ring_findings(block, vocabulary), *chain_findings(block, vocabulary)]
    if len(block) <= WHOLE_MAX:
        found += judged(block, vocabulary, planned)
    else:
        nodes = {block.terms[number] for number in np.unique(block.quads[:, [0, 2]]).tolist()}
        found += (f for f in findings_about(BlockReader(block), nodes, vocabulary, planned) if f.code not in TERM_CODES)
    return sorted(at_named_nodes(found, block), key=lambda finding: finding.order)
