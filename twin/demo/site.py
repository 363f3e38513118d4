"""A synthetic data center in the twin's own ontology: model, points and references, equal for equal arguments."""

from __future__ import annotations

from ontology.terms import QuadBlock
from twin.demo.cooling import write_cooling
from twin.demo.plan import DESIGNS, SitePlan, plan_site
from twin.demo.points import Draft, Gateways
from twin.demo.power import write_power
from twin.demo.racks import write_racks
from twin.demo.rooms import write_rooms
from twin.demo.services import write_services
from twin.demo.writer import QuadWriter

SOURCE = "demo"


def generate(racks: int = 200, seed: int = 1, design: str = "2N") -> QuadBlock:
    """The quads of a site of `racks` racks, all in the graph of source `demo`.

    `design` is `2N` (two UPS systems, every rack on both), `distributed` (three, racks on pairs of them) or `N+1` (one UPS system,
    two cords that end in it). Equal arguments give equal blocks. Raises `ValueError` for fewer than 1 rack or another design.
    Cost: some 400 quads a rack, linear.
    """
    return write_site(plan_site(racks, seed, design))


def write_site(plan: SitePlan) -> QuadBlock:
    """The quads of a planned site."""
    writer = QuadWriter(SOURCE)
    gateways = Gateways(writer)
    for kind in ("Electrical", "Mechanical", "Gensets"):
        gateways.open(kind)
    write_rooms(writer, plan)
    draft = Draft(plan, writer, gateways)
    write_power(draft)
    write_cooling(draft)
    write_racks(writer, plan)
    write_services(writer, plan)
    return writer.block()


__all__ = ["DESIGNS", "SOURCE", "generate", "write_site"]
