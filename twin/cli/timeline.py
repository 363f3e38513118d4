"""A timeline for people: what happens after which time, to what, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.cli.output import instant, say, table, tell_assumed, tell_rests_on

if TYPE_CHECKING:
    from analytics.impact import BlastRadius
    from analytics.report.headline import Headline
    from analytics.time.timeline import Event, Timeline

EVENTS_SHOWN = 100
WORDS = {
    "failed": "fails",
    "carried": "is carried on",
    "called": "is called",
    "transfers": "may transfer",
    "trips": "trips",
    "lost_again": "loses again",
    "lost": "loses",
    "started": "supplies",
    "back": "has back",
    "runs": "is up again",
    "down": "does not run",
}


def tell_timeline(found: Timeline, every: bool, state: str, happens: str, first: Headline, radius: BlastRadius) -> None:
    """Print the sentence that matters first, the events in time, what was dark before, then all that was assumed, by `radius` (the impact
    of the same) too; `happens` is what happens, in one line."""
    from analytics.time.story import span

    say(f"If {happens} ({state}, {instant(found.at)}), within {span(found.horizon_s)}:")
    for text in (first.text, *first.then):
        say(text)
    say()
    shown = found.events if every else found.events[:EVENTS_SHOWN]
    table(("AFTER", "WHAT", "HAPPENS", "WHY"), [(_after(event), _what(event), _happens(event), event.reason) for event in shown])
    if len(shown) < len(found.events):
        say(f"... and {len(found.events) - len(shown):,} more: --all prints them, --json also the bounds of each thing")
    dark = sum(bound.back_upper is None for bound in found.bounds)
    say()
    say(f"{len(found.bounds):,} supplies may be lost; {dark:,} of them may still be missing after {span(found.horizon_s)}")
    if down := radius.down_before.said():
        say(f"already without a supply before this failure, and losing no other: {down}")
    tell_rests_on(found.rests_on)
    tell_assumed(tuple(dict.fromkeys((*radius.assumed, *found.assumed))))


def _after(event: Event) -> str:
    from analytics.time.story import span

    if event.upper is None:
        return f"{span(event.lower)} or not at all"
    return span(event.lower) if span(event.lower) == span(event.upper) else f"{span(event.lower)} to {span(event.upper)}"


def _what(event: Event) -> str:
    from ontology.namespaces import compact, local_name

    if len(event.ids) == 1:
        return compact(event.ids[0])
    return f"{len(event.ids):,} {local_name(event.cls or 'things')}"


def _happens(event: Event) -> str:
    from ontology.namespaces import local_name

    surely = event.kind.value == "transfers" and event.upper is not None
    return " ".join(filter(None, ("transfers" if surely else WORDS[event.kind.value], local_name(event.medium or ""))))
