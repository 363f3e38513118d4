"""Arguments that several fields share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import strawberry

from ontology.namespaces import expand
from resolvers.errors import BadInput

FAILED_MAX = 1000
"""Entities that one question may take as failed."""

OF_MAX = 1000
"""Entities that the rows of an answer may be asked of."""

Id = Annotated[strawberry.ID, strawberry.argument(description="IRI, or CURIE with a known prefix.")]
Failed = Annotated[list[strawberry.ID], strawberry.argument(description=f"What fails: IRIs or CURIEs, at most {FAILED_MAX}.")]
Media = Annotated[
    list[str] | None, strawberry.argument(description="Only these media, as IRIs, CURIEs or bare names such as Power; all when not given.")
]
Of = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description=f"Only those of these entities (IRIs or CURIEs), at most {OF_MAX}.")
]


def checked_count(name: str, given: int, most: int) -> int:
    """A number from 1 on. Raises `BadInput`."""
    if not 1 <= given <= most:
        raise BadInput(f"{name} = {given}: give 1 to {most}")
    return given


def checked_first(given: int | None, default: int, most: int) -> int:
    """How many rows are asked for, none at all allowed; the default where nobody says. Raises `BadInput`."""
    wanted = default if given is None else given
    if not 0 <= wanted <= most:
        raise BadInput(f"first = {wanted}: give 0 to {most:,}")
    return wanted


def iris_of(of: Sequence[str] | None) -> frozenset[str] | None:
    """The IRIs of the entities that rows are asked of; None for all. Raises `BadInput`."""
    if of is not None and len(of) > OF_MAX:
        raise BadInput(f"of has {len(of)} ids: give {OF_MAX} at most")
    return None if of is None else frozenset(map(expand, of))


def media_of(media: Sequence[str] | None) -> list[str] | None:
    """Media as the analytics room takes them."""
    return None if media is None else [expand(medium) for medium in media]
