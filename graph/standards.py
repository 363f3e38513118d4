"""What a quality with its reason is called elsewhere: the status code of OPC UA part 8 and the signal of NAMUR NE 107.

After the table in the reliability reference, 2.2; the codes are those of the OPC Foundation's StatusCode.csv.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from graph.values import Quality, Reason

GOOD, MAINTENANCE, SPECIFICATION, CHECK, FAILURE = "GOOD", "MAINTENANCE_REQUIRED", "OUT_OF_SPECIFICATION", "CHECK_FUNCTION", "FAILURE"
"""The signals of NE 107, as GraphQL and REST spell them."""


@dataclass(frozen=True, slots=True)
class Standard:
    """The status code with its name, and the NE 107 signal; none where NE 107 has no word for it."""

    code: int
    name: str
    ne107: str | None

    @property
    def text(self) -> str:
        """The code as it is written: `0x80050000`."""
        return f"0x{self.code:08X}"


_PLAIN = {
    Quality.GOOD: Standard(0x00000000, "Good", GOOD),
    Quality.UNCERTAIN: Standard(0x40000000, "Uncertain", None),
    Quality.STALE: Standard(0x40900000, "UncertainLastUsableValue", None),
    Quality.BAD: Standard(0x80000000, "Bad", FAILURE),
    Quality.NO_COMMUNICATION: Standard(0x80050000, "BadCommunicationError", FAILURE),
    Quality.NO_VALUE: Standard(0x80320000, "BadWaitingForInitialData", None),
}
_SPECIAL = {
    (Quality.GOOD, Reason.MAINTENANCE): Standard(0x00000000, "Good", MAINTENANCE),
    (Quality.UNCERTAIN, Reason.RETAINED): Standard(0x40920000, "UncertainInitialValue", None),
    (Quality.UNCERTAIN, Reason.OUT_OF_RANGE): Standard(0x40940000, "UncertainEngineeringUnitsExceeded", SPECIFICATION),
    (Quality.UNCERTAIN, Reason.FROZEN): Standard(0x40930000, "UncertainSensorNotAccurate", SPECIFICATION),
    (Quality.UNCERTAIN, Reason.SUBSTITUTE): Standard(0x40910000, "UncertainSubstituteValue", SPECIFICATION),
    (Quality.UNCERTAIN, Reason.PARTIAL): Standard(0x40950000, "UncertainSubNormal", None),
    (Quality.BAD, Reason.DEVICE): Standard(0x808B0000, "BadDeviceFailure", FAILURE),
    (Quality.BAD, Reason.SENSOR): Standard(0x808C0000, "BadSensorFailure", FAILURE),
    (Quality.BAD, Reason.JUMP): Standard(0x808C0000, "BadSensorFailure", FAILURE),
    (Quality.BAD, Reason.OUT_OF_SERVICE): Standard(0x808D0000, "BadOutOfService", CHECK),
    (Quality.BAD, Reason.CONFIGURATION): Standard(0x80890000, "BadConfigurationError", FAILURE),
    (Quality.BAD, Reason.LINK): Standard(0x808A0000, "BadNotConnected", FAILURE),
}
_NEVER_HEARD = Standard(0x80310000, "BadNoCommunication", FAILURE)


@cache
def standard_of(quality: Quality, reason: Reason, known: bool) -> Standard:
    """The standard names of a quality and its reason; `known`: there is a last number."""
    if quality is Quality.NO_COMMUNICATION and not known:
        return _NEVER_HEARD
    return _SPECIAL.get((quality, reason), _PLAIN[quality])
