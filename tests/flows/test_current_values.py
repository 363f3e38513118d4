"""Current values and ingest: which sample counts, and what silence does."""

from __future__ import annotations

from math import nan

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from graph.current import CurrentValues
from graph.points import PointFacts
from graph.values import Quality, ReadingBatch
from tests.support.wired import MovedClock, Table, snapshot_of
from twin.events import ReadingStored

P, Q = "urn:p", "urn:q"
GOOD, UNCERTAIN, STALE, BAD, AWAY, NONE = Quality
T = 1_750_000_000_000


def table(period_s: float = 10.0) -> CurrentValues:
    return CurrentValues({P: period_s, Q: period_s})


def row(value: float, observed_at: int, quality: Quality = GOOD, point: str = P, received_at: int | None = None) -> ReadingBatch:
    return ReadingBatch.of([(point, value, observed_at, max(T, observed_at) if received_at is None else received_at, quality)])


def seen(values: CurrentValues, point: str = P) -> tuple[float, int, str]:
    found = values.get(point)
    assert found is not None
    return found.value, found.observed_at, found.quality.name


def test_the_newer_source_time_wins_whatever_arrives_last() -> None:
    """20 observed at T, then 19 observed a second earlier: 20 stays."""
    values = table()
    values.take(row(20.0, T))

    late = values.take(row(19.0, T - 1000, received_at=T + 1))

    assert len(late) == 0
    assert seen(values) == (20.0, T, "GOOD")


def test_the_same_sample_twice_changes_nothing() -> None:
    """The second copy, as a broker delivers it again, touches no point."""
    values = table()
    values.take(row(20.0, T))

    assert len(values.take(row(20.0, T, received_at=T + 500))) == 0


def test_a_number_of_the_very_time_of_a_mark_is_no_copy_of_the_number_before_it() -> None:
    """20 at T, bad at T + 5 s, 20 again at T + 5 s: the device reads again, and the value is of then."""
    values = table()
    values.take(row(20.0, T))
    values.take(row(nan, T + 5_000, BAD))

    values.take(row(20.0, T + 5_000, received_at=T + 5_100))

    assert seen(values) == (20.0, T + 5_000, "GOOD")
    assert (values.counts().news, values.counts().duplicates) == (3, 0)


def test_what_is_said_again_is_given_to_history_again() -> None:
    """A value that the table knows from the store may have been killed on its way to history: what the broker then brings again must come
    there, judged as it was; out of range it stays uncertain, and is counted once."""
    values = CurrentValues()
    values.rebind({P: PointFacts(10.0, high=10.0)})

    kept = [values.absorb(values.samples(row(20.0, T, received_at=T + n))).kept for n in range(2)]

    assert [each.quality.tolist() for each in kept] == [[UNCERTAIN], [UNCERTAIN]]
    assert (values.counts().news, values.counts().duplicates, values.counts().out_of_range) == (1, 1, 1)


def test_a_brokers_kept_copy_of_a_live_sample_does_not_make_it_uncertain() -> None:
    """Retained copies come at each new subscription, with the live sample's own time."""
    values = table()
    values.take(row(20.0, T))

    values.take(row(20.0, T, UNCERTAIN, received_at=T + 500))

    assert seen(values) == (20.0, T, "GOOD")


def test_a_retained_value_is_uncertain_until_the_live_one_comes() -> None:
    """Same source time, better quality: taken."""
    values = table()
    values.take(row(20.0, T, UNCERTAIN))
    assert seen(values)[2] == "UNCERTAIN"

    values.take(row(20.0, T))

    assert seen(values)[2] == "GOOD"


def test_a_clock_that_runs_ahead_gives_an_uncertain_value_at_our_time() -> None:
    """Six seconds ahead is more than the five allowed: the value counts as of T, and the next honest sample wins."""
    values = table()
    values.take(row(20.0, T + 6000, received_at=T))
    assert seen(values) == (20.0, T, "UNCERTAIN")

    values.take(row(21.0, T + 1000))

    assert seen(values) == (21.0, T + 1000, "GOOD")


def test_a_row_without_a_number_keeps_the_last_one() -> None:
    """The quality is BAD, the number and its time are those of the last good sample."""
    values = table()
    values.take(row(20.0, T))

    values.take(row(nan, T + 1000, BAD))

    assert seen(values) == (20.0, T, "BAD")


def test_poison_does_not_silence_a_device_whose_clock_is_behind_ours() -> None:
    """The device lags by 8 s. A payload that cannot be read carries our time T; its next sample, of T - 3 s, counts all the same."""
    values = table()
    values.take(row(20.0, T - 8000, received_at=T))
    values.take(row(nan, T, BAD))
    assert seen(values) == (20.0, T - 8000, "BAD")

    values.take(row(20.0, T - 8000, received_at=T + 1000))
    assert seen(values)[2] == "BAD", "the old sample once more is no news"
    values.take(row(21.0, T - 3000, received_at=T + 5000))

    assert seen(values) == (21.0, T - 3000, "GOOD")


def test_silence_makes_stale_after_two_periods_and_lost_after_five() -> None:
    """Period 10 s: good at 20 s, stale at 20.001 s, no communication at 50.001 s, good again with the next sample."""
    values = table(10.0)
    values.take(row(20.0, T))

    assert len(values.sweep(T + 20_000)) == 0
    assert values.sweep(T + 20_001).quality.tolist() == [STALE]
    assert values.sweep(T + 50_001).quality.tolist() == [AWAY]
    values.take(row(22.0, T + 60_000))
    assert seen(values) == (22.0, T + 60_000, "GOOD")


