"""The NewWire wire without a socket: bytes to numbers, and references to what is asked."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.new_wire.bindings import bind
from adapters.new_wire.codec import Wrong, answer_of, keys_of, question, values_of
from adapters.new_wire.config import Endpoint
from tests.support.wired import snapshot_of


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.none(), min_size=1))
def test_what_a_device_says_is_what_is_read(said: list[float | None]) -> None:
    """To the last bit; what a device has not is no number."""
    expected = np.array([np.nan if value is None else value for value in said])

    assert np.array_equal(expected, values_of(answer_of(said), len(said)), equal_nan=True)


@given(st.binary(), st.integers(0, 3))
def test_no_bytes_stop_the_codec(answer: bytes, count: int) -> None:
    """They are so many numbers, or `Wrong`."""
    keys_of(answer)
    with suppress(Wrong):
        assert len(values_of(answer, count)) == count


def test_a_key_that_would_be_two_is_not_asked_for() -> None:
    """It would make one question of another."""
    assert question(["a", "b"]) == b"a b\n"
    with pytest.raises(ValueError, match="without blanks"):
        question(["a b"])


def test_an_endpoint_is_host_and_port() -> None:
    """A port is 1 to 65535."""
    assert str(Endpoint("ups.example", 99)) == "ups.example:99"
    with pytest.raises(ValueError, match="1 to 65535, not"):
        Endpoint("ups.example", 65536)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ('dcx:key "a"', "there is no dcx:gateway"),
        ("dcx:gateway demo:Device", "there is no dcx:key"),
        ('dcx:gateway demo:Device ; dcx:key "a b"', "without blanks"),
        ('dcx:gateway demo:Nowhere ; dcx:key "a"', "an endpoint is host:port"),
        ('dcx:gateway demo:Device ; dcx:key "a" ; dcx:scale 0', "a scale must be a number other than 0"),
    ],
)
def test_a_reference_that_cannot_be_used_says_why(reference: str, reason: str) -> None:
    """It harms no other."""
    of_a, of_b = (
        f"demo:{point} ref:hasExternalReference [ a dcx:NewWireReference ; {said} ] ."
        for point, said in (("A", reference), ("B", 'dcx:gateway demo:Device ; dcx:key "b"'))
    )
    bindings = bind(snapshot_of(f'{of_a} {of_b} demo:Device dcx:host "127.0.0.1" .'))

    assert [value.key for group in bindings.groups.values() for value in group.values] == ["b"]
    assert [each.point for each in bindings.unbound] == ["urn:ridethrough:demo:A"]
    assert reason in bindings.unbound[0].reason
