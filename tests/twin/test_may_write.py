"""Who may change the graph over HTTP."""

from __future__ import annotations

import pytest

from twin.may_write import refused


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_write_by_whatever_name_it_has_for_itself(host: str) -> None:
    """Also as an IPv4 address that came over an IPv6 socket."""
    assert refused("loopback", host) == ""


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", "localhost", ""])
def test_another_machine_may_not_and_nobody_who_is_unknown(host: str) -> None:
    """The reason names the setting that lets it in."""
    assert "set rdf_write to on" in refused("loopback", host)
    assert refused("on", host) == ""


def test_nobody_may_where_writing_is_off() -> None:
    """Not even this machine."""
    assert "is off here" in refused("off", "127.0.0.1")
