"""Arguments that several fields share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import strawberry

from ontology.namespaces import expand

FAILED_MAX = 1000
"""Entities that one question may take as failed."""

Id = Annotated[strawberry.ID, strawberry.argument(description="IRI, or CURIE with a known prefix.")]
Failed = Annotated[list[strawberry.ID], strawberry.argument(description=f"What fails: IRIs or CURIEs, at most {FAILED_MAX}.")]
Media = Annotated[
    list[str] | None, strawberry.argument(description="Only these media, as IRIs, CURIEs or bare names such as Power; all when not given.")
]


def media_of(media: Sequence[str] | None) -> list[str] | None:
    """Media as the analytics room takes them."""
    return None if media is None else [expand(medium) for medium in media]
