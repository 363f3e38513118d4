"""How much one GraphQL document may ask for, checked in time linear in the document, before it is validated or run.

Rules of this file:

1. Each fragment is measured once and its measure reused: a document of nested spreads costs no more to check than to read.
2. Depth and aliases bound the document; cost bounds the answer: the fields that it may have at most, pages and lists multiplied out.
3. Introspection is free in depth (its own rule bounds it) and costs what a page of the schema costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

CHOSEN = {"relations": ("predicate", 2), "branches": ("name", 1)}
"""Fields of which an argument chooses few: how many are left (of one predicate a relation out and one in)."""
INTROSPECTION_COST = 20_000
FAILED_COST = 250
"""What one entity of `failed` costs: its part in the search for what explains the outcomes, in fields of an answer."""
FAILING = frozenset({"impact", "timeline"})
"""Fields that ask what becomes of `failed`."""
NAMING = frozenset({"failed", "opened", "isolated"})
"""Arguments of these fields that name what is out."""
READ_COST = {"changes": 250, "difference": 1000, "history": 5000, "valuesAt": 10_000}
"""What it costs to read one change set back, to work out what differs between two states, or to look up past values, in fields of an
answer."""
WORK_COST = {"sweep": 50_000, "rootCause": 10_000, "cutSets": 50_000, "checkProcedure": 100_000, "posture": 20_000, "dataHealth": 5000}
"""What it costs to let everything fail in turn, or many sets of failures of one load, in fields of an answer."""
STATE_COST = 10_000
"""What it costs to ask another state than the present, which may have to be worked out first."""
PAGE = {
    "entities": ("first", 50, 1000),
    "graph": ("limit", 300, 10_000),
    "revisions": ("first", 50, 1000),
    "added": ("first", 100, 1000),
    "removed": ("first", 100, 1000),
    "provenance": ("first", 1000, 1000),
    "bounds": ("first", 10_000, 50_000),
    "left": ("first", 50, 10_000),
}
"""Fields whose argument says how many things they may answer with: its default, and the most that it may be."""
LISTS = {
    "classes": 2000,
    "outcomes": 1000,
    "points": 20,
    "properties": 20,
    "relations": 20,
    "readings": 100,
    "positions": 100,
    "rooms": 50,
    "byTenant": 50,
    "byService": 100,
    "byClass": 30,
    "better": 100,
    "resolved": 5,
    "unbound": 100,
    "candidates": 3,
    "virtualPoints": 100,
    "restsOn": 20,
    "notGood": 100,
    "keyPoints": 300,
    "deadLetters": 100,
    "hangers": 20,
    "hangingRacks": 20,
    "hangingServices": 20,
    "sources": 50,
    "branches": 20,
    "findings": 100,
    "newFindings": 100,
    "because": 5,
    "events": 300,
    "happened": 100,
    "now": 100,
    "next": 100,
    "feeders": 1000,
    "components": 100,
    "places": 100,
    "failures": 1000,
    "jobs": 50,
    "lines": 3,
    "breaches": 1000,
    "explanations": 3,
    "causes": 4,
    "explains": 1000,
    "unexplained": 100,
    "contradicts": 100,
    "steps": 200,
}
"""Fields that answer with a list, and how many things they are taken to hold."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one document."""

    depth: int = 12
    aliases: int = 30
    tokens: int = 2000
    cost: int = 500_000


@dataclass(frozen=True, slots=True)
class Measure:
    """How deep a selection goes, how many aliases it writes, how many fields its answer may have."""

    depth: int = 0
    aliases: int = 0
    cost: int = 0


