"""What a quality is called by OPC UA and NAMUR NE 107."""

from __future__ import annotations

import pytest

from graph.standards import standard_of
from graph.values import Quality, Reason


@pytest.mark.parametrize(
    ("quality", "reason", "known", "expected"),
    [
        (Quality.GOOD, Reason.NONE, True, ("0x00000000", "Good", "GOOD")),
        (Quality.GOOD, Reason.MAINTENANCE, True, ("0x00000000", "Good", "MAINTENANCE_REQUIRED")),
        (Quality.STALE, Reason.SILENCE, True, ("0x40900000", "UncertainLastUsableValue", None)),
        (Quality.UNCERTAIN, Reason.SUBSTITUTE, True, ("0x40910000", "UncertainSubstituteValue", "OUT_OF_SPECIFICATION")),
        (Quality.NO_COMMUNICATION, Reason.LINK, True, ("0x80050000", "BadCommunicationError", "FAILURE")),
        (Quality.NO_COMMUNICATION, Reason.LINK, False, ("0x80310000", "BadNoCommunication", "FAILURE")),
        (Quality.BAD, Reason.DEVICE, True, ("0x808B0000", "BadDeviceFailure", "FAILURE")),
        (Quality.BAD, Reason.SENSOR, False, ("0x808C0000", "BadSensorFailure", "FAILURE")),
        (Quality.BAD, Reason.OUT_OF_SERVICE, True, ("0x808D0000", "BadOutOfService", "CHECK_FUNCTION")),
        (Quality.BAD, Reason.CONFIGURATION, False, ("0x80890000", "BadConfigurationError", "FAILURE")),
    ],
)
def test_each_state_of_the_table_has_its_standard_names(
    quality: Quality, reason: Reason, known: bool, expected: tuple[str, str, str | None]
) -> None:
    """The rows of the reliability reference, 2.2."""
    found = standard_of(quality, reason, known)

    assert expected == (found.text, found.name, found.ne107)


def test_the_severity_of_a_code_is_that_of_the_quality() -> None:
    """The two highest bits say good, uncertain or bad, for every quality with every reason."""
    severity = {0: Quality.GOOD, 1: Quality.STALE, 2: Quality.NO_VALUE}

    for quality in Quality:
        for reason in Reason:
            for known in (True, False):
                assert quality <= severity[standard_of(quality, reason, known).code >> 30]
