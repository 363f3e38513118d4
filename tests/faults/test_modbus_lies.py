"""Modbus devices that are half open, silent, slow, wrong or picky: a quality on a value, at most one write, the others unharmed."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from graph.ports import DeviceRefused, DeviceUnknown
from tests.support.liar import Said, drip, half, late, nonsense, other_number, other_unit, refusal, registers, reset
from tests.support.modbus_wired import A, B, holding, wire, write
from tests.support.wired import wait_until
from twin.compose_health import HealthWatch


@pytest.mark.quality("modbus", "writes-at-most-once")
def test_a_device_that_obeys_and_does_not_answer_is_written_to_once() -> None:
    """The library's default would write four times. The register is 9 afterwards, and only the readback tells."""
    words = {0: 7}
    obeys = holding(words)

    def mute_writes(unit: int, code: int, data: bytes) -> Said:
        said = obeys(unit, code, data)
        return None if code == 6 else said

    with wire(mute_writes) as (liar, table, client):
        assert wait_until(lambda: table.quality(A) == "GOOD")

        with pytest.raises(DeviceUnknown, match="did not answer the write"):
            write(client)

        assert wait_until(lambda: table.value(A) == 9.0)
        assert liar.count(6) == 1


def test_a_write_that_has_to_wait_too_long_for_its_turn_never_goes_out() -> None:
    """The device answers nothing. Of eight writes at once each may wait 0.6 s for its turn and 0.3 s for its answer: all have ended
    after 0.9 s, and what had not gone out by then does not go out when the device answers again."""
    words = {0: 7}
    obeys, mute = holding(words), Event()

    def answer(unit: int, code: int, data: bytes) -> Said:
        return None if mute.is_set() else obeys(unit, code, data)

    with wire(answer) as (liar, table, client), ThreadPoolExecutor(8) as callers:
        assert wait_until(lambda: table.quality(A) == "GOOD")
        mute.set()
        begun = time.monotonic()

        ends = [call.exception(10) for call in [callers.submit(write, client) for _ in range(8)]]

        assert time.monotonic() - begun < client.send_s_max + 1.0
        assert {type(end) for end in ends} == {DeviceRefused, DeviceUnknown}
        sent = liar.count(6)
        assert sent == sum(isinstance(end, DeviceUnknown) for end in ends)
        mute.clear()
        time.sleep(1.0)
        assert liar.count(6) == sent


def test_an_echo_that_differs_is_unknown_not_done() -> None:
    """The device answers with another value than was written: only the readback tells, and nothing is written again."""

    def lies(unit: int, code: int, data: bytes) -> Said:
        return bytes([6]) + data[:2] + b"\x00\x63" if code == 6 else holding({0: 7})(unit, code, data)

    with wire(lies) as (liar, table, client):
        assert wait_until(lambda: table.quality(A) == "GOOD")

        with pytest.raises(DeviceUnknown, match="another address or value"):
            write(client)

        assert liar.count(6) == 1


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (1, "illegal function"),
        (2, "illegal address"),
        (3, "illegal value"),
        (4, "device failure"),
        (6, "device busy"),
        (7, "exception"),
        (8, "memory parity"),
        (10, "path unavailable"),
        (11, "does not answer"),
    ],
)
def test_a_write_that_the_device_refuses_is_refused_once(reason: int, text: str) -> None:
    """Modbus Application Protocol 1.1b3, 7."""

    def refuses(unit: int, code: int, data: bytes) -> Said:
        return refusal(6, reason) if code == 6 else holding({0: 7})(unit, code, data)

    with wire(refuses) as (liar, table, client):
        assert wait_until(lambda: table.quality(A) == "GOOD")

        with pytest.raises(DeviceRefused, match=text):
            write(client)

        assert liar.count(6) == 1


def test_a_write_that_begins_a_long_job_is_neither_refused_nor_sent_again() -> None:
    """05 says that it is under way: the readback tells when it is done."""
    words = {0: 7}
    obeys = holding(words)

    def works(unit: int, code: int, data: bytes) -> Said:
        said = obeys(unit, code, data)
        return refusal(6, 5) if code == 6 else said

    with wire(works) as (liar, table, client):
        assert wait_until(lambda: table.quality(A) == "GOOD")

        write(client)

        assert wait_until(lambda: table.value(A) == 9.0)
        assert liar.count(6) == 1


