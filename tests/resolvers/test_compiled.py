"""The compiled reads give what graphql-core gives, on generated queries; and leave to it what they do not cover."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.changes import NEWEST, ChangeSet
from graph.snapshot import LABEL
from graph.values import Quality, ReadingBatch
from ontology.namespaces import DEMO
from ontology.terms import QuadBlock
from resolvers.compiled import CompiledReads
from resolvers.compiled_plan import FIELDS
from resolvers.limits import Limits
from resolvers.schema import build_schema
from tests.resolvers.storied import block
from tests.support.served import Served, now
from twin.sync import Wish

LIMITS = Limits(depth=40, aliases=1000, tokens=50_000, cost=10**9)
SCHEMA = build_schema(LIMITS)
COMPILED = CompiledReads(SCHEMA, LIMITS)


def selections(kind: str, depth: int) -> st.SearchStrategy[str]:
    """A selection of a type: some of its fields, some twice under another name, some through a fragment."""
    leads = {name: to for name, to in FIELDS[kind].items() if not to or depth > 0}

    def field(name: str) -> st.SearchStrategy[str]:
        alias = st.sampled_from(["", "", "", f"other_{name}: "])
        inner = selections(leads[name], depth - 1).map(lambda text: f" {text}") if leads[name] else st.just("")
        return st.builds(lambda a, i: f"{a}{name}{i}", alias, inner)

    fields = st.lists(
        st.sampled_from([*sorted(leads), "__typename"]).flatmap(lambda n: st.just(n) if n == "__typename" else field(n)),
        min_size=1,
        max_size=5,
    )
    return fields.map(lambda some: "{ " + " ".join(_each_key_once(some)) + " }")


def _each_key_once(some: list[str]) -> list[str]:
    """Two fields under one key must be mergeable; here one is enough."""
    return list({text.split("{")[0].split(":")[0].strip(): text for text in some}.values())


def in_fragment(text: str) -> str:
    """The same selection of an entity through a named and an inline fragment."""
    return f"{{ ...E ... on Entity {text} }}"


states = st.sampled_from(["", "", ", asOf: {revision: 1}", ", asOf: $s", ', branch: "b"', ', branch: "b", asOf: {revision: 0}'])
ids = st.sampled_from(["demo:UPS-A", "demo:Rack-R001", "demo:UPS-A.Output-Power", "demo:Nope", "demo:Chiller-1"])
roots = st.one_of(
    st.builds(lambda i, a, s: f'entity(id: "{i}"{a}) {s}', ids, states, selections("Entity", 3)),
    st.builds(lambda i, a, s: f'entity(id: "{i}"{a}) {in_fragment(s)}', ids, states, selections("Entity", 2)),
    st.builds(
        lambda c, t, n, a, s: f"entities(class: {c}, text: {t}, first: {n}{a}) {s}",
        st.sampled_from(['"brick:ICT_Rack"', '"dcx:UPS"', "null", "$c"]),
        st.sampled_from(["null", '"ups"', '"rack r00"', '"nothing like it"']),
        st.sampled_from(["0", "1", "7", "$n"]),
        states,
        selections("EntityConnection", 3),
    ),
)


@pytest.fixture(scope="module")
def live(site: Served) -> Served:
    """The small site with readings of every quality on its points."""
    at = int(now().timestamp() * 1000)
    points = [site.twin.snapshot.key(n) for n in site.face.index().select("brick:Point", None).tolist()][:400]
    rows = [(point, float("nan") if n % 7 == 0 else n / 3, at - n, at, Quality(n % 6)) for n, point in enumerate(points)]
    site.ingest.accept(ReadingBatch.of(rows))
    gone = [quad for quad in site.twin.snapshot.quads() if quad[0] == DEMO + "UPS-A" and not quad[2].startswith('"')][:3]
    site.ledger.sync(
        Wish("tags", block("tags", (DEMO + "UPS-A", LABEL, '"A"'), (DEMO + "Nope", LABEL, '"new"'))), author="ann", reason="tags"
    )
    site.ledger.create_branch("b", base=NEWEST, author="ann", reason="try")
    site.ledger.change(ChangeSet(QuadBlock.empty(), QuadBlock.of(gone)), author="ann", source="demo", reason="try", branch="b")
    return site


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], print_blob=True
)
@given(root=roots)
def test_the_compiled_answer_is_graphql_cores(live: Served, root: str) -> None:
    """For any covered query over any state the two answers are the same JSON, null by null."""
    fragment = " fragment E on Entity { id ...F } fragment F on Entity { label points { id } }" if "...E" in root else ""
    declared = [text for text, name in (("$c: String", "$c"), ("$n: Int", "$n"), ("$s: AsOf", "$s")) if name in root]
    query = f"query{'(' + ', '.join(declared) + ')' if declared else ''} {{ {root} }}{fragment}"
    variables = {name: value for name, value in {"c": "brick:ICT_Rack", "n": 3, "s": {"revision": 1}}.items() if f"${name}" in root}
    live.face.clock = lambda: AT

    ours = COMPILED.answer(live.face, query, variables, None)

    assert ours is not None, query
    assert orjson.loads(ours) == {"data": plain(live, query, variables)}


AT = now()


def plain(site: Served, query: str, variables: dict[str, Any]) -> Any:
    """The answer of graphql-core."""
    result = asyncio.run(SCHEMA.execute(query, variable_values=variables, context_value={"face": site.face}))
    assert result.errors is None, result.errors
    return orjson.loads(orjson.dumps(result.data))


@pytest.mark.parametrize(
    "query",
    [
        "{ status { revision } }",
        '{ entity(id: "demo:UPS-A") { relations { count } } }',
        '{ entity(id: "demo:UPS-A") { id @include(if: true) } }',
        "{ entities(first: 2000) { totalCount } }",
        '{ entities(class: "no:Such") { totalCount } }',
        "{ entities(first: $n) { totalCount } }",
        "{ entities(asOf: {revision: 99}) { totalCount } }",
        '{ entity(id: "demo:UPS-A", branch: "nope") { id } }',
        "{ nope }",
        "{",
    ],
)
def test_what_is_not_covered_or_is_wrong_is_left_to_graphql_core(site: Served, query: str) -> None:
    """No error is answered twice in two ways."""
    assert COMPILED.answer(site.face, query, None, None) is None
