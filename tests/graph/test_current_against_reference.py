"""The table of current values, compiled, does what its rules say: against a reference that keeps a list and asks it."""

from __future__ import annotations

import random
import threading
from dataclasses import astuple, fields
from math import inf, nan

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from graph.current import Counts, CurrentValues
from graph.points import PointFacts
from graph.values import Quality, ReadingBatch, Reason, Samples
from tests.support.current_reference import Point, Reference, Row

T = 1_750_000_000_000
HOUR, DAY, YEAR = 3_600_000, 86_400_000, 365 * 86_400_000
POINTS = {
    "urn:plain": PointFacts(10),
    "urn:ranged": PointFacts(1, low=0, high=4, rate_max=2, frozen_s=20),
    "urn:fast": PointFacts(0.1, frozen_s=20),
    "urn:slow": PointFacts(600, rate_max=0.01, frozen_s=3_600),
}


def filled(points: dict[str, PointFacts] = POINTS) -> CurrentValues:
    values = CurrentValues()
    values.rebind(points)
    return values


def batch(rows: list[Row]) -> ReadingBatch:
    """Rows as columns."""
    points, *columns = zip(*rows, strict=True)
    kinds = (np.float64, np.int64, np.int64, np.uint8, np.uint8)
    return ReadingBatch(points, *(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))


def shown(values: CurrentValues, point: str) -> tuple[str, int, int, str, str]:
    found = values.get(point)
    assert found is not None
    return str(found.value), found.observed_at, found.received_at, found.quality.name, found.reason.name


def expected(point: Point) -> tuple[str, int, int, str, str]:
    return str(point.value), point.observed, point.received, point.quality.name, point.reason.name


qualities = st.sampled_from(
    [(Quality.GOOD, Reason.NONE)] * 6
    + [
        (Quality.GOOD, Reason.MAINTENANCE),
        (Quality.UNCERTAIN, Reason.RETAINED),
        (Quality.UNCERTAIN, Reason.SUBSTITUTE),
        (Quality.BAD, Reason.DEVICE),
        (Quality.NO_COMMUNICATION, Reason.LINK),
    ]
)
numbers = st.one_of(st.integers(-1, 6).map(float), st.sampled_from([nan, inf, -inf, 2.0, 2.0, 2.0, 1e308]))
offsets = st.one_of(
    st.integers(-30, 8).map(lambda s: s * 500),
    st.sampled_from([0, 0, 0, 5_000, 5_001, -DAY, -DAY - 1, HOUR, -HOUR, 10 * YEAR, -10 * YEAR, -60_000]),
)
passes = st.one_of(st.integers(0, 4_000), st.sampled_from([0, 0, 1, 20_001, 60_000, HOUR, -HOUR, -10_000, 10 * YEAR, -10 * YEAR]))
steps = st.lists(
    st.tuples(st.sampled_from([*POINTS, "urn:none"]), numbers, offsets, passes, qualities, st.booleans()), min_size=1, max_size=60
)


