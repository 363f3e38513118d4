"""The page as the running service gives it: the explorer links to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from resolvers.arguments import FAILED_MAX
from tests.support.served import Served, served
from twin.report.style import POLICY


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    """The small demo site, served."""
    with served() as one:
        yield one


def test_the_service_gives_the_page_of_a_failure(site: Served) -> None:
    """The page names the revision and who asks, and may show its own style only."""
    answer = site.client.get("/report", params={"failed": ["demo:UPS-A", "demo:CRAH-H1-01"], "by": "Rita <Ops>"})

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers.get_list("content-security-policy") == [f"{POLICY}; frame-ancestors 'none'"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "revision 1" in answer.text
    assert "asked by Rita &lt;Ops&gt;" in answer.text
    assert "UPS A, Hall 1 CRAH 1 fail" in answer.text


def test_a_switch_may_be_opened_in_a_state_of_the_past(site: Served) -> None:
    """The state is named as elsewhere: by revision or instant."""
    answer = site.client.get("/report", params={"opened": "demo:Breaker-UPS-A-Output", "at": "1", "hours": "0.5"})

    assert answer.status_code == 200
    assert "When, for 30 min" in answer.text


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("", 400, "0 ids are given: name 1 to 1000"),
        ("failed=demo:UPS-Z", 404, "demo:UPS-Z"),
        ("failed=demo:UPS-A&hours=0", 400, "hours = 0: give a number above 0"),
        ("failed=demo:UPS-A&hours=soon", 400, "hours = soon"),
        ("failed=demo:UPS-A&at=yesterday", 400, "neither a revision's number nor an instant"),
        ("failed=demo:UPS-A&at=99", 404, "99"),
        ("failed=demo:UPS-A&branch=nowhere", 404, "nowhere"),
        ("failed=demo:UPS-A&colour=red", 400, "no argument 'colour'"),
        ("opened=demo:UPS-A", 400, "UPS-A"),
        ("&".join(["failed=demo:UPS-A"] * (FAILED_MAX + 1)), 400, f"{FAILED_MAX + 1} ids are given"),
    ],
)
def test_what_cannot_be_answered_says_why(site: Served, query: str, status: int, told: str) -> None:
    """Each refusal is a line of plain text with the next step."""
    answer = site.client.get(f"/report?{query}")

    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert told in answer.text


def test_every_other_answer_keeps_the_policy_of_the_house(site: Served) -> None:
    """Only the page brings a policy of its own."""
    answer = site.client.get("/healthz")

    assert "script-src 'self'" in answer.headers["content-security-policy"]
