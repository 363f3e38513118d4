"""Past values over GraphQL: spans, charts, instants, on a history of files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from adapters.history.embedded import EmbeddedHistory
from graph.points import PointFacts
from graph.values import Samples
from ontology.namespaces import DEMO
from resolvers.past_values import whole_step_ms
from tests.support.served import Served

POINT, OTHER = DEMO + "UPS-A.Output-Power", DEMO + "UPS-B.Output-Power"
BEGIN = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
BEGIN_MS = int(BEGIN.timestamp() * 1000)
SECONDS = 3 * 3600


@pytest.fixture(scope="module")
def kept(site: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Three hours of one point, a sample a second: its own second, but 1e6 at one instant, and no number for the second minute."""
    history = EmbeddedHistory(Path(tmp_path_factory.mktemp("history")))
    history.rebind({POINT: PointFacts(1.0)})
    seconds = np.arange(SECONDS, dtype=np.float64)
    values = np.where(seconds == 4000, 1e6, seconds)
    silent = (seconds >= 60) & (seconds < 120)
    at = BEGIN_MS + (seconds * 1000).astype(np.int64)
    quality, reason = np.where(silent, 3, 0).astype(np.uint8), np.where(silent, 10, 0).astype(np.uint8)
    samples = Samples(np.zeros(SECONDS, np.int32), np.where(silent, np.nan, values), at, at, quality, reason)
    history.append(samples, lambda slots: [POINT for _ in slots])
    site.face.kept = history
    yield site
    site.face.kept = None
    history.close()


def test_spans_have_least_greatest_mean_coverage_and_the_worst_quality(kept: Served) -> None:
    """The first two minutes: 0..59 s is good; in the second no sample was a number, so nothing covers it."""
    answer = kept.ask(
        """query($points: [ID!]!) { history(points: $points, since: "2026-03-03T03:00:00Z", until: "2026-03-03T03:02:00Z", stepS: 60) {
        point stepS at value minimum maximum quality reason coverage } }""",
        points=[POINT, OTHER],
    )["history"]

    assert answer[0] == {
        "point": POINT,
        "stepS": 60.0,
        "at": ["2026-03-03T03:00:00+00:00", "2026-03-03T03:01:00+00:00"],
        "value": [29.5, None],
        "minimum": [0.0, None],
        "maximum": [59.0, None],
        "quality": ["GOOD", "BAD"],
        "reason": ["NONE", "NONE"],
        "coverage": [1.0, 0.0],
    }
    assert answer[1]["point"] == OTHER
    assert answer[1]["at"] == []


def test_a_chart_of_few_points_keeps_the_peak_and_the_gap(kept: Served) -> None:
    """Of 10,800 samples some 200 are told: the one at 1e6 is there, and a row that is no number parts the line in the second minute."""
    (chart,) = kept.ask(
        """query($points: [ID!]!) {
        history(points: $points, since: "2026-03-03T03:00:00Z", until: "2026-03-03T06:00:00Z", maxPoints: 200) {
        stepS value minimum quality reason } }""",
        points=["demo:UPS-A.Output-Power"],
    )["history"]

    assert chart["stepS"] is None
    assert len(chart["value"]) < 250
    assert max(value for value in chart["value"] if value is not None) == 1e6
    gap = chart["value"].index(None)
    assert (chart["quality"][gap], chart["reason"][gap]) == ("BAD", "SENSOR")


def test_a_long_span_is_told_by_whole_minutes_or_hours(kept: Served) -> None:
    """A year in 1,000 rows: spans of 9 h; what the three hours had is in one of them, its peak too."""
    (chart,) = kept.ask(
        """query($points: [ID!]!) {
        history(points: $points, since: "2025-06-01T00:00:00Z", until: "2026-06-01T00:00:00Z", maxPoints: 1000) {
        stepS maximum } }""",
        points=[POINT],
    )["history"]

    assert chart["stepS"] == 9 * 3600
    assert max(chart["maximum"]) == 1e6
    assert [whole_step_ms(ms) for ms in (1, 61_000, 3_599_999, 3_600_001)] == [60_000, 120_000, 3_600_000, 7_200_000]


def test_all_values_of_an_instant_are_as_good_as_they_were_then(kept: Served) -> None:
    """At 03:00:30 the sample of that second; at 03:01:30 the last number, bad; the other point had said nothing."""
    rows = """query($points: [ID!]!) { good: valuesAt(points: $points, at: "2026-03-03T03:00:30Z") { point value { value quality ageS } }
      bad: valuesAt(points: $points, at: "2026-03-03T03:01:30Z") { value { value quality reason ne107 } } }"""
    answer = kept.ask(rows, points=[POINT, OTHER])

    assert answer["good"] == [
        {"point": POINT, "value": {"value": 30.0, "quality": "GOOD", "ageS": 0.0}},
        {"point": OTHER, "value": {"value": None, "quality": "NO_VALUE", "ageS": None}},
    ]
    assert answer["bad"][0] == {"value": {"value": 59.0, "quality": "BAD", "reason": "SENSOR", "ne107": "FAILURE"}}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('since: "2026-03-03T03:00:00Z", until: "2026-03-03T02:00:00Z"', "must be before"),
        ('since: "2026-03-03T03:00:00"', "with its offset"),
        ('since: "2026-03-03T03:00:00Z", stepS: 60, maxPoints: 100', "not both"),
        ('since: "2026-03-03T03:00:00Z", until: "2026-03-04T03:00:00Z", stepS: 1', "give 8.64 or more"),
        ('since: "2026-03-03T03:00:00Z", maxPoints: 3', "give 4 to"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_can(kept: Served, arguments: str, told: str) -> None:
    """The limit and the next step."""
    answer = kept.post(f'{{ history(points: ["{POINT}"], {arguments}) {{ at }} }}')

    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert told in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    "asked",
    ['history(points: ["ex:Nobody"], since: "2026-03-03T03:00:00Z")', 'valuesAt(points: ["ex:Nobody"], at: "2026-03-03T03:00:00Z")'],
)
def test_a_point_that_neither_graph_nor_history_has_is_an_error(kept: Served, asked: str) -> None:
    """As over REST and at the command line: no empty answer to a name that is misspelt."""
    answer = kept.post(f"{{ {asked} {{ point }} }}")

    assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_ENTITY"
    assert "neither the graph nor the history has a point 'ex:Nobody'" in answer["errors"][0]["message"]


def test_where_nothing_is_kept_the_setting_is_named(site: Served) -> None:
    """An error with a code of its own, never an empty answer."""
    kept, site.face.kept = site.face.kept, None
    answer = site.post(f'{{ valuesAt(points: ["{POINT}"], at: "2026-03-03T03:00:00Z") {{ point }} }}')
    site.face.kept = kept

    assert answer["errors"][0]["extensions"]["code"] == "NO_HISTORY"
    assert "RIDETHROUGH_HISTORY" in answer["errors"][0]["message"]
