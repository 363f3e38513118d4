"""Who may write over HTTP: by address, and not from any web page."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from adapters.rdf.problems import Problem
from adapters.rdf.rules import RdfRules


def let_in(request: Request, rules: RdfRules) -> None:
    """See that this client may write. Raises `Problem` (403)."""
    if rules.write == "off":
        raise Problem(403, "read only", "writing over HTTP is off here: set rdf_write to loopback or on, or use `ridethrough load`")
    if rules.write == "loopback" and not _is_loopback(request.client.host if request.client else ""):
        raise Problem(403, "read only", "only programs on the host of the service may write: ask there, or set rdf_write to on")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host") and origin not in rules.origins:
        raise Problem(403, "foreign origin", f"a page of {origin} may not write here: add it to allowed_origins if it is yours")


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
