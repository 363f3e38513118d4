"""Who may write over HTTP: by address, and not from any web page."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from adapters.rdf.problems import Problem
from adapters.rdf.rules import RdfRules
from twin.may_write import refused


def let_in(request: Request, rules: RdfRules) -> None:
    """See that this client may write. Raises `Problem` (403)."""
    why_not = refused(rules.write, request.client.host if request.client else "")
    if why_not:
        raise Problem(403, "read only", why_not)
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host") and origin not in rules.origins:
        raise Problem(403, "foreign origin", f"a page of {origin} may not write here: add it to allowed_origins if it is yours")
