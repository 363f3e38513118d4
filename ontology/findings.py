"""A finding: what is wrong in a model, where, why, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ontology.terms import QuadBlock, is_blank


class Severity(StrEnum):
    """How bad a finding is: an error contradicts the model's meaning, a warning will surprise, an info is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


BLANK_STEPS_MAX = 8
"""How far a blank node may hang from the named node that a finding about it is shown at."""
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `code` names the rule; `focus` is the node (a key; for a blank node the named node that it belongs to);
    `path` the predicate or term concerned; `count` how many statements it stands for."""

    severity: Severity
    code: str
    focus: str
    message: str
    remedy: str
    path: str = ""
    count: int = 1

    @property
    def order(self) -> tuple[int, str, str, str, str]:
        """The order in which findings are shown: the worst first, then by rule, node and predicate."""
        return _ORDER[self.severity], self.code, self.focus, self.path, self.message


def at_named_nodes(findings: list[Finding], block: QuadBlock) -> list[Finding]:
    """The findings with each blank node replaced by the named node that it hangs on, which a person can find; at most eight steps away."""
    if not any(is_blank(finding.focus) for finding in findings):
        return findings
    above = _above(block)
    return [replace(finding, focus=_named(finding.focus, above)) for finding in findings]


def _above(block: QuadBlock) -> dict[str, str]:
    """For each blank node that is an object, the first subject in order of keys that points at it."""
    terms = block.terms
    above: dict[str, str] = {}
    for s, _, o, _ in block.quads.tolist():
        if is_blank(terms[o]) and (terms[o] not in above or terms[s] < above[terms[o]]):
            above[terms[o]] = terms[s]
    return above


def _named(node: str, above: dict[str, str]) -> str:
    for _ in range(BLANK_STEPS_MAX):
        if node not in above:
            break
        node = above[node]
    return node
