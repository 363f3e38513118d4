"""Readings over HTTP: taken in every form, durable when answered, refused line by line."""

from __future__ import annotations

import gzip
import io
import math
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pyarrow as pa
import pytest

from adapters.http.codec import ARROW, JSON, NDJSON
from adapters.http.rules import HttpRules
from graph.history import HistoryUnavailable
from graph.values import Quality, Reason
from tests.support.http_wire import INLET, PLANT, POWER, POWER_2, READINGS, Wire, wire

AT = 1_780_315_200_000
"""2026-06-01 12:00 UTC: in the future, or the past, of whoever runs this; history takes it as it is."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """One wire for all tests of this file that change nothing of its own."""
    with wire(tmp_path_factory.mktemp("wire")) as one:
        yield one


def kept(one: Wire, point: str) -> list[float]:
    """What history has of a point."""
    assert one.history is not None
    return [float(value) for value in one.history.series(point, 0, 4 * AT, 1000).values]


def arrow(table: pa.Table, **options: object) -> bytes:
    """A table as a stream."""
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return out.getvalue()


@pytest.mark.quality("http", "values-come-in-the-points-own-unit")
@pytest.mark.quality("http", "acknowledges-after-the-sink")
def test_what_is_answered_is_in_the_table_and_in_the_history(tmp_path: Path) -> None:
    """Objects, columns, lines and Arrow say the same; a value in another unit comes in the point's own."""
    rows = [{"point": POWER, "value": 4200.0, "unit": "unit:W"}, {"p": "urn:example:Rack-1.Inlet", "v": 21.5}]
    columns = {"point": [POWER, INLET], "value": [4300, 22], "unit": ["unit:W", ""]}
    lines = b"\n".join(orjson.dumps({"point": p, "value": v}) for p, v in ((POWER, 4.4), (INLET, 23)))
    table = pa.table({"point": pa.array([POWER, INLET]).dictionary_encode(), "value": [4.5, 24.0]})
    with wire(tmp_path) as one:
        answers = [
            one.send(rows),
            one.send(columns),
            one.client.post(READINGS, content=gzip.compress(lines), headers={"content-type": NDJSON, "content-encoding": "gzip"}),
            one.client.post(READINGS, content=arrow(table), headers={"content-type": ARROW}),
        ]

        told = {"lines": 2, "taken": 2, "refused": 0, "unbound": 0, "kept": True, "errors": []}
        assert [(answer.status_code, answer.json()) for answer in answers] == [(200, told)] * 4
        assert kept(one, POWER) == [4.2, 4.3, 4.4, 4.5]
        assert kept(one, INLET) == [21.5, 22.0, 23.0, 24.0]
        value = one.current.get(POWER)
        assert value is not None
        assert (value.value, value.quality) == (4.5, Quality.GOOD)


@pytest.mark.quality("http", "poison-is-bounded-and-counted")
@pytest.mark.quality("http", "unbound-is-listed")
def test_a_line_that_is_refused_is_told_and_harms_no_other(tmp_path: Path) -> None:
    """Each with its number, its point, a code and the next step; the sound ones are taken."""
    lines = [
        {"point": POWER, "value": 4.0},
        {"point": "urn:example:Nobody", "value": 1.0},
        {"point": POWER, "value": "four"},
        {"point": POWER, "value": 5.0, "observed_at": "yesterday"},
        {"point": POWER, "value": 5.0, "unit": "unit:DEG_C"},
        {"point": POWER, "value": 5.0, "quality": "splendid"},
        {"value": 5.0},
        {"point": POWER_2, "value": None},
        {"point": POWER, "value": 4.1},
    ]
    body = b"\n".join([*map(orjson.dumps, lines), b"{", b"[1]", b""])
    with wire(tmp_path, rules=HttpRules(errors_told=100)) as one:
        answer = one.client.post(READINGS, content=body, headers={"content-type": NDJSON})

        told = answer.json()
        assert answer.status_code == 207
        assert {name: told[name] for name in ("lines", "taken", "refused", "unbound", "kept")} == {
            "lines": 11, "taken": 3, "refused": 8, "unbound": 2, "kept": True,
        }  # fmt: skip
        assert [(each["line"], each["code"]) for each in told["errors"]] == [
            (2, "unknown_point"),
            (3, "no_number"),
            (4, "bad_time"),
            (5, "wrong_unit"),
            (6, "bad_quality"),
            (7, "no_point"),
            (10, "bad_json"),
            (11, "no_object"),
        ]
        assert kept(one, POWER) == [4.0, 4.1]
        bad = one.current.get(POWER_2)
        assert bad is not None
        assert (bad.quality, bad.reason) == (Quality.BAD, Reason.SENSOR)
        assert math.isnan(bad.value)
        assert one.get(f"{READINGS}/unbound") == {"unbound": [{"point": "urn:example:Nobody", "count": 1}]}
        assert (one.app.intake.taken, one.app.intake.refused, one.app.intake.unbound) == (3, 8, 2)


