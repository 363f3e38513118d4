"""Packed readings of the native layout, and the names that are announced for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from adapters.mqtt.announced import Announced
from adapters.mqtt.dialect import Intake
from adapters.mqtt.native_codec import Packed, pack, table_id, unpack
from graph.values import Quality, Reason
from tests.support.native_site import FAN, INLET, NOW, Heard

NAMES = ["s/cooling/crah-7/inlet", "s/cooling/crah-7/speed", "s/nobody/nothing"]


def packed(*, dense: bool) -> bytes:
    """Inlet 21.5, fan 0.4 as maintained, and a third."""
    indexes = None if dense else np.array([1, 0], np.uint32)
    values = np.array([21.5, 0.4, 7.0]) if dense else np.array([0.4, 21.5])
    rows = len(values)
    times = np.full(rows, NOW - 3, np.int64)
    reason = np.array([0, Reason.MAINTENANCE, 0] if dense else [Reason.MAINTENANCE, 0], np.uint8)
    return pack(Packed(table_id(NAMES), indexes, values, times, np.zeros(rows, np.uint8), reason))


@pytest.mark.parametrize("dense", [True, False])
def test_packed_readings_speak_of_announced_names(dense: bool) -> None:
    """All of the table, or some of it by index; before their names are announced they are dead letters."""
    heard = Heard().say("dc/s/$packed", packed(dense=dense))
    assert "not announced" in heard.intake.letters[0][1]
    heard.intake = Intake(NOW)

    heard.say(f"dc/$points/{table_id(NAMES).hex()}", NAMES, retained=True).say("dc/s/$packed", packed(dense=dense))

    assert heard.intake.letters == []
    assert sorted(heard.rows()) == [(INLET, 21.5, -3, "GOOD", "NONE"), (FAN, 40.0, -3, "GOOD", "MAINTENANCE")]


@pytest.mark.parametrize(
    ("wrong", "row", "letters"),
    [
        ({"values": [np.inf, 0.4]}, (-999.0, -3, "BAD", "SENSOR"), 1),
        ({"values": [-np.inf, 0.4]}, (-999.0, -3, "BAD", "SENSOR"), 1),
        ({"values": [np.nan, 0.4]}, (-999.0, -3, "BAD", "SENSOR"), 0),
        ({"observed": [-1, NOW - 3]}, (21.5, 0, "UNCERTAIN", "CLOCK"), 1),
        ({"quality": [5, 0]}, (21.5, -3, "UNCERTAIN", "DEVICE"), 1),
    ],
)
def test_what_is_wrong_with_a_packed_reading_is_one_dead_letter_and_a_quality(
    wrong: dict[str, list[float]], row: tuple[Any, ...], letters: int
) -> None:
    """As with the others: infinite is no number, NaN says that there is none; the reading beside it is taken."""
    columns = {"values": [21.5, 0.4], "observed": [NOW - 3, NOW - 3], "quality": [0, 0], "reason": [0, 0], **wrong}
    values, observed = np.array(columns["values"], np.float64), np.array(columns["observed"], np.int64)
    codes = np.array(columns["quality"], np.uint8), np.array(columns["reason"], np.uint8)
    payload = pack(Packed(table_id(NAMES), np.array([0, 1], np.uint32), values, observed, *codes))
    heard = Heard().say(f"dc/$points/{table_id(NAMES).hex()}", NAMES, retained=True).say("dc/s/$packed", payload)
    letters_told = len(heard.intake.letters)

    assert heard.rows() == [(INLET, *row), (FAN, 40.0, -3, "GOOD", "NONE")]
    assert letters_told == letters


def test_names_are_announced_under_their_own_id() -> None:
    """Another id is a dead letter."""
    heard = Heard().say("dc/$points/0011223344556677", NAMES)

    assert table_id(NAMES).hex() in heard.intake.letters[0][1]


@given(data=st.one_of(st.binary(max_size=80), st.binary(max_size=60).map(lambda tail: b"RT\x01\x01\x02\0\0\0" + tail)))
@settings(max_examples=300, deadline=None)
def test_no_packed_bytes_stop_the_codec(data: bytes) -> None:
    """Readings, or a finding."""
    found = unpack(data, NOW)

    assert isinstance(found, str) or bool(np.isfinite(found.values[found.quality < Quality.BAD]).all())


def test_announced_names_are_known_after_a_restart_and_the_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that another process has kept is read of the folder they share; one that is damaged is none; there is room for nine."""
    monkeypatch.setattr("adapters.mqtt.announced.TABLES_MAX", 9)
    lists = [(f"s/a/b/p{n}",) for n in range(10)]
    for names in lists:
        Announced(tmp_path).keep(names)
    there = Announced(tmp_path)
    (tmp_path / f"{table_id(lists[7]).hex()}.json").write_bytes(b'["s/a/b/p8"]')

    assert there.find(table_id(lists[-1])) == lists[-1]
    assert there.find(table_id(lists[0])) is None
    assert there.find(table_id(lists[7])) is None
    there.keep(lists[7])
    assert Announced(tmp_path).find(table_id(lists[7])) == lists[7]