@pytest.mark.parametrize(("period_s", "lost_ms"), [(2.0, 10_000), (1.2, 6_000), (1.0, 5_000), (0.1, 5_000)])
def test_a_fast_point_is_good_for_five_seconds_and_lost_after_five_periods(period_s: float, lost_ms: int) -> None:
    """Good at 5 s, whatever the period; then stale until five periods are over, or lost at once where they are."""
    values = table(period_s)
    values.take(row(20.0, T))

    assert len(values.sweep(T + 5_000)) == 0
    assert values.sweep(T + 5_001).quality.tolist() == [AWAY if lost_ms == 5_000 else STALE]
    values.sweep(T + lost_ms)
    values.sweep(T + lost_ms + 1)
    assert seen(values)[2] == "NO_COMMUNICATION"


def test_a_backlog_is_never_shown_as_good() -> None:
    """A sample of 10 minutes ago that arrives now is the newest known, and no present value."""
    values = table(10.0)

    values.take(row(20.0, T - 600_000, received_at=T))

    assert seen(values) == (20.0, T - 600_000, "NO_COMMUNICATION")


def test_points_that_stay_keep_their_value_when_the_graph_changes() -> None:
    """P stays, Q goes, R comes."""
    values = table()
    values.take(row(20.0, T))
    values.take(row(5.0, T, point=Q))

    values.rebind({P: PointFacts(10.0), "urn:r": PointFacts(10.0)})

    assert seen(values) == (20.0, T, "GOOD")
    assert values.get(Q) is None
    assert seen(values, "urn:r")[2] == "NO_VALUE"


def test_values_of_a_store_come_back_as_stale() -> None:
    """What was good before a restart is the last known value after it."""
    values = table()

    values.restore(row(20.0, T))

    assert seen(values) == (20.0, T, "STALE")


samples = st.lists(
    st.tuples(st.sampled_from([P, Q]), st.one_of(st.just(nan), st.integers(0, 5).map(float)), st.integers(0, 8)), min_size=1, max_size=30
)


@given(samples=samples, cut=st.integers(0, 30))
@settings(max_examples=300, deadline=None)
def test_a_batch_is_what_its_rows_are_one_after_the_other(samples: list[tuple[str, float, int]], cut: int) -> None:
    """In batches cut anywhere and row by row the same values stand as by rules 1 and 4. NaN rows are BAD; times differ in a point."""
    rows = [(p, v, T + t * 100, T + 1000, BAD if np.isnan(v) else GOOD) for p, v, t in {(p, t): (p, v, t) for p, v, t in samples}.values()]
    batches, single = table(), table()

    for part in (rows[:cut], rows[cut:]):
        if part:
            batches.take(ReadingBatch.of(part))
    for one in rows:
        single.take(ReadingBatch.of([one]))

    for point in {r[0] for r in rows}:
        value, observed, stamp, quality = nan, 0, 0, NONE
        for _, number, at, _, given_quality in (r for r in rows if r[0] == point):
            if at > (stamp if np.isnan(number) else observed):
                stamp, quality = at, given_quality
                value, observed = (value, observed) if np.isnan(number) else (number, at)
        expected = (str(value), observed, quality.name)
        assert [(str(v), at, q) for v, at, q in (seen(batches, point), seen(single, point))] == [expected, expected]


def test_a_value_out_of_its_range_is_uncertain_and_told_to_those_who_listen() -> None:
    """-10 to 60 C: 85 C is out of specification; a point that the graph does not have is nobody's news."""
    clock = MovedClock()
    site = "demo:E brick:hasPoint demo:T . demo:T dcx:minValue -10.0 ; dcx:maxValue 60.0 ; dcx:samplePeriod 10 ."
    flow = Table(snapshot_of(site), clock)
    told: list[ReadingBatch] = []
    flow.bus.subscribe(ReadingStored, lambda event: told.append(event.batch))
    t = "urn:ridethrough:demo:T"

    flow.ingest.accept(ReadingBatch.of([(t, 85.0, clock.ms, clock.ms, GOOD), ("urn:none", 1.0, clock.ms, clock.ms, GOOD)]))

    assert (flow.quality(t), flow.value(t)) == ("UNCERTAIN", 85.0)
    assert [(batch.points, batch.values.tolist()) for batch in told] == [([t], [85.0])]
    clock.move(20.001)
    flow.ingest.sweep()
    assert flow.quality(t) == "STALE"
    assert len(told) == 2


def test_one_listener_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """The second subscriber hears the event, the log names the first's failure."""
    clock = MovedClock()
    flow = Table(snapshot_of("demo:E brick:hasPoint demo:T ."), clock)
    told: list[ReadingStored] = []

    def fails(_: ReadingStored) -> None:
        raise RuntimeError("no")

    flow.bus.subscribe(ReadingStored, fails)
    end = flow.bus.subscribe(ReadingStored, told.append)
    t = "urn:ridethrough:demo:T"

    flow.ingest.accept(ReadingBatch.of([(t, 1.0, clock.ms, clock.ms, GOOD)]))
    end()
    end()
    flow.ingest.accept(ReadingBatch.of([(t, 2.0, clock.ms + 1, clock.ms + 1, GOOD)]))

    assert len(told) == 1
    assert "a subscriber of ReadingStored failed" in caplog.text
