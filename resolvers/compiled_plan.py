"""From a GraphQL document to what the compiled reads can answer: a tree of response keys and field names, or nothing.

Covered are queries over `entity` and `entities`, and subscriptions to `readings`, without directives; everything else goes to graphql-core.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

LEAF = ""
FIELDS: Mapping[str, Mapping[str, str]] = {
    "Subscription": {"readings": "PointReading"},
    "PointReading": {"point": LEAF, "value": "Value"},
    "Query": {"entity": "Entity", "entities": "EntityConnection"},
    "EntityConnection": {"edges": "EntityEdge", "nodes": "Entity", "pageInfo": "PageInfo", "totalCount": LEAF},
    "EntityEdge": {"cursor": LEAF, "node": "Entity"},
    "PageInfo": dict.fromkeys(("hasNextPage", "hasPreviousPage", "startCursor", "endCursor"), LEAF),
    "Entity": {**dict.fromkeys(("id", "curie", "label", "class", "classes"), LEAF), "properties": "Property", "points": "Point"},
    "Property": dict.fromkeys(("predicate", "value", "datatype", "language", "unit"), LEAF),
    "Point": {**dict.fromkeys(("id", "label", "class", "unit", "controllable"), LEAF), "value": "Value", "equipment": "Entity"},
    "Value": dict.fromkeys(("value", "observedAt", "receivedAt", "quality", "ageS", "reason", "opcUa", "ne107"), LEAF),
}
"""The covered fields of each type, and the type that each leads to."""


class NotCovered(Exception):
    """The document has something that graphql-core answers."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One response key: the field that it asks for, its node (for arguments), and what is asked of its answer."""

    key: str
    name: str
    node: FieldNode
    inner: Selection | None


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked of one type, in order of the answer."""

    type: str
    picks: tuple[Pick, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The response keys."""
        return tuple(pick.key for pick in self.picks)


@dataclass(frozen=True, slots=True)
class Plan:
    """A covered query operation."""

    operation: OperationDefinitionNode
    selection: Selection


def plan(document: DocumentNode, operation_name: str | None, kind: OperationType = OperationType.QUERY) -> Plan | None:
    """The plan of the operation of a valid document, where it is of the kind; None where graphql-core must answer."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [node for node in operations if operation_name is None or (node.name and node.name.value == operation_name)]
    if len(chosen) != 1 or (operation_name is None and len(operations) != 1):
        return None
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operation = chosen[0]
    if operation.operation is not kind or operation.directives:
        return None
    try:
        return Plan(operation, _select(kind.value.capitalize(), [operation.selection_set], fragments))
    except NotCovered:
        return None


def _select(kind: str, sets: Sequence[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]) -> Selection:
    fields: dict[str, list[FieldNode]] = {}
    for each in sets:
        _collect(each, fragments, fields, set())
    return Selection(kind, tuple(_pick(kind, key, nodes, fragments) for key, nodes in fields.items()))


def _collect(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], fields: dict[str, list[FieldNode]], seen: set[str]
) -> None:
    """The fields of a selection by response key, fragments opened once (GraphQL specification, CollectFields)."""
    for node in selections.selections:
        if node.directives:
            raise NotCovered
        if isinstance(node, FieldNode):
            fields.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        elif isinstance(node, InlineFragmentNode):
            _collect(node.selection_set, fragments, fields, seen)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
            seen.add(node.name.value)
            _collect(fragments[node.name.value].selection_set, fragments, fields, seen)


def _pick(kind: str, key: str, nodes: Sequence[FieldNode], fragments: Mapping[str, FragmentDefinitionNode]) -> Pick:
    name = nodes[0].name.value
    if name == "__typename":
        return Pick(key, name, nodes[0], None)
    leads_to = FIELDS[kind].get(name)
    if leads_to is None:
        raise NotCovered
    inner = [node.selection_set for node in nodes if node.selection_set is not None]
    return Pick(key, name, nodes[0], _select(leads_to, inner, fragments) if leads_to else None)
