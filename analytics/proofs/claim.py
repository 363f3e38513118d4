"""What can be proved of a site."""

from __future__ import annotations

from enum import StrEnum


class Claim(StrEnum):
    """What can be proved."""

    MAINTAINABLE = "maintainable"
    FAULT_TOLERANT = "fault-tolerant"
