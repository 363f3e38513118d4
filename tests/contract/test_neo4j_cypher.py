"""No Cypher is put together from a caller's text: every text is a constant, and every name in it comes from the table of names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from neo4j import GraphDatabase

from graph.changes import Cause, ChangeSet
from graph.stores import cypher
from graph.stores.neo4j import Neo4jStore
from graph.stores.property_graph import RDF_TYPE, RESERVED_LABELS, RESERVED_PREDICATES, Names, native_iri
from graph.values import Quality, ReadingBatch
from ontology.terms import QuadBlock
from tests.contract.test_neo4j_steps import CAUSE
from tests.support.neo4j_server import emptied

STORES = Path(cypher.__file__).parent
RUNNERS = {"run", "ask", "tell", "statement", "note", "Query"}
HOSTILE = [
    "urn:x:a`b",
    "urn:x:`) DETACH DELETE n //",
    "urn:x:'; DROP CONSTRAINT resource_iri; //",
    'urn:x:"quoted"',
    "urn:x:line\nbreak\ttab\x00nul",
    "urn:x:größe冷却🧊",
    "urn:x:$(labels)",
    "urn:x:\\u0060escaped",
    "urn:x:Resource",
    "urn:x:_facts",
    native_iri("`) MATCH (n) DETACH DELETE n //"),
    native_iri("Resource"),
    "urn:x:" + "long" * 200,
    "urn:x:back\\slash \\s \\b",
]


def constant(node: ast.expr, names: set[str]) -> bool:
    """Whether the expression is a text that stands in the file, or the sum of such texts."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return constant(node.left, names) and constant(node.right, names)
    return (isinstance(node, ast.Constant) and isinstance(node.value, str)) or (isinstance(node, ast.Name) and node.id in names)


def test_every_cypher_text_is_a_constant() -> None:
    """`cypher.py` holds nothing else: no formatting, no call, no text of another file."""
    names: set[str] = set()
    for statement in ast.parse((STORES / "cypher.py").read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.AnnAssign) and statement.value is not None and isinstance(statement.target, ast.Name):
            values = list(statement.value.values) if isinstance(statement.value, ast.Dict) else [statement.value]
            assert "LiteralString" in ast.unparse(statement.annotation)
            assert all(constant(value, names) for value in values), statement.target.id
            names.add(statement.target.id)
        else:
            assert isinstance(statement, ast.ImportFrom | ast.Expr), ast.unparse(statement)
    assert len(names) > 30


def test_only_the_constants_are_run() -> None:
    """Whatever runs a text in the store's files is given one of them, or hands one on whose type says that it is a literal."""
    seen = 0
    for path in sorted(STORES.glob("neo4j*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        literal = {
            argument.arg
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef)
            for argument in function.args.args
            if argument.annotation is not None and ast.unparse(argument.annotation) == "LiteralString"
        }
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name not in RUNNERS or not call.args:
                continue
            call.args[0] = call.args[0].args[0] if isinstance(call.args[0], ast.Call) else call.args[0]
            texts = [ast.unparse(argument) for argument in call.args]
            told = [text for text in texts if re.search(r"\bcypher\.", text) or text in literal]
            assert told, f"{path.name}:{call.lineno} runs {texts}"
            seen += 1
    assert seen > 30


@given(some.lists(some.text(max_size=20), unique=True, max_size=20))
def test_no_callers_text_becomes_a_name(iris: list[str]) -> None:
    """A label, a type, a property name holds letters, digits and `_`, whatever the IRI; none is one of the twin's own."""
    names = Names()
    wanted = ["", *HOSTILE, *iris, *map(native_iri, iris)]
    names.learn(wanted, wanted)

    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in (*names.labels.values(), *names.predicates.values()))
    assert not RESERVED_LABELS.intersection(names.labels.values())
    assert not RESERVED_PREDICATES.intersection(names.predicates.values())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_name_is_only_a_name(hostile: str) -> None:
    """As subject, predicate, class, graph, literal, author and point: it comes back as it went in, and nothing else is touched."""
    url = emptied()
    store = Neo4jStore(url)
    quads = {(hostile, hostile, hostile, hostile), (hostile, RDF_TYPE, hostile, hostile), (hostile, hostile, f'"{hostile}"', hostile)}
    quads |= {("urn:kept", "urn:p", '"1"', "urn:g")}
    cause = Cause(hostile, hostile, CAUSE.at, hostile, hostile)

    store.commit(ChangeSet(QuadBlock.of(sorted(quads)), QuadBlock.empty(), {hostile: hostile}), cause, expected=0)
    store.write_values(ReadingBatch.of([(hostile, 1.0, 1, 2, Quality.GOOD)]))

    twin = store.load()
    assert set(twin.quads) == quads
    assert (twin.revision and twin.revision.cause, dict(twin.owners)) == (cause, {hostile: hostile})
    assert list(store.values().points) == [hostile]
    assert store.drift().is_empty
    with GraphDatabase.driver(url) as driver:
        labels = driver.execute_query("CALL db.labels() YIELD label RETURN collect(label) AS labels").records[0]["labels"]
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ ]*", label) for label in labels)
    store.close()