@given(steps=steps, cuts=st.sets(st.integers(1, 59)), again=st.booleans())
@settings(max_examples=400, deadline=None)
def test_batches_of_anything_leave_what_the_rules_say(
    steps: list[tuple[str, float, int, int, tuple[Quality, Reason], bool]], cuts: set[int], again: bool
) -> None:
    """Disorder, repetition, lateness, our clock and theirs off by an hour and ten years, no numbers, ranges, jumps, standstill, silence:
    the same values, the same rows for history, the same counts."""
    values, reference = filled(), Reference({name: Point(facts) for name, facts in POINTS.items()})
    kept: list[str] = []
    rows: list[Row] = []
    now = T

    def flush() -> None:
        if rows:
            taken = values.absorb(values.samples(batch(rows)))
            k = taken.kept
            columns = (k.values, k.observed_at, k.received_at, k.quality, k.reason)
            kept.extend(map(str, zip(values.points(k.slots), *(column.tolist() for column in columns), strict=True)))
            assert len(set(taken.touched.tolist())) == len(taken.touched)
            rows.clear()

    for number, (point, value, offset, passing, (quality, reason), swept) in enumerate(steps):
        now += passing
        row = (point, value, now + offset, now, quality, reason)
        for each in [row] * (3 if again else 1):
            rows.append(each)
            reference.take(each)
        if number in cuts or swept:
            flush()
        if swept:
            worse = values.points(values.age(now + 4_000))
            assert sorted(worse) == sorted(reference.age(now + 4_000))
    flush()

    assert {name: shown(values, name) for name in POINTS} == {name: expected(point) for name, point in reference.points.items()}
    assert kept == [str((p, v, o, r, int(q), int(w))) for p, v, o, r, q, w in reference.kept]
    assert values.counts() == Counts(**{each.name: reference.counts.get(each.name, 0) for each in fields(Counts)})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_three_copies_out_of_order_by_a_thousand_leave_the_newest(seed: int) -> None:
    """F11: 5,000 samples of a point, each three times, each up to 1,000 places from its own: the newest is current, each is told once or
    said to be a copy or late, and history is given each."""
    rng = random.Random(seed)
    copies = [(rng.uniform(-1000, 1000) + number, number) for number in range(5_000) for _ in range(3)]
    rows: list[Row] = [("urn:plain", float(n), T + n * 10, T + 60_000, Quality.GOOD, Reason.NONE) for _, n in sorted(copies)]
    values = filled()

    kept = [
        float(v) for start in range(0, len(rows), 700) for v in values.absorb(values.samples(batch(rows[start : start + 700]))).kept.values
    ]

    counts = values.counts()
    assert shown(values, "urn:plain")[:2] == ("4999.0", T + 49_990)
    assert set(kept) == {float(n) for n in range(5_000)}
    assert counts.news + counts.late + counts.duplicates == len(rows)
    assert len(kept) == len(rows)


def test_a_sample_of_a_day_ago_is_history_and_one_a_moment_younger_is_late() -> None:
    """F11: 24 hours late. Neither changes what is current, both are kept."""
    values = filled()
    values.take(batch([("urn:plain", 1.0, T, T, Quality.GOOD, Reason.NONE)]))

    late: list[Row] = [
        ("urn:plain", 2.0, T - DAY, T, Quality.GOOD, Reason.NONE),
        ("urn:plain", 3.0, T - DAY - 1, T, Quality.GOOD, Reason.NONE),
    ]
    taken = values.absorb(values.samples(batch(late)))

    assert (len(taken.touched), len(taken.kept)) == (0, 2)
    assert (values.counts().late, values.counts().old) == (1, 1)


@pytest.mark.parametrize(
    ("wrong", "quality"), [(HOUR, "UNCERTAIN"), (10 * YEAR, "UNCERTAIN"), (-HOUR, "NO_COMMUNICATION"), (-10 * YEAR, "NO_VALUE")]
)
def test_a_clock_of_a_device_that_lies_is_never_good_and_one_that_is_put_right_is_at_once(wrong: int, quality: str) -> None:
    """F10: an hour and ten years, ahead and behind: never shown as good, and the first honest sample is."""
    values = filled()

    values.take(batch([("urn:plain", 1.0, T + wrong, T, Quality.GOOD, Reason.NONE)]))
    lied = shown(values, "urn:plain")[3]
    values.take(batch([("urn:plain", 2.0, T + 1000, T + 1000, Quality.GOOD, Reason.NONE)]))

    assert (lied, shown(values, "urn:plain")[0], shown(values, "urn:plain")[3]) == (quality, "2.0", "GOOD")


@pytest.mark.parametrize("ahead", [HOUR, 10 * YEAR])
def test_our_own_clock_put_back_stops_no_value(ahead: int) -> None:
    """F10: ours ran ahead and is put right. What was heard until then counts as of now: the next sample is news, silence still tells."""
    values = filled()
    values.take(batch([("urn:plain", 1.0, T + ahead, T + ahead, Quality.GOOD, Reason.NONE)]))

    values.take(batch([("urn:plain", 2.0, T + 1, T + 1, Quality.GOOD, Reason.NONE)]))
    assert shown(values, "urn:plain")[:2] == ("2.0", T + 1)
    other = filled()
    other.take(batch([("urn:plain", 1.0, T + ahead, T + ahead, Quality.GOOD, Reason.NONE)]))
    assert len(other.age(T)) == 0
    assert values.points(other.age(T + 20_001)) == ["urn:plain"]


