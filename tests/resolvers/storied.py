"""A twin with a past that fits on a page.

1. `design` says: two UPSs, each feeding the rack; a power point of UPS A.
2. `netbox` says the rack's label, and again that UPS A feeds the rack.
3. `design` takes the cord from UPS B to the rack away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph.snapshot import LABEL, RDF_TYPE
from ontology.namespaces import BRICK, DCX
from ontology.sources import source_graph
from ontology.terms import KeyQuad, QuadBlock
from tests.support.served import Served, served
from twin.sync import Wish

UPS_A, UPS_B, RACK, POINT = (f"urn:site:{name}" for name in ("UPS-A", "UPS-B", "R1", "UPS-A.Power"))
FEEDS = DCX + "feedsPower"
LABELLED = (RACK, LABEL, '"Cabinet 1"@en')
CORD_A, CORD_B = (UPS_A, FEEDS, RACK), (UPS_B, FEEDS, RACK)
DESIGN = [
    (UPS_A, RDF_TYPE, DCX + "UPS"),
    (UPS_B, RDF_TYPE, DCX + "UPS"),
    (RACK, RDF_TYPE, BRICK + "ICT_Rack"),
    (POINT, RDF_TYPE, BRICK + "Electric_Power_Sensor"),
    (UPS_A, BRICK + "hasPoint", POINT),
    CORD_A,
    CORD_B,
]


def block(source: str, *triples: tuple[str, str, str]) -> QuadBlock:
    """What a source says, in its own graph."""
    return QuadBlock.of((*triple, source_graph(source)) for triple in triples)


def quad(source: str, triple: tuple[str, str, str]) -> KeyQuad:
    """One triple in the source's own graph."""
    return (*triple, source_graph(source))


@dataclass
class Storied:
    """The served twin, and the instants of its revisions."""

    served: Served
    at: list[datetime]

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a query that must succeed."""
        return self.served.ask(query, **variables)

    def refusal(self, query: str, **variables: Any) -> tuple[str, str]:
        """Code and message of a request that must be refused."""
        (error,) = self.served.post(query, **variables)["errors"]
        return error["extensions"]["code"], error["message"]

    def sync(self, source: str, *triples: tuple[str, str, str]) -> None:
        """The source says exactly this from now on."""
        done = self.served.ledger.sync(Wish(source, block(source, *triples)), author="ann", reason=f"{source} has news", deletions_max=1.0)
        assert done.revision is not None

    def lost(self, failed: str, arguments: str = "") -> list[str]:
        """What is lost in power when one entity fails, in a state of the twin."""
        found = self.ask(f'{{ impact(failed: ["{failed}"]{arguments}) {{ outcomes {{ id outcome }} }} }}')
        return [each["id"] for each in found["impact"]["outcomes"] if each["outcome"] == "LOST"]


@contextmanager
def storied(**options: Any) -> Iterator[Storied]:
    """The twin of this page. `options` as `served` takes them."""
    with served(block("design", *DESIGN), source="design", **options) as one:
        past = Storied(one, [])
        past.sync("netbox", LABELLED, CORD_A)
        past.sync("design", *(triple for triple in DESIGN if triple != CORD_B))
        past.at = [revision.cause.at for revision in reversed(one.ledger.revisions())]
        yield past
