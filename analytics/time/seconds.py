"""The outcomes of a blast radius with the seconds until they happen."""

from __future__ import annotations

from dataclasses import replace

from analytics.impact import BlastRadius, OutcomeKind
from analytics.time.timeline import Timeline


def with_seconds(found: BlastRadius, course: Timeline) -> BlastRadius:
    """The same blast radius; each `LOST` outcome says when, from the timeline of the same failure. One that the timeline does not reach
    before its horizon says nothing."""
    seconds = course.seconds()
    return replace(
        found,
        outcomes=tuple(
            replace(each, seconds=seconds.get((each.id, each.medium))) if each.outcome is OutcomeKind.LOST else each
            for each in found.outcomes
        ),
    )
