"""Entity tags of graphs, and the conditions that a request sets with them (RFC 9110, 13).

A tag names the newest revision that changed the graph, that revision's instant (so that another twin's revision of the same number
is another state) and the format: it is kept up by every change and costs nothing. A condition on a write looks at the state, whatever
the format was in which the client read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from adapters.rdf.problems import Problem

_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')


@dataclass(frozen=True, slots=True)
class State:
    """A state of a graph: the newest revision that changed it, that revision's instant, and what else the answer depends on (a branch, an
    instant asked for)."""

    revision: int
    at: datetime
    beside: str = ""

    @property
    def name(self) -> str:
        """The state in a tag, without the format."""
        return f"r{self.revision}-{int(self.at.timestamp() * 1000):x}{self.beside}"

    def tag(self, form: str) -> str:
        """The entity tag of this state in a format."""
        return f'"{self.name}.{form}"'

    @property
    def modified(self) -> dict[str, str]:
        """The header Last-Modified: the end of the second in which the instant lies, so that what changes later in that second has another;
        none before that second is over (RFC 9110, 8.8.2.2)."""
        end = _end_of_second(self.at)
        return {"last-modified": format_datetime(end, usegmt=True)} if end < datetime.now(UTC) else {}


def _end_of_second(at: datetime) -> datetime:
    whole = at.astimezone(UTC).replace(microsecond=0)
    return whole if at.microsecond == 0 else whole + timedelta(seconds=1)


def tags(header: str) -> list[tuple[bool, str]]:
    """The entity tags of a list: weak or not, and the text. Raises `Problem` (400) for what is no such list."""
    found, at = [], 0
    while at < len(header):
        match = _TAG.match(header, at)
        if match is None:
            raise Problem(400, "no entity tag", f'{header!r} is no list of entity tags: send them as they came, such as "r12-19a.turtle"')
        found.append((bool(match[1]), match[2]))
        at = match.end()
    return found


def _state_of(tag: str) -> str:
    return tag.rpartition(".")[0]


def check_write(state: State | None, if_match: str | None, if_none_match: str | None, *, required: bool) -> None:
    """See that the conditions of a write hold; `state` is None for a graph that says nothing. Raises `Problem` (412, 428)."""
    now = f"it is at revision {state.revision} now" if state else "it says nothing now"
    if if_match is None and if_none_match is None and required:
        detail = "writes need a condition here: send If-Match with the ETag that you read, or If-None-Match: * for a new graph"
        raise Problem(428, "condition required", detail)
    if if_match is not None:
        holds = state is not None and (
            if_match.strip() == "*" or state.name in [_state_of(tag) for weak, tag in tags(if_match) if not weak]
        )
        if not holds:
            raise Problem(412, "changed since", f"the graph is not what you read: {now}; read it again and repeat the change")
    if if_none_match is not None:
        hit = state is not None and (if_none_match.strip() == "*" or state.name in [_state_of(tag) for _, tag in tags(if_none_match)])
        if hit:
            raise Problem(412, "there already", f"the graph is there already: {now}; read it, and send If-Match with its ETag")


def not_modified(state: State, form: str, if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Whether the client has this state in this format already."""
    if if_none_match is not None:
        return if_none_match.strip() == "*" or state.tag(form)[1:-1] in [tag for _, tag in tags(if_none_match)]
    if if_modified_since is None:
        return False
    try:
        seen = parsedate_to_datetime(if_modified_since)
    except ValueError:
        return False
    return _end_of_second(state.at) <= (seen if seen.tzinfo else seen.replace(tzinfo=UTC))
