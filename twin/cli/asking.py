"""What the verbs that ask the failure engine share: the state that is asked, the things and media that are named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from twin.cli.output import Failure

if TYPE_CHECKING:
    from graph.changes import AsOf
    from twin.settings import Settings
    from twin.state import View


@contextmanager
def opened_view(settings: Settings, purpose: str, asked: AsOf) -> Iterator[View]:
    """The state asked for, of a twin that is closed at the end. Raises `Failure` where nothing is loaded."""
    from twin.compose import open_twin

    opened = open_twin(settings, purpose, read_only=True)
    try:
        if opened.twin.snapshot.revision == 0:
            raise Failure(
                f"nothing is loaded in {settings.store or settings.data}: `ridethrough load FILE` first, or start `ridethrough demo`"
            )
        yield opened.ledger.view(asked)
    finally:
        opened.close()


def state_name(branch: str, revision: int) -> str:
    """What an answer says of the state that it is about."""
    return f"branch {branch}" if branch else f"revision {revision}"


def refuse_unknown(view: View, names: Iterable[str]) -> None:
    """Raise `UnknownEntity`, with names that may be meant, for the first name that the state does not know."""
    from graph.errors import UnknownEntity
    from graph.names import no_entity

    for name in names:
        if view.snapshot.find(name) is None:
            raise UnknownEntity(no_entity(view.snapshot, name))


def media_of(names: list[str], known: Sequence[str]) -> list[str]:
    """The IRIs of media by IRI, CURIE or bare name; `known` are the media of the twin, a user's own included."""
    from ontology.media import medium_named
    from ontology.namespaces import compact

    wanted = []
    for name in names:
        medium = medium_named(name, known)
        if medium is None:
            raise Failure(f"no medium {name!r}; there are: {', '.join(map(compact, known))}", code=2)
        wanted.append(medium)
    return wanted