def test_a_link_that_breaks_in_the_very_millisecond_of_a_sample_is_told() -> None:
    """The last word of one instant counts, where it has no number; the sample's own copy comes back as what it was."""
    values = filled()
    values.take(
        batch([("urn:plain", 1.0, T, T, Quality.GOOD, Reason.NONE), ("urn:plain", nan, T, T, Quality.NO_COMMUNICATION, Reason.LINK)])
    )

    assert shown(values, "urn:plain")[0] == "1.0"
    assert shown(values, "urn:plain")[3:] == ("NO_COMMUNICATION", "LINK")


def test_what_stood_still_over_a_gap_was_not_seen_to() -> None:
    """2.0 for an hour and then, after a day away, 2.0 again: nobody saw it stand. 30 seconds of it in a row are seen: over 20 s."""
    values, frozen = filled(), []
    for second in (0, 1, 86_400, 86_401, *range(86_402, 86_425)):
        at = T + second * 1000
        values.take(batch([("urn:ranged", 2.0, at, at, Quality.GOOD, Reason.NONE)]))
        frozen.append(shown(values, "urn:ranged")[4] == "FROZEN")

    assert (frozen.index(True), frozen.count(True)) == (23, 4)  # from the 21st second after it came back


def test_slow_samples_are_seen_to_stand_still_too() -> None:
    """A sample each 10 s of a point of 2 s: stale in between, and never lost."""
    values = filled({"urn:ranged": PointFacts(2, low=0, high=4, frozen_s=20)})
    for second in range(0, 40, 10):
        at = T + second * 1000
        values.take(batch([("urn:ranged", 2.0, at, at, Quality.GOOD, Reason.NONE)]))

    assert shown(values, "urn:ranged")[4] == "FROZEN"


def test_a_jump_within_one_instant_is_one() -> None:
    """From 0 to 4 in the same millisecond, where 2 a second is the most."""
    values = filled()
    rows: list[Row] = [("urn:ranged", v, T, T, Quality.GOOD, Reason.NONE) for v in (0.0, 4.0)]

    values.absorb(values.samples(batch(rows)))

    assert (shown(values, "urn:ranged")[0], values.counts().jumps) == ("0.0", 1)


def test_readers_beside_a_writer_never_see_half_a_row() -> None:
    """Value, source time, receive time and quality of each row say the same number, whenever they are read."""
    names = [f"urn:p{n}" for n in range(2_000)]
    values = CurrentValues(dict.fromkeys(names, 3_600.0))
    slots, end, torn, looks = values.slots(names), threading.Event(), [], [0, 0]
    good, none = np.zeros(len(slots), np.uint8), np.zeros(len(slots), np.uint8)

    def reads(me: int) -> None:
        while not end.is_set():
            rows = values.rows(slots) if me else values.all()
            same = (rows.values == rows.observed_at - T) & (rows.received_at == rows.observed_at) & (rows.quality == Quality.GOOD)
            if not (same | (rows.quality == Quality.NO_VALUE)).all() or len(set(rows.values[rows.quality == Quality.GOOD].tolist())) > 1:
                torn.append(astuple(rows))
                return
            looks[me] += 1

    readers = [threading.Thread(target=reads, args=(me,)) for me in (0, 1)]
    for reader in readers:
        reader.start()
    turn = 0
    while min(looks) < 20 and turn < 50_000 and not torn:
        turn += 1
        at = np.full(len(slots), T + turn, np.int64)
        values.absorb(Samples(slots, np.full(len(slots), float(turn)), at, at, good, none))
    end.set()
    for reader in readers:
        reader.join()

    assert torn == []
    assert min(looks) >= 20, "the readers came to read"
