"""The service that runs over a data folder, asked by verbs over HTTP."""

from __future__ import annotations

import re
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from twin.cli.output import Failure

if TYPE_CHECKING:
    from twin.settings import Settings

ANSWER_S = 30.0
"""How long an answer may take."""
FINDS_S = 2.0
ANSWER_BYTES_MAX = 256 << 20


class Absent(Failure):
    """The service does not serve that."""


class Running:
    """One service, by its address."""

    def __init__(self, address: str) -> None:
        """`address` such as `http://127.0.0.1:8080`."""
        self.address = address
        parts = urlsplit(address)
        self._place = parts.hostname or "127.0.0.1", parts.port or 80

    def ask(self, query: str) -> dict[str, Any]:
        """The data of a GraphQL query. Raises `Failure`."""
        import orjson

        told = orjson.loads(self._answer("POST", "/graphql", orjson.dumps({"query": query})))
        if told.get("errors"):
            raise Failure(f"the service at {self.address} refuses: {told['errors'][0]['message']}")
        data: dict[str, Any] = told["data"]
        return data

    def get(self, path: str) -> dict[str, Any]:
        """A JSON document. Raises `Failure`."""
        import orjson

        found: dict[str, Any] = orjson.loads(self._answer("GET", path))
        return found

    def _answer(self, method: str, path: str, body: bytes | None = None, wait_s: float = ANSWER_S) -> bytes:
        connection = HTTPConnection(*self._place, timeout=wait_s)
        try:
            connection.request(method, path, body, {"content-type": "application/json"} if body else {})
            answer = connection.getresponse()
            read = answer.read(ANSWER_BYTES_MAX)
        except (OSError, HTTPException) as error:
            raise Failure(f"the service at {self.address} does not answer: {error}") from None
        finally:
            connection.close()
        if answer.status == 404:
            raise Absent(f"the service at {self.address} does not serve {path}: ask the process that answers (role api or all)")
        if answer.status >= 400:
            text = read[:300].decode(errors="replace").strip()
            raise Failure(f"the service at {self.address} answers {method} {path} with {answer.status}: {text}")
        return read

    def answers(self) -> bool:
        """Whether a service such as ours is there."""
        import orjson

        try:
            told = orjson.loads(self._answer("GET", "/readyz", wait_s=FINDS_S))
        except (Failure, ValueError) as error:
            return "/readyz with 503" in str(error)
        return isinstance(told, dict) and "ready" in told


def running(settings: Settings) -> Running | None:
    """The service that holds the data folder, by the address that it has written there; None for none."""
    held = _holder(settings.data)
    return found if held and (found := Running(held)).answers() else None


def must_run(settings: Settings) -> Running:
    """The same. Raises `Failure` where there is none."""
    found = running(settings)
    if found is None:
        raise Failure(
            f"no service runs over {settings.data}: start `ridethrough serve`, or name the folder of the one that runs with --data"
        )
    return found


def _holder(data: Path) -> str:
    """The address that the process which holds the folder has written there; empty for none."""
    from graph.stores.folder import SERVICE_LOCK

    try:
        text = (data / SERVICE_LOCK).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r" at (https?://[^\s)]+)", text)
    return found.group(1).replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]") if found else ""  # noqa: S104 - as above
