"""`ridethrough sources`: who says what in the twin."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from twin.cli.as_of import opened_ledger
from twin.cli.output import Config, Data, Json, Store, instant, say_json, settings_from, table


def sources(
    findings: Annotated[bool, typer.Option("--findings", help="Count what is wrong with each, too; takes longer.")] = False,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """List the sources: the facts that each says, its graphs, when it last spoke, and what becomes of its errors."""
    from collections import Counter

    from twin.cli.rows import revision_row

    rows: list[dict[str, Any]] = []
    with opened_ledger(settings_from(config, data=data, store=store), "sources") as opened:
        for each in opened.ledger.sources():
            row: dict[str, Any] = {"source": each.name, "graphs": list(each.graphs), "quads": each.quads, "policy": each.policy}
            row["last"] = None if each.last is None else revision_row(each.last)
            if findings:
                row["findings"] = dict(sorted(Counter(str(finding.severity) for finding in opened.ledger.findings(each.name)).items()))
            rows.append(row)
    if json:
        say_json({"sources": rows})
        return
    header = ("SOURCE", "FACTS", "GRAPHS", "LAST REVISION", "AT", "BY", "POLICY", *(("FINDINGS",) if findings else ()))
    table(header, [_line(row) for row in rows])


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    last = row["last"] or {"revision": "", "at": "", "author": ""}
    told = (", ".join(f"{count} {severity}" for severity, count in row["findings"].items()) or "none",) if "findings" in row else ()
    at = last["at"] and instant(datetime.fromisoformat(last["at"]))
    cells = (row["source"], f"{row['quads']:,}", f"{len(row['graphs'])}", f"{last['revision']}", at, last["author"], row["policy"])
    return (*cells, *told)
