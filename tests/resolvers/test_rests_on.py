"""Which part of an answer rests on stale points, over GraphQL: of every answer that is read from points."""

from __future__ import annotations

from typing import Any

import pytest

from graph.values import Quality, ReadingBatch
from ontology.namespaces import DEMO
from tests.support.served import Served, served

SWITCH, BREAKER = DEMO + "Breaker-UPS-B-Output.Position", DEMO + "Breaker-UPS-B-Output"
RESTS = """restsOn { points good uncertain stale bad silent entities doubtful { racks services tenants itLoadKw } poorCount
  ids(first: 50000) poor { point what of quality reason value observedAt ageS instead entities entitiesCount } }"""
ASKED = {
    "impact": f'impact(failed: ["demo:UPS-A"]) {{ {RESTS} rooms {{ doubtful {{ racks }} }} }}',
    "timeline": f'timeline(failed: ["demo:UPS-A"]) {{ {RESTS} }}',
    "countdown": f'countdown(failed: ["demo:UPS-A"]) {{ {RESTS} }}',
    "posture": f"posture {{ {RESTS} }}",
    "capacity": f"capacity {{ {RESTS} }}",
}


@pytest.fixture(scope="module")
def stale() -> Any:
    """A site whose breaker behind UPS B was last heard two minutes ago, closed."""
    with served() as site:
        now = round(site.face.clock().timestamp() * 1000)
        site.twin.current.take(ReadingBatch.of([(SWITCH, 1.0, now - 120_000, now - 120_000, Quality.STALE)]))
        yield site


def asked(site: Served, what: str) -> dict[str, Any]:
    if what == "countdown":
        with site.subscribed(f"subscription {{ {ASKED[what]} }}") as next_event:
            found: dict[str, Any] = next_event()[what]
            return found
    answer: dict[str, Any] = site.ask(f"{{ {ASKED[what]} }}")[what]
    return answer


@pytest.mark.parametrize("what", sorted(ASKED))
def test_every_answer_names_the_stale_point_and_what_of_it_depends_on_that(stale: Served, what: str) -> None:
    """All racks of the demo hang by side B, too; the other points were never heard."""
    found = asked(stale, what)["restsOn"]

    (poor,) = found["poor"]
    assert (poor["point"], poor["what"], poor["of"], poor["quality"]) == (SWITCH, "POSITION", BREAKER, "STALE")
    assert (poor["value"], poor["instead"]) == (1.0, "its normal position, closed")
    assert 120 <= poor["ageS"] < 1000
    assert (found["points"], found["stale"], found["poorCount"]) == (found["silent"] + 1, 1, 1)
    assert found["entities"] == poor["entitiesCount"] > 0
    assert poor["entities"] == sorted(poor["entities"])
    assert len(found["ids"]) == found["entities"]
    assert found["ids"][: len(poor["entities"])] == poor["entities"]


def test_the_rooms_of_an_impact_say_how_many_of_their_racks_are_doubtful(stale: Served) -> None:
    """Together they are the racks of the whole answer."""
    found = asked(stale, "impact")

    assert sum(room["doubtful"]["racks"] for room in found["rooms"]) == found["restsOn"]["doubtful"]["racks"] > 0