@pytest.mark.parametrize(
    "quirk",
    [lambda _: None, lambda pdu: late(pdu, 0.4), other_number, other_unit, half, reset, lambda pdu: drip(pdu, 0.1), lambda _: nonsense],
    ids=["no answer", "late", "wrong id", "wrong unit", "half frame", "reset in a frame", "a byte at a time", "no Modbus"],
)
def test_a_write_whose_answer_is_none_is_unknown_and_goes_out_once(quirk: Callable[[bytes], Said]) -> None:
    """The device obeys, whatever it says then: nobody knows until the readback tells, and nothing is written again."""
    words = {0: 7}
    obeys = holding(words)

    def answer(unit: int, code: int, data: bytes) -> Said:
        said = obeys(unit, code, data)
        assert isinstance(said, bytes)
        return quirk(said) if code == 6 else said

    with wire(answer) as (liar, table, client):
        assert wait_until(lambda: table.quality(A) == "GOOD")

        with pytest.raises(DeviceUnknown):
            write(client)

        assert wait_until(lambda: table.value(A) == 9.0)
        assert liar.count(6) == 1


@pytest.mark.quality("modbus", "away-is-a-quality-logged-once")
def test_a_half_open_device_is_no_communication_and_heals() -> None:
    """It accepts connections and answers nothing; then it answers again."""
    mute = True

    def answer(unit: int, code: int, data: bytes) -> Said:
        return None if mute else holding({0: 7})(unit, code, data)

    with wire(answer) as (_, table, client):
        assert wait_until(lambda: table.quality(A) == "NO_COMMUNICATION")
        assert not client.status()[0].connected

        mute = False

        assert wait_until(lambda: table.quality(A) == "GOOD" and table.value(A) == 7.0)


@pytest.mark.quality("modbus", "one-dead-device-does-not-silence-the-others")
def test_a_dead_unit_behind_a_gateway_does_not_silence_the_others() -> None:
    """Unit 2 never answers: B is NO_COMMUNICATION, A of unit 1 stays GOOD."""

    def answer(unit: int, code: int, data: bytes) -> Said:
        return None if unit == 2 else holding({0: 7})(unit, code, data)

    with wire(answer, "dcx:unitId 2 ; dcx:address 0") as (_, table, _client):
        assert wait_until(lambda: table.quality(B) == "NO_COMMUNICATION")
        assert wait_until(lambda: table.quality(A) == "GOOD")


@pytest.mark.parametrize(("reason", "quality"), [(2, "BAD"), (4, "BAD"), (11, "NO_COMMUNICATION")])
def test_an_exception_answer_is_a_quality(reason: int, quality: str) -> None:
    """Illegal address and device failure are the device's own word; a gateway without its device is no communication."""

    def answer(unit: int, code: int, data: bytes) -> Said:
        return refusal(3, reason)

    with wire(answer) as (_, table, _client):
        assert wait_until(lambda: table.quality(A) == table.quality(B) == quality)


def test_a_gap_that_the_device_will_not_read_is_read_around() -> None:
    """Registers 0 and 5 are read as one request of six; the device refuses that, so they are read apart."""

    def answer(unit: int, code: int, data: bytes) -> Said:
        start, count = struct.unpack(">HH", data)
        return registers([{0: 7, 5: 8}[start]]) if count == 1 else refusal(3, 2)

    with wire(answer) as (_, table, _client):
        assert wait_until(lambda: (table.value(A), table.value(B)) == (7.0, 8.0))


def test_an_answer_that_is_too_short_is_bad() -> None:
    """Six registers asked, one answered."""
    with wire(lambda *_: registers([7])) as (_, table, _client):
        assert wait_until(lambda: table.quality(A) == table.quality(B) == "BAD")


@pytest.mark.quality("modbus", "late-answers-are-not-taken-for-others")
def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    """The first answer comes after its time, with 99; the connection is another by then, and 99 is never seen."""
    first = True

    def answer(unit: int, code: int, data: bytes) -> Said:
        nonlocal first
        if first:
            first = False
            wait_until(lambda: False, 0.5)
            return registers([99] * 6)
        return holding({0: 7})(unit, code, data)

    with wire(answer) as (_, table, _client):
        assert wait_until(lambda: table.quality(A) == "GOOD")
        assert wait_until(lambda: False, 0.6) is False
        assert table.value(A) == 7.0


def test_requests_that_are_not_answered_in_time_are_told_by_data_health() -> None:
    """As lost, while the connection stands."""
    with wire(lambda *_: None) as (_, table, client):
        watch = HealthWatch(table.current, table.ingest, lambda: None, lambda: (), client, dict)

        assert wait_until(lambda: watch.now().wires[0].lost > 0)