def test_a_point_with_a_formula_takes_no_reading(tmp_path: Path) -> None:
    """Its formula says what it reads; the point that it stands on is taken beside it."""
    virtual = PLANT + 'ex:Row-1 brick:hasPoint ex:Row-1.Power . ex:Row-1.Power brick:hasUnit unit:KiloW ; dcx:formula "itPower(this)" .'
    with wire(tmp_path, turtle=virtual) as one:
        answer = one.send([{"point": "urn:example:Row-1.Power", "value": 1.0}, {"point": POWER, "value": 4.0}])
        alone = one.send([{"point": "urn:example:Row-1.Power", "value": 1.0}])

        assert (answer.status_code, alone.status_code, answer.json()["taken"], answer.json()["unbound"]) == (207, 422, 1, 0)
        assert [(each["line"], each["code"]) for each in answer.json()["errors"]] == [(1, "worked_out")]
        assert one.current.many(["urn:example:Row-1.Power"]).quality[0] == Quality.NO_VALUE


@pytest.mark.parametrize(
    ("body", "media", "status", "told"),
    [
        (b'[{"p": "urn:example:Rack-1.Power", "v": 1, "v": 2}]', JSON, 400, "names a member twice"),
        (b'{"p": ["urn:example:Rack-1.Power"], "v": [1], "v": [2]}', JSON, 400, "names a member twice"),
        (b'{"p": "urn:example:Rack-1.Power", "v": 1, "v": 2}\n', NDJSON, 422, "names a member twice"),
        (b'[{"p": "urn:example:Rack-1.Power", "v": 1, "value": 2}]', JSON, 422, "both in full and in short"),
        (b'[{"p": "urn:example:Rack-1.Power", "v": 1, "observedAt": 2}]', JSON, 422, "no member 'observedAt': write point, value"),
        (b'{"p": ["urn:example:Rack-1.Power"], "v": [1], "time": [2]}', JSON, 400, "no member 'time': write point, value"),
    ],
)
def test_a_member_that_is_named_twice_or_is_none_is_refused(tmp_path: Path, body: bytes, media: str, status: int, told: str) -> None:
    """Which of two counts is anybody's guess, and a time that is misspelt would be that of arrival. What is quoted is no name."""
    sound = b'[{"p": "urn:example:Rack-1.Power", "v": 1, "u": "unit:KiloW"}]'
    with wire(tmp_path) as one:
        answer = one.client.post(READINGS, content=body, headers={"content-type": media})
        taken = one.client.post(READINGS, content=sound, headers={"content-type": JSON})

    assert (answer.status_code, taken.status_code) == (status, 200), answer.text
    assert told in answer.json()["detail"]


def test_the_list_of_refusals_is_bounded_and_their_number_is_exact(tmp_path: Path) -> None:
    """Ten are told of a thousand. Where nothing is taken the status is an error: 404 where points are
    unknown, 409 where units do not convert, else 422."""
    with wire(tmp_path, rules=HttpRules(errors_told=10)) as one:
        answer = one.send({"point": ["x"] * 1000, "value": [1.0] * 1000})
        worse = one.send([{"point": POWER, "value": 1.0, "observed_at": "x"}])
        other = one.send([{"point": POWER, "value": 1.0, "unit": "unit:DEG_C"}])

    told = answer.json()
    assert [(each.status_code, each.headers["content-type"]) for each in (answer, worse, other)] == [
        (status, "application/problem+json") for status in (404, 422, 409)
    ]
    assert (told["refused"], told["unbound"], len(told["errors"]), told["kept"]) == (1000, 1000, 10, False)


@pytest.mark.parametrize(
    ("body", "headers", "status", "title"),
    [
        (b"{", {"content-type": "application/json"}, 400, "unreadable"),
        (b"7", {"content-type": "application/json"}, 400, "unreadable"),
        (b'{"point": ["a"], "value": []}', {"content-type": "application/json"}, 404, "nothing taken"),
        (b'{"point": ["a"], "value": 7}', {"content-type": "application/json"}, 400, "unreadable"),
        (b'{"point": ["a"], "value": [1], "quality": "splendid"}', {"content-type": "application/json"}, 400, "unreadable"),
        (b"[" * 100_000, {"content-type": "application/json"}, 400, "unreadable"),
        (b'[{"point": "\xff", "value": 1}]', {"content-type": "application/json"}, 400, "unreadable"),
        (b"no stream", {"content-type": ARROW}, 400, "unreadable"),
        (arrow(pa.table({"point": ["a"], "value": [1.0]}), compression="zstd"), {"content-type": ARROW}, 400, "unreadable"),
        (b"[]", {"content-type": "text/plain"}, 415, "unknown format"),
        (b"[]", {"content-type": "application/json", "content-encoding": "br"}, 415, "encoded"),
        (b"[]", {"content-type": "application/json", "content-encoding": "gzip"}, 400, "no gzip"),
        (gzip.compress(b"[" + b" " * 40_000_000), {"content-type": "application/json", "content-encoding": "gzip"}, 413, "too long"),
        (gzip.compress(b"[]", mtime=0) * 2, {"content-type": "application/json", "content-encoding": "gzip"}, 400, "no gzip"),
    ],
)
def test_a_body_that_is_no_readings_is_a_problem_with_its_reason(
    served: Wire, body: bytes, headers: dict[str, str], status: int, title: str
) -> None:
    """And nothing of it is taken, however it unpacks."""
    answer = served.client.post(READINGS, content=body, headers=headers)

    assert (answer.status_code, answer.headers["content-type"], answer.json()["title"]) == (status, "application/problem+json", title)
    assert len(answer.json()["detail"]) > 20


