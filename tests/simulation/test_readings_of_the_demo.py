"""What the plant shows is held to what its sensors can read: nothing that it does is called a failure of a sensor."""

from __future__ import annotations

import numpy as np
import pytest

from graph.current import CurrentValues
from graph.points import point_facts
from graph.values import Quality, Samples
from ontology.vocabulary import Vocabulary
from tests.simulation.conftest import Desk, make_site

STEP_S = 5


@pytest.mark.parametrize("opened", ["", "Main-Breaker-A"])
def test_no_reading_of_the_plant_is_out_of_range_jumps_or_stands_still(vocabulary: Vocabulary, opened: str) -> None:
    """Ten minutes of a small site, of which one side may lose its utility and get it back; each reading as it is published."""
    site = make_site(vocabulary, 8, "2N")
    desk, current = Desk(site), CurrentValues()
    current.rebind(point_facts(site.snapshot, vocabulary))
    points = sorted(desk.plant.values())
    slots = current.slots(points)

    for step in range(600 // STEP_S):
        if opened and step == 20:
            desk.opens(opened)
        if opened and step == 70:
            desk.closes(opened)
        desk.run(STEP_S)
        now = np.full(len(points), round(desk.now.timestamp() * 1000), np.int64)
        none = np.zeros(len(points), np.uint8)
        current.absorb(Samples(slots, np.array([desk.plant.values()[point] for point in points]), now, now, none, none))

    counts = current.counts()
    assert (counts.out_of_range, counts.jumps, counts.frozen, counts.unknown) == (0, 0, 0, 0)
    assert set(current.many(points).quality.tolist()) == {Quality.GOOD}
