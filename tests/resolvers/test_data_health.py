"""How the data stands: by quality, source and equipment, of a site whose points are known; rates by a clock that is moved."""

from __future__ import annotations

from datetime import UTC, datetime

from graph.history import HistoryStatus
from graph.values import Quality, ReadingBatch
from ontology.namespaces import DEMO
from tests.support.served import Served, served
from twin.data_health import DataHealth, DeadLetter, Rates, WireHealth

AT = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)
GOOD_POINT, BAD_POINT, OLD_POINT = (DEMO + name for name in ("UPS-A.Output-Power", "UPS-A.Load", "UPS-B.Load"))
QUERY = """{ dataHealth(first: 3) {
  points quality { quality count } readingsS lagMedianS lagP99S readings { news duplicates late }
  wires { name place connected error messages rateS deadLetters lost } sources { id points quality { quality count } }
  equipment { id points quality { quality count } } notGood { point value { quality ageS } }
  unbound { topic } deadLetters { wire topic payload reason at } history { samples bytes oldest missed error } } }"""


def service(site: Served) -> DataHealth:
    """What a service with one broker would say."""
    wire = WireHealth("mqtt", "broker:1883", False, "connection refused", 12, 0.5, 0, 1, 2, 3)
    letter = DeadLetter("mqtt broker:1883", "dc/x", b'{"v": \xff', "not UTF-8", AT)
    return DataHealth(site.face.current.counts(), 2.5, [wire], [letter] * 9, HistoryStatus(10, 2_000_000_000_000, AT_MS, 0, 1, ""), 4)


def test_points_are_counted_by_quality_source_and_equipment() -> None:
    """One point is good, one bad, one 20 s old and no more; all others have said nothing. The worst of what has spoken comes first."""
    with served() as site:
        site.face.clock = lambda: AT
        site.face.health = lambda: service(site)
        rows = [(GOOD_POINT, 1.0, AT_MS - 250, AT_MS, Quality.GOOD), (OLD_POINT, 2.0, AT_MS - 20_000, AT_MS - 19_000, Quality.GOOD)]
        site.ingest.accept(ReadingBatch.of([*rows, (BAD_POINT, float("nan"), AT_MS, AT_MS, Quality.BAD), rows[0]]))
        site.ingest._current.age(AT_MS)
        told = site.ask(QUERY)["dataHealth"]
        total = site.ask("{ status { points } }")["status"]["points"]

    assert {each["quality"]: each["count"] for each in told["quality"]} == {"GOOD": 1, "STALE": 1, "BAD": 1, "NO_VALUE": total - 3}
    assert [(each["id"], each["points"]) for each in told["sources"]] == [("demo", total)]
    assert [(row["point"], row["value"]["quality"]) for row in told["notGood"][:2]] == [(BAD_POINT, "BAD"), (OLD_POINT, "STALE")]
    assert told["notGood"][1]["value"]["ageS"] == 20.0
    assert (told["lagMedianS"], told["lagP99S"]) == (0.25, 0.25)
    assert (told["readings"]["news"], told["readings"]["duplicates"], told["readingsS"]) == (3, 1, 2.5)
    assert len(told["equipment"]) == len(told["deadLetters"]) == 3
    assert sum(each["count"] for each in told["equipment"][0]["quality"]) == told["equipment"][0]["points"]
    assert told["wires"] == [
        {
            "name": "mqtt",
            "place": "broker:1883",
            "connected": False,
            "error": "connection refused",
            "messages": 12,
            "rateS": 0.5,
            "deadLetters": 1,
            "lost": 3,
        }
    ]
    assert told["deadLetters"][0]["payload"] == '{"v": \\xff'
    assert told["history"] == {"samples": 10.0, "bytes": 2e12, "oldest": "2026-03-03T03:00:00+00:00", "missed": 4, "error": ""}


def test_a_process_without_wires_says_so() -> None:
    """An error with a code, not an empty answer."""
    with served() as site:
        answer = site.post("{ dataHealth { points } }")

    assert answer["errors"][0]["extensions"]["code"] == "NO_WIRES"


def test_rates_are_over_the_last_minute() -> None:
    """120 in two minutes, all of them in the second one: 2 a second; 0 before anything has been seen twice."""
    now = 0.0
    rates = Rates(lambda: now)
    none = rates.of("a", 5)
    for second in range(121):
        now = float(second)
        rates.note({"a": max(0, second - 60) * 2})

    assert none == 0.0
    assert 1.9 < rates.of("a", 120) <= 2.0
    assert rates.of("b", 7) == 0.0
