"""The guide to Modbus: its model and its map are bound as it says, and it tells every key, type, model and exception that there is."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from adapters.modbus.bindings import bind
from adapters.modbus.codec import FAULTS
from adapters.modbus.config import Endpoint, Limits
from adapters.modbus.maps import KEYS, Maps, read
from adapters.modbus.registers import ORDERS, WORDS
from adapters.modbus.sunspec import numbers
from graph.snapshot import Snapshot
from ontology.rdf import read_stream

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "modbus.md").read_text(encoding="utf-8")
SERIAL = "urn:example:Gateway-3=serial:/dev/ttyUSB0:19200:8E1"


def example(language: str) -> str:
    return str(re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)[0])


@pytest.mark.quality("modbus", "guide-is-tried")
def test_the_guides_model_is_bound_by_the_guides_map() -> None:
    """Five registers of one unit, nothing refused, one device that is asked itself; what the gateway says comes before the map."""
    found, refused = read(example("toml"), "file")
    snapshot = Snapshot.of(read_stream(io.BytesIO(example("turtle").encode()), name="guide", format="turtle", source="guide"))

    bindings = bind(snapshot, maps=Maps({found.name: found}))

    assert (list(refused), list(bindings.unbound)) == ([], [])
    assert sorted(bindings.registers) == [f"urn:example:UPS-1-{n}" for n in ("Charge", "Frequency", "On-Battery", "Output-Power", "State")]
    assert {register.limits for register in bindings.registers.values()} == {Limits(0.02, timeout_s=2.0, registers_max=60)}
    (searches,) = bindings.searches.values()
    assert [(one.device.iri, one.device.unit) for one in searches] == [("urn:example:PV-1", 126)]


def test_the_guides_serial_line_is_one() -> None:
    """The setting as it stands there."""
    assert SERIAL in GUIDE
    assert Endpoint.parse(SERIAL.partition("=")[2]) == Endpoint("/dev/ttyUSB0", 19_200, "serial", "8E1")


def test_every_key_type_and_order_is_told() -> None:
    """The table of keys, and the types in it."""
    rows = {name for row in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", GUIDE, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    types = re.findall(r"`(\w+)`", next(line for line in GUIDE.splitlines() if line.startswith("| `type`")))[1:]

    assert KEYS - rows - {"word_order", "byte_order"} == set()
    assert sorted(types) == sorted(WORDS)
    assert all(f"`{order}`" in GUIDE for order in ORDERS)


def test_every_model_and_exception_is_told() -> None:
    """SunSpec's models, with ranges written out; and the exception codes of the table of what goes wrong."""
    text = GUIDE[GUIDE.index("## SunSpec") : GUIDE.index("## What goes wrong")]
    told = {int(one) for one in re.findall(r"\b\d{3}\b", text)}
    for first, last in re.findall(r"\b(\d{3}) to (\d{3})\b", text):
        told |= set(range(int(first), int(last) + 1))

    assert set(numbers()) <= told
    assert all(re.search(rf"\b{code:02X}\b", GUIDE[GUIDE.index("## What goes wrong") :]) for code in FAULTS)
