"""`ridethrough points`: what each point has now, and what no value comes from."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from twin.cli.output import FOUND_PROBLEMS, Config, Data, Failure, Json, Store, say, say_json, settings_from, table
from twin.cli.running import must_run

FIRST = 50
UNBOUND = "{ status { unbound { topic count lastAt reason suggestion candidates { point score reason } } } }"


def points(
    text: Annotated[str, typer.Argument(help="Only points with this in their id; case does not count.")] = "",
    quality: Annotated[str | None, typer.Option(help="Only of this quality: GOOD, STALE, NO_VALUE, ...", show_default=False)] = None,
    bad: Annotated[bool, typer.Option("--bad", help="Only those that are not good.")] = False,
    unbound: Annotated[bool, typer.Option("--unbound", help="What no value comes from: topics and references, and why.")] = False,
    first: Annotated[int, typer.Option("--first", min=0, help="How many to list.")] = FIRST,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Print the points of the running service with value, quality, why and age; or what no value comes from, with what would bind it. Exit
    code 3 where something is unbound or not good and that was asked for."""
    from graph.values import Quality

    wanted = None if quality is None else quality.upper()
    if wanted is not None and wanted not in Quality.__members__:
        raise Failure(f"no quality {quality!r}; there are: {', '.join(Quality.__members__)}", code=2)
    service = must_run(settings_from(config, data=data, store=store))
    if unbound:
        found = [each for each in service.ask(UNBOUND)["status"]["unbound"] if text.casefold() in each["topic"].casefold()]
        _tell_unbound(found, first, json=json)
    else:
        told = service.get("/api/v1/values?format=json")
        rows = [row for row in _rows(told) if text.casefold() in row["point"].casefold()]
        counts = {name: sum(row["quality"] == name for row in rows) for name in Quality.__members__}
        found = [row for row in rows if (wanted is None or row["quality"] == wanted) and not (bad and row["quality"] == "GOOD")]
        _tell(found, counts, first, json=json)
    if found and (unbound or bad):
        raise typer.Exit(FOUND_PROBLEMS)


def _rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    from datetime import datetime

    now = datetime.fromisoformat(told["at"]).timestamp()
    names = ("points", "values", "observed_at", "quality", "reason")
    return [
        {
            "point": point,
            "value": value,
            "quality": quality,
            "reason": reason,
            "age_s": round(now - observed / 1000, 1) if observed else None,
        }
        for point, value, observed, quality, reason in zip(*(told[name] for name in names), strict=True)
    ]


def _tell(rows: list[dict[str, Any]], counts: dict[str, int], first: int, *, json: bool) -> None:
    from ontology.namespaces import compact

    if json:
        say_json({"counts": counts, "points": rows[:first], "more": max(len(rows) - first, 0)})
        return
    say(", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "no such points")
    if rows:
        say()
        table(
            ("POINT", "VALUE", "QUALITY", "REASON", "AGE, S"),
            [
                (
                    compact(row["point"]),
                    "" if row["value"] is None else f"{row['value']:.6g}",
                    row["quality"],
                    "" if row["reason"] == "NONE" else row["reason"],
                    "" if row["age_s"] is None else f"{row['age_s']:,.1f}",
                )
                for row in rows[:first]
            ],
        )
    _more(len(rows) - first)


def _tell_unbound(found: list[dict[str, Any]], first: int, *, json: bool) -> None:
    if json:
        say_json({"unbound": found[:first], "more": max(len(found) - first, 0)})
        return
    from ontology.namespaces import compact

    if not found:
        say("everything that is heard has a point, and every reference can be used")
        return
    table(("TOPIC OR POINT", "MESSAGES", "WHY"), [(each["topic"], f"{each['count']:,}", each["reason"]) for each in found[:first]])
    suggested = [each for each in found[:first] if each["suggestion"]]
    if suggested:
        say()
        say("what would bind them:")
        for each in suggested:
            say(f"  {each['suggestion']}")
            for like in each["candidates"]:
                say(f"      {compact(like['point'])}: {like['score']:g}, {like['reason']}")
    _more(len(found) - first)


def _more(count: int) -> None:
    if count > 0:
        say(f"... and {count:,} more: --first")
