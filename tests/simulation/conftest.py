"""The demo site as the simulation's tests need it: made once, read by all; each test gets a plant of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from analytics.conditions import Conditions
from analytics.impact import BlastRadius, impact
from analytics.supply import compile_supply
from analytics.supply_graph import SupplyGraph
from graph.snapshot import Snapshot
from ontology.namespaces import DEMO
from ontology.vocabulary import Vocabulary, load_vocabulary
from twin.demo.plant import Plant
from twin.demo.site import generate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Site:
    """A generated site ready for questions."""

    snapshot: Snapshot
    vocabulary: Vocabulary
    supply: SupplyGraph

    def impact(self, *names: str) -> BlastRadius:
        """What fails with these, by demo name."""
        return impact(self.supply, [DEMO + name for name in names], Conditions(NOON))


class Desk:
    """A plant and its clock, spoken to by short names."""

    def __init__(self, site: Site, seed: int = 1) -> None:
        self.plant = Plant(site.snapshot, site.vocabulary, site.supply, seed)
        self.now = NOON
        self.run(5)

    def run(self, seconds: float, step: float = 5.0) -> None:
        """Let the plant live for a while."""
        for _ in range(round(seconds / step)):
            self.now += timedelta(seconds=step)
            self.plant.step(step, self.now)

    def reads(self, point: str) -> float:
        """What a point shows."""
        return self.plant.values()[DEMO + point]

    def opens(self, breaker: str) -> None:
        """Open a breaker."""
        self.plant.write(f"{DEMO}{breaker}.Position", 0)

    def closes(self, breaker: str) -> None:
        """Close a breaker."""
        self.plant.write(f"{DEMO}{breaker}.Position", 1)


def make_site(vocabulary: Vocabulary, racks: int, design: str) -> Site:
    """A site of seed 1."""
    snapshot = Snapshot.of(generate(racks, 1, design))
    return Site(snapshot, vocabulary, compile_supply(snapshot, vocabulary))


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


@pytest.fixture(scope="session")
def site(vocabulary: Vocabulary) -> Site:
    """The default site: 200 racks, 2N."""
    return make_site(vocabulary, 200, "2N")


@pytest.fixture
def desk(site: Site) -> Desk:
    return Desk(site)
