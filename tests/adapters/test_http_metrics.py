"""What the service counts of itself: documented, of few labels, and true."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from adapters.http.metrics import METRICS, OTHERS, PLACES_MAX
from graph.commands import Command, CommandEvent, CommandState
from tests.support.http_wire import POWER, Wire, wire
from tests.support.wired import wall_clock
from twin.data_health import WireHealth
from twin.events import CommandChanged

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
WIRES = [WireHealth("mqtt", "mqtt://b:1883", True, "", 12, 1.0, 3, 2, 1, 4)]
WIRES += [WireHealth("modbus", f"10.0.0.{n}:502", n != 70, "", 10, 0.1) for n in range(1, 80)]


def labels_of(name: str) -> tuple[str, ...]:
    """The labels of a metric of ours, in their order."""
    return METRICS[name].labels if name in METRICS else ()


def scraped(one: Wire) -> dict[tuple[str, ...], float]:
    """Every sample of `/metrics`: its name and the values of its labels."""
    answer = one.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *(sample.labels[each] for each in labels_of(sample.name))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_every_metric_is_documented_and_every_documented_one_is_told(tmp_path: Path) -> None:
    """By name, in docs/reference/metrics.md; those of the process are prometheus_client's."""
    documented = set(re.findall(r"^\| `(ridethrough_\w+)`", REFERENCE.read_text(), re.MULTILINE))
    with wire(tmp_path, wires=WIRES) as one:
        names = {name for name, *_ in scraped(one)}

    assert {name for name in names if not name.startswith("process_")} == documented == set(METRICS)
    assert "process_resident_memory_bytes" in names


def test_the_names_keep_to_the_rules_of_prometheus() -> None:
    """A counter ends in `_total`, nothing else does."""
    assert all(re.fullmatch(r"ridethrough_[a-z_]+[a-z]", name) for name in METRICS)
    assert all(name.endswith("_total") == (about.kind == "counter") for name, about in METRICS.items())
    assert all(len(about.help) > 10 and len(about.labels) <= 2 for about in METRICS.values())


def test_the_numbers_are_true(tmp_path: Path) -> None:
    """Of readings, of points, of commands, of wires and of history."""
    with wire(tmp_path, wires=WIRES) as one:
        one.send([{"point": POWER, "value": 1.0}, {"point": "x", "value": 1.0}])
        command = Command("1", "k", POWER, 2.0, "ada", "test", wall_clock())
        for state in (CommandState.REQUESTED, CommandState.CONFIRMED):
            one.bus.publish(CommandChanged(CommandEvent(command, state, wall_clock(), "")))
        found = scraped(one)

    assert found["ridethrough_readings_total", "news"] == 1.0
    assert [found["ridethrough_http_readings_total", each] for each in ("taken", "refused", "unbound")] == [1.0, 1.0, 1.0]
    assert [found["ridethrough_points", each] for each in ("GOOD", "NO_VALUE")] == [1.0, 4.0]
    assert 0.0 <= found["ridethrough_value_age_seconds", "0.5"] < 60.0
    assert [found["ridethrough_commands_total", each] for each in ("REQUESTED", "CONFIRMED", "REFUSED")] == [1.0, 1.0, 0.0]
    assert found["ridethrough_wire_dead_letters_total", "mqtt", "mqtt://b:1883"] == 2.0
    assert [found[name,] for name in ("ridethrough_history_up", "ridethrough_history_samples", "ridethrough_graph_revision")] == [1.0] * 3


def test_many_wires_are_told_together(tmp_path: Path) -> None:
    """The first by themselves; of the others the sum, and whether all of them answer."""
    with wire(tmp_path, wires=WIRES) as one:
        found = scraped(one)

    up = [key for key in found if key[0] == "ridethrough_wire_up"]
    assert len(up) == PLACES_MAX + 1
    assert found["ridethrough_wire_up", "modbus", OTHERS] == 0.0
    assert found["ridethrough_wire_messages_total", "modbus", OTHERS] == 10.0 * (80 - PLACES_MAX)