def over(document: DocumentNode, variables: Mapping[str, Any] | None, limits: Limits) -> str | None:
    """What the document has too much of, as a text for its author, or None. Cost: linear in the document."""
    meter = _Meter(document, variables or {})
    operations = [meter.of(node.selection_set) for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    aliases = sum(each.aliases for each in operations) + sum(each.aliases for each in meter.fragments.values())
    checks = (
        ("levels of selection", max((each.depth for each in operations), default=0), limits.depth, "ask in several queries"),
        ("aliases", aliases, limits.aliases, "ask in several queries"),
        (
            "fields in its answer, by estimate,",
            sum(each.cost for each in operations),
            limits.cost,
            "ask for smaller pages with `first`, or for fewer `failed`",
        ),
    )
    return next((f"the document has {n} {what} and may have {most}: {remedy}" for what, n, most, remedy in checks if n > most), None)


class _Meter:
    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._definitions = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        self._variables = _defaults(document) | dict(variables)
        self._open: set[str] = set()
        self.fragments: dict[str, Measure] = {}

    def of(self, selections: SelectionSetNode | None) -> Measure:
        """The measure of a selection; aliases inside fragments are counted with the fragments."""
        depth = aliases = cost = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                each = self._field(node)
            elif isinstance(node, InlineFragmentNode):
                each = self.of(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                spread = self._fragment(node.name.value)
                each = Measure(spread.depth, 0, spread.cost)
            depth, aliases, cost = max(depth, each.depth), aliases + each.aliases, cost + each.cost
        return Measure(depth, aliases, cost)

    def _field(self, node: FieldNode) -> Measure:
        alias = 1 if node.alias else 0
        if node.name.value in ("__schema", "__type"):
            return Measure(1, alias, INTROSPECTION_COST)
        inner = self.of(node.selection_set)
        name = node.name.value
        once = FAILED_COST * self._failed(node) if name in FAILING else READ_COST.get(name, 0)
        once += WORK_COST.get(name, 0) if node.selection_set else 0
        if name == "sweep" and self._is_true(node, "redundancy"):
            once += FAILED_COST * self._number(node, "first", 20, 1000)
        once += STATE_COST if any(self._gives(node, each) for each in ("asOf", "branch", "moved")) else 0
        cost = self._times(node) * (1 + inner.cost) + once
        return Measure(1 + inner.depth, alias + inner.aliases, cost)

    def _gives(self, node: FieldNode, argument: str) -> bool:
        """Whether an argument has a value that is not null."""
        given = next((each.value for each in node.arguments or () if each.name.value == argument), None)
        if isinstance(given, VariableNode):
            return self._variables.get(given.name.value) is not None
        return given is not None and not isinstance(given, NullValueNode)

    def _is_true(self, node: FieldNode, argument: str) -> bool:
        """Whether an argument is, or may be, true."""
        given = next((each.value for each in node.arguments or () if each.name.value == argument), None)
        if isinstance(given, VariableNode):
            return self._variables.get(given.name.value) is not False
        return isinstance(given, BooleanValueNode) and given.value

    def _failed(self, node: FieldNode) -> int:
        """How many entities fail, are opened or isolated in a question about it."""
        return max(sum(self._length(each.value) for each in node.arguments or () if each.name.value in NAMING), 1)

    def _length(self, given: ValueNode) -> int:
        if isinstance(given, VariableNode):
            value = self._variables.get(given.name.value)
            return len(value) if isinstance(value, list) else 1
        return len(given.values) if isinstance(given, ListValueNode) else 1

    def _times(self, node: FieldNode) -> int:
        name = node.name.value
        if name in CHOSEN and self._gives(node, CHOSEN[name][0]):
            return CHOSEN[name][1]
        if name not in PAGE:
            return LISTS.get(name, 1) if node.selection_set else 1
        return self._number(node, *PAGE[name])

    def _number(self, node: FieldNode, argument: str, default: int, most: int) -> int:
        """How many things an argument lets an answer have."""
        given = next((each.value for each in node.arguments or () if each.name.value == argument), None)
        if isinstance(given, IntValueNode):
            return max(1, int(given.value))
        value = self._variables.get(given.name.value) if isinstance(given, VariableNode) else None
        if value is None:
            return default
        return max(1, value) if isinstance(value, int) else most

    def _fragment(self, name: str) -> Measure:
        if name in self.fragments:
            return self.fragments[name]
        if name in self._open or name not in self._definitions:  # a loop or an unknown fragment: validation refuses it
            return Measure()
        self._open.add(name)
        self.fragments[name] = self.of(self._definitions[name].selection_set)
        return self.fragments[name]


def _defaults(document: DocumentNode) -> dict[str, int | list[Any]]:
    """The numbers and lists that variables are when none is given; where operations differ about one, the largest."""
    found: dict[str, int | list[Any]] = {}
    for operation in document.definitions:
        for each in (operation.variable_definitions or ()) if isinstance(operation, OperationDefinitionNode) else ():
            name, default = each.variable.name.value, each.default_value
            known = found.get(name)
            if isinstance(default, IntValueNode):
                found[name] = max(known if isinstance(known, int) else 0, int(default.value))
            elif isinstance(default, ListValueNode):
                found[name] = max(known if isinstance(known, list) else [], list(default.values), key=len)
    return found
