"""A served graph store for the tests of the RDF face."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.rdf_served import RdfServed, rdf_served


@pytest.fixture(scope="module")
def served_all() -> Iterator[RdfServed]:
    """One service for a file of tests."""
    with rdf_served() as served:
        yield served


@pytest.fixture
def rdf(served_all: RdfServed) -> RdfServed:
    """The service, nobody saying anything."""
    for source in served_all.ledger.sources():
        served_all.client.delete("/rdf", params={"source": source.name}).raise_for_status()
    return served_all
