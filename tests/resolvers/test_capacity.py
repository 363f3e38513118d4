"""How full the plant is, over GraphQL: the same answer as from the command line, its fields in camelCase."""

from __future__ import annotations

from typing import Any

from analytics.capacity.standing import capacity
from tests.resolvers.test_impact import camel
from tests.support.served import Served

WHOLE = """query($n: Int) { capacity(first: $n) {
  revision at unrated assumed feedersCount findingsCount
  feeders { id label class loadKw basis ratedKw limitKw part worstPart worstCause usualPartMax phasesKw phaseLimitKw }
  findings { severity code id message remedy } } }"""


def in_camel_case(told: dict[str, Any]) -> dict[str, Any]:
    """The command line's JSON with GraphQL's names."""
    feeders = [{camel(k): v for k, v in feeder.items()} for feeder in told["feeders"]]
    findings = [{**finding, "severity": finding["severity"].upper()} for finding in told["findings"]]
    counts = {"feedersCount": len(feeders), "findingsCount": len(findings)}
    return {**told, "feeders": feeders, "findings": findings, **counts}


def test_the_loads_and_limits_are_the_command_lines_in_camel_case(site: Served) -> None:
    """Every feeder of the site with every figure, but for the instant of asking."""
    found = site.ask(WHOLE, n=1000)["capacity"]
    told = in_camel_case(capacity(site.twin.newest.supply(), site.twin.newest.conditions()).to_json())

    assert {**found, "at": None} == {**told, "at": None}
    assert found["feedersCount"] > 50


def test_the_fullest_feeders_come_first_and_as_many_as_are_asked_for(site: Served) -> None:
    """Fifty unless said, and the count of all beside them."""
    some, three = site.ask(WHOLE)["capacity"], site.ask(WHOLE, n=3)["capacity"]

    assert len(some["feeders"]) == 50 < some["feedersCount"] == three["feedersCount"]
    assert three["feeders"] == some["feeders"][:3]
    assert some["feeders"] == sorted(some["feeders"], key=lambda feeder: (-feeder["worstPart"], feeder["id"]))


def test_a_page_of_feeders_out_of_bounds_is_refused(site: Served) -> None:
    """None, and more than there may be."""
    (none,) = site.post(WHOLE, n=0)["errors"]
    (many,) = site.post("{ capacity(first: 1001) { revision } }")["errors"]

    assert none["message"] == "first = 0: give 1 to 1000"
    assert many["extensions"] == {"code": "BAD_INPUT"}
