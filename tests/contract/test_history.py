"""What every history promises: each sample once, in order of source time, whatever came when; spans as their samples would give them; and
all of it again after a restart."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.history.embedded import EmbeddedHistory
from adapters.history.keeping import Keeping, Rules
from graph.history import DAY_MS, HOUR_MS, MINUTE_MS
from graph.ports import History
from graph.values import Quality
from tests.support.histories import FACTS, NAMES, Place, Row, assert_same, in_memory, names_of, opener_of, said, tell
from tests.support.history_reference import HistoryReference

NOON = 1_780_315_200_000
"""2026-06-01 12:00 UTC."""
GOOD, BAD = Quality.GOOD, Quality.BAD


@pytest.fixture(params=["embedded", "postgresql", "spooled"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty history of each kind."""
    place = Place(opener_of(request.param, tmp_path))
    yield place
    place.history.close()


def observed(history: History, slot: int, since: int = 0, until: int = 2 * NOON) -> list[tuple[int, float]]:
    """Times after noon and values of a point."""
    found = history.series(NAMES[slot], since, until, 1000)
    return [(at - NOON, value) for at, value in zip(found.observed_at.tolist(), found.values.tolist(), strict=True)]


def settled(history: History, now: int = NOON) -> None:
    """Have everything in its place."""
    history.maintain(now)


def test_samples_come_back_in_order_of_source_time(place: Place) -> None:
    """However they came, and before as after they are sorted into their places; of one instant the one that came first stands first."""
    tell(place.history, (0, NOON + 5, 1.0, GOOD), (1, NOON, 7.0, GOOD), (0, NOON + 1, 2.0, GOOD))
    tell(place.history, (0, NOON + 5, 3.0, GOOD), (0, NOON, 4.0, BAD))

    before = observed(place.history, 0)
    settled(place.history)
    assert before == [(0, 4.0), (1, 2.0), (5, 1.0), (5, 3.0)]
    assert observed(place.history, 0) == before
    assert observed(place.reopen(), 0) == before


def test_a_sample_said_again_is_kept_once_with_its_better_quality(place: Place) -> None:
    """Within a batch, in another one, and after the first is in its file."""
    tell(place.history, (0, NOON, 1.0, BAD), (0, NOON, math.nan, BAD), (0, NOON, 1.0, Quality.UNCERTAIN), (0, NOON, math.nan, BAD))
    settled(place.history)
    tell(place.history, (0, NOON, 1.0, GOOD))
    tell(place.history, (0, NOON, 1.0, BAD))

    for _ in range(2):
        found = place.history.series(NAMES[0], NOON, NOON + 1, 10)
        assert found.quality.tolist() == [GOOD, BAD]
        assert found.reason.tolist()[0] == 0
        np.testing.assert_array_equal([1.0, math.nan], found.values)
        settled(place.history, NOON + 2 * DAY_MS)


def test_a_span_has_its_beginning_and_not_its_end_and_a_limit_takes_the_oldest(place: Place) -> None:
    """And a point that never said anything has nothing."""
    tell(place.history, *((0, NOON + n * DAY_MS, float(n), GOOD) for n in range(5)))
    settled(place.history)

    assert observed(place.history, 0, NOON + DAY_MS, NOON + 3 * DAY_MS) == [(DAY_MS, 1.0), (2 * DAY_MS, 2.0)]
    assert [len(place.history.series(NAMES[0], 0, 2 * NOON, limit)) for limit in (0, 2, 9)] == [0, 2, 5]
    assert len(place.history.series("urn:never", 0, 2 * NOON, 10)) == 0
    assert list(place.history.points()) == [NAMES[0]]


def test_a_row_of_no_point_is_left_out(place: Place) -> None:
    """A slot of -1 is none."""
    tell(place.history, (-1, NOON, 1.0, GOOD), (0, NOON, 2.0, GOOD))
    tell(place.history, (-1, NOON, 1.0, GOOD))

    assert place.history.status().samples == 1
    assert list(place.history.points()) == [NAMES[0]]


