"""Who may write over HTTP, the graph or readings: one rule for every face."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Literal

Writers = Literal["loopback", "on", "off"]
"""This machine only, everybody, nobody."""


def refused(writers: Writers, host: str) -> str:
    """Why who asks from this address (empty where none is known) may not change the graph, and the next step; nothing where it may."""
    if writers == "off":
        return "changing the graph over HTTP is off here: set rdf_write to loopback or on, or use the command line"
    if writers == "loopback" and not _is_loopback(host):
        return "only programs on the host of the service may change the graph: ask there, or set rdf_write to on"
    return ""


def readings_refused(writers: Writers, host: str) -> str:
    """The same of who sends readings."""
    if writers == "off":
        return "sending readings over HTTP is off here: set readings_write to loopback or on"
    if writers == "loopback" and not _is_loopback(host):
        return "only programs on the host of the service may send readings: send them there, or set readings_write to on"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return bool((getattr(address, "ipv4_mapped", None) or address).is_loopback)
