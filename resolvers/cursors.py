"""Cursors of pages: an IRI, wrapped so that nobody builds one by hand. One stays right while other entities come and go."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode

from resolvers.errors import BadInput


def encode(iri: str) -> str:
    """The cursor of an entity."""
    return urlsafe_b64encode(iri.encode()).decode().rstrip("=")


def decode(cursor: str) -> str:
    """The IRI that a cursor stands for. Raises `BadInput`."""
    try:
        return b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise BadInput(f"after = {cursor[:80]!r} is no cursor: give an endCursor that a page has returned") from None