def test_what_comes_late_stands_in_its_day_and_changes_its_hour(place: Place) -> None:
    """The day was sorted and rolled up before; its hour says what the late sample adds."""
    tell(place.history, (0, NOON, 10.0, GOOD), (0, NOON + 1500, 20.0, GOOD))
    settled(place.history, NOON + 3 * DAY_MS)
    tell(place.history, (0, NOON + 500, 60.0, GOOD))

    for _ in range(3):
        (hour,) = place.history.buckets([NAMES[0]], NOON, NOON + HOUR_MS, HOUR_MS)
        assert (hour.start.tolist(), hour.count.tolist(), hour.mean.tolist(), hour.maximum.tolist()) == ([NOON], [3], [30.0], [60.0])
        assert hour.coverage.tolist() == [(1500 + 5000) / HOUR_MS]
        settled(place.history, NOON + 3 * DAY_MS)


def test_a_span_is_covered_while_its_newest_sample_is_no_older_than_two_periods(place: Place) -> None:
    """Period 10 s: 20 s after each; a bad sample covers nothing and ends what was before; what reaches in from before counts."""
    tell(place.history, (1, NOON - 5_000, 1.0, GOOD), (1, NOON + 30_000, 2.0, GOOD), (1, NOON + 40_000, math.nan, BAD))

    (minute,) = place.history.buckets([NAMES[1]], NOON, NOON + MINUTE_MS, MINUTE_MS)

    assert minute.coverage.tolist() == [(15_000 + 10_000) / MINUTE_MS]
    assert (minute.count.tolist(), minute.quality.tolist(), minute.mean.tolist()) == ([1], [BAD], [2.0])


def test_samples_go_when_their_days_are_over_and_hours_stay(tmp_path: Path, kind: str) -> None:
    """Samples for one day, minutes for two, hours for three: each for whole days after its own."""
    place = Place(opener_of(kind, tmp_path, (1, 2, 3)))
    history, midnight = place.history, NOON + DAY_MS // 2
    tell(history, (0, NOON, 1.0, GOOD), (0, NOON + 1000, 3.0, GOOD))

    def kept() -> tuple[int, int, int]:
        minute, hour = (history.buckets([NAMES[0]], NOON, NOON + HOUR_MS, step)[0] for step in (MINUTE_MS, HOUR_MS))
        assert [*minute.mean.tolist(), *hour.mean.tolist()] == [2.0] * (len(minute) + len(hour))
        return len(observed(history, 0)), len(minute), len(hour)

    found = []
    for now in (midnight + DAY_MS - 1, midnight + DAY_MS, midnight + 2 * DAY_MS, midnight + 3 * DAY_MS):
        settled(history, now)
        found.append(kept())
    assert found == [(2, 1, 1), (0, 1, 1), (0, 0, 1), (0, 0, 0)]
    assert list(history.points()) == []
    history.close()


@pytest.fixture(params=["embedded", "postgresql", "spooled"])
def kind(request: pytest.FixtureRequest) -> str:
    """The name of each kind of history."""
    return str(request.param)


def test_late_samples_of_a_day_whose_samples_are_gone_are_added_to_its_hours(tmp_path: Path, kind: str) -> None:
    """Nobody can put them in order any more; least, greatest, mean and number are right, unless said before: that counts again."""
    place = Place(opener_of(kind, tmp_path, (1, 300, 400)))
    tell(place.history, (0, NOON, 1.0, GOOD), (0, NOON + 1000, 3.0, GOOD), (1, NOON, 5.0, GOOD))
    settled(place.history, NOON + 9 * DAY_MS)
    tell(place.history, (0, NOON + 500, 8.0, GOOD), (2, NOON + HOUR_MS, 9.0, GOOD))

    for _ in range(3):
        first, second, third = place.history.buckets(NAMES[:3], NOON, NOON + 2 * HOUR_MS, HOUR_MS)
        assert (first.count.tolist(), first.minimum.tolist(), first.maximum.tolist(), first.mean.tolist()) == ([3], [1.0], [8.0], [4.0])
        assert (second.count.tolist(), third.start.tolist(), third.mean.tolist()) == ([1], [NOON + HOUR_MS], [9.0])
        settled(place.history, NOON + 9 * DAY_MS)
    tell(place.history, (1, NOON, 5.0, GOOD))
    settled(place.history, NOON + 9 * DAY_MS)

    assert place.history.buckets([NAMES[1]], NOON, NOON + HOUR_MS, HOUR_MS)[0].count.tolist() == [2]
    assert observed(place.history, 0) == []
    place.history.close()


