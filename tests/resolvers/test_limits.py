"""What the face does not let in: documents that cost too much, bodies that are too long, pages and hosts that are not ours."""

from __future__ import annotations

import time
from typing import Any

import pytest
from graphql import get_introspection_query, parse
from websockets.exceptions import ConnectionClosed, InvalidStatus

from resolvers.limits import Limits, over
from tests.support.served import Served, served


def code(answer: dict[str, Any]) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


def test_nested_fragments_are_checked_in_linear_time() -> None:
    """40 fragments, each spreading the next twice, name 2^40 fields; the check reads each fragment once."""
    levels = 40
    twice = "points {{ equipment {{ ...F{0} }} }} x{0}: points {{ equipment {{ ...F{0} }} }}"
    fragments = [f" fragment F{n} on Entity {{ {twice.format(n + 1)} }}" for n in range(levels)]
    text = "{ entity(id: 1) { ...F0 } }" + "".join(fragments)
    document = parse(text + f" fragment F{levels} on Entity {{ id }}")
    start = time.perf_counter()
    refusal = over(document, None, Limits(depth=1000, aliases=1000))

    assert time.perf_counter() - start < 0.1
    assert refusal is not None
    assert "fields in its answer" in refusal


def test_a_document_has_a_depth(site: Served) -> None:
    """13 levels are one too many."""
    inner = "id"
    for _ in range(6):
        inner = f"points {{ equipment {{ {inner} }} }}"

    assert code(site.post(f'{{ entity(id: "demo:UPS-A") {{ {inner} }} }}')) == "LIMIT_EXCEEDED"


def test_a_document_has_a_number_of_aliases(site: Served) -> None:
    """31 aliases are one too many."""
    fields = " ".join(f'a{n}: entity(id: "demo:UPS-A") {{ id }}' for n in range(31))

    assert code(site.post(f"{{ {fields} }}")) == "LIMIT_EXCEEDED"
    assert "errors" not in site.post(f"{{ {fields.split('a30')[0]} }}")


def test_a_document_has_a_number_of_tokens(site: Served) -> None:
    """The parser stops; it does not read on."""
    assert code(site.post("{ " + "__typename " * 2001 + "}")) == "GRAPHQL_PARSE_FAILED"


def test_an_answer_has_a_cost(site: Served) -> None:
    """1,000 entities by 20 relations by 1,000 entities is more than any reader wants."""
    answer = site.post("{ entities(first: 1000) { nodes { relations { entities(first: 1000) { nodes { id } } } } } }")

    assert code(answer) == "LIMIT_EXCEEDED"
    assert "ask for smaller pages" in answer["errors"][0]["message"]


def test_the_size_of_a_page_given_by_a_variable_counts(site: Served) -> None:
    """A cost that hides in a variable is the same cost."""
    query = "query($n: Int) { entities(first: $n) { nodes { relations { entities(first: $n) { nodes { id } } } } } }"

    assert code(site.post(query, n=1000)) == "LIMIT_EXCEEDED"
    assert code(site.post(query, n=1000.0)) == "LIMIT_EXCEEDED"
    assert "errors" not in site.post(query, n=2)


def test_the_size_of_a_page_given_by_a_variables_default_counts(site: Served) -> None:
    """A default of 1,000 is 1,000 where no value is given, and nothing where a smaller one is."""
    query = "query($n: Int = 1000) { entities(first: $n) { nodes { relations { entities(first: $n) { nodes { id } } } } } }"

    assert code(site.post(query)) == "LIMIT_EXCEEDED"
    assert "errors" not in site.post(query, n=2)


def test_tools_can_read_the_schema(site: Served) -> None:
    """The usual introspection query is inside the limits."""
    assert site.ask(get_introspection_query())["__schema"]["queryType"]["name"] == "Query"


def test_a_body_has_a_length(site: Served) -> None:
    """257 KB are refused with 413, told and untold in length."""
    body = b" " * (257 * 1024)

    assert site.client.post("/graphql", content=body).status_code == 413
    assert site.client.post("/graphql", content=(body[:1024] for _ in range(257))).status_code == 413


def test_get_asks_and_never_acts(site: Served) -> None:
    """A mutation over GET is what a link in a mail could do."""
    read = site.client.get("/graphql", params={"query": "{ status { revision } }"})
    act = site.client.get("/graphql", params={"query": 'mutation { setPoint(input: {point: "x", value: 1, reason: "r"}) { id } }'})

    assert read.json()["data"]["status"]["revision"] == 1
    assert act.status_code == 400
    assert "not allowed" in act.text


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_what_a_foreign_form_can_send_is_not_taken(site: Served, content_type: str) -> None:
    """A page of another origin can post these without asking; it cannot post JSON."""
    answer = site.client.post("/graphql", content=b'{"query": "{ status { revision } }"}', headers={"content-type": content_type})

    assert answer.status_code == 400


def test_batches_are_not_taken(site: Served) -> None:
    """One request, one document."""
    assert site.client.post("/graphql", json=[{"query": "{ __typename }"}] * 2).status_code == 400


@pytest.mark.parametrize("path", ["/%00", "/" + "x" * 5000, "/metrics", "/api/v1/readings", "/sparql", "/assets", "/../http.py"])
def test_what_is_not_here_is_said_to_be_not_here(site: Served, path: str) -> None:
    """No page for an interface that does not exist, no failure for a path that no file can have."""
    assert site.client.get(path).status_code == 404
    assert site.client.get("/?at=demo:UPS-A").headers["content-type"].startswith("text/html")


def test_a_wire_that_is_away_is_told_and_does_not_make_the_service_unready(site: Served) -> None:
    """The store and the graph decide; the points of the wire tell by their quality that it is away."""
    ready = site.client.get("/readyz")

    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "reasons": [], "away": ["mqtt: the broker does not answer"]}


def test_a_foreign_host_name_is_not_served(site: Served) -> None:
    """A name that resolves to loopback (DNS rebinding) does not reach the twin."""
    assert site.client.get("/healthz", headers={"host": "evil.example"}).status_code == 421


def test_a_socket_of_a_foreign_page_is_refused(site: Served) -> None:
    """The handshake itself is answered with 403."""
    with pytest.raises(InvalidStatus) as refused, site.socket(origin="http://evil.example"):
        pass

    assert refused.value.response.status_code == 403


def test_only_the_current_subscription_protocol_is_spoken(site: Served) -> None:
    """The legacy `graphql-ws` sub-protocol gets no session."""
    with site.socket("graphql-ws") as socket, pytest.raises(ConnectionClosed):
        socket.recv(timeout=5)


def test_every_answer_tells_the_browser_what_it_may_do(site: Served) -> None:
    """No inline script or style, no frame, no guessing of types."""
    headers = site.client.get("/healthz").headers

    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_what_fails_inside_is_not_shown(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The caller hears one sentence; the log has the cause."""
    with served() as site:
        monkeypatch.setattr(site.face, "facts", lambda: 1 / 0)
        answer = site.post("{ status { revision } }")

    assert answer["errors"][0]["message"] == "the service failed here, not the request; its log says why"
    assert answer["errors"][0]["extensions"] == {"code": "INTERNAL"}
    assert "division by zero" in caplog.text
