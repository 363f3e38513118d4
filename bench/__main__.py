"""Runs the benchmarks and prints one JSON object a line: `python -m bench [NAME...] [--quick]`, names such as `graphql.list`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from bench import (
    causes_storm,
    failure_cascade,
    failure_change,
    failure_dominators,
    failure_n1,
    failure_n2,
    failure_one,
    failure_posture,
    failure_proofs,
    failure_timeline,
    failure_warm,
    graphql_impact,
    graphql_list,
    history_day,
    history_ingest,
    modbus_poll,
    mqtt_batch,
    mqtt_freshness,
    mqtt_poison,
    mqtt_processes,
    mqtt_qos1,
    mqtt_sparkplug,
    neo4j_load,
    planning_availability,
    planning_place,
    query_class,
    rdf_export,
    rdf_load,
    store_change,
    store_diff,
    store_start,
    store_start_neo4j,
    subscriptions_fanout,
    subscriptions_freshness,
    values_all,
    values_memory,
)

Row = Mapping[str, object]


def benches(quick: bool) -> Mapping[str, list[Callable[[], Iterator[Row]]]]:
    """Every benchmark by name, with its sizes; the quick ones are for trying out, not for quoting."""
    sizes = failure_one.SIZES[:1] if quick else failure_one.SIZES
    return {
        history_ingest.NAME: [
            partial(history_ingest.run, history_ingest.QUICK if quick else size, 1 if quick else 2) for size in history_ingest.SIZES
        ],
        history_day.NAME: [partial(history_day.run, history_day.QUICK if quick else size) for size in history_day.SIZES],
        modbus_poll.NAME: [
            partial(modbus_poll.run, size, 2 if quick else 7) for size in (modbus_poll.SIZES[:1] if quick else modbus_poll.SIZES)
        ],
        rdf_export.NAME: [partial(rdf_export.run, size, 3 if quick else 7) for size in rdf_export.SIZES],
        rdf_load.NAME: [partial(rdf_load.run, size, 3 if quick else 7) for size in rdf_load.SIZES],
        neo4j_load.NAME: [partial(neo4j_load.run, 2_000 if quick else size) for size in neo4j_load.SIZES],
        failure_cascade.NAME: [
            partial(failure_cascade.run, size, 5 if quick else 20) for size in (sizes[:1] if quick else failure_cascade.SIZES)
        ],
        failure_one.NAME: [partial(failure_one.run, size, 8 if quick else 40) for size in sizes],
        failure_timeline.NAME: [
            partial(failure_timeline.run, racks, 5 if quick else 20)
            for racks in (failure_timeline.RACKS[:1] if quick else failure_timeline.RACKS)
        ],
        failure_change.NAME: [partial(failure_change.run, size, 6 if quick else 20) for size in sizes],
        failure_warm.NAME: [partial(failure_warm.run, 1 if quick else 3)],
        failure_n1.NAME: [partial(failure_n1.run, size, 4 if quick else 12) for size in sizes],
        failure_n2.NAME: [partial(failure_n2.run, size, 3 if quick else 8) for size in failure_n2.SIZES],
        failure_dominators.NAME: [partial(failure_dominators.run, size, 8 if quick else 20) for size in sizes],
        failure_posture.NAME: [partial(failure_posture.run, size, 4 if quick else 20) for size in failure_posture.SIZES],
        failure_proofs.NAME: [
            partial(failure_proofs.run, size, 3 if quick else 12) for size in (failure_proofs.SIZES[:1] if quick else failure_proofs.SIZES)
        ],
        planning_availability.NAME: [
            partial(planning_availability.run, size, 5 if quick else 20)
            for size in (planning_availability.SIZES[:1] if quick else planning_availability.SIZES)
        ],
        planning_place.NAME: [
            partial(planning_place.run, racks, 2 if quick else 5) for racks in (planning_place.RACKS[:1] if quick else planning_place.RACKS)
        ],
        causes_storm.NAME: [
            partial(causes_storm.run, size, 8 if quick else storms)
            for size, storms in (causes_storm.SIZES[:1] if quick else causes_storm.SIZES)
        ],
        store_start.NAME: [partial(store_start.run, store_start.QUICK if quick else size) for size in store_start.SIZES],
        store_start_neo4j.NAME: [
            partial(store_start_neo4j.run, store_start_neo4j.QUICK if quick else size) for size in store_start_neo4j.SIZES
        ],
        store_change.NAME: [partial(store_change.run, 20_000 if quick else size) for size in store_change.SIZES],
        store_diff.NAME: [partial(store_diff.run, size) for size in (store_diff.SIZES[:2] if quick else store_diff.SIZES)],
        query_class.NAME: [partial(query_class.run, 10_000 if quick else size) for size in query_class.SIZES],
        graphql_impact.NAME: [
            partial(graphql_impact.run, racks, 100 if quick else 400) for racks in graphql_impact.RACKS[: 1 if quick else 2]
        ],
        mqtt_batch.NAME: [partial(mqtt_batch.run, 300 if quick else mqtt_batch.MESSAGES, 2 if quick else 5)],
        mqtt_freshness.NAME: [partial(mqtt_freshness.run, 3 if quick else mqtt_freshness.SECONDS)],
        mqtt_poison.NAME: [partial(mqtt_poison.run, 2 if quick else mqtt_poison.SECONDS, 1 if quick else mqtt_poison.TURNS)],
        mqtt_processes.NAME: [partial(mqtt_processes.run, 3_000 if quick else mqtt_processes.MESSAGES, 1 if quick else 5)],
        mqtt_sparkplug.NAME: [partial(mqtt_sparkplug.run, 300 if quick else mqtt_sparkplug.MESSAGES, 1 if quick else 3)],
        mqtt_qos1.NAME: [partial(mqtt_qos1.run, 20_000 if quick else mqtt_qos1.MESSAGES, 2 if quick else 5, neo4j=not quick)],
        subscriptions_freshness.NAME: [partial(subscriptions_freshness.run, 10 if quick else subscriptions_freshness.SECONDS)],
        subscriptions_fanout.NAME: [
            partial(subscriptions_fanout.run, *size, 3 if quick else subscriptions_fanout.SECONDS) for size in subscriptions_fanout.SIZES
        ],
        values_all.NAME: [partial(values_all.run, 20_000 if quick else values_all.POINTS, 8 if quick else 30)],
        values_memory.NAME: [partial(values_memory.run, values_memory.QUICK if quick else values_memory.POINTS, 1 if quick else 3)],
        graphql_list.NAME: [partial(graphql_list.run, size, 8 if quick else 40) for size in graphql_list.SIZES],
    }


def main(words: list[str]) -> int:
    """Print the rows of the named benchmarks, or of all. Returns 2 for a name that there is not."""
    known = benches("--quick" in words)
    if {"-h", "--help"} & set(words):
        print(f"python -m bench [NAME...] [--quick]\nnames: {', '.join(known)}")
        return 0
    names = [word for word in words if word != "--quick"] or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names:
        for measure in known[name]:
            for row in measure():
                print(json.dumps(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