def test_another_rule_counts_for_what_comes_then_and_other_days_of_a_rule_for_everything(tmp_path: Path) -> None:
    """Kept for 30 days; from the second day on the point has a rule of its own of one day; at last the default is one day, too."""
    late = Keeping("own", 1, 2, 3, lambda point: point == NAMES[0])

    def opened(*rules: Keeping, default: Keeping | None = None) -> EmbeddedHistory:
        return EmbeddedHistory(tmp_path, rules=Rules(rules, default), seal_ms=0)

    history = opened()
    tell(history, (0, NOON, 1.0, GOOD))
    settled(history, NOON)
    history.close()
    history = opened(late)
    tell(history, (0, NOON + DAY_MS, 2.0, GOOD))
    settled(history, NOON + DAY_MS)
    settled(history, NOON + 4 * DAY_MS)
    assert observed(history, 0) == [(0, 1.0)]
    history.close()

    history = opened(late, default=Keeping(raw_days=1))
    settled(history, NOON + 4 * DAY_MS)
    assert observed(history, 0) == []
    history.close()


def test_a_question_for_many_points_is_answered_as_one_for_each(place: Place) -> None:
    """A hundred points, some in files, some rolled up, some waiting: spans and values at an instant."""
    many = [f"urn:many:{n}" for n in range(100)]

    def append(at: int) -> None:
        batch = said([(slot, at + slot, float(slot), GOOD) for slot in range(100)])
        place.history.append(batch, lambda slots: [many[slot] for slot in slots.tolist()])

    append(NOON - 2 * DAY_MS)
    append(NOON - 2 * DAY_MS + 1000)
    settled(place.history)
    append(NOON - HOUR_MS)
    settled(place.history)
    append(NOON)

    for step in (1000, HOUR_MS):
        together = place.history.buckets(many, NOON - 3 * DAY_MS, NOON + HOUR_MS, step)
        for name, found in zip(many, together, strict=True):
            assert_same(place.history.buckets([name], NOON - 3 * DAY_MS, NOON + HOUR_MS, step)[0], found)
            assert found.count.sum() == 4
    for instant in (NOON - 2 * DAY_MS + 5000, NOON - HOUR_MS + 50, NOON + 99):
        asked = place.history.at(many, instant)
        single = [place.history.at([name], instant) for name in many]
        assert asked.observed_at.tolist() == [int(each.observed_at[0]) for each in single]
        assert asked.quality.tolist() == [int(each.quality[0]) for each in single]


def test_looking_back_goes_no_further_than_asked(place: Place) -> None:
    """In the log as in files: a point that was silent for longer has no value, as if it had never spoken."""
    tell(place.history, (0, NOON - HOUR_MS, 1.0, GOOD), (1, NOON - 1000, 2.0, GOOD))

    for _ in range(2):
        near, far = (place.history.at(NAMES[:2], NOON, reach_ms) for reach_ms in (60_000, 2 * HOUR_MS))
        assert (near.quality[0], near.values.tolist()[1]) == (Quality.NO_VALUE, 2.0)
        assert far.values.tolist() == [1.0, 2.0]
        settled(place.history, NOON + HOUR_MS)


def test_who_asks_while_it_is_sorted_sees_everything_that_was_acknowledged_once(place: Place) -> None:
    """Rows are appended, sorted, merged and rolled up while another thread asks without a pause."""
    acknowledged, ended, wrong = 0, threading.Event(), list[str]()

    def ask() -> None:
        while not ended.is_set():
            before = acknowledged
            found = place.history.series(NAMES[0], 0, 2 * NOON, 10_000).observed_at.tolist()
            (whole,) = place.history.buckets([NAMES[0]], NOON, NOON + HOUR_MS, HOUR_MS)
            if len(found) < before or len(set(found)) < len(found) or whole.count.sum() < before:
                wrong.append(f"{before} acknowledged, {len(found)} found, {whole.count.tolist()} in the hour")

    asking = threading.Thread(target=ask)
    asking.start()
    for batch in range(25):
        tell(place.history, *((0, NOON + batch * 1000 + n, 1.0, GOOD) for n in range(10)))
        acknowledged += 10
        place.history.maintain(NOON + (DAY_MS if batch % 5 == 4 else 0))
    ended.set()
    asking.join()

    assert wrong == []


