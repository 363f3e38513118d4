"""`ridethrough replay`: record what comes over the broker, look at a recording, play one back."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.output import Config, Data, Failure, Json, Store, instant, say, say_json, settings_from, table
from twin.cli.serve import Host, Port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from twin.recording import Record
    from twin.settings import Settings

TOPICS_TOLD = 20
replay = typer.Typer(
    name="replay",
    help="Record what comes over the broker, and play it back at any speed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
File = Annotated[Path, typer.Argument(metavar="FILE", help="The recording.", show_default=False)]


@replay.command()
def record(
    file: File,
    seconds: Annotated[float, typer.Option(min=0, help="For how long; 0: until Ctrl-C.")] = 0.0,
    topic: Annotated[list[str] | None, typer.Option(help="Only these topics; all when not given.", show_default=False)] = None,
    mqtt_url: Annotated[str | None, typer.Option(help="Broker, mqtt://host:port (mqtt_url).", show_default=False)] = None,
    config: Config = None,
) -> None:
    """Record what a broker says, beside whatever else listens to it. (The setting `record` has a service record what it takes.)"""
    import os
    from dataclasses import replace

    from adapters.mqtt.tap import Tap
    from twin.compose_service import broker_of
    from twin.recording import Recorder

    settings = settings_from(config, mqtt_url=mqtt_url)
    if not settings.mqtt_url:
        raise Failure("no broker is set: give --mqtt-url", code=2)
    if file.exists():
        raise Failure(f"{file} is there already: give another name")
    broker = replace(
        broker_of(settings.mqtt_url),
        client_id=f"ridethrough-record-{os.getpid()}",
        topics=tuple(topic or ["#"]),
        ca_file=settings.mqtt_ca_file,
        cert_file=settings.mqtt_cert_file,
        key_file=settings.mqtt_key_file,
    )
    recorder = Recorder(file, round(settings.record_mb * 1e6))
    tap = Tap(broker, recorder.note)
    try:
        tap.start()
        say(f"recording {', '.join(broker.topics)} of {broker.host}:{broker.port} (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):
            time.sleep(seconds or 1e9)
    finally:
        tap.close()
        recorder.close()
    missed = f"; {recorder.missed:,} did not fit (record_mb)" if recorder.missed else ""
    if not file.exists():
        say(f"nothing came: there is no recording{missed}")
        return
    say(f"{file}: {recorder.recorded:,} messages, {file.stat().st_size / 1e6:,.1f} MB{missed}")


@replay.command()
def show(file: File, json: Json = False) -> None:
    """Say what a recording holds: from when to when, how many messages, of which topics, and how many readings that came without."""
    from collections import Counter
    from datetime import UTC, datetime

    from twin.recording import batches
    from twin.replay import readings_of

    places: Counter[str] = Counter()
    first = last = payload = readings = 0
    for batch in batches(file):
        first, last = first or batch[0].at, batch[-1].at
        for each in batch:
            payload += len(each.payload)
            if each.readings:
                readings += len(readings_of(each))
            else:
                places[each.place] += 1
    told = [datetime.fromtimestamp(at / 1000, UTC) for at in (first, last)]
    if json:
        span = {"since": told[0].isoformat(), "until": told[1].isoformat()} if last else {"since": None, "until": None}
        counts = {"messages": places.total(), "readings": readings, "payload_bytes": payload}
        say_json({**counts, **span, "topics": dict(sorted(places.items()))})
        return
    if not last:
        say("it holds nothing")
        return
    without = f" and {readings:,} readings without messages" if readings else ""
    say(
        f"{places.total():,} messages of {len(places):,} topics{without}, {payload / 1e6:,.1f} MB, {instant(told[0])} to {instant(told[1])}"
    )
    if not places:
        return
    say()
    table(("MESSAGES", "TOPIC"), [(f"{count:,}", topic) for topic, count in places.most_common(TOPICS_TOLD)])
    if len(places) > TOPICS_TOLD:
        say(f"... and {len(places) - TOPICS_TOLD:,} more topics: --json")


@replay.command()
def play(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="A recording.", show_default=False)] = None,
    speed: Annotated[
        float, typer.Option(min=0, help="Seconds of it a second, served until Ctrl-C; 0: as fast as it goes, then end.")
    ] = 0.0,
    history: Annotated[
        str | None, typer.Option(help="In place of a file: a folder of history, or postgresql://...", show_default=False)
    ] = None,
    since: Annotated[str, typer.Option(help="Of history: from then on, an instant, or 30m, 24h, 7d ago.")] = "1h",
    until: Annotated[str | None, typer.Option(help="Of history: up to then; now when not given.", show_default=False)] = None,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    host: Host = None,
    port: Port = None,
    config: Config = None,
) -> None:
    """Play a recording, or what history has kept, into the twin of a data folder, by the clock of what was: no wire is read, no device
    written. Values and history are kept in that folder: give it one of its own, with the model loaded."""
    from twin.recording import batches

    if (file is None) == (history is None):
        raise Failure("give a recording, or --history", code=2)
    settings = settings_from(config, data=data, store=store, host=host, port=port, control=False, mqtt_url="", modbus=False, role="all")
    if file is not None and not file.is_file():
        raise Failure(f"there is no recording {file}")
    played = batches(file) if file is not None else _kept(settings, history or "", since, until)
    if speed:
        from twin.main import run_replay

        run_replay(settings, say, played, speed)
        return
    _at_once(settings, played, json=json)


def _at_once(settings: Settings, played: Iterator[Sequence[Record]], *, json: bool) -> None:
    from dataclasses import asdict
    from datetime import UTC, datetime

    from twin.compose import open_twin
    from twin.compose_replay import play_into
    from twin.replay import PlayedClock

    opened = open_twin(settings, "replay", read_only=False)
    try:
        found = play_into(opened, PlayedClock(), played)
    finally:
        opened.close()
    ended = datetime.fromtimestamp(found.ended / 1000, UTC)
    if json:
        say_json({**asdict(found), "ended": ended.isoformat()})
        return
    say(
        f"played up to {instant(ended)}: {found.messages:,} messages, {found.readings:,} readings; {found.unread:,} could not be read, "
        f"{found.unbound:,} are of no point; {found.live:,} points are good at the end"
    )


def _kept(settings: Settings, named: str, since: str, until: str | None) -> Iterator[Sequence[Record]]:
    """What another history has kept."""
    from datetime import UTC, datetime

    from adapters.history.keeping import Rules
    from twin.cli.history import _millis
    from twin.compose_history import open_history
    from twin.replay import out_of

    now = datetime.now(UTC)
    span = _millis(since, now), _millis(until, now) if until is not None else round(now.timestamp() * 1000)
    if "://" not in named and not Path(named).is_dir():
        raise Failure(f"there is no history in {named}")
    kept = open_history(settings.model_copy(update={"history": named}), Rules(), read_only=True)
    if kept is None:
        raise Failure("off is no history to be played", code=2)
    try:
        yield from out_of(kept, kept.points(), *span)
    finally:
        kept.close()
