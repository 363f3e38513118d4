"""Readings that come before their points: where they wait, what becomes of them when the graph has the points, what a kill leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.current import CurrentValues
from graph.points import PointFacts
from graph.values import Quality, ReadingBatch
from tests.support.wired import wall_clock
from twin.bus import Bus
from twin.early import Early
from twin.ingest import Ingest

AT = 1_770_000_000_000


def readings(point: str, *values: float) -> ReadingBatch:
    """Values of a point, a millisecond apart."""
    return ReadingBatch.of([(point, value, AT + round(value), AT, Quality.GOOD) for value in values])


def test_what_waits_is_there_after_a_kill_and_gone_when_it_is_taken(tmp_path: Path) -> None:
    """In order, quality and no number as they were; a line that a kill has cut is nobody's, and what follows it is whole."""
    file = tmp_path / "data" / "early.jsonl"
    Early(file).keep(readings("urn:a", 1.0, 2.0))
    Early(file).keep(ReadingBatch.of([("urn:b", float("nan"), AT, AT, Quality.BAD)]))
    with file.open("ab") as torn:
        torn.write(b'\n["urn:a",3.0,17')

    again = Early(file)
    again.keep(readings("urn:a", 4.0))
    assert Early(file).points() == {"urn:a": 3, "urn:b": 1}
    ready = Early(file).ready(lambda point: point == "urn:a")
    assert (ready.values.tolist(), set(ready.quality.tolist())) == ([1.0, 2.0, 4.0], {Quality.GOOD})

    again.forget(["urn:a"])
    assert Early(file).points() == {"urn:b": 1}
    again.forget(["urn:b"])
    assert file.read_bytes() == b""


def test_beyond_the_bound_nothing_is_kept() -> None:
    """The first that there is room for; whoever brought the rest is told how many that are."""
    early = Early(rows_max=3)

    assert [early.keep(readings("urn:a", 1.0, 2.0)), early.keep(readings("urn:b", 1.0, 2.0)), early.keep(readings("urn:b", 3.0))] == [
        2,
        1,
        0,
    ]
    assert early.points() == {"urn:a": 2, "urn:b": 1}


def test_the_revision_that_has_the_points_takes_what_waited() -> None:
    """All of a point in order; of a point that is there already at once; of one that was withdrawn when it is there again."""
    current = CurrentValues({"urn:old": 60.0})
    ingest = Ingest(current, Bus(), wall_clock, {"urn:old": PointFacts()})

    ingest.early(readings("urn:new", 1.0, 2.0, 3.0))
    ingest.early(readings("urn:old", 7.0))
    assert ingest.waiting() == {"urn:new": 3}
    ingest.rebind({"urn:new": PointFacts()})
    found = current.get("urn:new")
    assert (found and found.value, dict(ingest.waiting())) == (3.0, {})

    assert ingest.slots(["urn:new", "urn:old", "urn:never"]).tolist() == [1, -1, -1]
    ingest.early(readings("urn:old", 8.0))
    ingest.rebind({"urn:old": PointFacts()})
    assert ingest.slots(["urn:old"]).tolist() == [0]
    assert (there := current.get("urn:old")) is not None
    assert there.value == 8.0


def test_a_file_that_cannot_be_written_loses_nothing_before_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said, and what waits is taken all the same."""
    (tmp_path / "data").write_text("no folder")
    current = CurrentValues()
    ingest = Ingest(current, Bus(), wall_clock, {}, early=Early(tmp_path / "data" / "early.jsonl"))

    assert ingest.early(readings("urn:a", 1.0)) == 1
    ingest.rebind({"urn:a": PointFacts()})

    assert (found := current.get("urn:a")) is not None
    assert found.value == 1.0
    assert "in memory alone" in caplog.text