def test_how_it_stands_is_told(place: Place) -> None:
    """Samples, oldest and newest; what waits, until it is in its place."""
    empty = place.history.status()
    tell(place.history, (0, NOON, 1.0, GOOD), (0, NOON - 3 * DAY_MS, 3.0, GOOD), (1, NOON + 9, 3.0, GOOD))
    settled(place.history)
    full = place.history.status()

    assert (empty.samples, empty.oldest, empty.newest, empty.error) == (0, 0, 0, "")
    assert (full.samples, full.oldest, full.newest, full.waiting, full.error) == (3, NOON - 3 * DAY_MS, NOON + 9, 0, "")
    assert full.bytes > 0


QUALITIES = st.sampled_from([GOOD, Quality.UNCERTAIN, Quality.STALE, BAD, Quality.NO_COMMUNICATION])
TIMES = st.one_of(
    st.integers(0, 120_000).map(lambda ms: NOON + ms),
    st.integers(-2 * 24, 2 * 24).map(lambda hours: NOON + hours * HOUR_MS),
    st.sampled_from([NOON + DAY_MS // 2 - 1, NOON + DAY_MS // 2, NOON + DAY_MS // 2 + 1000, NOON - DAY_MS // 2, NOON]),
)
ROWS = st.lists(st.tuples(st.integers(-1, 3), TIMES, st.sampled_from([1.0, 2.0, 4.0, math.nan]), QUALITIES), max_size=12)
ACTS = st.lists(st.one_of(ROWS, st.integers(0, 26 * 24).map(lambda hours: NOON + hours * HOUR_MS), st.just("reopen")), max_size=12)


def compare(expected: History, found: History, instant: int) -> None:
    """Every kind of question, about every point."""
    for name in NAMES:
        assert_same(expected.series(name, 0, 2 * NOON, 10_000), found.series(name, 0, 2 * NOON, 10_000))
        assert_same(expected.series(name, instant, instant + HOUR_MS, 3), found.series(name, instant, instant + HOUR_MS, 3))
    for step, span in ((1000, MINUTE_MS), (90_000, HOUR_MS), (MINUTE_MS, HOUR_MS), (HOUR_MS, 4 * DAY_MS), (3 * DAY_MS, 9 * DAY_MS)):
        told = [each.buckets(NAMES, instant - span, instant + span, step) for each in (expected, found)]
        for left, right in zip(*told, strict=True):
            assert_same(left, right)
    asked = [*NAMES, "urn:never", NAMES[0]]
    assert_same(expected.at(asked, instant), found.at(asked, instant))
    assert list(expected.points()) == list(found.points())


def tried_against_the_reference(
    kind: str, acts: Sequence[list[Row] | int | str], instant: int, days: tuple[int, int, int] = (30, 400, 3660)
) -> None:
    expected = HistoryReference(days)
    expected.rebind(FACTS)
    with in_memory() as folder:
        place = Place(opener_of(kind, Path(folder), days))
        for act in acts:
            if act == "reopen":
                place.reopen()
            elif isinstance(act, int):
                for each in (expected, place.history):
                    each.maintain(act)
            elif isinstance(act, list):
                for each in (expected, place.history):
                    each.append(said(act), names_of)
        try:
            compare(expected, place.history, instant)
        finally:
            place.history.close()


@settings(max_examples=20)
@given(st.lists(ROWS, max_size=4), st.lists(st.integers(0, 40), max_size=4), TIMES)
def test_the_embedded_history_lets_go_of_what_a_list_would_let_go_of(batches: list[list[Row]], days: list[int], instant: int) -> None:
    """Samples for two days, minutes for ten, hours for thirty; looked after on some days, or never."""
    acts: list[list[Row] | int | str] = [*batches, *(NOON + day * DAY_MS for day in sorted(days))]
    tried_against_the_reference("embedded", acts, instant, (2, 10, 30))


@settings(max_examples=30)
@given(ACTS, TIMES)
def test_the_embedded_history_answers_as_a_list_of_all_samples_would(acts: list[list[Row] | int | str], instant: int) -> None:
    """Whatever comes in whichever order, is sorted, merged and rolled up meanwhile, and opened again."""
    tried_against_the_reference("embedded", acts, instant)


@settings(max_examples=12)
@given(ACTS, TIMES)
def test_the_history_in_postgresql_answers_as_a_list_of_all_samples_would(acts: list[list[Row] | int | str], instant: int) -> None:
    """The same, of the other history."""
    tried_against_the_reference("postgresql", acts, instant)
