"""`ridethrough wires`: how each way in stands, and what becomes of what comes in."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from twin.cli.output import FOUND_PROBLEMS, Config, Data, Json, Store, say, say_json, settings_from, table
from twin.cli.running import Absent, Running, must_run

FIRST = 10
QUERY = """
{ dataHealth(first: %d) {
    at points readingsS lagMedianS lagP99S
    quality { quality count }
    readings { news late duplicates old ahead unknown outOfRange jumps frozen }
    wires { name place connected error messages rateS waiting deadLetters unbound lost }
    deadLetters { wire topic payload reason at }
    history { samples bytes waiting missed error }
} }
"""
WORDS = {"outOfRange": "out of range", "unknown": "of no point", "old": "older than a day", "ahead": "ahead of our clock"}


def wires(
    dead: Annotated[bool, typer.Option("--dead", help="The newest payloads that could not be read, too.")] = False,
    first: Annotated[int, typer.Option("--first", min=0, max=1000, help="How many of them.")] = FIRST,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Print how each wire of the running service stands, rates and lag, and what became of all readings. Exit code 3 where a wire does not
    answer or history cannot be written."""
    found = _asked(must_run(settings_from(config, data=data, store=store)), first if dead or json else 0)
    if json:
        say_json(found)
    else:
        _tell(found, dead=dead)
    history = found["history"]
    if not all(wire["connected"] for wire in found["wires"]) or (history is not None and history["error"]):
        raise typer.Exit(FOUND_PROBLEMS)


def _asked(service: Running, first: int) -> dict[str, Any]:
    """What the service says, as GraphQL gives it; a process that only takes in says as much as it knows elsewhere."""
    try:
        answered: dict[str, Any] = service.ask(QUERY % first)["dataHealth"]
    except Absent:
        told = service.get("/wires")
        wires = [{_camel(name): value for name, value in each.items()} for each in told["wires"]]
        history = None if told["history"] is None else {**told["history"], "missed": told["history_missed"]}
        readings = {_camel(name): count for name, count in told["counts"].items()}
        answered = {"readingsS": told["readings_s"], "readings": readings, "wires": wires, "history": history}
        return {"at": None, "points": None, "lagMedianS": None, "lagP99S": None, "quality": [], "deadLetters": [], **answered}
    return answered


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _tell(found: dict[str, Any], *, dead: bool) -> None:
    if not found["wires"]:
        say("no wire is set: mqtt_url names a broker, modbus polls gateways")
    else:
        table(
            ("WIRE", "PLACE", "STATE", "MESSAGES", "A SECOND", "WAITING", "UNREAD", "OF NO POINT", "LOST"),
            [
                (
                    each["name"],
                    each["place"],
                    "answers" if each["connected"] else f"AWAY: {each['error'] or 'does not answer'}",
                    f"{each['messages']:,}",
                    f"{each['rateS']:,.1f}",
                    *(f"{each[name]:,}" for name in ("waiting", "deadLetters", "unbound", "lost")),
                )
                for each in found["wires"]
            ],
        )
    say()
    lag = "" if found["lagMedianS"] is None else f", {found['lagMedianS']:.2f} s old when they come (99 of 100: {found['lagP99S']:.2f} s)"
    say(f"readings: {found['readingsS']:,.1f} a second{lag}")
    counts = [(WORDS.get(name, name), count) for name, count in found["readings"].items() if count]
    say("so far: " + (", ".join(f"{count:,} {name}" for name, count in counts) or "none"))
    if found["points"] is not None:
        say(f"points: {found['points']:,}; " + ", ".join(f"{each['count']:,} {each['quality']}" for each in found["quality"]))
    say("history: " + _history(found["history"]))
    for letter in found["deadLetters"] if dead else ():
        say(f"unread: {letter['at']} {letter['wire']} {letter['topic']}: {letter['reason']}: {letter['payload'][:80]}")


def _history(history: dict[str, Any] | None) -> str:
    if history is None:
        return "off"
    told = f"{history['samples']:,.0f} samples, {history['bytes'] / 1e6:,.1f} MB"
    missed = f", {history['missed']:,} readings missed" if history["missed"] else ""
    return told + missed + (f"; PROBLEM: {history['error']}" if history["error"] else "")
