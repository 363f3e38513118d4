"""What the demo site works out of its own points."""

from analytics.virtual.plan import virtual_points
from graph.snapshot import Snapshot
from ontology.namespaces import DEMO
from ontology.vocabulary import load_vocabulary
from twin.demo.site import generate

VOCABULARY = load_vocabulary()


def test_the_demo_site_has_the_power_of_its_rows_and_its_pue() -> None:
    """Rows stand on the meters of their racks; the site's PUE on all of them and on the sources' meters."""
    found = virtual_points(Snapshot.of(generate(racks=8)), VOCABULARY)

    programs = {virtual.point.removeprefix(DEMO): virtual.program for virtual in found.points}
    assert found.findings == ()
    assert set(programs) == {*(f"Row-H1-{row}.IT-Power" for row in (1, 2, 3, 4)), "Site.IT-Power", "Site.PUE"}
    assert sum(len(programs[f"Row-H1-{row}.IT-Power"].points) for row in (1, 2, 3, 4)) == 8
    assert {point.rpartition(".")[2] for point in programs["Site.PUE"].points} == {"Power", "Output-Power"}
