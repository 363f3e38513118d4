"""The queries of the GraphQL guide run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.served import Served

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "graphql.md"
EXAMPLES = re.findall(r"```graphql\n(.*?)```", GUIDE.read_text(), re.DOTALL)


@pytest.mark.parametrize("example", [e for e in EXAMPLES if not e.startswith("subscription")])
def test_a_query_of_the_guide_is_answered(site: Served, example: str) -> None:
    """Data and no error."""
    assert all(site.ask(example).values())


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.startswith("subscription")])
def test_a_subscription_of_the_guide_gives_its_first_event(site: Served, example: str) -> None:
    """The present state is the first event."""
    with site.subscribed(example) as event:
        assert all(event().values())