def test_columns_of_different_lengths_are_refused_from_where_one_ends(tmp_path: Path) -> None:
    """What is whole is taken."""
    with wire(tmp_path) as one:
        told = one.send({"point": [POWER, INLET, POWER_2], "value": [1.0, 20.0], "unit": ["", ""]}).json()

    assert (told["taken"], [(each["line"], each["code"], each["point"]) for each in told["errors"]]) == (2, [(3, "short_column", POWER_2)])


def test_too_many_readings_are_refused_whole(tmp_path: Path) -> None:
    """With the bound in the text."""
    with wire(tmp_path, rules=HttpRules(rows_max=3)) as one:
        answers = [one.send([{"point": POWER, "value": 1}] * n) for n in (3, 4)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert "more than the 3" in answers[1].json()["detail"]


def test_the_same_key_gives_the_same_answer_also_after_a_restart(tmp_path: Path) -> None:
    """The readings have no time of their own, so that taking them twice would keep them twice."""
    body = [{"point": POWER, "value": 1.0}, {"point": "x", "value": 1.0}]
    answers: list[httpx.Response] = []
    for _ in range(2):
        with wire(tmp_path) as one:
            answers += [one.send(body, **{"idempotency-key": "a"}) for _ in range(2)]
            other = one.send(body[:1], **{"idempotency-key": "a"})
            values = kept(one, POWER)

    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true", "true", "true"]
    assert {(answer.status_code, answer.content) for answer in answers} == {(207, answers[0].content)}
    assert (other.status_code, other.json()["title"]) == (409, "another body")
    assert values == [1.0]


@pytest.mark.parametrize("write", ["off", "on", "loopback"])
def test_who_may_send_is_a_setting(tmp_path: Path, write: str) -> None:
    """The refusal names it; a page of another host is refused whatever it says."""
    with wire(tmp_path, rules=HttpRules(write=write, origins=("https://noc.example",))) as one:  # type: ignore[arg-type]  # one of three
        plain = one.send([])
        foreign, ours = (one.send([], origin=origin) for origin in ("https://evil.example", "https://noc.example"))

    assert plain.status_code == ours.status_code == (403 if write == "off" else 200)
    assert foreign.status_code == 403
    if write == "off":
        assert "set readings_write to loopback or on" in plain.json()["detail"]
    else:
        assert "allowed_origins" in foreign.json()["detail"]


@pytest.mark.quality("http", "follows-the-graph")
def test_a_point_that_comes_with_the_graph_is_taken_and_one_that_goes_is_refused(tmp_path: Path) -> None:
    """No restart is needed."""
    with wire(tmp_path) as one:
        before = one.send([{"point": "urn:example:New", "value": 1}, {"point": POWER, "value": 1}]).json()
        one.changed(PLANT.replace("ex:Rack-1.Power", "ex:New"))
        after = one.send([{"point": "urn:example:New", "value": 1}, {"point": POWER, "value": 1}]).json()

    assert [each["errors"][0]["point"] for each in (before, after)] == ["urn:example:New", POWER]


def test_a_time_that_cannot_be_is_a_doubt_about_the_value(tmp_path: Path) -> None:
    """Before 1970 and after 9999 no device has measured: our time counts, and the quality says so."""
    with wire(tmp_path) as one:
        one.send({"point": [POWER, POWER_2], "value": [1, 2], "observed_at": ["1969-12-31T23:59:59Z", 1e15]})
        found = [one.current.get(point) for point in (POWER, POWER_2)]

    assert [(each.quality, each.reason) for each in found if each] == [(Quality.UNCERTAIN, Reason.CLOCK)] * 2


def test_without_a_history_readings_are_taken_and_the_answer_says_that_they_are_not_kept(tmp_path: Path) -> None:
    """`kept` is false."""
    with wire(tmp_path, keeps=False) as one:
        told = one.send([{"point": POWER, "value": 1.0}]).json()

    assert (told["taken"], told["kept"]) == (1, False)


def test_what_history_missed_may_be_sent_again_under_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer that said so stands for no other: the same request is taken when history is back."""
    body = [{"p": POWER, "v": 4.5, "t": 1_780_315_200_000}]
    with wire(tmp_path) as one:
        history = one.history
        assert history is not None
        with monkeypatch.context() as fault:
            fault.setattr(history, "append", _away)
            missed = one.send(body, **{"idempotency-key": "a"})
        again = one.send(body, **{"idempotency-key": "a"})
        kept = history.series(POWER, 0, 1 << 42, 10)

    assert (missed.json()["kept"], again.json()["kept"]) == (False, True)
    assert "idempotent-replayed" not in again.headers
    assert kept.values.tolist() == [4.5]


def _away(*_: object) -> None:
    raise HistoryUnavailable("the disk is full")
