"""What the service counts of itself, at `/metrics` in Prometheus' text format, and as series in Prometheus' language.

Rules of this file:

1. `METRICS` names every metric with its kind, its labels and what it says; nothing else is told, and docs/reference/metrics.md is made of
   it.
2. Base units, no id in a name, and labels of few values: of wires at most `PLACES_MAX` are told by place, the others together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.http.intake import Intake
from adapters.http.parts import HttpParts
from adapters.http.stream import Streams
from adapters.http.threads import Threads
from graph.commands import CommandState
from graph.values import Quality
from twin.data_health import DataHealth, WireHealth
from twin.events import CommandChanged

PLACES_MAX = 50
"""Wires that are told by themselves."""
OTHERS = "others"
QUANTILES = (0.5, 0.9, 0.99)
Labels = Mapping[str, str]
Rows = Sequence[tuple[Labels, float]]


@dataclass(frozen=True, slots=True)
class About:
    """One metric: `counter` or `gauge`, its labels, what it says."""

    kind: str
    labels: tuple[str, ...]
    help: str


METRICS: Mapping[str, About] = {
    "ridethrough_build_info": About("gauge", ("version",), "1, with the version of the service."),
    "ridethrough_graph_revision": About("gauge", (), "The newest revision of the graph."),
    "ridethrough_graph_facts": About("gauge", (), "Quads of the newest revision."),
    "ridethrough_points": About("gauge", ("quality",), "Points by the quality of their current value."),
    "ridethrough_value_age_seconds": About("gauge", ("quantile",), "Age of the current values that are good or uncertain, by source time."),
    "ridethrough_readings_total": About(
        "counter", ("outcome",), "Readings that came in: news, duplicate, late and old (only in history, said before or not), unknown."
    ),
    "ridethrough_readings_doubted_total": About(
        "counter", ("reason",), "Readings that were found implausible: clock, out_of_range, jump, frozen."
    ),
    "ridethrough_wire_up": About("gauge", ("wire", "place"), "Whether a broker or endpoint answers."),
    "ridethrough_wire_messages_total": About("counter", ("wire", "place"), "Messages taken, or requests made."),
    "ridethrough_wire_waiting_messages": About("gauge", ("wire", "place"), "Messages that have come and are not yet taken."),
    "ridethrough_wire_dead_letters_total": About(
        "counter", ("wire", "place"), "Payloads in which something could not be read; of Modbus, answers that do not fit."
    ),
    "ridethrough_wire_unbound_messages_total": About("counter", ("wire", "place"), "Messages of no point."),
    "ridethrough_wire_lost_messages_total": About(
        "counter", ("wire", "place"), "Messages lost on the way, by what senders count; of Modbus, requests without an answer in time."
    ),
    "ridethrough_http_readings_total": About(
        "counter", ("outcome",), "Readings that came over HTTP: taken, refused; of those, unbound name no point."
    ),
    "ridethrough_http_sockets": About("gauge", (), "Open sockets of readings."),
    "ridethrough_http_slow_sockets_total": About("counter", (), "Sockets that were closed because nothing was taken from them."),
    "ridethrough_history_up": About("gauge", (), "Whether history can be written."),
    "ridethrough_history_samples": About(
        "gauge", (), "Samples that are kept; one said again counts again until the files of its day are put together."
    ),
    "ridethrough_history_bytes": About("gauge", (), "Bytes that history takes."),
    "ridethrough_history_waiting_samples": About("gauge", (), "Samples that are durable and not yet sorted into their files."),
    "ridethrough_history_missed_readings_total": About("counter", (), "Readings that history could not take."),
    "ridethrough_commands_total": About("counter", ("state",), "Commands that have come into each state since the start."),
}


class Metrics(Collector):
    """All of them, as they stand. Safe from any thread."""

    def __init__(self, parts: HttpParts, intake: Intake, streams: Streams) -> None:
        self._parts, self._intake, self._streams = parts, intake, streams
        self._commands: Counter[CommandState] = Counter()
        self.close: Callable[[], None] = parts.bus.subscribe(CommandChanged, self._changed)

    def _changed(self, event: CommandChanged) -> None:
        self._commands[event.event.state] += 1

    def now(self) -> dict[str, Rows]:
        """The rows of each metric; those that nothing is known of are left out. May wait for a database of history."""
        parts, snapshot = self._parts, self._parts.snapshot()
        intake, streams = self._intake, self._streams
        found: dict[str, Rows] = {
            "ridethrough_build_info": [({"version": parts.version}, 1.0)],
            "ridethrough_graph_revision": _one(snapshot.revision),
            "ridethrough_graph_facts": _one(len(snapshot)),
            "ridethrough_http_readings_total": _each(
                "outcome", {"taken": intake.taken, "refused": intake.refused, "unbound": intake.unbound}
            ),
            "ridethrough_http_sockets": _one(streams.open),
            "ridethrough_http_slow_sockets_total": _one(streams.slow),
            "ridethrough_commands_total": _each("state", {state: self._commands[state] for state in CommandState}),
            **self._values(),
        }
        return found | (_of_health(parts.health()) if parts.health is not None else {})

    def _values(self) -> dict[str, Rows]:
        """How many points are how good, and how old what they say is."""
        _, _, observed, quality = self._parts.current.everything()
        counts = np.bincount(quality, minlength=len(Quality))
        ages = (self._parts.now_ms - observed[quality <= Quality.UNCERTAIN]) / 1000.0
        old = np.quantile(ages, QUANTILES) if len(ages) else np.full(len(QUANTILES), np.nan)
        by_age = [({"quantile": f"{q:g}"}, age) for q, age in zip(QUANTILES, old.tolist(), strict=True)]
        return {
            "ridethrough_points": _each("quality", {each.name: int(counts[each]) for each in Quality}),
            "ridethrough_value_age_seconds": by_age,
        }

    def collect(self) -> Iterator[Metric]:
        """As prometheus_client takes them."""
        for name, rows in self.now().items():
            about = METRICS[name]
            made = CounterMetricFamily if about.kind == "counter" else GaugeMetricFamily
            family = made(name, about.help, labels=about.labels)
            for labels, value in rows:
                family.add_metric([labels[each] for each in about.labels], value)
            yield family


def _of_health(health: DataHealth) -> dict[str, Rows]:
    counts = health.counts
    outcomes = {"news": counts.news, "duplicate": counts.duplicates, "late": counts.late, "old": counts.old, "unknown": counts.unknown}
    doubts = {"clock": counts.ahead, "out_of_range": counts.out_of_range, "jump": counts.jumps, "frozen": counts.frozen}
    found: dict[str, Rows] = {
        "ridethrough_readings_total": _each("outcome", outcomes),
        "ridethrough_readings_doubted_total": _each("reason", doubts),
        "ridethrough_history_missed_readings_total": _one(health.history_missed),
        **_of_wires(health.wires),
    }
    if (history := health.history) is not None:
        found |= {
            "ridethrough_history_up": _one(not history.error),
            "ridethrough_history_samples": _one(history.samples),
            "ridethrough_history_bytes": _one(history.bytes),
            "ridethrough_history_waiting_samples": _one(history.waiting),
        }
    return found


_OF_WIRES: Mapping[str, Callable[[WireHealth], float]] = {
    "ridethrough_wire_up": lambda wire: wire.connected,
    "ridethrough_wire_messages_total": lambda wire: wire.messages,
    "ridethrough_wire_waiting_messages": lambda wire: wire.waiting,
    "ridethrough_wire_dead_letters_total": lambda wire: wire.dead_letters,
    "ridethrough_wire_unbound_messages_total": lambda wire: wire.unbound,
    "ridethrough_wire_lost_messages_total": lambda wire: wire.lost,
}


def _of_wires(wires: Sequence[WireHealth]) -> dict[str, Rows]:
    """Rule 2: whether the others are up is told by the worst of them."""
    found: dict[str, Rows] = {}
    for name, value in _OF_WIRES.items():
        rows: dict[tuple[str, str], list[float]] = defaultdict(list)
        for at, wire in enumerate(wires):
            rows[wire.name, wire.place if at < PLACES_MAX else OTHERS].append(float(value(wire)))
        together = min if name == "ridethrough_wire_up" else sum
        found[name] = [({"wire": wire, "place": place}, float(together(values))) for (wire, place), values in rows.items()]
    return found


def _one(value: float) -> Rows:
    return [({}, float(value))]


def _each(label: str, values: Mapping[str, int]) -> Rows:
    return [({label: name}, float(value)) for name, value in values.items()]


def metrics_route(metrics: Metrics) -> Route:
    """`/metrics`: these, and the process as prometheus_client tells it."""
    registry, threads = CollectorRegistry(), Threads(2)
    registry.register(metrics)
    ProcessCollector(registry=registry)

    async def answered(_request: Request) -> Response:
        return Response(await threads.run(generate_latest, registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return Route("/metrics", answered, methods=["GET"])
